"""What of the tables a deed on a backfill reads and locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow.models.backfill import Backfill, BackfillDagRun
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from backfill_tui.bridge.compat.schema import column
from backfill_tui.bridge.write_session import lock_is_taken
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.problems import Refused
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_UNFINISHED: Final = (DagRunState.QUEUED, DagRunState.RUNNING)


def lock_row(session: Session, backfill_id: BackfillId, *, for_removal: bool = False) -> None:
    """Lock the row of a backfill until the end of the transaction.

    A removal waits for nobody, and raises Refused where the row is locked: by Airflow's own creation, as
    long as that has not committed its entries.
    """
    query = select(Backfill.id).where(Backfill.id == backfill_id)
    if not for_removal:
        # Weaker than a plain lock, which would have to wait for the end of such a creation.
        session.execute(query.with_for_update(key_share=True))
        return
    try:
        session.execute(query.with_for_update(nowait=True))
    except DBAPIError as failure:
        if not lock_is_taken(failure):
            raise
        raise Refused(
            f"Somebody is writing to backfill {backfill_id}, perhaps to create its runs",
            remedy="wait a moment, then look at it again",
        ) from failure


def own_active_runs(session: Session, backfill_id: BackfillId, *, lock: bool) -> list[Any]:
    """The queued and running runs of its entries that are still its own, as rows."""
    query = (
        select(
            DagRun.id,
            DagRun.run_id,
            DagRun.state.label("state"),
            DagRun.logical_date,
            column(DagRun, "partition_key"),
            DagRun.backfill_id,
        )
        .join(BackfillDagRun, BackfillDagRun.dag_run_id == DagRun.id)
        .where(
            BackfillDagRun.backfill_id == backfill_id,
            DagRun.backfill_id == backfill_id,
            DagRun.state.in_(_UNFINISHED),
        )
        .order_by(DagRun.id)
    )
    return list(session.execute(query.with_for_update(of=DagRun) if lock else query))


def runs_that_name(session: Session, backfill_id: BackfillId) -> int:
    """How many runs belong to it, also such as have no entry in it."""
    query = select(func.count()).select_from(DagRun).where(DagRun.backfill_id == backfill_id)
    return session.scalar(query) or 0


def other_active(session: Session, facts: BackfillFacts) -> list[int]:
    """The other backfills of its Dag that Airflow counts as active."""
    query = select(Backfill.id).where(
        Backfill.dag_id == facts.dag_id, Backfill.completed_at.is_(None), Backfill.id != facts.backfill_id
    )
    return list(session.scalars(query.order_by(Backfill.id)))


def unfinished_taken_over(session: Session, backfill_id: BackfillId) -> int:
    """How many unfinished runs of its entries belong to a later backfill by now."""
    query = (
        select(func.count())
        .select_from(BackfillDagRun)
        .join(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
        .where(
            BackfillDagRun.backfill_id == backfill_id,
            DagRun.backfill_id != backfill_id,
            DagRun.state.in_(_UNFINISHED),
        )
    )
    return session.scalar(query) or 0
