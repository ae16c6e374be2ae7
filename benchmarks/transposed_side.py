"""One side of the benchmark of the turned grid, run by `benchmarks.transposed` on a terminal of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from rich.text import Text
from textual.containers import Vertical
from textual.coordinate import Coordinate
from textual.widget import Widget

from backfill_tui.domain.watching import RunRow, TaskColumn
from backfill_tui.ui.widgets.task_grid import TaskGrid
from benchmarks.grid import COLUMNS
from benchmarks.grid_side import GridSide, TableSide, some_code
from benchmarks.transposed import TABLE_DATES

_SEEN_TASKS: Final = 40


class TransposedSide(GridSide):
    """The turned grid of this program, and the grid that it follows, out of sight."""

    SEEN_COLUMNS = _SEEN_TASKS

    @property
    def first_seen(self) -> int:
        return self.tasks.scroll_offset.x

    def make(self) -> Widget:
        grid = super().make()
        grid.display = False
        self.tasks = TaskGrid(self.grid)
        return Vertical(grid, self.tasks)

    def on_run_grid_cursor_moved(self) -> None:
        self.tasks.point()

    def page_down(self) -> None:
        self.tasks.action_page(1)

    def fold(self) -> None:
        super().fold()
        self.tasks.follow()
        self.grid.action_end(0)

    def _apply(self, rows: list[RunRow], cells: bytes, columns: tuple[TaskColumn, ...] | None) -> None:
        super()._apply(rows, cells, columns)
        self.tasks.follow()


class TransposedTable(TableSide):
    """The same content in a DataTable, a column a date."""

    def prepare(self) -> None:
        super().prepare()
        del self.rows[TABLE_DATES:]

    def fill(self) -> None:
        self.table.add_column("Task", width=12)
        for row in self.rows:
            self.table.add_column(row[0], width=1)
        for at in range(COLUMNS):
            self.table.add_row(Text(f"task_{at}"), *(row[1 + at] for row in self.rows))

    def page_down(self) -> None:
        at_end = self.table.scroll_offset.x >= self.table.max_scroll_x
        self.table.scroll_to(x=0 if at_end else self.table.max_scroll_x, animate=False)

    def change(self, number: int) -> None:
        first = int(self.table.scroll_offset.x)
        for at in range(number):
            task, date = at % COLUMNS, (first + at // COLUMNS) % TABLE_DATES
            if number == COLUMNS:
                task, date = at % _SEEN_TASKS, (first + at) % TABLE_DATES
            self.table.update_cell_at(Coordinate(task, 1 + date), self._signs[some_code()])


if __name__ == "__main__":
    side, result = sys.argv[1:]
    (TransposedSide if side == "grid" else TransposedTable)(Path(result)).run()
