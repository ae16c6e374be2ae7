"""The dates of a plan as rows of a CSV file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from backfill_tui.domain.planning import PlannedRun
from backfill_tui.domain.states import TaskState
from backfill_tui.forms.csv_cells import safe_cell
from backfill_tui.forms.encode import when

CSV_HEADER: Final = (
    "ordinal",
    "logical_date",
    "data_interval_start",
    "data_interval_end",
    "run_after",
    "partition_key",
    "partition_date",
    "verdict",
    "reason",
    "existing_state",
    "existing_run_type",
    "existing_triggering_user",
    "existing_backfill_id",
    "existing_tasks",
    "existing_tasks_succeeded",
)


def csv_rows(chosen: Iterable[PlannedRun]) -> Iterator[tuple[object, ...]]:
    """The dates as the cells below `CSV_HEADER`; None is an empty cell."""
    for run in chosen:
        date, existing = run.occurrence, run.existing
        known: tuple[object, ...] = (None,) * 6
        if existing is not None:
            known = (
                str(existing.state),
                safe_cell(existing.run_type),
                safe_cell(existing.triggering_user),
                existing.backfill_id,
                existing.task_total if existing.task_counts else None,
                existing.count_of(TaskState.SUCCESS) if existing.task_counts else None,
            )
        yield (
            run.ordinal,
            when(date.logical_date),
            when(date.data_interval_start),
            when(date.data_interval_end),
            when(date.run_after),
            safe_cell(date.partition_key),
            when(date.partition_date),
            str(run.verdict),
            safe_cell(run.reason),
            *known,
        )
