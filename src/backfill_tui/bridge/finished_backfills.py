"""Backfills whose runs are all at their end, but which Airflow still counts as active.

The scheduler marks them every half minute (Airflow 3.3 scheduler_job_runner.py, `_mark_backfills_complete`).
A launch right after the end of the one before need not wait for that, so it makes the same mark by the same
rule, inside its own transaction. And a mark that was made too early is taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backfill_tui.bridge.write_session import write_session
from backfill_tui.domain.ids import BackfillId

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment


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


def take_back_mark(airflow: AirflowEnvironment, backfill_id: BackfillId, *, paused: bool) -> bool:
    """Take back the mark of completion of a backfill that was just created; whether it had one too early.

    The scheduler marks a backfill whose runs it does not see yet, and then no one can pause or cancel it.
    One query when all is well. `paused` says that it was created paused: what a cancel has paused since
    stays marked.
    """
    from airflow.models.backfill import Backfill
    from sqlalchemy import select, update

    # A cancel leaves no run queued, so of a backfill that was paused before a queued run is the proof.
    is_not_cancelled = _has_runs("queued") if paused else Backfill.is_paused.is_not(True)
    too_early = (
        Backfill.id == backfill_id, Backfill.completed_at.is_not(None), is_not_cancelled,
        _has_runs("queued", "running"),
    )  # fmt: skip
    with airflow.session() as session:
        if session.scalar(select(Backfill.id).where(*too_early)) is None:
            return False
    with write_session(airflow, "look at the backfill") as session:
        changed: Any = session.execute(update(Backfill).where(*too_early).values(completed_at=None))
        return bool(changed.rowcount)


def _has_runs(*states: str) -> ColumnElement[bool]:
    from airflow.models.backfill import Backfill
    from airflow.models.dagrun import DagRun
    from sqlalchemy import exists, select

    of_it = DagRun.backfill_id == Backfill.id, DagRun.state.in_(states)
    return exists(select(DagRun.id).where(*of_it))


def _at_its_end() -> ColumnElement[bool]:
    from airflow.models.backfill import Backfill, BackfillDagRun
    from sqlalchemy import and_, exists, not_, select

    has_dates = exists(select(BackfillDagRun.id).where(BackfillDagRun.backfill_id == Backfill.id))
    return and_(has_dates, not_(_has_runs("queued", "running")))
