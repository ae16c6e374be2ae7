"""What is to be said about a plan as a whole: a function each, and a table of them.

A warning that blocks is something Airflow refuses, or that would make the launch pointless; its dates can
still be shown. Facts come from Airflow 3.3: models/backfill.py for what it refuses, models/dagrun.py for
which runs the scheduler looks at, dag_processing/collection.py for where a schedule goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.finished_backfills import standing_in_the_way
from backfill_tui.bridge.occurrences import Enumeration
from backfill_tui.bridge.planned_dag import PlannedDag, instant_of
from backfill_tui.domain.environment import STALE_HEARTBEAT_SECONDS, Mode
from backfill_tui.domain.instants import SECOND, Instant, clock
from backfill_tui.domain.planning import (
    BackfillRequest,
    PlannedRun,
    PlanWarning,
    ReprocessBehavior,
    Verdict,
    is_due,
)
from backfill_tui.domain.reasons import moment

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a warning may look at; `model` is Airflow's `DagModel`, None for a Dag without that row."""

    airflow: AirflowEnvironment
    session: Session
    planned: PlannedDag
    request: BackfillRequest
    enumeration: Enumeration
    runs: tuple[PlannedRun, ...]
    model: Any
    now: Instant

    @property
    def run_count(self) -> int:
        """How many runs would start."""
        return sum(1 for run in self.runs if run.verdict.runs)


def warnings_about(situation: Situation) -> tuple[PlanWarning, ...]:
    """Every warning that applies, those that block first."""
    found = [warning for look in _LOOKS for warning in look(situation)]
    return tuple(sorted(found, key=lambda warning: not warning.blocks))


def _another_backfill(it: Situation) -> Iterator[PlanWarning]:
    if active := standing_in_the_way(it.session, it.request.dag_id):
        yield PlanWarning(
            code="active_backfill",
            message=f"Backfill {active[0]} of this Dag is active, and Airflow runs one at a time",
            remedy="watch it, and launch when it is done",
            blocks=True,
        )


def _run_type(it: Situation) -> Iterator[PlanWarning]:
    allowed = None if it.model is None else it.model.allowed_run_types
    if allowed is not None and "backfill" not in {str(kind) for kind in allowed}:
        yield PlanWarning(
            code="run_type_not_allowed",
            message="The Dag does not allow backfill runs",
            remedy="add them to allowed_run_types in the Dag's file",
            blocks=True,
        )


def _depends_on_past(it: Situation) -> Iterator[PlanWarning]:
    if not it.planned.depends_on_past:
        return
    if it.request.run_backwards:
        yield PlanWarning(
            code="depends_on_past_backwards",
            message="A task depends on its past, so the dates can not run backwards",
            remedy="run them forwards",
            blocks=True,
        )
    if it.request.reprocess_behavior is ReprocessBehavior.NONE:
        yield PlanWarning(
            code="depends_on_past_missing_only",
            message="A task depends on its past, so Airflow does not backfill the missing runs alone",
            remedy="choose Missing and Errored Runs or All Runs",
            blocks=True,
        )


def _nothing_to_do(it: Situation) -> Iterator[PlanWarning]:
    if it.run_count:
        return
    taken_up = sum(1 for run in it.runs if run.verdict is not Verdict.NOT_YET)
    if taken_up:
        yield PlanWarning(
            code="nothing_to_do",
            message=f"Every one of the {taken_up} dates has a run that stays as it is",
            remedy="choose another reprocess behavior or range",
        )
    elif it.runs:
        yield PlanWarning(
            code="no_dates_due",
            message="No date of the range is due yet",
            remedy="end the range later, or wait",
            blocks=True,
        )
    else:
        yield PlanWarning(
            code="no_dates",
            message="The schedule has no date in this range",
            remedy="choose a longer range",
            blocks=True,
        )


def _paused(it: Situation) -> Iterator[PlanWarning]:
    if it.model is not None and it.model.is_paused:
        yield PlanWarning(
            code="dag_paused",
            message="The Dag is paused, so no run will start",
            remedy="unpause it",
        )


def _stale(it: Situation) -> Iterator[PlanWarning]:
    if it.model is None or it.model.is_stale:
        yield PlanWarning(
            code="dag_stale",
            message="The Dag is no longer in its file, so no run will start",
            remedy="restore it and parse again",
        )


def _import_errors(it: Situation) -> Iterator[PlanWarning]:
    if it.model is not None and it.model.has_import_errors:
        yield PlanWarning(
            code="import_errors",
            message="The Dag's file does not import any more, so its tasks are likely to fail",
            remedy="mend the file first",
        )


