"""The reason of the date under the cursor, to its end, where its row has no room for it."""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.ui.text import wrapped
from backfill_tui.ui.widgets.plan_table import PlanTable

_MOST_LINES: Final = 4


class PlanReason(Widget):
    """Follows the cursor of a table, on its background; takes no line while the row says all of it."""

    DEFAULT_CSS = """
    PlanReason {
        display: none; height: auto; padding: 0 2; text-wrap: nowrap; background: $cursor-background-blurred;
    }
    PlanReason.-shown { display: block; }
    """

    reason: reactive[str] = reactive("", layout=True)

    def __init__(self, table: PlanTable) -> None:
        super().__init__()
        self._table = table

    def on_mount(self) -> None:
        """Follow the table."""
        self.watch(self._table, "unread", self._say)

    def watch_reason(self, reason: str) -> None:
        """Take no room for nothing."""
        self.set_class(bool(reason), "-shown")

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many lines as are drawn."""
        return len(self._lines(width))

    def render(self) -> Content:
        """The lines."""
        return Content("\n").join(map(Content, self._lines(self.content_size.width)))

    def _lines(self, width: int) -> list[str]:
        return wrapped(self.reason, width, _MOST_LINES)

    def _say(self, reason: str) -> None:
        self.reason = reason
