"""What a row of the grid says in words: its date, and why it has nothing else to show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final

from rich.cells import cell_len

from backfill_tui.domain.grid import GridChange, GridStore
from backfill_tui.domain.instants import minute, to_datetime, zone_named
from backfill_tui.domain.states import CODE_OF, RunState, TaskState
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import Membership, RunRow

NO_ROW: Final = -1

_DAY_WIDTH: Final = len("2024-02-06")
_MINUTE_WIDTH: Final = len("2024-02-06 02:00")
_WIDEST_KEY: Final = 26
_NOTHING_YET: Final = bytes([CODE_OF[TaskState.ABSENT], CODE_OF[TaskState.NONE]])


class RowWords:
    """The words of the rows of one store.

    Dates are shown in the Dag's timezone, as days while every row met so far begins a day there.
    `first_waiting` is the first row that is shown whose run is queued and has run nothing: it alone says
    why.
    """

    def __init__(self) -> None:
        self.date_width = _DAY_WIDTH
        self.first_waiting = NO_ROW
        self._zone: tzinfo | None = None
        self._days_only = True

    def learn(self, store: GridStore, change: GridChange) -> bool:
        """Look at the rows that came; whether dates need more room than before."""
        if self._zone is None and store.facts is not None:
            self._zone = zone_named(store.facts.timezone)
        before = self.date_width
        for index in change.rows:
            row = store.rows[index]
            if row is not None:
                self.date_width = max(self.date_width, self._width(row))
        return self.date_width != before

    def _width(self, row: RunRow) -> int:
        if row.logical_date is None:
            return min(_WIDEST_KEY, cell_len(one_line(row.partition_key or "")))
        if self._days_only and self._zone is not None:
            local = to_datetime(row.logical_date, self._zone)
            self._days_only = local.hour == local.minute == local.second == local.microsecond == 0
        return _DAY_WIDTH if self._days_only else max(_MINUTE_WIDTH, len(self._minute(row)))

    def _minute(self, row: RunRow) -> str:
        if row.logical_date is None or self._zone is None:
            return one_line(row.partition_key or "")
        return minute(row.logical_date, self._zone)

    def date(self, row: RunRow | None) -> str:
        """The logical date in the Dag's timezone, or the partition key where there is none."""
        if row is None:
            return ""
        words = self._minute(row)
        return words[:_DAY_WIDTH] if self._days_only and row.logical_date is not None else words

    def sentence(self, index: int, row: RunRow | None, cells: bytes, waiting_because: str) -> str:
        """What the row says in place of cells; empty when its cells speak for themselves."""
        if row is None:
            return "reading ..."
        if row.membership is not Membership.INCLUDED:
            return row.membership.words
        if row.cancelled:
            return "never started: its backfill was cancelled"
        if index == self.first_waiting and waiting_because and _is_waiting(row, cells):
            return f"waits: {waiting_because}"
        return ""

    def find_waiting(self, store: GridStore, shown: Iterable[int]) -> int:
        """Find the first waiting row of those that are shown anew; its index, `NO_ROW` when none waits."""
        if not store.counts().queued:
            self.first_waiting = NO_ROW
            return NO_ROW
        rows = store.rows
        waiting = (
            index
            for index in shown
            if (row := rows[index]) is not None
            and row.state is RunState.QUEUED
            and _is_waiting(row, store.row_cells(index))
        )
        self.first_waiting = next(waiting, NO_ROW)
        return self.first_waiting


def first_failed_column(cells: bytes) -> int:
    """The first column that failed itself, else the first that could not run for it, else the first."""
    failed = cells.find(CODE_OF[TaskState.FAILED])
    if failed >= 0:
        return failed
    return max(0, cells.find(CODE_OF[TaskState.UPSTREAM_FAILED]))


def _is_waiting(row: RunRow, cells: bytes) -> bool:
    return (
        row.membership is Membership.INCLUDED
        and row.state is RunState.QUEUED
        and not cells.strip(_NOTHING_YET)
    )
