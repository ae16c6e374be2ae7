"""What an estimate is made of: how long past runs took, how far the database is, what bounds the runs."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from backfill_tui.bridge.compat.dags import is_partitioned
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.domain.estimates import Limits, OneByOne, PoolUse, RunDurations, durations_of
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Microseconds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_MOST_RUNS: Final = 200
_MOST_RUNS_BY_TASK: Final = 50
"""So many runs are looked at task by task."""
_TRIPS: Final = 3


def run_durations(session: Session, dag_id: DagId, *, most: int = _MOST_RUNS) -> RunDurations | None:
    """What the last `most` successful runs of a Dag took; None when it has none with a start and an end.

    Runs that were marked by hand before they started have no start date. A cleared run starts anew, so that
    its duration is that of the cleared tasks only (Airflow 3.3 models/taskinstance.py,
    `clear_task_instances`): such runs count only while there are no others. One query, by an index.
    """
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    successful = (
        select(DagRun.start_date, DagRun.end_date, DagRun.clear_number)
        .where(DagRun.dag_id == dag_id, DagRun.state == "success", DagRun.end_date > DagRun.start_date)
        .order_by(DagRun.id.desc())
        .limit(most)
    )
    rows = session.execute(successful).all()
    whole = [row for row in rows if not row.clear_number] or rows
    return durations_of(Microseconds(instant_of(row.end_date) - instant_of(row.start_date)) for row in whole)


def round_trip(session: Session) -> Microseconds:
    """How long the database takes to answer nothing at all: the least of three times, in microseconds."""
    from sqlalchemy import text

    nothing = text("SELECT 1")
    taken = []
    for _ in range(_TRIPS):
        began = time.perf_counter_ns()
        session.execute(nothing).scalar_one()
        taken.append(time.perf_counter_ns() - began)
    return Microseconds(min(taken) // 1000)


def limits(session: Session, dag: Any, model: Any) -> Limits:
    """What bounds how many runs of a Dag work at once.

    `dag` is Airflow's `SerializedDAG`, `model` its `DagModel` or None. Tasks that no worker runs (empty
    operators without callbacks, inlets and outlets) take no place; a mapped task counts once, for how many it
    becomes is not known before it runs. Of a Dag's tasks that can run at once those are counted that have
    equally many tasks before them on the longest way. A task that waits for its own last run is in one run at
    a time, except in runs of partitions (Airflow 3.3 ti_deps/deps/prev_dagrun_dep.py).
    """
    from airflow.configuration import conf

    tasks = [task for task in dag.tasks if _takes_a_place(task)]
    per_run = int(dag.max_active_tasks if model is None else model.max_active_tasks)
    depths = _depths(dag.tasks)
    levels = Counter(depths[task.task_id] for task in tasks)
    waiting = set() if is_partitioned(dag.timetable) else {task.task_id for task in dag.tasks if _waits(task)}
    limited = [1 if task.task_id in waiting else task.max_active_tis_per_dag for task in tasks]
    return Limits(
        examined=conf.getint("scheduler", "max_dagruns_per_loop_to_schedule"),
        parallelism=conf.getint("core", "parallelism"),
        max_active_tasks=per_run,
        width=_within(max(levels.values(), default=1), per_run),
        tasks=len(tasks),
        pools=_pools(session, tasks, depths, per_run),
        task_limits=tuple(limit for limit in limited if limit is not None),
        one_by_one=_one_by_one(session, dag.dag_id, waiting, depths) if waiting else None,
    )


def _waits(task: Any) -> bool:
    return bool(task.depends_on_past or task.wait_for_downstream)


def _one_by_one(
    session: Session, dag_id: str, waiting: Collection[str], depths: Mapping[str, int]
) -> OneByOne:
    """How long the tasks of past successful runs worked, one query by two indexes.

    Of tasks that are equally far from the start the longest counts, for they run side by side.
    """
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import func, select

    newest = (
        select(DagRun.run_id)
        .where(DagRun.dag_id == dag_id, DagRun.state == "success", DagRun.end_date > DagRun.start_date)
        .order_by(DagRun.id.desc())
        .limit(_MOST_RUNS_BY_TASK)
    )
    worked = select(
        TaskInstance.run_id, TaskInstance.task_id, TaskInstance.start_date, TaskInstance.end_date
    ).where(
        TaskInstance.dag_id == dag_id,
        TaskInstance.run_id.in_(newest),
        # Not the bare state: by an index on it SQLite reads all that succeeded in the Dag.
        func.coalesce(TaskInstance.state, "") == "success",
        TaskInstance.end_date > TaskInstance.start_date,
    )
    by_level: dict[str, dict[int, int]] = defaultdict(dict)
    by_task: dict[str, dict[str, int]] = defaultdict(dict)
    for row in session.execute(worked):
        took = instant_of(row.end_date) - instant_of(row.start_date)
        levels, level = by_level[row.run_id], depths.get(row.task_id, 0)
        levels[level] = max(took, levels.get(level, 0))
        if row.task_id in waiting:
            runs = by_task[row.task_id]
            runs[row.run_id] = max(took, runs.get(row.run_id, 0))
    found = (durations_of(map(Microseconds, runs.values())) for runs in by_task.values())
    return OneByOne(
        work=durations_of(Microseconds(sum(levels.values())) for levels in by_level.values()),
        slowest=max(filter(None, found), key=lambda taken: taken.median, default=None),
    )


def _takes_a_place(task: Any) -> bool:
    """Whether a worker runs it (Airflow 3.3 models/taskinstance.py, `is_schedulable`)."""
    return not task.inherits_from_empty_operator or bool(
        task.has_on_execute_callback or task.has_on_success_callback or task.inlets or task.outlets
    )


def _within(number: int, per_run: int) -> int:
    return max(1, min(number, per_run))


def _depths(tasks: Sequence[Any]) -> dict[str, int]:
    """How many tasks are before each one, on the longest way."""
    from graphlib import TopologicalSorter

    upstream = {task.task_id: task.upstream_task_ids for task in tasks}
    depths: dict[str, int] = {}
    for task_id in TopologicalSorter(upstream).static_order():
        depths[task_id] = 1 + max((depths[before] for before in upstream[task_id]), default=-1)
    return depths


def _pools(
    session: Session, tasks: Sequence[Any], depths: Mapping[str, int], per_run: int
) -> tuple[PoolUse, ...]:
    from airflow.models.pool import Pool
    from sqlalchemy import select

    names = sorted({task.pool for task in tasks})
    rows = session.execute(select(Pool.pool, Pool.slots).where(Pool.pool.in_(names)))
    slots: dict[str | None, int] = {row.pool: row.slots for row in rows}
    return tuple(
        _pool_use(name, slots.get(name), [task for task in tasks if task.pool == name], depths, per_run)
        for name in names
    )


def _pool_use(
    name: str, slots: int | None, tasks: Sequence[Any], depths: Mapping[str, int], per_run: int
) -> PoolUse:
    """One pool; Airflow calls one without a limit -1 (Airflow 3.3 models/pool.py)."""
    sizes = [task.pool_slots for task in tasks]
    wanted: Counter[int] = Counter()
    for task in tasks:
        wanted[depths[task.task_id]] += task.pool_slots
    return PoolUse(
        name=name,
        slots=None if slots == -1 else slots or 0,
        lightest=min(sizes),
        heaviest=max(sizes),
        wanted=min(max(wanted.values()), max(sizes) * max(1, per_run)),
        missing=slots is None,
    )
