"""The dates that the grid is to show alone: typed as a range, and counted while it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import BadRequest
from backfill_tui.ui.command import bindings
from backfill_tui.ui.screens.date_question import DateQuestion
from backfill_tui.ui.text import count
from backfill_tui.ui.watch_commands import NARROW
from backfill_tui.ui.widgets.row_view import Only
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.shown_dates import WantedDates, read_dates


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The dates to show, None for all of them."""

    dates: WantedDates | None


class NarrowDialog(DateQuestion[Narrowed]):
    """Gives the dates that were typed; there is at least one of them in what is watched."""

    PLACE = "narrow"
    HELP = (
        "A range of dates, as on the plan screen: 2024-03, 2024-Q1, last 30 days, ..2024-02-15, "
        "since last success. The start is the first date that is watched. Empty means all dates. "
        "A state that is shown alone stays so: both narrow."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(NARROW)]
    TITLE_WORDS = "Show only some dates"
    EXAMPLES = "2024-03, last 30 days, ..2024-02-15"

    def __init__(self, grid: RunGrid, zone: str, now: Instant) -> None:
        super().__init__(zone, now)
        self.grid = grid

    def first_text(self) -> str:
        """The dates that are shown now."""
        dates = self.grid.view.dates
        return "" if dates is None else dates.text

    def empty_words(self) -> str:
        """All dates, on which clock."""
        return f"Empty means all {count(len(self.grid.store.rows), 'date')}. {super().empty_words()}"

    def answer(self) -> Narrowed:
        """The dates that are meant."""
        wanted = read_dates(self.field.value, self.grid.store.rows, self.zone, self.now)
        if wanted is not None and not self._rows_of(wanted):
            msg = "No date that is watched lies in it"
            raise BadRequest(msg, remedy="write a range that some of its dates lie in")
        return Narrowed(wanted)

    def meaning(self, given: Narrowed) -> Content:
        """How many dates are shown then, and from which to which."""
        if given.dates is None:
            return Content("")
        rows, store, only = self._rows_of(given.dates), self.grid.store.rows, self.grid.view.only
        first, last = (self.grid.date_of(row) for row in self._ends(rows))
        words = f"{len(rows):,} of {count(len(store), 'date')}: {first}"
        words += f" to {last}" if len(rows) > 1 else ""
        if only is not Only.ALL:
            words += f", {sum(only.takes(store[row]) for row in rows):,} of them {only}"
        return Content(words)

    def _rows_of(self, wanted: WantedDates) -> list[int]:
        return [index for index, row in enumerate(self.grid.store.rows) if wanted.takes(row)]

    def _ends(self, rows: list[int]) -> tuple[int, int]:
        store = self.grid.store.rows
        dated = sorted((row.logical_date or 0, at) for at in rows if (row := store[at]) is not None)
        return dated[0][1], dated[-1][1]
