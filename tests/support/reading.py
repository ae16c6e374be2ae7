"""What Airflow's tables hold, read with Airflow's own models: the part of `editing` that changes nothing."""

from __future__ import annotations

from typing import Any

from airflow.models.backfill import Backfill, BackfillDagRun
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.utils.session import create_session
from sqlalchemy import select


def runs_of(backfill_id: int) -> list[str | None]:
    """The run ids of a backfill in the order of execution."""
    query = (
        select(DagRun.run_id)
        .select_from(BackfillDagRun)
        .outerjoin(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
        .where(BackfillDagRun.backfill_id == backfill_id)
        .order_by(BackfillDagRun.sort_ordinal)
    )
    with create_session(scoped=False) as session:
        return list(session.scalars(query))


def backfill_row(backfill_id: int) -> dict[str, Any]:
    """`is_paused` and whether it is completed."""
    with create_session(scoped=False) as session:
        found = session.get(Backfill, backfill_id)
        assert found is not None
        return {"is_paused": found.is_paused, "completed": found.completed_at is not None}


def instances(dag_id: str, run_id: str) -> list[list[Any]]:
    """Every task instance of a run: task, map index, state, try number, id."""
    with create_session(scoped=False) as session:
        found = session.scalars(select(TaskInstance).filter_by(dag_id=dag_id, run_id=run_id))
        return sorted([ti.task_id, ti.map_index, ti.state, ti.try_number, str(ti.id)] for ti in found)


def history(dag_id: str, run_id: str) -> list[list[Any]]:
    """Every past try of a run's task instances: task, map index, state, try number."""
    with create_session(scoped=False) as session:
        found = session.scalars(select(TaskInstanceHistory).filter_by(dag_id=dag_id, run_id=run_id))
        return sorted([ti.task_id, ti.map_index, ti.state, ti.try_number] for ti in found)


def run_state(dag_id: str, run_id: str) -> str:
    """The state of a run."""
    with create_session(scoped=False) as session:
        return str(session.scalars(select(DagRun.state).filter_by(dag_id=dag_id, run_id=run_id)).one())


def picture(backfill_id: int) -> list[dict[str, Any]]:
    """The whole backfill read as Airflow's objects, one entry at a time: what a grid must show."""
    rows = []
    with create_session(scoped=False) as session:
        for entry in session.scalars(
            select(BackfillDagRun).filter_by(backfill_id=backfill_id).order_by(BackfillDagRun.sort_ordinal)
        ):
            found = entry.dag_run
            own = found is not None and found.backfill_id == backfill_id
            rows.append(
                {
                    "ordinal": entry.sort_ordinal,
                    "reason": entry.exception_reason,
                    "deleted": found is None and entry.exception_reason is None,
                    "taken_over": found is not None and not own,
                    "run_id": found.run_id if own else None,
                    "state": str(found.state) if own else None,
                    "started": found.start_date is not None if own else False,
                    "tasks": _worst(session, found) if own else {},
                }
            )
    return rows


def _worst(session: Any, found: DagRun) -> dict[str, list[str | None]]:
    tasks: dict[str, list[str | None]] = {}
    for instance in session.scalars(
        select(TaskInstance)
        .filter_by(dag_id=found.dag_id, run_id=found.run_id)
        .execution_options(populate_existing=True)
    ):
        tasks.setdefault(instance.task_id, []).append(instance.state)
    return tasks
