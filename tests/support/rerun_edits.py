"""Commands of `editing` about reruns: Airflow's own API as the oracle, and many failed runs at once."""

from __future__ import annotations

from typing import Any

from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.sdk.timezone import utcnow
from airflow.utils.session import create_session
from sqlalchemy import select, update


def api_dry_clear(
    dag_id: str,
    run_id: str,
    *,
    only_failed: bool,
    task_ids: list[Any] | None = None,
    downstream: bool = False,
) -> list[list[Any]]:
    """What the API's clear of task instances says, dry, that it would clear: task and map index."""
    from airflow.api_fastapi.core_api.datamodels.task_instances import ClearTaskInstancesBody
    from airflow.api_fastapi.core_api.routes.public.task_instances import post_clear_task_instances

    wanted = None if task_ids is None else [one if isinstance(one, str) else tuple(one) for one in task_ids]
    body = ClearTaskInstancesBody(
        dry_run=True, only_failed=only_failed, task_ids=wanted, dag_run_id=run_id,
        include_downstream=downstream,
    )  # fmt: skip
    with create_session(scoped=False) as session:
        user: Any = None
        found = post_clear_task_instances(dag_id, DBDagBag(), body, session, user)
        return sorted([one.task_id, one.map_index] for one in found.task_instances)


def finish_all(dag_id: str, backfill_id: int, failed: str) -> None:
    """End all runs of a backfill, each with that task failed and all others succeeded, in one statement."""
    now = utcnow()
    mine = DagRun.dag_id == dag_id, DagRun.backfill_id == backfill_id
    with create_session(scoped=False) as session:
        run_ids = select(DagRun.run_id).where(*mine).scalar_subquery()
        of_them = TaskInstance.dag_id == dag_id, TaskInstance.run_id.in_(run_ids)
        session.execute(
            update(TaskInstance).where(*of_them).values(
                state="success", try_number=1, start_date=now, end_date=now
            ).execution_options(synchronize_session=False)
        )  # fmt: skip
        session.execute(
            update(TaskInstance).where(*of_them, TaskInstance.task_id == failed).values(state="failed")
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        session.execute(
            update(DagRun).where(*mine).values(_state="failed", start_date=now, end_date=now)
            .execution_options(synchronize_session=False)
        )  # fmt: skip


def note_of(dag_id: str, run_id: str) -> str | None:
    """The note of a run."""
    with create_session(scoped=False) as session:
        found = session.scalars(select(DagRun).filter_by(dag_id=dag_id, run_id=run_id)).one()
        note: str | None = found.note
        return note


def set_note(dag_id: str, run_id: str, note: str) -> None:
    """Give a run a note, as somebody in the web interface does."""
    with create_session(scoped=False) as session:
        session.scalars(select(DagRun).filter_by(dag_id=dag_id, run_id=run_id)).one().note = note


def set_owner(dag_id: str, run_id: str, backfill_id: int | None, bundle_version: str | None = None) -> None:
    """Let a run belong to another backfill or to none, and to a version of its bundle."""
    with create_session(scoped=False) as session:
        session.execute(
            update(DagRun)
            .where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
            .values(backfill_id=backfill_id, bundle_version=bundle_version)
        )


def states_of(dag_id: str) -> dict[str, int]:
    """How many runs of a Dag there are by state."""
    with create_session(scoped=False) as session:
        counted: dict[str, int] = {}
        for state in session.scalars(select(DagRun.state).where(DagRun.dag_id == dag_id)):
            counted[str(state)] = counted.get(str(state), 0) + 1
        return counted
