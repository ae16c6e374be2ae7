"""What keeps runs from starting, and what Airflow's own scheduling does before or after them."""

from __future__ import annotations

from collections.abc import Iterator

from backfill_tui.bridge.plan_warnings.released import released_by_unpausing
from backfill_tui.bridge.plan_warnings.situation import Situation, warning
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.domain.environment import STALE_HEARTBEAT_SECONDS, Mode
from backfill_tui.domain.instants import SECOND, Instant, clock
from backfill_tui.domain.plan_dates import ABSENT
from backfill_tui.domain.planning import PlanWarning


def paused(it: Situation) -> Iterator[PlanWarning]:
    """No run of a paused Dag starts (Airflow 3.3 models/dagrun.py, `get_queued_dag_runs_to_set_running`)."""
    if it.model is not None and it.model.is_paused:
        yield warning(
            "dag_paused", f"The Dag is paused, so no run will start{released_by_unpausing(it)}", "unpause it"
        )


def stale(it: Situation) -> Iterator[PlanWarning]:
    """No run of a stale Dag starts, by the same query."""
    if it.model is None or it.model.is_stale:
        yield warning(
            "dag_stale",
            "The Dag is no longer in its file, so no run will start",
            "restore it and parse again",
        )


def import_errors(it: Situation) -> Iterator[PlanWarning]:
    """The last version that could be imported stays, and its runs are made."""
    if it.model is not None and it.model.has_import_errors:
        yield warning(
            "import_errors",
            "The Dag's file does not import any more, so its tasks are likely to fail",
            "mend the file first",
        )


def no_scheduler(it: Situation) -> Iterator[PlanWarning]:
    """In embedded mode the program itself starts the scheduler, after the launch at the latest."""
    if it.airflow.mode is Mode.EMBEDDED:
        return
    beat = _scheduler_heartbeat(it)
    age = None if beat is None else it.airflow.now(it.session) - beat
    if age is None or age > STALE_HEARTBEAT_SECONDS * SECOND:
        since = "was ever seen" if age is None else f"has been alive for {clock(age)}"
        yield warning(
            "no_scheduler", f"No scheduler {since}, so no run will start", "start one with airflow scheduler"
        )


def _scheduler_heartbeat(it: Situation) -> Instant | None:
    from airflow.jobs.job import Job
    from sqlalchemy import func, select

    of_schedulers = select(func.max(Job.latest_heartbeat)).where(
        Job.job_type == "SchedulerJob", Job.state == "running"
    )
    beat = it.session.scalar(of_schedulers)
    return None if beat is None else instant_of(beat)


def catchup_hole(it: Situation) -> Iterator[PlanWarning]:
    """A schedule goes on after the latest run, those of backfills included.

    Airflow 3.3 dag_processing/collection.py, `_get_latest_runs_stmt`. The embedded engine schedules nothing
    on its own, so there is no catchup to lose.
    """
    if it.airflow.mode is Mode.EMBEDDED or not it.planned.dag.catchup or it.planned.partitioned:
        return
    if it.model is None or it.model.next_dagrun is None or not it.run_count:
        return
    upcoming = instant_of(it.model.next_dagrun)
    first = min(date for date in it.judged.dates.dates if date != ABSENT)
    if first > upcoming:
        at = it.model.next_dagrun_create_after if it.bounded_by_trigger else it.model.next_dagrun
        yield warning(
            "catchup_hole",
            f"Catchup stands at {it.said(upcoming)}, and once Airflow has parsed the Dag after the launch it "
            f"goes on after the latest of these runs: what it has not scheduled by then before "
            f"{it.said(first)} it never does",
            f"begin the range at {it.said(instant_of(at or it.model.next_dagrun))}",
        )
