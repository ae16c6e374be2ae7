"""A scroll view whose scrollbars always stand where it is scrolled to."""

from __future__ import annotations

from textual.scroll_view import ScrollView


class Scrolling(ScrollView, inherit_bindings=False):
    """The base of what draws its own lines.

    Textual 8.2 moves a scrollbar only while it is shown: one that went away on a larger terminal and came
    back on a smaller one stood where it had been before. Nor does it scroll what has no scrollbar yet, which
    comes with the next layout; so whoever goes to a place in what has just been read forces it (`force`).
    """

    def on_mount(self) -> None:
        """Follow the scrollbars."""
        self.watch(self, "show_vertical_scrollbar", self._place_scrollbars, init=False)
        self.watch(self, "show_horizontal_scrollbar", self._place_scrollbars, init=False)

    def _place_scrollbars(self) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self.scroll_y
        if self.show_horizontal_scrollbar:
            self.horizontal_scrollbar.position = self.scroll_x