def _outside_the_dag(it: Situation) -> Iterator[PlanWarning]:
    dag, zone = it.planned.dag, it.planned.zone
    dates = [run.occurrence.identity for run in it.runs if run.verdict.runs]
    known = [date for date in dates if date is not None]
    start = None if dag.start_date is None else instant_of(dag.start_date)
    end = None if dag.end_date is None else instant_of(dag.end_date)
    if start is not None and (early := sum(1 for date in known if date < start)):
        yield PlanWarning(
            code="before_start_date",
            message=f"{_dates(early)} before the Dag's start date, and Airflow runs them all the same",
            remedy=f"begin the range at {moment(start, zone)} to leave them out",
        )
    if end is not None and (late := sum(1 for date in known if date > end)):
        yield PlanWarning(
            code="after_end_date",
            message=f"{_dates(late)} after the Dag's end date, and Airflow runs them all the same",
            remedy=f"end the range at {moment(end, zone)} to leave them out",
        )


def _dates(count: int) -> str:
    return "1 date is" if count == 1 else f"{count:,} dates are"


def _catchup_hole(it: Situation) -> Iterator[PlanWarning]:
    # The embedded engine schedules nothing on its own, so there is no catchup to lose.
    if it.airflow.mode is Mode.EMBEDDED or not it.planned.dag.catchup:
        return
    if it.model is None or it.model.next_dagrun is None:
        return
    upcoming = instant_of(it.model.next_dagrun)
    planned = [run.occurrence.logical_date for run in it.runs if run.verdict.runs]
    first = min((date for date in planned if date is not None), default=None)
    if first is not None and first > upcoming:
        zone = it.planned.zone
        yield PlanWarning(
            code="catchup_hole",
            message=f"Catchup stands at {moment(upcoming, zone)} and goes on after the latest of these runs, "
            f"so the dates before {moment(first, zone)} are never scheduled",
            remedy=f"begin the range at {moment(upcoming, zone)}",
        )


def _above_the_scheduler(it: Situation) -> Iterator[PlanWarning]:
    from airflow.configuration import conf

    examined = conf.getint("scheduler", "max_dagruns_per_loop_to_schedule")
    if it.request.max_active_runs > examined:
        yield PlanWarning(
            code="above_scheduler_limit",
            message=f"The scheduler looks at {examined} running backfill runs at most, "
            f"so max active runs {it.request.max_active_runs} gains nothing over {examined}",
            remedy=f"give {examined}, or raise [scheduler] max_dagruns_per_loop_to_schedule",
        )


def _no_scheduler(it: Situation) -> Iterator[PlanWarning]:
    # In embedded mode the program itself starts the scheduler, after the launch at the latest.
    if it.airflow.mode is Mode.EMBEDDED:
        return
    beat = _scheduler_heartbeat(it.session)
    age = None if beat is None else it.airflow.now(it.session) - beat
    if age is None or age > STALE_HEARTBEAT_SECONDS * SECOND:
        since = "was ever seen" if age is None else f"has been alive for {clock(age)}"
        yield PlanWarning(
            code="no_scheduler",
            message=f"No scheduler {since}, so no run will start",
            remedy="start one with airflow scheduler",
        )


def _scheduler_heartbeat(session: Session) -> Instant | None:
    from airflow.jobs.job import Job
    from sqlalchemy import func, select

    of_schedulers = select(func.max(Job.latest_heartbeat)).where(
        Job.job_type == "SchedulerJob", Job.state == "running"
    )
    beat = session.scalar(of_schedulers)
    return None if beat is None else instant_of(beat)


def _cut_short(it: Situation) -> Iterator[PlanWarning]:
    if not it.enumeration.cut_short:
        return
    dates = it.enumeration.occurrences
    reached = f"after {moment(dates[-1].run_after, it.planned.zone)}" if dates else "at its first date"
    yield PlanWarning(
        code="dates_cut_short",
        message=f"The timetable failed {reached} ({it.enumeration.cut_short}), "
        "and Airflow leaves out the dates after that without a word",
        remedy="launch the later dates with a range of their own",
    )


def _future_partitions(it: Situation) -> Iterator[PlanWarning]:
    waiting = sum(
        1
        for run in it.runs
        if run.verdict.runs and run.occurrence.run_after > it.now and is_due(run.occurrence, it.now)
    )
    if waiting:
        yield PlanWarning(
            code="future_partitions",
            message=f"{_dates(waiting)} in the future, and the runs of these partitions wait for it",
            remedy="end the range now to leave them out",
        )


_LOOKS: Final[tuple[Callable[[Situation], Iterator[PlanWarning]], ...]] = (
    _another_backfill,
    _run_type,
    _depends_on_past,
    _nothing_to_do,
    _cut_short,
    _paused,
    _stale,
    _import_errors,
    _no_scheduler,
    _outside_the_dag,
    _future_partitions,
    _catchup_hole,
    _above_the_scheduler,
)
