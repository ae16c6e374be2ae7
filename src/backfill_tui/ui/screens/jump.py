"""The date that the grid is to go to: typed, and found while it is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from backfill_tui.ui.command import bindings
from backfill_tui.ui.screens.date_question import DateQuestion
from backfill_tui.ui.watch_commands import JUMP
from backfill_tui.ui.widgets.find_date import Found, find_date


class JumpDialog(DateQuestion[Found]):
    """Gives the row that was found, among those that the grid shows."""

    PLACE = "jump"
    HELP = (
        "Any date of the calendar will do: a day, a month, 2024-Q1, 2024-W07, yesterday. Of a longer time "
        "it goes to the first date in it, and where there is none to the nearest."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(JUMP)]
    TITLE_WORDS = "Go to a date"
    EXAMPLES = "2024-02-06, 2024-02, last month"

    def answer(self) -> Found:
        """The row that is meant."""
        grid = self.grid
        return find_date(self.field.value, grid.store.rows, grid.view.rows, self.zone, self.now)

    def meaning(self, given: Found) -> Content:
        """Where it leads."""
        date = self.grid.date_of(given.row)
        if given.exact:
            return Content(f"Goes to {date}")
        return Content.styled(f"No such date here, the nearest is {date}", "$warning")
