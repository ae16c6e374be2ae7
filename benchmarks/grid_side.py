"""One side of the grid's benchmark, run by `benchmarks.grid` on a terminal of its own."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
from rich.text import Text
from textual.app import App
from textual.coordinate import Coordinate
from textual.widget import Widget
from textual.widgets import DataTable

from backfill_tui.domain.columns import Folding
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.planning import ReprocessBehavior
from backfill_tui.domain.states import CODE_OF, CODES, RunState, TaskState
from backfill_tui.domain.tallies import packed
from backfill_tui.domain.watching import BackfillFacts, GridUpdate, Membership, RunRow, TaskColumn
from backfill_tui.ui.glyphs import TASK_MARKS, Look
from backfill_tui.ui.themes import DARK
from backfill_tui.ui.widgets.run_grid import RunGrid
from benchmarks.grid import COLUMNS, GRID_ROWS, TABLE_ROWS

T = TypeVar("T")

_PART = 200
_DAY = 86_400 * SECOND
_NOW = Instant(1_718_452_800 * SECOND)
_LIVE = (TaskState.SUCCESS, TaskState.RUNNING, TaskState.QUEUED, TaskState.FAILED, TaskState.UP_FOR_RETRY)
_FACTS = BackfillFacts(
    backfill_id=BackfillId(1),
    dag_id=DagId("benchmark"),
    timezone="UTC",
    from_date=Instant(0),
    to_date=Instant(GRID_ROWS * _DAY),
    reprocess_behavior=ReprocessBehavior.NONE,
    max_active_runs=16,
    is_paused=False,
    created_at=_NOW,
    completed_at=None,
    triggering_user=None,
    dag_is_paused=False,
    dag_is_stale=False,
    scheduler_heartbeat=_NOW,
)


_DICE = random.Random(1)  # noqa: S311  # the same content in every run


def some_code() -> int:
    """A state as a running backfill has them: mostly success."""
    return CODE_OF[_DICE.choices(_LIVE, (70, 8, 8, 8, 6))[0]]


class Side(App[None]):
    """Fills a widget, then acts on it and measures what the UI thread spends until it is drawn."""

    def __init__(self, result: Path) -> None:
        super().__init__()
        self._result = result
        self._figures: dict[str, list[float]] = {}
        self._written = 0
        self.register_theme(DARK)
        self.theme = DARK.name

    @abstractmethod
    def make(self) -> Widget:
        """The empty widget."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the content, which is not measured."""

    @abstractmethod
    def fill(self) -> None:
        """Give the widget what it needs to draw its first screen."""

    def fill_more(self) -> bool:
        """Give it the next part; whether there was one."""
        return False

    @abstractmethod
    def page_down(self) -> None:
        """Go down a page."""

    @abstractmethod
    def change(self, number: int) -> None:
        """Change so many cells, the visible ones first."""

    def fold(self) -> None:
        """Show the same with numbers in its cells, where the widget can."""

    async def on_mount(self) -> None:
        """Begin once the empty screen is drawn."""
        await self.mount(self.make())
        self.run_worker(self._run())

    async def _run(self) -> None:
        self.prepare()
        await self._drawn()
        self._count_output()
        memory = psutil.Process().memory_info().rss
        await self._take("first paint", self.fill)
        more = True
        while more:
            more = await self._take("next 200 rows", self.fill_more)
        self._figures["memory"] = [(psutil.Process().memory_info().rss - memory) / 1e6]
        gc.collect()
        gc.freeze()
        repeat = 60 if isinstance(self, GridSide) else 8
        for _ in range(repeat):
            await self._take("page down", self.page_down)
        for _ in range(repeat):
            before = self._written
            await self._take("1 change", lambda: self.change(1))
            self._figures.setdefault("bytes", []).append(self._written - before)
        for _ in range(repeat // 3):
            await self._take("100 changes", lambda: self.change(100))
        for _ in range(max(3, repeat // 6)):
            await self._take("10000 changes", lambda: self.change(10_000))
        self.fold()
        await self._drawn()
        for _ in range(repeat):
            await self._take("page down, folded", self.page_down)
        self._result.write_text(json.dumps(self._figures), encoding="utf-8")
        self.exit()

    async def _take(self, name: str, act: Callable[[], T]) -> T:
        await asyncio.sleep(0.02)
        began = time.thread_time()
        given = act()
        await self._drawn()
        self._figures.setdefault(name, []).append((time.thread_time() - began) * 1_000)
        return given

    async def _drawn(self) -> None:
        done = asyncio.Event()
        self.screen.call_after_refresh(done.set)
        await done.wait()

    def _count_output(self) -> None:
        driver = self._driver
        assert driver is not None
        write = driver.write

        def counted(data: str) -> None:
            self._written += len(data.encode())
            write(data)

        driver.write = counted  # type: ignore[method-assign]


class GridSide(Side):
    """The grid of this program over its state store."""

    SEEN_COLUMNS = 80

    @property
    def first_seen(self) -> int:
        """The first row of the store that is seen."""
        return self.grid.scroll_offset.y

    def make(self) -> Widget:
        self.store = GridStore()
        self.grid = RunGrid(self.store)
        return self.grid

    def prepare(self) -> None:
        rows = [self._row(ordinal) for ordinal in range(1, GRID_ROWS + 1)]
        cells = bytes(some_code() for _ in range(GRID_ROWS * COLUMNS))
        self.parts = [
            (rows[at : at + _PART], cells[at * COLUMNS : (at + _PART) * COLUMNS])
            for at in range(0, GRID_ROWS, _PART)
        ]

    def fill(self) -> None:
        columns = tuple(TaskColumn(task_id=TaskId(f"section_{at // 10}.task_{at}")) for at in range(COLUMNS))
        self._apply(*self.parts.pop(0), columns)

    def fill_more(self) -> bool:
        if self.parts:
            self._apply(*self.parts.pop(0), None)
        return bool(self.parts)

    def fold(self) -> None:
        """Groups of ten tasks, half of them folded; every other task is mapped to ten task instances."""
        columns = tuple(
            TaskColumn(task_id=TaskId(f"task_{at}"), mapped=at % 2 == 1, groups=(f"section_{at // 10}",))
            for at in range(COLUMNS)
        )
        for first in range(0, GRID_ROWS, _PART):
            rows = [self._row(ordinal) for ordinal in range(first + 1, first + _PART + 1)]
            cells = b"".join(self.folded_row() for _ in rows)
            self._apply(rows, cells, columns if first == 0 else None)
        self.grid.fold(Folding(groups=frozenset(f"section_{at}" for at in range(5))))

    def folded_row(self) -> bytes:
        codes = bytes(some_code() for _ in range(COLUMNS))
        return codes + packed((_DICE.randrange(1, 11), 10) for _ in range(COLUMNS // 2))

    def page_down(self) -> None:
        self.grid.action_page(1)

    def change(self, number: int) -> None:
        first = self.first_seen
        height = max(1, -(-number // COLUMNS)) if number >= COLUMNS else 1
        rows, cells = [], bytearray()
        for at in range(height):
            index = (first + at) % GRID_ROWS
            row = bytearray(self.store.row_cells(index))
            for column in range(min(COLUMNS, number)):
                row[column] = (row[column] % (len(CODES) - 1)) + 1
            rows.append(self._row(index + 1))
            cells += row
        if number == COLUMNS:
            # A hundred changes are spread over the rows that are seen, as they are in a live backfill.
            rows, cells = self._spread(first, number)
        self._apply(rows, bytes(cells), None)

    def _spread(self, first: int, number: int) -> tuple[list[RunRow], bytearray]:
        rows, cells = [], bytearray()
        for at in range(40):
            index = (first + at) % GRID_ROWS
            row = bytearray(self.store.row_cells(index))
            for column in _DICE.sample(range(self.SEEN_COLUMNS), max(1, number // 40)):
                row[column] = (row[column] % (len(CODES) - 1)) + 1
            rows.append(self._row(index + 1))
            cells += row
        return rows, cells

    def _apply(self, rows: list[RunRow], cells: bytes, columns: tuple[TaskColumn, ...] | None) -> None:
        update = GridUpdate(
            read_at=_NOW,
            facts=_FACTS,
            columns=columns,
            rows=tuple(rows),
            cells=cells,
            total_rows=GRID_ROWS,
            loaded=True,
        )
        self.grid.take(self.store.apply(update), _NOW)

    @staticmethod
    def _row(ordinal: int) -> RunRow:
        return RunRow(
            ordinal=ordinal,
            logical_date=Instant(ordinal * _DAY),
            partition_key=None,
            membership=Membership.INCLUDED,
            run_id=RunId(f"backfill__{ordinal}"),
            state=RunState.SUCCESS,
            started_at=_NOW,
            ended_at=Instant(_NOW + 60 * SECOND),
        )


class TableSide(Side):
    """The same content in a DataTable, a styled sign a cell."""

    def make(self) -> Widget:
        look = Look(self.theme_variables)
        self._signs = [Text(look.sign(TASK_MARKS[state]), look.style(TASK_MARKS[state])) for state in CODES]
        self.table: DataTable[Text] = DataTable(fixed_columns=1, cell_padding=0)
        return self.table

    def prepare(self) -> None:
        self.rows = [
            [Text(f"2024-{ordinal}"), *(self._signs[some_code()] for _ in range(COLUMNS))]
            for ordinal in range(TABLE_ROWS)
        ]

    def fill(self) -> None:
        self.table.add_column("Date", width=12)
        for at in range(COLUMNS):
            self.table.add_column(str(at), width=2)
        for row in self.rows:
            self.table.add_row(*row)

    def page_down(self) -> None:
        self.table.action_page_down()

    def change(self, number: int) -> None:
        first = int(self.table.scroll_offset.y)
        for at in range(number):
            row, column = (first + at // COLUMNS) % TABLE_ROWS, 1 + at % COLUMNS
            if number == COLUMNS:
                row, column = (first + at % 40) % TABLE_ROWS, 1 + _DICE.randrange(80)
            self.table.update_cell_at(Coordinate(row, column), self._signs[some_code()])


if __name__ == "__main__":
    side, result = sys.argv[1:]
    (GridSide if side == "grid" else TableSide)(Path(result)).run()
