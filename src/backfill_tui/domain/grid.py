"""The state of every run and task of a watched backfill, a byte a cell."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.progress import count_runs
from backfill_tui.domain.states import CODE_OF, TaskState
from backfill_tui.domain.watching import BackfillFacts, GridUpdate, RunCounts, RunRow, TaskColumn

_ABSENT = CODE_OF[TaskState.ABSENT]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridChange:
    """What an update did to the store: which rows changed, and whether its shape did."""

    rows: tuple[int, ...]
    reshaped: bool


class GridStore:
    """Rows are dates in the order of execution, columns are tasks; the cells are one row-major bytearray.

    Rows are found by their ordinal: row `i` is ordinal `i + 1`. The store is the one place in which a
    watched backfill is kept; it belongs to the thread that draws.
    """

    def __init__(self) -> None:
        self.columns: tuple[TaskColumn, ...] = ()
        self.rows: list[RunRow | None] = []
        self.facts: BackfillFacts | None = None
        self.loaded = False
        self._cells = bytearray()

    def apply(self, update: GridUpdate) -> GridChange:
        """Take over an update; the change names only rows whose content differs from before."""
        reshaped = self._reshape(update)
        width = len(self.columns)
        if len(update.cells) != len(update.rows) * width:
            msg = f"{len(update.cells)} cells for {len(update.rows)} rows of {width} columns"
            raise ValueError(msg)
        changed = [
            row.ordinal - 1
            for place, row in enumerate(update.rows)
            if self._put(row, update.cells[place * width : (place + 1) * width])
        ]
        self.facts = update.facts
        self.loaded = self.loaded or update.loaded
        return GridChange(rows=tuple(changed), reshaped=reshaped)

    def row_cells(self, index: int) -> bytes:
        """The codes of one row, a byte a column."""
        width = len(self.columns)
        return bytes(self._cells[index * width : (index + 1) * width])

    def cell(self, index: int, column: int) -> int:
        """The code of one cell."""
        return self._cells[index * len(self.columns) + column]

    def counts(self) -> RunCounts:
        """The runs, counted; rows not read yet are left out."""
        return count_runs(row for row in self.rows if row is not None)

    def task_counts(self) -> tuple[int, ...]:
        """How many cells hold each code: `task_counts()[code]`."""
        return tuple(self._cells.count(code) for code in range(len(CODE_OF)))

    def _reshape(self, update: GridUpdate) -> bool:
        reshaped = False
        if update.columns is not None and update.columns != self.columns:
            self.columns = update.columns
            self._cells = bytearray([_ABSENT]) * (len(self.rows) * len(self.columns))
            reshaped = True
        missing = update.total_rows - len(self.rows)
        if missing > 0:
            self.rows.extend([None] * missing)
            self._cells.extend(bytes([_ABSENT]) * (missing * len(self.columns)))
            reshaped = True
        return reshaped

    def _put(self, row: RunRow, cells: bytes) -> bool:
        index = row.ordinal - 1
        start = index * len(self.columns)
        end = start + len(cells)
        if self.rows[index] == row and self._cells[start:end] == cells:
            return False
        self.rows[index] = row
        self._cells[start:end] = cells
        return True
