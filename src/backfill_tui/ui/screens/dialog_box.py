"""The box in which every dialog stands."""

from __future__ import annotations

from typing import Final

from textual.containers import Vertical

READ_ON: Final = "read on"
"""What the key that accepts does while some of the words are still below."""


class DialogBox(Vertical):
    """A frame with a title, in the middle of the screen, never wider than it.

    Where it is not high enough for its words they scroll, and the keys stay in view.
    """

    DEFAULT_CSS = """
    DialogBox {
        width: 72; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; padding: 1 2 0 2;
        border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $muted; overflow-y: auto; scrollbar-size-vertical: 1;
    }
    DialogBox.-grave { border: round $error; border-title-color: $error; }
    DialogBox.-wide { width: 110; }
    DialogBox.-tall { height: 92%; }
    DialogBox.-tall ScrolledText { height: 1fr; max-height: 100%; }
    DialogBox KeyLine { dock: bottom; padding: 0; margin: 1 0 0 0; background: $surface; }
    """

    def on_mount(self) -> None:
        """Keys may depend on whether all of it was read."""
        for name in ("scroll_y", "virtual_size"):
            self.watch(self, name, self.screen.refresh_bindings, init=False)

    @property
    def has_more(self) -> bool:
        """Whether some of its words are below what is in view."""
        return not self.is_vertical_scroll_end

    def read_on(self) -> bool:
        """Scroll to what is below; False when there is nothing, so that all of it was there to be read."""
        if self.has_more:
            self.scroll_relative(y=max(1, self.size.height - 1), animate=False)
            return True
        return False
