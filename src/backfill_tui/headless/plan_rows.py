"""The dates of a plan as rows of a table for people."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.instants import minute, zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, PlannedRun
from backfill_tui.headless.plan_forms import ChosenRuns
from backfill_tui.headless.tables import Cell, Column, LazyRows, Table, Tone

_TONES: Final = {
    Verdict.CREATE: Tone.GOOD,
    Verdict.REPROCESS: Tone.ODD,
    Verdict.SKIP_EXISTS: Tone.FAINT,
    Verdict.SKIP_IN_FLIGHT: Tone.FAINT,
    Verdict.NOT_YET: Tone.FAINT,
}


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
