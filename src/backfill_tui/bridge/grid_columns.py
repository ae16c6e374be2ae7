"""The columns of a grid: the tasks of the Dag versions that its runs were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from airflow.models.backfill import BackfillDagRun
from airflow.models.dag_version import DagVersion
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from sqlalchemy import select

from backfill_tui.bridge.planned_dag import unreadable_is_said
from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.watching import TaskColumn, merge_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from backfill_tui.domain.ids import BackfillId, DagId

_log = structlog.get_logger(__name__)


def read_columns(
    session: Session, dag_id: DagId, of_runs: Select[Any], seen: Iterable[str] = ()
) -> tuple[TaskColumn, ...]:
    """The tasks of every version in topological order, the latest version's first.

    `of_runs` selects the versions that the runs were made from. `seen` are tasks that task instances name;
    one that no version knows comes last. So do all those of a version that can not be read any more.
    """
    bag = DBDagBag(load_op_links=False)
    dags = [_dag_of(bag, version, session, dag_id) for version in _versions(session, dag_id, of_runs)]
    orders = [tuple(_columns_of(dag)) for dag in dags if dag is not None]
    known = {column.task_id for order in orders for column in order}
    strays = tuple(TaskColumn(task_id=TaskId(task_id)) for task_id in sorted(set(seen) - known))
    return (*merge_columns(orders), *strays)


def versions_of_backfill(backfill_id: BackfillId) -> Select[Any]:
    """Selects the versions that the runs of a backfill were made from."""
    return (
        select(DagRun.created_dag_version_id)
        .join(BackfillDagRun, BackfillDagRun.dag_run_id == DagRun.id)
        .where(BackfillDagRun.backfill_id == backfill_id, DagRun.backfill_id == backfill_id)
        .distinct()
    )


def _versions(session: Session, dag_id: DagId, of_runs: Select[Any]) -> list[Any]:
    """The versions of the runs, newest first; where there are none, the latest of the Dag."""
    of_dag = (
        select(DagVersion.id).where(DagVersion.dag_id == dag_id).order_by(DagVersion.version_number.desc())
    )
    used = {version for version in session.scalars(of_runs) if version is not None}
    versions = list(session.scalars(of_dag))
    return [version for version in versions if version in used] or versions[:1]


def _dag_of(bag: DBDagBag, version: Any, session: Session, dag_id: str) -> Any:
    try:
        with unreadable_is_said(dag_id):
            return bag.get_dag(version, session)
    except AirflowFailed:
        _log.warning("a version of a Dag can not be read", dag_id=dag_id, exc_info=True)
        return None


def _columns_of(dag: Any) -> Iterator[TaskColumn]:
    for task in tasks_in_order(dag.task_group):
        in_mapped_group = any(True for _ in task.iter_mapped_task_groups())
        yield TaskColumn(
            task_id=TaskId(task.task_id),
            mapped=bool(task.is_mapped) or in_mapped_group,
            operator=str(task.operator_name),
            groups=tuple(_groups_of(task)),
        )


def _groups_of(task: Any) -> list[str]:
    """The ids of the groups around a task, the outermost first; the group of the whole Dag has no id."""
    ids: list[str] = []
    group = task.task_group
    while group is not None and group.group_id is not None:
        ids.insert(0, str(group.group_id))
        group = group.parent_group
    return ids


def tasks_in_order(group: Any) -> Iterator[Any]:
    """The tasks of a serialized Dag's task group in topological order, those of an inner group together."""
    for node in group.topological_sort():
        if hasattr(node, "children"):
            yield from tasks_in_order(node)
        else:
            yield node
