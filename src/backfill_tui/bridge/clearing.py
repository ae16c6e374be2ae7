"""What of one run is to run again: Airflow's own choice of task instances, and Airflow's own clear."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.models.expandinput import NotFullyPopulated
from airflow.models.taskinstance import TaskInstance, clear_task_instances, find_relevant_relatives
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy import select

from backfill_tui.bridge.grid_columns import tasks_in_order
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.repairing import AffectedTask, RerunScope, TaskInstanceKey
from backfill_tui.domain.states import CODES, TaskState, task_code

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session


class Target:
    """The version of the Dag that a run would run on: its serialized form, and the place of each task."""

    def __init__(self, dag: Any, latest_version_id: object = None) -> None:
        """`latest_version_id` is given when the run is to move to the latest version, which this is then."""
        self.dag = dag
        self.latest_version_id = latest_version_id
        self.place = {str(task.task_id): at for at, task in enumerate(tasks_in_order(dag.task_group))}

    def in_order(self, instances: list[TaskInstance]) -> list[TaskInstance]:
        """In the order in which they run, map indexes one after the other."""
        last = len(self.place)
        return sorted(instances, key=lambda ti: (self.place.get(ti.task_id, last), ti.task_id, ti.map_index))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """One run and what of it runs again.

    `instances` are those that Airflow's clear is given; `affected` names them, and beside them the tasks
    that the Dag has got since the run was made, which Airflow adds to a run that it clears. A run that only
    waits for its backfill's pause to be lifted has no `instances`. `untouched` counts what stays.
    """

    run: DagRun
    target: Target
    instances: list[TaskInstance]
    affected: tuple[AffectedTask, ...]
    untouched: int


def choose(session: Session, target: Target, run: DagRun, scope: RerunScope) -> Clearing:
    """What a rerun of this ended run takes.

    Task instances of tasks that the version no longer has stay as they are: cleared, they would not run.
    """
    have = list(session.scalars(select(TaskInstance).filter_by(dag_id=run.dag_id, run_id=run.run_id)))
    instances = [ti for ti in _in_scope(session, target.dag, run, scope) if ti.task_id in target.place]
    if not instances:
        return Clearing(run=run, target=target, instances=[], affected=(), untouched=len(have))
    known = {ti.task_id for ti in have}
    added = [task_id for task_id in target.place if task_id not in known]
    chosen = {(ti.task_id, ti.map_index) for ti in instances}
    restored = [
        ti
        for ti in have
        if ti.map_index < 0 and (ti.task_id, ti.map_index) not in chosen and _is_restored(target, ti)
    ]
    again = target.in_order([*instances, *restored])
    return Clearing(
        run=run,
        target=target,
        instances=instances,
        affected=(
            *(_affected(run, ti.task_id, ti.map_index, _state(ti)) for ti in again),
            *(_affected(run, task_id, -1, TaskState.ABSENT) for task_id in added),
        ),
        untouched=len(have) - len(again),
    )


def release(session: Session, target: Target, run: DagRun) -> Clearing:
    """What of a queued run runs as soon as the pause of its cancelled backfill is lifted."""
    have = list(session.scalars(select(TaskInstance).filter_by(dag_id=run.dag_id, run_id=run.run_id)))
    waiting = target.in_order([ti for ti in have if not _state(ti).finished])
    return Clearing(
        run=run,
        target=target,
        instances=[],
        affected=tuple(_affected(run, ti.task_id, ti.map_index, _state(ti)) for ti in waiting),
        untouched=len(have) - len(waiting),
    )


def clear(session: Session, clearing: Clearing) -> None:
    """Clear what was chosen, and make sure that nothing else was changed with it.

    Airflow gives a cleared task instance a new id. Beside those, only what the version of the Dag explains
    may change: a task that it no longer has is removed, one that it has again is restored. Raises
    AirflowFailed, upon which nothing may be kept.
    """
    run, target = clearing.run, clearing.target
    chosen = {(ti.task_id, ti.map_index) for ti in clearing.instances}
    before = _picture(session, run)
    clear_task_instances(
        clearing.instances,
        session,
        dag_run_state=DagRunState.QUEUED,
        run_on_latest_version=target.latest_version_id is not None and not _is_there(target, clearing),
    )
    session.flush()
    after = _picture(session, run)
    cleared = {key for key, was in before.items() if after[key].id != was.id}
    changed = {
        key
        for key, was in before.items()
        if key not in chosen
        and after[key].state != was.state
        and not (_is_restored(target, was) or key[0] not in target.place)
    }
    if cleared != chosen or changed:
        raise AirflowFailed(
            f"Airflow would have changed other task instances of {run.run_id} than were chosen",
            remedy="nothing was changed: rerun the whole run, or without the latest version of the Dag",
            detail=f"chosen: {sorted(chosen)}\ncleared: {sorted(cleared)}\nchanged: {sorted(changed)}",
        )


def _is_there(target: Target, clearing: Clearing) -> bool:
    """Whether the run and all that is cleared of it are on that version, so that nothing is to be moved.

    To move a run to the version it is on makes Airflow check all its task instances anew: slow, and it
    removes mapped ones whose number it can not tell any more.
    """
    run = clearing.run
    version = run.created_dag_version_id
    return (
        version is not None
        and version == target.latest_version_id
        and run.bundle_version == run.dag_model.bundle_version
        and all(ti.dag_version_id == version for ti in clearing.instances)
    )


def _is_restored(target: Target, instance: Any) -> bool:
    return instance.state == TaskInstanceState.REMOVED and instance.task_id in target.place


def _in_scope(session: Session, dag: Any, run: DagRun, scope: RerunScope) -> list[TaskInstance]:
    if scope is RerunScope.WHOLE_RUN:
        return list(dag.clear(run_id=run.run_id, only_failed=False, dry_run=True, session=session))
    failed = list(dag.clear(run_id=run.run_id, only_failed=True, dry_run=True, session=session))
    if scope is RerunScope.FAILED:
        return failed
    # As the API's clear of task instances does it (Airflow 3.3 routes/public/task_instances.py).
    known = [ti for ti in failed if dag.has_task(ti.task_id)]
    tasks = {ti.task_id for ti in known if ti.map_index < 0}
    mapped = {(ti.task_id, ti.map_index) for ti in known if ti.map_index >= 0}
    relatives = _downstream(session, dag, run, tasks, mapped)
    tasks |= {task for task in relatives if isinstance(task, str)}
    mapped |= {task for task in relatives if not isinstance(task, str)}
    wanted = [*tasks, *(key for key in mapped if key[0] not in tasks)]
    if not wanted:
        return []
    return list(dag.clear(run_id=run.run_id, task_ids=wanted, dry_run=True, session=session))


def _downstream(
    session: Session, dag: Any, run: DagRun, tasks: set[str], mapped: set[tuple[str, int]]
) -> Collection[str | tuple[str, int]]:
    def relatives(of_tasks: set[str], of_mapped: set[tuple[str, int]]) -> Collection[str | tuple[str, int]]:
        found: Collection[str | tuple[str, int]] = find_relevant_relatives(
            of_tasks, of_mapped, direction="downstream", dag=dag, run_id=run.run_id, session=session
        )
        return found

    try:
        return relatives(tasks, mapped)
    except NotFullyPopulated:
        # What the tasks were mapped over is gone, so which map indexes depend on which can not be told.
        return relatives(tasks | {task_id for task_id, _ in mapped}, set())


def _picture(session: Session, run: DagRun) -> dict[tuple[str, int], Any]:
    query = select(TaskInstance.task_id, TaskInstance.map_index, TaskInstance.id, TaskInstance.state).where(
        TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id
    )
    return {(row.task_id, row.map_index): row for row in session.execute(query)}


def _affected(run: DagRun, task_id: str, map_index: int, state: TaskState) -> AffectedTask:
    key = TaskInstanceKey(run_id=RunId(run.run_id), task_id=TaskId(task_id), map_index=map_index)
    return AffectedTask(key=key, state=state)


def _state(instance: TaskInstance) -> TaskState:
    return CODES[task_code(instance.state)]
