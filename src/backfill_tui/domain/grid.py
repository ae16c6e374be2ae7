"""The state of every run and task of a watched backfill, a byte a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from backfill_tui.domain.dag_range import GridFacts, RangeUpdate
from backfill_tui.domain.progress import kinds_of
from backfill_tui.domain.states import CODE_OF, CODES, FAILED_TASK_STATES, TaskState
from backfill_tui.domain.tallies import RollUp, Tally, mapped_places, numbers_of, row_size
from backfill_tui.domain.watching import GridRows, GridUpdate, RunCounts, RunRow, TaskColumn

_ABSENT = CODE_OF[TaskState.ABSENT]
_FAILED_CODES = frozenset(CODE_OF[state] for state in FAILED_TASK_STATES)
_YES = b"\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridChange:
    """What an update did to the store: which rows changed, and whether its shape did."""

    rows: tuple[int, ...]
    reshaped: bool


class GridStore:
    """Rows are dates in the order of execution, columns are tasks; the cells are one row-major bytearray.

    After the cells of a row stand the tallies of its mapped tasks, as they came. `mapped` are the places of
    their columns, and `most` has for each of these the most task instances that any row had.

    Rows are found by their ordinal: row `i` is ordinal `i + 1`. The store is the one place in which a
    watched backfill is kept; it belongs to the thread that draws. What is counted is counted as rows change,
    so that no reading costs more for a larger backfill.
    """

    def __init__(self) -> None:
        self.columns: tuple[TaskColumn, ...] = ()
        self.rows: list[RunRow | None] = []
        self.facts: GridFacts | None = None
        self.loaded = False
        self.mapped: tuple[int, ...] = ()
        self.most: tuple[int, ...] = ()
        self._size = 0
        self._cells = bytearray()
        self._failed = bytearray()  # a byte a row: 1 where the run failed
        self._kinds: Counter[str] = Counter()
        self._codes = [0] * len(CODES)

    def apply(self, update: GridUpdate | RangeUpdate) -> GridChange:
        """Take over an update; the change names only rows whose content differs from before.

        Raises ValueError when the cells are not as many as the rows and columns say.
        """
        reshaped = self._reshape(update)
        size = self._size
        if len(update.cells) != len(update.rows) * size:
            width = len(self.columns)
            msg = f"{len(update.cells)} bytes for {len(update.rows)} rows of {width} columns in {size} bytes"
            raise ValueError(msg)
        changed = [
            row.ordinal - 1
            for place, row in enumerate(update.rows)
            if self._put(row, update.cells[place * size : (place + 1) * size])
        ]
        self.facts = update.facts
        self.loaded = update.loaded
        return GridChange(rows=tuple(changed), reshaped=reshaped)

    def row_cells(self, index: int) -> bytes:
        """The codes of one row, a byte a column."""
        start = index * self._size
        return bytes(self._cells[start : start + len(self.columns)])

    def column_cells(self, column: int, rows: Sequence[int]) -> bytes:
        """The codes of one column in some rows, in their order."""
        size = self._size
        if isinstance(rows, range) and rows.step == 1:
            return bytes(self._cells[rows.start * size + column : rows.stop * size : size])
        return bytes([self._cells[index * size + column] for index in rows])

    def cell(self, index: int, column: int) -> int:
        """The code of one cell."""
        return self._cells[index * self._size + column]

    def tally(self, index: int, column: int) -> Tally:
        """One cell with the number of its task instances: several for a mapped task."""
        return RollUp((column,), self.mapped).tally(self.row_cells(index), self.row_numbers(index))

    def row_numbers(self, index: int) -> tuple[int, ...]:
        """The tallies of the mapped tasks of one row: how many are in its state, and how many there are."""
        start = index * self._size
        return numbers_of(bytes(self._cells[start + len(self.columns) : start + self._size]))

    def counts(self) -> RunCounts:
        """The runs, counted; rows not read yet are left out."""
        return RunCounts(**self._kinds)

    def task_counts(self) -> tuple[int, ...]:
        """How many cells hold each code: `task_counts()[code]`."""
        return tuple(self._codes)

    def next_failed(self, from_row: int, step: int = 1) -> int | None:
        """The next row down (`step` 1) or up (-1) whose run failed, going round; None when none did.

        It is `from_row` itself when no other row failed.
        """
        if step > 0:
            found = self._failed.find(_YES, from_row + 1)
            found = found if found >= 0 else self._failed.find(_YES)
        else:
            found = self._failed.rfind(_YES, 0, max(0, from_row))
            found = found if found >= 0 else self._failed.rfind(_YES)
        return found if found >= 0 else None

    def failed_rows(self) -> tuple[int, ...]:
        """The rows whose run failed, in order."""
        return tuple(index for index, failed in enumerate(self._failed) if failed)

    def task_failures(self, index: int) -> tuple[int, ...]:
        """The columns of a row that failed or could not run because of one that did."""
        return tuple(column for column, code in enumerate(self.row_cells(index)) if code in _FAILED_CODES)

    def _reshape(self, update: GridRows) -> bool:
        # With its columns a stream begins, and may number its rows anew: what is past them is no row of it.
        reshaped = update.columns is not None and self._cut(update.total_rows)
        if update.columns is not None and update.columns != self.columns:
            self._take_columns(update.columns)
            reshaped = True
        missing = update.total_rows - len(self.rows)
        if missing > 0:
            self.rows.extend([None] * missing)
            self._failed.extend(bytes(missing))
            self._cells.extend(self._nothing() * missing)
            self._codes[_ABSENT] += missing * len(self.columns)
            reshaped = True
        return reshaped

    def _cut(self, total_rows: int) -> bool:
        """Forget the rows from there on; whether there were any."""
        gone = range(total_rows, len(self.rows))
        for index in gone:
            self._count(self.row_cells(index), -1)
            row = self.rows[index]
            if row is not None:
                self._kinds.subtract(kinds_of(row))
        del self.rows[total_rows:], self._failed[total_rows:], self._cells[total_rows * self._size :]
        return bool(gone)

    def _take_columns(self, columns: tuple[TaskColumn, ...]) -> None:
        self.columns = columns
        self.mapped = mapped_places(columns)
        self.most = (0,) * len(self.mapped)
        self._size = row_size(columns)
        self._cells = bytearray(self._nothing() * len(self.rows))
        self._codes = [0] * len(CODES)
        self._codes[_ABSENT] = len(self.rows) * len(columns)

    def _nothing(self) -> bytes:
        """A row of which nothing is known: its tallies are zero."""
        return (bytes([_ABSENT]) * len(self.columns)).ljust(self._size, b"\0")

    def _put(self, row: RunRow, cells: bytes) -> bool:
        index = row.ordinal - 1
        width = len(self.columns)
        start = index * self._size
        end = start + self._size
        was_row, was_cells = self.rows[index], self._cells[start:end]
        if was_row == row and was_cells == cells:
            return False
        self._count(was_cells[:width], -1)
        self._count(cells[:width], 1)
        if self.mapped:
            self.most = tuple(map(max, self.most, numbers_of(cells[width:])[1::2]))
        if was_row is not None:
            self._kinds.subtract(kinds_of(was_row))
        self._kinds.update(kinds_of(row))
        self.rows[index] = row
        self._failed[index] = row.failed
        self._cells[start:end] = cells
        return True

    def _count(self, cells: bytes | bytearray, sign: int) -> None:
        for code in set(cells):
            self._codes[code] += sign * cells.count(code)
