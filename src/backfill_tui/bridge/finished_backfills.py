"""Backfills whose runs are all at their end, but which Airflow still counts as active.

The scheduler marks them every half minute (Airflow 3.3 scheduler_job_runner.py, `_mark_backfills_complete`).
A launch right after the end of the one before need not wait for that, so it makes the same mark by the same
rule, inside its own transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.orm import Session


def standing_in_the_way(session: Session, dag_id: str) -> list[int]:
    """The backfills of a Dag that are active in truth, newest first: a launch has to wait for them."""
    from airflow.models.backfill import Backfill
    from sqlalchemy import not_, select

    active = select(Backfill.id).where(
        Backfill.dag_id == dag_id, Backfill.completed_at.is_(None), not_(_at_its_end())
    )
    return [int(number) for number in session.scalars(active.order_by(Backfill.id.desc()))]


def mark_finished(connection: Connection, dag_id: str) -> None:
    """Mark the finished backfills of a Dag as completed, as the scheduler is about to."""
    from airflow._shared.timezones import timezone
    from airflow.models.backfill import Backfill
    from sqlalchemy import update

    now = timezone.utcnow()
    connection.execute(
        update(Backfill)
        .where(Backfill.dag_id == dag_id, Backfill.completed_at.is_(None), _at_its_end())
        .values(completed_at=now, updated_at=now)
    )


def _at_its_end() -> ColumnElement[bool]:
    from airflow.models.backfill import Backfill, BackfillDagRun
    from airflow.models.dagrun import DagRun
    from airflow.utils.state import DagRunState
    from sqlalchemy import and_, exists, select

    has_dates: Any = exists(select(BackfillDagRun.id).where(BackfillDagRun.backfill_id == Backfill.id))
    is_under_way: Any = exists(
        select(DagRun.id).where(
            DagRun.backfill_id == Backfill.id, DagRun.state.in_((DagRunState.QUEUED, DagRunState.RUNNING))
        )
    )
    return and_(has_dates, ~is_under_way)
