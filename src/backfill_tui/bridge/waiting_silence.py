"""Task instances that are said to be running, and of which nothing was heard for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from airflow.configuration import conf
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import select

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.waiting_runs import RunningRun
from backfill_tui.bridge.waiting_tasks import second
from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.instants import SECOND, Instant, clock, to_datetime
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_LEAST_SECONDS: Final = 30
"""A worker gives a sign of life every five seconds; one on a busy machine may be late."""

_SHARE: Final = 5
"""Part of the time after which the scheduler fails a silent task."""


def silent(facts: GridFacts, task: Any, now: Instant) -> Iterator[Cause]:
    """A running task instance whose worker gives no heartbeat.

    It keeps its slot until the scheduler fails it (Airflow 3.3 jobs/scheduler_job_runner.py,
    `_find_task_instances_without_heartbeats`).
    """
    beat, most = optional_instant(task.last_heartbeat_at), _timeout()
    if beat is None or now - beat < _longest(most):
        return
    words = f"no heartbeat since {second(beat, facts)}"
    yield Cause(
        code=CauseCode.NO_HEARTBEAT,
        sentence=f"{words}, and the scheduler fails it {clock(most)} after that",
        remedy="see whether its worker is alive",
    )


def longest_silent(
    session: Session, facts: GridFacts, runs: Sequence[RunningRun], now: Instant
) -> Iterator[Cause]:
    """The task instance of these runs of which nothing was heard for the longest time."""
    running = {run.run_id: run for run in runs if any(task.state == "running" for task in run.tasks)}
    if not running:
        return
    of = TaskInstance
    first = session.execute(
        select(of.task_id, of.run_id, of.last_heartbeat_at)
        .where(
            of.dag_id == facts.dag_id,
            of.run_id.in_(running),
            of.state == "running",
            of.last_heartbeat_at < to_datetime(Instant(now - _longest(_timeout()))),
        )
        .order_by(of.last_heartbeat_at)
        .limit(1)
    ).first()
    if first is None:
        return
    for cause in silent(facts, first, now):
        sentence = f'task "{one_line(first.task_id)}" is running with {cause.sentence}'
        yield replace(cause, sentence=sentence, ordinal=running[first.run_id].ordinal)


def _timeout() -> Instant:
    return Instant(conf.getint("scheduler", "task_instance_heartbeat_timeout") * SECOND)


def _longest(timeout: Instant) -> int:
    return max(_LEAST_SECONDS * SECOND, timeout // _SHARE)
