"""Ending a running run before its time, the way Airflow marks a run as failed.

(Airflow 3.3 api/common/mark_tasks.py, `set_dag_run_state_to_failed`.) Task instances under way are marked
failed: their processes end when their next heartbeat is refused, and triggers and reschedules are let go.
Those that have not begun are skipped. Teardown tasks are left to do their work, and the run goes on until
they have; then the scheduler ends it by its own rule.

As when Airflow marks a run, the failure callbacks of the Dag and of its tasks are not called.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from airflow.api.common.mark_tasks import set_dag_run_state_to_failed
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState, State, TaskInstanceState
from sqlalchemy import or_, select

from backfill_tui.bridge.planned_dag import unreadable_is_said
from backfill_tui.domain.problems import AirflowFailed

if TYPE_CHECKING:
    from airflow.models.dagbag import DBDagBag
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

_UNDER_WAY: Final = frozenset(
    {
        TaskInstanceState.RUNNING,
        TaskInstanceState.DEFERRED,
        TaskInstanceState.UP_FOR_RESCHEDULE,
        TaskInstanceState.AWAITING_INPUT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A running run, and what of it ends: task instances under way, and those that never start.

    `dag` is the version that it runs on, as Airflow reads it. `has_teardown` says that it goes on until its
    teardown tasks are done.
    """

    run: DagRun
    dag: Any
    ended: tuple[TaskInstance, ...]
    skipped: tuple[TaskInstance, ...]
    has_teardown: bool

    @property
    def changes(self) -> bool:
        """Whether anything is left to be marked."""
        return bool(self.ended or self.skipped) or not self.has_teardown


def ending_of(session: Session, bag: DBDagBag, run: DagRun, *, lock: bool = False) -> Ending | None:
    """What ending this run touches; None when the version of the Dag that it runs on is gone.

    Where files are not versioned that is the latest, as everywhere in Airflow. It may have lost a task that
    is under way: Airflow lets that go on in a run that has failed, here it ends with the others.
    """
    dag = _dag_of(session, bag, run)
    if dag is None:
        return None
    query = (
        select(TaskInstance)
        .where(
            TaskInstance.dag_id == run.dag_id,
            TaskInstance.run_id == run.run_id,
            or_(TaskInstance.state.is_(None), TaskInstance.state.not_in(State.finished)),
        )
        .order_by(TaskInstance.id)
    )
    if lock:
        query = query.with_for_update(of=TaskInstance)
    found = list(session.scalars(query))
    unfinished = [ti for ti in found if ti.task_id in dag.task_dict]
    lost = [ti for ti in found if ti.task_id not in dag.task_dict]
    normal = [ti for ti in unfinished if not dag.task_dict[ti.task_id].is_teardown]
    return Ending(
        run=run,
        dag=dag,
        ended=tuple(ti for ti in [*normal, *lost] if ti.state in _UNDER_WAY),
        skipped=tuple(ti for ti in normal if ti.state not in _UNDER_WAY),
        has_teardown=len(normal) < len(unfinished),
    )


def end(session: Session, ending: Ending) -> None:
    """Mark it; the session's owner commits.

    What is under way is marked here and not by Airflow's function, which looks for it by the dates of the
    timetable: where a logical date lies an interval before its tick, it would fail the tasks of the run
    before this one as well, whatever became of them (`get_run_ids`).
    """
    for ti in ending.ended:
        ti.set_state(TaskInstanceState.FAILED, session=session)
    session.flush()
    set_dag_run_state_to_failed(dag=ending.dag, run_id=ending.run.run_id, commit=True, session=session)
    session.flush()


def tell_listeners(ending: Ending) -> None:
    """Tell the listeners of Airflow's plugins, as its API does (services/public/dag_run.py).

    To be called once all is committed. A run that goes on until its teardown tasks are done is told of by
    the scheduler, at its end.
    """
    from airflow.listeners.listener import get_listener_manager

    hook: Any = get_listener_manager().hook
    words = "{}'s state was manually set to `failed`."
    for ti in ending.ended:
        error = words.format("TaskInstance")
        _safely(partial(hook.on_task_instance_failed, previous_state=None, task_instance=ti, error=error))
    if ending.run.state == DagRunState.FAILED:
        ending.run.dag = ending.dag
        _safely(partial(hook.on_dag_run_failed, dag_run=ending.run, msg=words.format("Dag Run")))


def _safely(tell: Callable[[], object]) -> None:
    """A listener's own failure is its own; what was done stays done."""
    try:
        tell()
    except Exception:
        traceback.print_exc()


def _dag_of(session: Session, bag: DBDagBag, run: DagRun) -> Any:
    try:
        with unreadable_is_said(run.dag_id):
            return bag.get_dag_for_run(run, session=session)
    except AirflowFailed:
        # Its timetable or plugin is missing, so it can be ended as little as one whose version is gone.
        traceback.print_exc()
        return None
