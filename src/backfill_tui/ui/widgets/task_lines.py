"""What the lines of the transposed grid say: read off a grid, and the same while nothing of it changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from backfill_tui.domain.instants import zone_named
from backfill_tui.domain.progress import kinds_of
from backfill_tui.domain.watching import RunRow
from backfill_tui.ui.widgets.date_marks import DateMarks
from backfill_tui.ui.widgets.row_view import Order
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.task_layout import TaskLayout
from backfill_tui.ui.widgets.task_strips import (
    MARKED,
    NO_MARK,
    POINTED,
    RUN_KINDS,
    Cells,
    CellsLine,
    Line,
    Remark,
    WordsLine,
)

HEAD: Final = 4
"""Lines over the tasks: two that say the dates, the marks, and the runs."""

_MARKS, _RUNS = 2, 3
_CODE_OF_KIND: Final = {kind: code for code, kind in enumerate(RUN_KINDS)}
_UNREAD: Final = _CODE_OF_KIND["unread"]


class TaskLines:
    """The lines of a grid in one layout; make a new one when that changes.

    Lines are counted from the top: first the head, then the tasks from the first that is seen on.
    """

    def __init__(self, grid: RunGrid, layout: TaskLayout) -> None:
        self._grid = grid
        self._layout = layout
        self._dates: DateMarks | None = None
        self._marked: tuple[str, str] | None = None
        self._marked_for = (0, 0)
        self._marked_rows: Sequence[int] = ()

    def look_at_dates(self) -> None:
        """Mark the dates anew where others are read or shown."""
        if self._dates is not None and not self._dates.holds():
            self._dates = None
        if self._dates is None or self._rows_marked(self._dates) != self._marked_rows:
            self._marked = None

    def _rows_marked(self, dates: DateMarks) -> Sequence[int]:
        """The rows that have to do with the marks as they are, and are read: their dates never change."""
        reach = dates.reach(*self._marked_for)
        rows, read = self._grid.view.rows[reach.start : reach.stop], self._grid.store.rows
        return rows if all(read[row] is not None for row in rows) else [row for row in rows if read[row]]

    def line(self, y: int, scrolled: tuple[int, int], room: int) -> Line:
        """What a line says; `scrolled` is by how much to the left and up, `room` what the dates have."""
        left, top = scrolled
        if not self._layout.dates:
            return Remark("" if y else self._grid.view.why_empty)
        if y < _MARKS:
            return WordsLine(self._corner(y), self._date_marks(left, room)[y])
        places = self._layout.window(left, room)
        rows = self._grid.view.rows[places.start : places.stop]
        if y < HEAD:
            return self._of_runs(y, rows)
        return self._of_task(y - HEAD + top, places, rows)

    def _of_runs(self, y: int, rows: Sequence[int]) -> Line:
        if y == _MARKS:
            order = "by start" if self._grid.view.order is Order.START else ""
            return CellsLine(order, Cells.MARKS, self._mark_cells(rows))
        return CellsLine("Run", Cells.RUNS, self._run_cells(rows))

    def _of_task(self, task: int, places: range, rows: Sequence[int]) -> Line:
        names = self._layout.names
        if task >= len(names):
            return Remark("" if names or task else "No task of this Dag is known")
        cells = self._grid.columns.column_cells(task, rows)
        if task != self._grid.cursor_column:
            return CellsLine(names[task], Cells.TASKS, cells)
        place = self._grid.view.position(self._grid.cursor_row)
        cursor = place - places.start if place is not None and place in places else None
        return CellsLine(names[task], Cells.TASKS, cells, lit=True, cursor=cursor)

    def _corner(self, y: int) -> str:
        """The date under the cursor, of which the marks tell only a part, and how its run stands."""
        row = self._grid.row
        if row is None:
            return ""
        return kinds_of(row)[0].replace("_", " ") if y else self._grid.date_of(self._grid.cursor_row)

    def _date_marks(self, left: int, room: int) -> tuple[str, str]:
        if self._dates is None:
            number, cell, widest = self._layout.dates, self._layout.cell, self._grid.date_width
            self._dates = DateMarks(self._row_at, number, self._zone, cell=cell, widest=widest)
        if self._marked is None or self._marked_for != (left, room):
            self._marked, self._marked_for = self._dates.lines(left, room), (left, room)
            self._marked_rows = self._rows_marked(self._dates)
        return self._marked

    def _row_at(self, place: int) -> RunRow | None:
        return self._grid.store.rows[self._grid.view.rows[place]]

    @property
    def _zone(self) -> tzinfo:
        facts = self._grid.store.facts
        return zone_named("UTC" if facts is None else facts.timezone)

    def _mark_cells(self, rows: Sequence[int]) -> bytes:
        marks, cursor = self._grid.marks.rows, self._grid.cursor_row
        return bytes(MARKED if row in marks else POINTED if row == cursor else NO_MARK for row in rows)

    def _run_cells(self, rows: Sequence[int]) -> bytes:
        read = map(self._grid.store.rows.__getitem__, rows)
        return bytes(_UNREAD if row is None else _CODE_OF_KIND[kinds_of(row)[0]] for row in read)
