"""What the watch screen reads off its grid: the cell under the cursor, what to rerun, why others wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backfill_tui.domain.causes import Cause, CauseCode, cause_of_queued
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.progress import BackfillStatus, with_causes
from backfill_tui.domain.states import CODES
from backfill_tui.domain.watching import RunRow
from backfill_tui.ui.widgets.progress_header import Progress
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.task_details import CellInView

_READ_ANEW: Final = frozenset(
    {
        CauseCode.DAG_AUTO_PAUSED, CauseCode.DAG_PAUSED, CauseCode.DAG_STALE, CauseCode.NO_SCHEDULER,
        CauseCode.BACKFILL_PAUSED, CauseCode.MAX_ACTIVE_RUNS,
    }
)  # fmt: skip
"""Causes that every reading tells as well: one that is no longer so is gone at once."""


def cell_in_view(grid: RunGrid, now: Instant) -> CellInView | None:
    """The cell under the cursor as far as the grid knows it; None where there is none."""
    row, store = grid.row, grid.store
    if row is None or not store.columns:
        return None
    column = store.columns[grid.cursor_column]
    return CellInView(
        task_id=column.task_id,
        run_id=row.run_id,
        date=grid.date_of(grid.cursor_row),
        state=CODES[store.cell(grid.cursor_row, grid.cursor_column)],
        mapped=column.mapped,
        operator=column.operator,
        row_says=grid.sentence_of(grid.cursor_row),
        now=now,
    )


def rows_to_rerun(grid: RunGrid) -> list[tuple[int, RunRow]]:
    """The marked rows that have a run, else the failed row under the cursor."""
    rows = grid.store.rows
    marked = [(index, row) for index in sorted(grid.marks.rows) if (row := rows[index]) is not None]
    if marked:
        return [(index, row) for index, row in marked if row.run_id is not None]
    row = grid.row
    return [(grid.cursor_row, row)] if row is not None and row.failed else []


def waiting_because(progress: Progress, causes: Sequence[Cause] = ()) -> str:
    """Why the next queued run has not started; empty while the scheduler may start it at once.

    `causes` are the last ones of the stream. What the readings since then say goes before them.
    """
    standing, facts, counts = progress.standing, progress.facts, progress.counts
    if standing.status is BackfillStatus.PAUSED:
        return "the backfill is paused"
    if standing.status is BackfillStatus.BLOCKED:
        return with_causes(standing, causes).sentence
    if counts.running >= facts.max_active_runs:
        return f"{counts.running} of {facts.max_active_runs} active runs of this backfill"
    cause = cause_of_queued(causes)
    return "" if cause is None or cause.code in _READ_ANEW else cause.sentence
