"""Task instances that wait for a time, a triggerer, or the run before theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import structlog
from airflow.configuration import conf
from airflow.jobs.job import Job, JobState
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.ti_deps.dep_context import DepContext
from airflow.ti_deps.deps.prev_dagrun_dep import PrevDagrunDep
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.waiting_runs import FINISHED, SHOWN, RunningRun
from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.instants import SECOND, Instant, clock, from_datetime, minute, zone_named
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_SUCCESSFUL = ("success", "skipped")
_ENDED_BADLY = ("failed", "upstream_failed", "removed")

_SHOWN_OF_THE_PAST = 2
"""Runs, and tasks of each, that Airflow's rule is asked about: it takes many queries, and a run after these
waits for one of them."""

_log = structlog.get_logger(__name__)


class DagsOfRuns:
    """The Dags of runs as the scheduler has them; kept, as it is costly to read one."""

    def __init__(self) -> None:
        self._dags = DBDagBag(load_op_links=False)
        self._unreadable: set[int] = set()

    def of_run(self, session: Session, dag_run_id: int) -> tuple[Any, Any]:
        """A Dag run and its Dag, both None where the one is gone or the other can not be read."""
        if dag_run_id in self._unreadable:
            return None, None
        row = session.get(DagRun, dag_run_id)
        if row is None:
            return None, None
        try:
            dag = self._dags.get_dag_for_run(row, session)
        except SQLAlchemyError:
            raise
        except Exception:
            # Whatever a Dag's own parts raise; a plugin may be missing here.
            self._unreadable.add(dag_run_id)
            _log.warning("a Dag can not be read", dag_id=row.dag_id, exc_info=True)
            return None, None
        return (None, None) if dag is None else (row, dag)


def without_triggerer(session: Session, runs: Sequence[RunningRun], now: Instant) -> Iterator[Cause]:
    """Deferred task instances that no triggerer looks after."""
    deferred = [task.task_id for run in runs for task in run.tasks if task.state == "deferred"]
    if not deferred:
        return
    beat = optional_instant(
        session.scalar(
            select(func.max(Job.latest_heartbeat)).where(
                Job.job_type == "TriggererJob", Job.state == JobState.RUNNING
            )
        )
    )
    if (
        beat is not None
        and now - beat <= conf.getfloat("triggerer", "triggerer_health_check_threshold") * SECOND
    ):
        return
    silent = "no triggerer is running" if beat is None else f"no triggerer heartbeat for {clock(now - beat)}"
    yield Cause(
        code=CauseCode.NO_TRIGGERER,
        sentence=f'task "{one_line(deferred[0])}" is deferred, and {silent}',
        remedy="start a triggerer",
    )


def not_yet_retried(
    session: Session, facts: BackfillFacts, runs: Sequence[RunningRun], dags: DagsOfRuns, now: Instant
) -> Iterator[Cause]:
    """Task instances that failed and are to run again, but not yet."""
    retrying = {run.run_id: run for run in runs if any(task.state == "up_for_retry" for task in run.tasks)}
    tasks = session.scalars(
        select(TaskInstance)
        .where(
            TaskInstance.dag_id == facts.dag_id,
            TaskInstance.run_id.in_(list(retrying)[:SHOWN]),
            TaskInstance.state == "up_for_retry",
        )
        .limit(SHOWN)
    )
    for task in tasks if retrying else ():
        run = retrying[task.run_id]
        _, dag = dags.of_run(session, run.id)
        until = next_retry(task, dag)
        if until is not None and until > now:
            yield Cause(
                code=CauseCode.UP_FOR_RETRY,
                sentence=f'task "{one_line(task.task_id)}" is up for retry until {second(until, facts)}',
                ordinal=run.ordinal,
            )


def next_retry(task: Any, dag: Any) -> Instant | None:
    """When a task instance that is up for retry may run again, None where that can not be told."""
    if dag is None or not dag.has_task(task.task_id) or task.end_date is None:
        return None
    task.task = dag.get_task(task.task_id)
    return from_datetime(task.next_retry_datetime())


def second(instant: Instant, facts: GridFacts) -> str:
    """A time on the Dag's clock to the second: more is not needed, and a person may wait for it."""
    return minute(Instant(instant - instant % SECOND), zone_named(facts.timezone))


