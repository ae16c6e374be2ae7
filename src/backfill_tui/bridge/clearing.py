"""What of a run is to run again: Airflow's own choice of task instances, and Airflow's own clear."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.models.expandinput import NotFullyPopulated
from airflow.models.taskinstance import TaskInstance, clear_task_instances
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy import select

from backfill_tui.bridge.compat import installed
from backfill_tui.bridge.grid_columns import tasks_in_order
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.repairing import AffectedTask, RerunRequest, RerunScope, TaskInstanceKey
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

    `instances` are those that Airflow's clear is given; `affected` names them, and beside them what has not
    run yet and runs when its run is queued again, and the tasks that the Dag has got since the run was made,
    which Airflow adds to a run that it clears. A run that only waits for its backfill's pause to be lifted
    may have no `instances`. `untouched` counts what stays. `lost` are the tasks that would be taken if the
    version of the Dag still had them.
    """

    run: DagRun
    target: Target
    instances: list[TaskInstance]
    affected: tuple[AffectedTask, ...]
    untouched: int
    lost: tuple[str, ...] = ()


class StrayClearError(Exception):
    """Airflow's clear changed other task instances of these runs than were chosen; nothing may be kept."""

    def __init__(self, strays: dict[RunId, str]) -> None:
        super().__init__("\n".join(strays.values()))
        self.strays = strays


def choose(session: Session, target: Target, run: DagRun, request: RerunRequest, *, stuck: bool) -> Clearing:
    """What a rerun of this run takes. A `stuck` one is queued, and waits for the pause of its backfill.

    Task instances of tasks that the version no longer has stay as they are: cleared, they would not run.
    """
    have = list(session.scalars(select(TaskInstance).filter_by(dag_id=run.dag_id, run_id=run.run_id)))
    wanted = _in_scope(session, target.dag, run, request)
    lost = tuple(sorted({ti.task_id for ti in wanted if ti.task_id not in target.place}))
    instances = [ti for ti in wanted if ti.task_id in target.place]
    if not instances and not stuck:
        return Clearing(run=run, target=target, instances=[], affected=(), untouched=len(have), lost=lost)
    known = {ti.task_id for ti in have}
    added = [task_id for task_id in target.place if task_id not in known] if instances else []
    chosen = {(ti.task_id, ti.map_index) for ti in instances}
    others = [ti for ti in have if (ti.task_id, ti.map_index) not in chosen and ti.task_id in target.place]
    with_them = [
        ti
        for ti in others
        if not _state(ti).finished or (instances and ti.map_index < 0 and _is_restored(target, ti))
    ]
    again = target.in_order([*instances, *with_them])
    return Clearing(
        run=run,
        target=target,
        instances=instances,
        affected=(
            *(_affected(run, ti.task_id, ti.map_index, _state(ti)) for ti in again),
            *(_affected(run, task_id, -1, TaskState.ABSENT) for task_id in added),
        ),
        untouched=len(have) - len(again),
        lost=lost,
    )


def clear(session: Session, clearings: Sequence[Clearing]) -> None:
    """Clear what was chosen of some runs of one Dag, and see that nothing else was changed with it.

    Airflow gives a cleared task instance a new id. Beside those, only what the version of the Dag explains
    may change: a task that it no longer has is removed, one that it has again is restored. Raises
    StrayClearError, upon which nothing may be kept.
    """
    clearings = [clearing for clearing in clearings if clearing.instances]
    before = _pictures(session, clearings)
    for moves in (False, True):
        instances = [ti for one in clearings if is_moved(one) is moves for ti in one.instances]
        if instances:
            clear_task_instances(
                instances, session, dag_run_state=DagRunState.QUEUED, run_on_latest_version=moves
            )
    session.flush()
    after = _pictures(session, clearings)
    strays = {}
    for clearing in clearings:
        run_id = clearing.run.run_id
        if stray := _stray(clearing, before[run_id], after[run_id]):
            strays[RunId(run_id)] = stray
    if strays:
        raise StrayClearError(strays)


def _stray(clearing: Clearing, before: _Picture, after: _Picture) -> str:
    """What was cleared or changed beyond what was chosen; empty as a rule."""
    target = clearing.target
    chosen = {(ti.task_id, ti.map_index) for ti in clearing.instances}
    cleared = {key for key, was in before.items() if key not in after or after[key].id != was.id}
    changed = {
        key
        for key, was in before.items()
        if key not in chosen
        and key in after
        and after[key].state != was.state
        and not (_is_restored(target, was) or key[0] not in target.place)
    }
    if cleared == chosen and not changed:
        return ""
    run_id = clearing.run.run_id
    return f"{run_id}: chosen {sorted(chosen)}, cleared {sorted(cleared)}, changed {sorted(changed)}"


