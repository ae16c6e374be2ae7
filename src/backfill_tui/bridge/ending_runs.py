"""Ending a run before its time, the way Airflow marks a run as failed or succeeded.

(Airflow 3.3 api/common/mark_tasks.py, `_set_dag_run_terminal_state`.) Task instances under way are marked
with it: their processes end when their next heartbeat is refused, and triggers and reschedules are let go.
Those that have not begun are skipped. Teardown tasks are left to do their work, and the run goes on until
they have; then the scheduler ends it by its own rule.

As when Airflow marks a run, the callbacks of the Dag and of its tasks are not called.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState, State, TaskInstanceState
from sqlalchemy import or_, select

from backfill_tui.bridge.compat import installed
from backfill_tui.bridge.planned_dag import unreadable_is_said
from backfill_tui.domain.problems import AirflowFailed

if TYPE_CHECKING:
    from airflow.models.dagbag import DBDagBag
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

# By their words, for Airflow knows the last one since 3.3 only.
_UNDER_WAY: Final = frozenset({"running", "deferred", "up_for_reschedule", "awaiting_input"})
GONE: Final = "the version of the Dag that it ran on is no longer known"
"""Why nothing can be said of the tasks of a run."""

_WORDS: Final = "{}'s state was manually set to `{}`."


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


def ending_of(session: Session, bag: DBDagBag, run: DagRun, *, lock: bool = False) -> Ending | str:
    """What ending this run touches, or why it can not be ended: its version of the Dag is gone or unreadable.

    Where files are not versioned that is the latest, as everywhere in Airflow. It may have lost a task that
    is under way: Airflow lets that go on in a run that has failed, here it ends with the others.
    """
    dag = dag_of(session, bag, run)
    if isinstance(dag, str):
        return dag
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


def end(session: Session, ending: Ending, state: DagRunState = DagRunState.FAILED) -> None:
    """Mark it as failed, or as succeeded; the session's owner commits.

    What is under way is marked here and not by Airflow's function, which looks for it by the dates of the
    timetable: where a logical date lies an interval before its tick, it would mark the tasks of the run
    before this one as well, whatever became of them (`get_run_ids`). What has not begun is skipped here,
    for Airflow before 3.3 does that in another session.
    """
    for ti in ending.ended:
        ti.set_state(TaskInstanceState(state), session=session)
    for ti in ending.skipped:
        ti.set_state(TaskInstanceState.SKIPPED, session=session)
    session.flush()
    installed().set_run_state(session, ending.dag, ending.run.run_id, state)
    session.flush()


def tell_listeners(ending: Ending, state: DagRunState = DagRunState.FAILED) -> None:
    """Tell the listeners of Airflow's plugins, as its API does (services/public/dag_run.py).

    To be called once all is committed. A run that goes on until its teardown tasks are done is told of by
    the scheduler, at its end.
    """
    tell_of_tasks(ending.ended, state)
    if ending.run.state == state:
        tell_of_run(ending.run, ending.dag, state)


def tell_of_tasks(instances: Iterable[TaskInstance], state: DagRunState) -> None:
    """Tell the listeners that these task instances were marked as failed or as succeeded."""
    hook = _hook()
    for ti in instances:
        if state == DagRunState.FAILED:
            told = partial(
                hook.on_task_instance_failed, previous_state=None, task_instance=ti,
                error=_WORDS.format("TaskInstance", state),
            )  # fmt: skip
        else:
            told = partial(hook.on_task_instance_success, previous_state=None, task_instance=ti)
        _safely(told)


def tell_of_run(run: DagRun, dag: Any, state: DagRunState) -> None:
    """Tell the listeners that this run was marked as failed or as succeeded."""
    hook = _hook()
    run.dag = dag
    told = hook.on_dag_run_failed if state == DagRunState.FAILED else hook.on_dag_run_success
    _safely(partial(told, dag_run=run, msg=_WORDS.format("Dag Run", state)))


def _hook() -> Any:
    from airflow.listeners.listener import get_listener_manager

    return get_listener_manager().hook


def _safely(tell: Callable[[], object]) -> None:
    """A listener's own failure is its own; what was done stays done."""
    try:
        tell()
    except Exception:
        traceback.print_exc()


def dag_of(session: Session, bag: DBDagBag, run: DagRun) -> Any:
    """The version of the Dag that a run is on, as Airflow reads it; a text that says why there is none."""
    try:
        with unreadable_is_said(run.dag_id):
            dag = bag.get_dag_for_run(run, session=session)
    except AirflowFailed as unreadable:
        # Its timetable or plugin is missing, so it can be ended as little as one whose version is gone.
        traceback.print_exc()
        return unreadable.message
    return GONE if dag is None else dag
