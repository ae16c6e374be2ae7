"""Airflow's processes that write heartbeats, as the database has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backfill_tui.domain.environment import Beats
from backfill_tui.domain.instants import SECOND, Instant, from_datetime

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SCHEDULER: Final = "SchedulerJob"
TRIGGERER: Final = "TriggererJob"
DAG_PROCESSOR: Final = "DagProcessorJob"
_THRESHOLDS: Final = {
    SCHEDULER: ("scheduler", "scheduler_health_check_threshold"),
    TRIGGERER: ("triggerer", "triggerer_health_check_threshold"),
    DAG_PROCESSOR: ("dag_processor", "health_check_threshold"),
}
"""Where each threshold, in seconds, is configured (Airflow 3.3 jobs/job.py, `health_check_threshold`)."""


def read_beats(session: Session, now: Instant) -> dict[str, Beats]:
    """The processes of each kind that have not ended; `now` is the database's clock."""
    from airflow.configuration import conf
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
    return {
        kind: Beats(
            latest=max(beats, default=None),
            alive=sum(now - beat <= conf.getint(*_THRESHOLDS[kind]) * SECOND for beat in beats),
        )
        for kind, beats in by_kind.items()
    }