def held_by_the_past(
    session: Session, facts: BackfillFacts, runs: Sequence[RunningRun], dags: DagsOfRuns
) -> Iterator[Cause]:
    """Runs whose next task waits for the same task in the run before: what Airflow's own rule says."""
    zone = zone_named(facts.timezone)
    for run in runs[:_SHOWN_OF_THE_PAST]:
        row, dag = dags.of_run(session, run.id)
        if dag is None:
            continue
        unfinished = _unfinished(session, row)
        held = sorted(
            task_id
            for task_id in unfinished
            if dag.has_task(task_id)
            and dag.get_task(task_id).depends_on_past
            and not unfinished & dag.get_task(task_id).upstream_task_ids
        )
        for task_id in held[:_SHOWN_OF_THE_PAST]:
            if (cause := past_of(session, row, dag, task_id, zone)) is not None:
                yield Cause(
                    code=cause.code, sentence=cause.sentence, remedy=cause.remedy, ordinal=run.ordinal
                )
                break


def _unfinished(session: Session, row: Any) -> set[str]:
    """The tasks of a run that have task instances left to do."""
    # The pool is not used: with it SQLite takes the index on (dag_id, run_id).
    query = select(TaskInstance.task_id, TaskInstance.state, TaskInstance.pool).where(
        TaskInstance.dag_id == row.dag_id, TaskInstance.run_id == row.run_id
    )
    return {task.task_id for task in session.execute(query) if task.state not in FINISHED}


def past_of(session: Session, row: Any, dag: Any, task_id: str, zone: tzinfo) -> Cause | None:
    """Why the past holds that task back, None where it does not.

    The rule is Airflow's own (Airflow 3.3 ti_deps/deps/prev_dagrun_dep.py).
    """
    task = session.scalars(
        select(TaskInstance).where(
            TaskInstance.dag_id == row.dag_id,
            TaskInstance.run_id == row.run_id,
            TaskInstance.task_id == task_id,
        )
    ).first()
    if task is None:
        return None
    task.task = dag.get_task(task_id)
    # The two have changed places with Airflow 3.3.
    statuses = PrevDagrunDep().get_dep_statuses(task, dep_context=DepContext(), session=session)
    if all(status.passed for status in statuses):
        return None
    before = (
        DagRun.get_previous_scheduled_dagrun(row.id, session=session)
        if dag.catchup
        else DagRun.get_previous_dagrun(row, session=session)
    )
    name = f'task "{one_line(task_id)}" depends on its past'
    if before is None or before.logical_date is None:
        return Cause(code=CauseCode.DEPENDS_ON_PAST, sentence=name)
    date = minute(from_datetime(before.logical_date), zone)
    states = {
        None if state is None else str(state)
        for state in session.scalars(
            select(TaskInstance.state).where(
                TaskInstance.dag_id == row.dag_id,
                TaskInstance.run_id == before.run_id,
                TaskInstance.task_id == task_id,
            )
        )
    }
    return _waits_for(name, date, states, str(before.state))


def _waits_for(name: str, date: str, states: set[str | None], run_state: str) -> Cause:
    """The cause by the states that the task has in the run before: none where it was not in that run."""
    waits = f"{name} and waits for {date}"
    if not states:
        return Cause(
            code=CauseCode.DEPENDS_ON_PAST,
            sentence=f"{waits}, whose run does not have it",
            remedy="mark it as succeeded, or delete that run",
        )
    bad = sorted(state for state in states if state in _ENDED_BADLY)
    ended = run_state in {"success", "failed"}
    if bad or (ended and states - set(_SUCCESSFUL)):
        return Cause(
            code=CauseCode.DEPENDS_ON_PAST,
            sentence=f"{waits}, where it is {bad[0].replace('_', ' ') if bad else 'not done'} "
            f"and the run is {run_state}",
            remedy="rerun that date, or mark its task as succeeded",
        )
    if states <= set(_SUCCESSFUL):
        return Cause(code=CauseCode.PAST_UNDER_WAY, sentence=f"{waits}, where tasks after it are not done")
    state = next(iter(states - set(_SUCCESSFUL)))
    return Cause(
        code=CauseCode.PAST_UNDER_WAY,
        sentence=f"{waits}, where it is {(state or 'not scheduled yet').replace('_', ' ')}",
    )
