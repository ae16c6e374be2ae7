"""The date that the grid is to go to: typed, and found while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from backfill_tui.domain.instants import Instant
from backfill_tui.ui.command import bindings
from backfill_tui.ui.screens.date_question import DateQuestion
from backfill_tui.ui.watch_commands import JUMP
from backfill_tui.ui.widgets.find_date import Found


class JumpDialog(DateQuestion[Found]):
    """Gives the row that was found: the one that `find` gives for a text, in the words of `date_of`."""

    PLACE = "jump"
    HELP = (
        "Any date of the calendar will do: a day, a month, 2024-Q1, 2024-W07, yesterday. Of a longer time "
        "it goes to the first date in it, and where there is none to the nearest."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(JUMP)]
    TITLE_WORDS = "Go to a date"
    EXAMPLES = "2024-02-06, 2024-02, last month"

    def __init__(
        self, find: Callable[[str], Found], date_of: Callable[[int], str], zone: str, now: Instant
    ) -> None:
        super().__init__(zone, now)
        self._find = find
        self._date_of = date_of

    def answer(self) -> Found:
        """The row that is meant."""
        return self._find(self.field.value)

    def meaning(self, given: Found) -> Content:
        """Where it leads."""
        date = self._date_of(given.row)
        if given.exact:
            return Content(f"Goes to {date}")
        return Content.styled(f"No such date here, the nearest is {date}", "$warning")
