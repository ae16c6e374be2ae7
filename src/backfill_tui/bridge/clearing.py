"""What of one run is to run again: Airflow's own choice of task instances, and Airflow's own clear."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.models.expandinput import NotFullyPopulated
from airflow.models.taskinstance import TaskInstance, clear_task_instances, find_relevant_relatives
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy import select

from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.repairing import AffectedTask, RerunScope, TaskInstanceKey
from backfill_tui.domain.states import CODES, TaskState, task_code

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

_FAILED = frozenset({TaskInstanceState.FAILED, TaskInstanceState.UPSTREAM_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """One run and what of it runs again.

    `instances` are those that Airflow's clear is given; `affected` names them, and beside them the tasks
    that the Dag has got since the run was made, which Airflow adds to a run that it clears. A run that only
    waits for its backfill's pause to be lifted has no `instances`. `untouched` counts what stays.
    """

    run: DagRun
    instances: list[TaskInstance]
    affected: tuple[AffectedTask, ...]
    untouched: int


def choose(session: Session, dag: Any, run: DagRun, scope: RerunScope) -> Clearing:
    """What a rerun of this ended run takes; `dag` is the version that it would run on.

    Task instances of tasks that this version no longer has stay as they are: cleared, they would not run.
    """
    have = list(session.scalars(select(TaskInstance).filter_by(dag_id=run.dag_id, run_id=run.run_id)))
    instances = [ti for ti in _in_scope(session, dag, run, scope) if dag.has_task(ti.task_id)]
    if not instances:
        return Clearing(run=run, instances=[], affected=(), untouched=len(have))
    known = {ti.task_id for ti in have}
    added = [
        _affected(run, task_id, -1, TaskState.ABSENT) for task_id in dag.task_ids if task_id not in known
    ]
    chosen = {(ti.task_id, ti.map_index) for ti in instances}
    restored = [
        ti
        for ti in have
        if ti.state == TaskInstanceState.REMOVED
        and ti.map_index < 0
        and dag.has_task(ti.task_id)
        and (ti.task_id, ti.map_index) not in chosen
    ]
    again = in_order(dag, [*instances, *restored])
    return Clearing(
        run=run,
        instances=instances,
        affected=(*(_affected(run, ti.task_id, ti.map_index, _state(ti)) for ti in again), *added),
        untouched=len(have) - len(again),
    )


def release(session: Session, dag: Any, run: DagRun) -> Clearing:
    """What of a queued run runs as soon as the pause of its cancelled backfill is lifted."""
    have = list(session.scalars(select(TaskInstance).filter_by(dag_id=run.dag_id, run_id=run.run_id)))
    waiting = in_order(dag, [ti for ti in have if not _state(ti).finished])
    return Clearing(
        run=run,
        instances=[],
        affected=tuple(_affected(run, ti.task_id, ti.map_index, _state(ti)) for ti in waiting),
        untouched=len(have) - len(waiting),
    )


def clear(session: Session, clearings: Iterable[Clearing], *, run_on_latest_version: bool) -> None:
    """Clear what was chosen, and make sure that nothing else was cleared with it.

    Airflow gives a cleared task instance a new id. Raises AirflowFailed, upon which nothing is kept.
    """
    for clearing in clearings:
        if not clearing.instances:
            continue
        run = clearing.run
        chosen = {(ti.task_id, ti.map_index) for ti in clearing.instances}
        before = _ids(session, run)
        clear_task_instances(
            clearing.instances,
            session,
            dag_run_state=DagRunState.QUEUED,
            run_on_latest_version=run_on_latest_version,
        )
        session.flush()
        after = _ids(session, run)
        cleared = {key for key, was in before.items() if after.get(key) != was}
        if cleared != chosen:
            raise AirflowFailed(
                f"Airflow would have cleared other task instances of {run.run_id} than were chosen",
                remedy="nothing was changed; see the detail",
                detail=f"chosen: {sorted(chosen)}\ncleared: {sorted(cleared)}",
            )


def in_order(dag: Any, instances: list[TaskInstance]) -> list[TaskInstance]:
    """By the order in which the Dag defines its tasks, then by map index."""
    place = {task_id: at for at, task_id in enumerate(dag.task_ids)}
    return sorted(instances, key=lambda ti: (place.get(ti.task_id, len(place)), ti.task_id, ti.map_index))


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


def _ids(session: Session, run: DagRun) -> dict[tuple[str, int], object]:
    query = select(TaskInstance.task_id, TaskInstance.map_index, TaskInstance.id).where(
        TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id
    )
    return {(task_id, map_index): id_ for task_id, map_index, id_ in session.execute(query)}


def _affected(run: DagRun, task_id: str, map_index: int, state: TaskState) -> AffectedTask:
    key = TaskInstanceKey(run_id=RunId(run.run_id), task_id=TaskId(task_id), map_index=map_index)
    return AffectedTask(key=key, state=state)


def _state(instance: TaskInstance) -> TaskState:
    return CODES[task_code(instance.state)]
