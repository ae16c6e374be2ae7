"""A grid with task groups and mapped tasks, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.map_indexes import FIRST_OF_REST, IndexCell, IndexCells, index_cell
from backfill_tui.domain.states import RunState, most_urgent
from backfill_tui.domain.tallies import packed, tally_of
from backfill_tui.domain.watching import GridUpdate, RunRow, TaskColumn
from tests.support.grids import a_row, an_update, cells_of

COLUMNS = (
    TaskColumn(task_id=TaskId("regions")),
    TaskColumn(task_id=TaskId("stock.count"), mapped=True, groups=("stock",)),
    TaskColumn(task_id=TaskId("stock.check.compare"), groups=("stock", "stock.check")),
    TaskColumn(task_id=TaskId("stock.check.report"), groups=("stock", "stock.check")),
    TaskColumn(task_id=TaskId("publish")),
)
COUNT = TaskId("stock.count")


def a_folding_update(rows: Sequence[tuple[RunRow, str, str]], *, columns: bool = True) -> GridUpdate:
    """An update of such a grid: for each row the letters of its plain tasks, and of the mapped one's."""
    update = an_update([(row, "") for row, _, _ in rows], COLUMNS if columns else None)
    cells = b""
    for _, plain, mapped in rows:
        states, tally = cells_of(mapped), tally_of(cells_of(mapped))
        codes = [*cells_of(plain)]
        cells += bytes([codes[0], most_urgent(states), *codes[1:]]) + packed([(tally.shown, tally.total)])
    return replace(update, cells=cells)


def indexes_of(rows: Sequence[tuple[RunRow, str, str]]) -> IndexCells:
    """What the bridge would read of the mapped task of these rows."""
    return IndexCells(cells=tuple(_cell(row.run_id, mapped) for row, _, mapped in rows if row.run_id))


def _cell(run_id: RunId, mapped: str) -> IndexCell:
    codes = cells_of(mapped)
    rest = [(code, 1) for code in codes[FIRST_OF_REST:]]
    return index_cell(run_id, COUNT, enumerate(codes[:FIRST_OF_REST]), rest)


def some_rows() -> list[tuple[RunRow, str, str]]:
    """Five dates: all well, some map indexes failed, under way, and one not expanded yet."""
    return [
        (a_row(1), "ssss", "s" * 12),
        (a_row(2, RunState.FAILED), "suuu", "ssfsssfsssfs"),
        (a_row(3), "ssss", "s" * 4),
        (a_row(4, RunState.RUNNING), "s...", "ssrr......"),
        (a_row(5, RunState.QUEUED), "....", "."),
    ]
