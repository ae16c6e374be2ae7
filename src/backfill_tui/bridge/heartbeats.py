"""Airflow's processes that write heartbeats, as the database has them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from backfill_tui.domain.dag_range import RangeFacts
from backfill_tui.domain.environment import Beats
from backfill_tui.domain.instants import SECOND, Instant, from_datetime
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

F = TypeVar("F", BackfillFacts, RangeFacts)

SCHEDULER: Final = "SchedulerJob"
TRIGGERER: Final = "TriggererJob"
DAG_PROCESSOR: Final = "DagProcessorJob"
_THRESHOLDS: Final = {
    SCHEDULER: ("scheduler", "scheduler_health_check_threshold"),
    TRIGGERER: ("triggerer", "triggerer_health_check_threshold"),
    DAG_PROCESSOR: ("dag_processor", "health_check_threshold"),
}
"""Where each threshold, in seconds, is configured (Airflow 3.3 jobs/job.py, `health_check_threshold`)."""


def read_beats(session: Session) -> dict[str, tuple[Instant, ...]]:
    """The latest heartbeats of the processes of each kind that have not ended."""
    from airflow.jobs.job import Job
    from airflow.utils.state import JobState
    from sqlalchemy import select

    found = session.execute(
        select(Job.job_type, Job.latest_heartbeat).where(
            Job.job_type.in_(_THRESHOLDS), Job.state == JobState.RUNNING, Job.latest_heartbeat.is_not(None)
        )
    )
    by_kind: dict[str, list[Instant]] = {kind: [] for kind in _THRESHOLDS}
    for kind, beat in found:
        by_kind[kind].append(from_datetime(beat))
    return {kind: tuple(beats) for kind, beats in by_kind.items()}


def beats_at(now: Instant, beats: dict[str, tuple[Instant, ...]]) -> dict[str, Beats]:
    """Of each kind the latest, and how many processes are alive at `now`, the database's clock."""
    from airflow.configuration import conf

    return {
        kind: Beats(
            latest=max(of_kind, default=None),
            alive=sum(now - beat <= conf.getint(*_THRESHOLDS[kind]) * SECOND for beat in of_kind),
        )
        for kind, of_kind in beats.items()
    }


def any_deferred(session: Session) -> bool:
    """Whether some task instance waits for a triggerer; an index on states tells it."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    query = select(TaskInstance.id).where(TaskInstance.state == "deferred").limit(1)
    return session.execute(query).first() is not None


class SchedulerBeat:
    """The latest heartbeat of a scheduler, read once a second at most: a scheduler writes one in five.

    What was written within that second is read once it is over, though nobody should write any more.
    """

    def __init__(self) -> None:
        self._beat: Instant | None = None
        self._read_at: Instant | None = None
        self._behind = False

    def at(self, session: Session, now: Instant, *, moved: bool) -> Instant | None:
        """It as of `now`, the database's clock; `moved` says whether anything was written since."""
        self._behind = self._behind or moved
        if self._read_at is None or (self._behind and not 0 <= now - self._read_at < SECOND):
            self._beat, self._read_at, self._behind = heartbeat(session), now, False
        return self._beat

    def on(self, facts: F, session: Session, now: Instant) -> F:
        """The facts with it, where nothing was written since they were read."""
        beat = self.at(session, now, moved=False)
        return facts if beat == facts.scheduler_heartbeat else replace(facts, scheduler_heartbeat=beat)


def heartbeat(session: Session) -> Instant | None:
    """When a scheduler was last alive, None where none is running."""
    from airflow.jobs.job import Job
    from airflow.utils.state import JobState
    from sqlalchemy import func, select

    latest = session.scalar(
        select(func.max(Job.latest_heartbeat)).where(Job.job_type == SCHEDULER, Job.state == JobState.RUNNING)
    )
    return None if latest is None else from_datetime(latest)
