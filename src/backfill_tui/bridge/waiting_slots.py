"""Scheduled task instances that no slot is free for, and who has the slots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from airflow.configuration import conf
from airflow.jobs.job import Job, JobState
from airflow.models.dag import DagModel
from airflow.models.pool import Pool
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import func, select

from backfill_tui.bridge.waiting_runs import RunningRun, WaitingTasks, by_dag
from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.environment import STALE_HEARTBEAT_SECONDS
from backfill_tui.domain.instants import SECOND, Instant, to_datetime
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WORKED_ON: Final = ("running", "queued")
"""States of task instances that take a slot."""

_NO_LIMIT: Final = -1


@dataclass(kw_only=True)
class _Pool:
    """A pool: its slots (-1: no limit), and those taken by each Dag."""

    slots: int
    include_deferred: bool
    taken: Counter[str] = field(default_factory=Counter)

    @property
    def free(self) -> int | None:
        """Slots left, None without a limit."""
        return None if self.slots == _NO_LIMIT else self.slots - self.taken.total()


@dataclass(kw_only=True)
class _Slots:
    """All slots there are: `working` counts the task instances that the executors have, by Dag."""

    pools: dict[str, _Pool]
    working: Counter[str]
    parallelism: int
    per_run: int


def without_slots(
    session: Session, facts: GridFacts, runs: Sequence[RunningRun], now: Instant, *, alone: bool = True
) -> Iterator[Cause]:
    """Why scheduled task instances are not queued.

    `alone` says whether it counts that tasks of this Dag alone have reached `[core] parallelism`: a backfill
    that does so is as fast as it can be, and some task of it always comes next.

    Airflow 3.3 jobs/scheduler_job_runner.py, `_critical_section_enqueue_task_instances` and
    `_executable_task_instances_to_queued`.
    """
    if not any(task.state == "scheduled" for run in runs for task in run.tasks):
        return
    slots = _read_slots(session, facts, now)
    shared = slots.working.total() > slots.working[facts.dag_id]
    if slots.working.total() >= slots.parallelism and (alone or shared):
        yield Cause(
            code=CauseCode.PARALLELISM,
            sentence=f"[core] parallelism is reached, {slots.working.total()} of {slots.parallelism} tasks "
            f"by {by_dag(slots.working)}",
            remedy="wait for them, or raise [core] parallelism",
        )
    for run in runs:
        working = sum(task.count for task in run.tasks if task.state in WORKED_ON)
        for task in run.tasks:
            if task.state != "scheduled":
                continue
            if (cause := _of_pool(task, slots.pools.get(task.pool))) is not None:
                yield cause
            elif working >= slots.per_run:
                yield Cause(
                    code=CauseCode.MAX_ACTIVE_TASKS,
                    sentence=f"{working} of {slots.per_run} active tasks of its run",
                    ordinal=run.ordinal,
                )


def _of_pool(task: WaitingTasks, pool: _Pool | None) -> Cause | None:
    name = one_line(task.pool)
    if pool is None:
        return Cause(
            code=CauseCode.NO_POOL,
            sentence=f'task "{one_line(task.task_id)}" needs pool "{name}", and there is none',
            remedy="create the pool, or change the task",
        )
    if pool.free is None:
        return None
    slots = counted(pool.slots, "slot")
    if task.pool_slots > pool.slots:
        return Cause(
            code=CauseCode.POOL_TOO_SMALL,
            sentence=f'pool "{name}" has {slots}, and task "{one_line(task.task_id)}" takes '
            f"{task.pool_slots}",
            remedy="give the pool more slots",
        )
    if pool.free <= 0:
        return Cause(
            code=CauseCode.POOL_FULL,
            sentence=f'pool "{name}" is full, {pool.taken.total()} of {slots} by {by_dag(pool.taken)}',
            remedy="wait for them, or give the pool more slots",
        )
    if task.pool_slots > pool.free:
        return Cause(
            code=CauseCode.POOL_FULL,
            sentence=f'pool "{name}" has {pool.free} of {slots} free, and task '
            f'"{one_line(task.task_id)}" takes {task.pool_slots}; others have {by_dag(pool.taken)}',
            remedy="wait for them, or give the pool more slots",
        )
    return None


def _read_slots(session: Session, facts: GridFacts, now: Instant) -> _Slots:
    rows = session.execute(select(Pool.pool, Pool.slots, Pool.include_deferred))
    pools = {row.pool: _Pool(slots=row.slots, include_deferred=row.include_deferred) for row in rows}
    working: Counter[str] = Counter()
    for task in session.execute(_TAKEN):
        deferred = str(task.state) == "deferred"
        if not deferred:
            working[task.dag_id] += task.number
        pool = pools.get(task.pool)
        if pool is not None and (pool.include_deferred or not deferred):
            pool.taken[task.dag_id] += int(task.taken)
    return _Slots(
        pools=pools,
        working=working,
        parallelism=conf.getint("core", "parallelism") * max(1, _schedulers(session, now)),
        per_run=session.scalar(select(DagModel.max_active_tasks).where(DagModel.dag_id == facts.dag_id)) or 0,
    )


_TAKEN: Any = (
    select(
        TaskInstance.pool,
        TaskInstance.dag_id,
        TaskInstance.state,
        func.count().label("number"),
        # Some databases give a decimal.
        func.sum(TaskInstance.pool_slots).label("taken"),
    )
    .where(TaskInstance.state.in_((*WORKED_ON, "deferred")))
    .group_by(TaskInstance.pool, TaskInstance.dag_id, TaskInstance.state)
)


def _schedulers(session: Session, now: Instant) -> int:
    """How many are alive: the limit is that of each."""
    alive = to_datetime(Instant(now - STALE_HEARTBEAT_SECONDS * SECOND))
    query = select(func.count(Job.id)).where(
        Job.job_type == "SchedulerJob", Job.state == JobState.RUNNING, Job.latest_heartbeat >= alive
    )
    return session.scalar(query) or 0
