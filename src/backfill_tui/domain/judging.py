"""The verdict of every date of a plan.

Pure: the dates come from Airflow's timetable, the existing runs from one query, the time of day from the
caller. The rules are those of Airflow 3.3 `models/backfill.py`: `_get_dag_run_no_create_reason` for runs
that exist, `_get_info_list` for intervals that are not over.
"""

from __future__ import annotations

from bisect import bisect_left

from backfill_tui.domain.instants import Instant
from backfill_tui.domain.outcomes import (
    Clash,
    ExistingRun,
    ExistingRuns,
    JudgedDates,
    Outcome,
    OutcomeTable,
    Verdict,
)
from backfill_tui.domain.plan_dates import ABSENT, DateColumns
from backfill_tui.domain.planning import ReprocessBehavior
from backfill_tui.domain.states import RunState


def decide(
    dates: DateColumns,
    existing: ExistingRuns,
    *,
    behavior: ReprocessBehavior,
    now: Instant,
    run_backwards: bool,
) -> JudgedDates:
    """Every date with its verdict.

    `dates` come in the timetable's order. `now` is the clock of the process that creates, for that is the one
    Airflow compares with.
    """
    if not dates.ascending:
        dates, existing, due = _due_first(dates, existing, now)
    elif dates.partitioned:
        due = len(dates)
    else:
        due = bisect_left(dates.ends, now)
    table = OutcomeTable(len(dates))
    table.fill(0, due, Outcome(verdict=Verdict.CREATE))
    table.fill(due, len(dates), Outcome(verdict=Verdict.NOT_YET))
    taken_up = [
        table.number(Outcome(verdict=verdict_of(run, behavior), existing=run)) for run in existing.kinds
    ]
    waiting = [table.number(Outcome(verdict=Verdict.NOT_YET, existing=run)) for run in existing.kinds]
    outcome_of = table.outcome_of
    for place, kind in existing.kind_at.items():
        outcome_of[place] = taken_up[kind] if place < due else waiting[kind]
    _note_clashes(table, dates, existing, due, run_backwards=run_backwards)
    return table.judged(dates, due)


def verdict_of(run: ExistingRun | None, behavior: ReprocessBehavior) -> Verdict:
    """`_get_dag_run_no_create_reason`, whose order of questions decides."""
    if run is None:
        return Verdict.CREATE
    if not run.state.finished:
        return Verdict.SKIP_IN_FLIGHT
    if behavior is ReprocessBehavior.NONE:
        return Verdict.SKIP_EXISTS
    if behavior is ReprocessBehavior.FAILED and run.state is not RunState.FAILED:
        return Verdict.SKIP_EXISTS
    return Verdict.REPROCESS


def _due_first(
    dates: DateColumns, existing: ExistingRuns, now: Instant
) -> tuple[DateColumns, ExistingRuns, int]:
    """Dates of a timetable that does not go steadily forward, those not yet due last (`_get_info_list`).

    Airflow filters the partitions of a partitioned Dag by nothing: their future runs wait for run after.
    """
    is_due = [dates.partitioned or ABSENT < end < now for end in dates.ends]
    order = [place for place, due in enumerate(is_due) if due]
    due_count = len(order)
    order += [place for place, due in enumerate(is_due) if not due]
    moved = {was: place for place, was in enumerate(order)}
    return (
        dates.taken(order),
        ExistingRuns(
            kinds=existing.kinds,
            kind_at={moved[place]: kind for place, kind in existing.kind_at.items()},
            ids_taken=frozenset(moved[place] for place in existing.ids_taken),
        ),
        due_count,
    )


def _note_clashes(
    table: OutcomeTable, dates: DateColumns, existing: ExistingRuns, due: int, *, run_backwards: bool
) -> None:
    """Find the dates for which Airflow can not insert a run although it looks for none first.

    A run is unique by (Dag, logical date) and by (Dag, run id), and the id of a new one comes from run after
    (Airflow 3.3 models/dagrun.py). Only a timetable that repeats itself or one whose interval was changed
    since gets there.
    """
    id_taken = table.number(Outcome(verdict=Verdict.SKIP_IN_FLIGHT, clash=Clash.RUN_ID_TAKEN))
    if dates.ascending:
        creates = table.number(Outcome(verdict=Verdict.CREATE))
        for place in existing.ids_taken:
            if place < due and table.outcome_of[place] == creates:
                table.outcome_of[place] = id_taken
        return
    same_date = Outcome(verdict=Verdict.SKIP_IN_FLIGHT, clash=Clash.SAME_DATE)
    outcomes = list(table.numbered)
    identities, afters = dates.dates, dates.afters
    made: set[int] = set()
    ids = {afters[place] for place in existing.ids_taken}
    for place in range(due - 1, -1, -1) if run_backwards else range(due):
        outcome = outcomes[table.outcome_of[place]]
        if outcome.verdict.runs and identities[place] in made:
            table.outcome_of[place] = table.number(same_date)
        elif outcome.verdict is Verdict.CREATE and not dates.partitioned and afters[place] in ids:
            table.outcome_of[place] = id_taken
        elif outcome.verdict.runs:
            made.add(identities[place])
            if outcome.verdict is Verdict.CREATE:
                ids.add(afters[place])
