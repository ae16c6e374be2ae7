"""The dates of a plan as rows: of a table for people, and of a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, PlannedRun
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.text import harmless
from backfill_tui.headless.encode import when
from backfill_tui.headless.plan_forms import ChosenRuns
from backfill_tui.headless.tables import Cell, Column, LazyRows, Table, Tone

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

_TONES: Final = {
    Verdict.CREATE: Tone.GOOD,
    Verdict.REPROCESS: Tone.ODD,
    Verdict.SKIP_EXISTS: Tone.FAINT,
    Verdict.SKIP_IN_FLIGHT: Tone.FAINT,
    Verdict.NOT_YET: Tone.FAINT,
}
# A spreadsheet runs what begins so, also in the letters of Asian keyboards.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def table_of(planned: BackfillPlan, chosen: ChosenRuns) -> Table:
    """The dates for people: what becomes of each, and why."""
    what = "Partition" if planned.judged.dates.partitioned else "Logical date"
    columns = (
        Column(heading="#", number=True),
        Column(heading=f"{what} ({planned.timezone})"),
        Column(heading="Verdict"),
        Column(heading="Why", folds=True),
    )
    zone = zone_named(planned.timezone)

    def row(run: PlannedRun) -> tuple[Cell, ...]:
        at = run.occurrence.logical_date
        date = run.occurrence.partition_key or "no logical date" if at is None else minute(at, zone)
        return (
            Cell("" if run.ordinal is None else str(run.ordinal), Tone.FAINT),
            Cell(date),
            Cell(run.verdict.label, _TONES[run.verdict]),
            Cell(run.reason, Tone.PLAIN if run.verdict.runs else Tone.FAINT),
        )

    return Table(columns=columns, rows=LazyRows(chosen, row))


def csv_rows(chosen: ChosenRuns) -> Iterator[tuple[object, ...]]:
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


def safe_cell(text: str | None) -> str | None:
    """Outside text for a spreadsheet: harmless, and behind an apostrophe where it would be a formula."""
    if text is None:
        return None
    plain = harmless(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