def is_moved(clearing: Clearing) -> bool:
    """Whether the run is to move to the latest version, and is not there yet."""
    return clearing.target.latest_version_id is not None and not _is_there(clearing.target, clearing)


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


def _in_scope(session: Session, dag: Any, run: DagRun, request: RerunRequest) -> list[TaskInstance]:
    scope = request.scope
    if scope.of_a_task:
        return _of_a_task(session, dag, run, request)
    if scope is RerunScope.WHOLE_RUN:
        return list(dag.clear(run_id=run.run_id, only_failed=False, dry_run=True, session=session))
    failed = list(dag.clear(run_id=run.run_id, only_failed=True, dry_run=True, session=session))
    if scope is RerunScope.FAILED:
        return failed
    # As the API's clear of task instances does it (Airflow 3.3 routes/public/task_instances.py).
    known = [ti for ti in failed if dag.has_task(ti.task_id)]
    tasks = {ti.task_id for ti in known if ti.map_index < 0}
    mapped = {(ti.task_id, ti.map_index) for ti in known if ti.map_index >= 0}
    gone = [ti for ti in failed if not dag.has_task(ti.task_id)]
    return [*_with_downstream(session, dag, run, tasks, mapped), *gone]


def _of_a_task(session: Session, dag: Any, run: DagRun, request: RerunRequest) -> list[TaskInstance]:
    task_id = request.task_id or TaskId("")
    if not dag.has_task(task_id):
        query = select(TaskInstance).filter_by(dag_id=run.dag_id, run_id=run.run_id, task_id=task_id)
        return list(session.scalars(query))
    if request.scope is RerunScope.TASK_AND_DOWNSTREAM:
        return _with_downstream(session, dag, run, {task_id}, set())
    return list(dag.clear(run_id=run.run_id, task_ids=[task_id], dry_run=True, session=session))


def _with_downstream(
    session: Session, dag: Any, run: DagRun, tasks: set[str], mapped: set[tuple[str, int]]
) -> list[TaskInstance]:
    relatives = _downstream(session, dag, run, tasks, mapped)
    tasks = tasks | {task for task in relatives if isinstance(task, str)}
    mapped = mapped | {task for task in relatives if not isinstance(task, str)}
    wanted = [*tasks, *(key for key in mapped if key[0] not in tasks)]
    if not wanted:
        return []
    return list(dag.clear(run_id=run.run_id, task_ids=wanted, dry_run=True, session=session))


def _downstream(
    session: Session, dag: Any, run: DagRun, tasks: set[str], mapped: set[tuple[str, int]]
) -> Collection[str | tuple[str, int]]:
    def relatives(of_tasks: set[str], of_mapped: set[tuple[str, int]]) -> Collection[str | tuple[str, int]]:
        return installed().downstream(session, dag, run.run_id, of_tasks, of_mapped)

    try:
        return relatives(tasks, mapped)
    except NotFullyPopulated:
        # What the tasks were mapped over is gone, so which map indexes depend on which can not be told.
        return relatives(tasks | {task_id for task_id, _ in mapped}, set())


_Picture = dict[tuple[str, int], Any]


def _pictures(session: Session, clearings: Sequence[Clearing]) -> defaultdict[str, _Picture]:
    """The id and the state of every task instance of these runs, by run."""
    found: defaultdict[str, _Picture] = defaultdict(dict)
    if not clearings:
        return found
    query = select(
        TaskInstance.run_id, TaskInstance.task_id, TaskInstance.map_index, TaskInstance.id, TaskInstance.state
    ).where(
        TaskInstance.dag_id == clearings[0].run.dag_id,
        TaskInstance.run_id.in_([clearing.run.run_id for clearing in clearings]),
    )
    for row in session.execute(query):
        found[row.run_id][row.task_id, row.map_index] = row
    return found


def _affected(run: DagRun, task_id: str, map_index: int, state: TaskState) -> AffectedTask:
    key = TaskInstanceKey(run_id=RunId(run.run_id), task_id=TaskId(task_id), map_index=map_index)
    return AffectedTask(key=key, state=state)


def _state(instance: TaskInstance) -> TaskState:
    return CODES[task_code(instance.state)]
