"""What the watch screen reads off its grid: the cell under the cursor, what to rerun, why others wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backfill_tui.domain.causes import Cause, CauseCode, cause_of_queued
from backfill_tui.domain.columns import ShownColumn
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.progress import BackfillStatus, is_held_by_cancel, with_causes
from backfill_tui.domain.states import CODES, RunState
from backfill_tui.domain.tallies import Tally
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts, Membership, RunRow
from backfill_tui.ui.glyphs import TASK_MARKS
from backfill_tui.ui.text import count
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
    shown = grid.columns.shown[grid.cursor_column]
    tally = grid.columns.tally(grid.cursor_row, grid.cursor_column)
    # Of a folded group that task which shows: the first that is in its state.
    place = next((one for one in shown.places if store.cell(grid.cursor_row, one) == tally.code), shown.place)
    column = store.columns[place]
    return CellInView(
        task_id=column.task_id,
        run_id=row.run_id,
        date=grid.date_of(grid.cursor_row),
        state=CODES[tally.code],
        map_index=shown.map_index,
        rest=shown.rest,
        stands_for=_stands_for(shown, tally),
        mapped=column.mapped,
        operator=column.operator,
        row_says=grid.sentence_of(grid.cursor_row),
        now=now,
    )


def _stands_for(shown: ShownColumn, tally: Tally) -> str:
    """What a cell stands for, where not for one task: `prepare/ has 12 task instances, 3 of them failed`."""
    if not shown.group and not shown.rest:
        return ""
    named = (
        f"{one_line(shown.group)}/ has" if shown.group else f"map index {shown.map_index} and after it are"
    )
    if not tally.total:
        return f"{named} no task instances in this run"
    instances = count(tally.total, "task instance")
    word = TASK_MARKS[CODES[tally.code]].word
    if tally.shown == tally.total:
        return f"{named} {instances}, all {word}"
    return f"{named} {instances}, {tally.shown:,} of them {word}"


def rows_to_rerun(grid: RunGrid) -> list[tuple[int, RunRow]]:
    """The marked rows, else the row under the cursor if it may be meant.

    That is one that failed, was cancelled before it started, or has no run: then it is said why. With it goes
    all that a cancel holds.
    """
    rows = grid.store.rows
    marked = [(index, row) for index in sorted(grid.marks.rows) if (row := rows[index]) is not None]
    if marked:
        return [(index, row) for index, row in marked if row.run_id is not None]
    chosen, row = held_rows(grid.store), grid.row
    if row is not None and (row.failed or row.cancelled or (row.run_id is None and not chosen)):
        chosen[grid.cursor_row] = row
    return sorted(chosen.items())


def held_rows(store: GridStore) -> dict[int, RunRow]:
    """The rows whose queued runs never start, for their backfill was cancelled.

    All of them, also those that are not shown: what lets one of them go lets all go.
    """
    if store.facts is None or not is_held_by_cancel(store.facts) or not store.counts().queued:
        return {}
    return {
        index: row
        for index, row in enumerate(store.rows)
        if row is not None and row.membership is Membership.INCLUDED and row.state is RunState.QUEUED
    }


def rows_to_mark(grid: RunGrid) -> list[tuple[int, RunRow]]:
    """The marked rows that have a run, else the row under the cursor if it has one."""
    rows = grid.store.rows
    wanted = sorted(grid.marks.rows) or ([grid.cursor_row] if grid.row is not None else [])
    found = [(index, row) for index in wanted if (row := rows[index]) is not None]
    return [(index, row) for index, row in found if row.run_id is not None]


def waiting_because(progress: Progress, causes: Sequence[Cause] = ()) -> str:
    """Why the next queued run has not started; empty while the scheduler may start it at once.

    `causes` are the last ones of the stream. What the readings since then say goes before them.
    """
    standing, facts, counts = progress.standing, progress.facts, progress.counts
    if standing.status is BackfillStatus.PAUSED:
        return "the backfill is paused"
    if standing.status is BackfillStatus.BLOCKED:
        return with_causes(standing, causes).sentence
    if isinstance(facts, BackfillFacts) and counts.running >= facts.max_active_runs:
        return f"{counts.running:,} of {facts.max_active_runs:,} active runs of this backfill"
    cause = cause_of_queued(causes)
    return "" if cause is None or cause.code in _READ_ANEW else cause.sentence
