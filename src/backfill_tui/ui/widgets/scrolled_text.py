"""Long outside text, to be read: scrolled by keys, never interpreted."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from backfill_tui.ui.command import bindings
from backfill_tui.ui.widget_commands import SCROLL


class ScrolledText(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Shows content that may be longer than the room."""

    HELP = "A text that may be longer than what is in view."
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SCROLL)]
    DEFAULT_CSS = """
    ScrolledText { height: auto; max-height: 100%; scrollbar-size-vertical: 1; background: $surface; }
    """

    def __init__(self, text: Content) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """The text."""
        yield Static(self._text)

    def show(self, text: Content) -> None:
        """Another text, from its beginning."""
        self.query_one(Static).update(text)
        self.scroll_home(animate=False)

    def action_line(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll by pages."""
        self.scroll_relative(y=by * max(1, self.size.height - 1), animate=False)

    def action_end(self, at: int) -> None:
        """Scroll to the beginning, or with -1 to the end."""
        if at:
            self.scroll_end(animate=False)
        else:
            self.scroll_home(animate=False)
