"""The rows of backfills, and what around them decides whether they move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow import settings
from airflow.jobs.job import Job, JobState
from airflow.models.backfill import Backfill
from airflow.models.dag import DagModel
from airflow.models.serialized_dag import SerializedDagModel
from sqlalchemy import func, select

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant, from_datetime
from backfill_tui.domain.planning import ReprocessBehavior
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_BACKFILLS = select(
    Backfill.id,
    Backfill.dag_id,
    Backfill.from_date,
    Backfill.to_date,
    Backfill.reprocess_behavior,
    Backfill.max_active_runs,
    Backfill.is_paused,
    Backfill.created_at,
    Backfill.completed_at,
    Backfill.triggering_user_name,
    DagModel.is_paused.label("dag_is_paused"),
    DagModel.is_stale.label("dag_is_stale"),
).outerjoin(DagModel, DagModel.dag_id == Backfill.dag_id)

_HEARTBEAT = select(func.max(Job.latest_heartbeat)).where(
    Job.job_type == "SchedulerJob", Job.state == JobState.RUNNING
)

_SECONDS_A_MINUTE = 60


class FactsReader:
    """Reads `BackfillFacts`; keeps the timezones of Dags, which their serialized form alone tells."""

    def __init__(self) -> None:
        self._timezones: dict[str, str] = {}

    def one(self, session: Session, backfill_id: BackfillId) -> BackfillFacts | None:
        """The facts of one backfill, None when there is no such backfill."""
        row = session.execute(_BACKFILLS.where(Backfill.id == backfill_id)).first()
        if row is None:
            return None
        return self._facts(session, row, _heartbeat(session))

    def all(self, session: Session, dag_id: DagId | None) -> list[BackfillFacts]:
        """The facts of all backfills, or of one Dag's, newest first."""
        query = _BACKFILLS.order_by(Backfill.id.desc())
        if dag_id is not None:
            query = query.where(Backfill.dag_id == dag_id)
        rows = session.execute(query).all()
        self._timezones = {}  # a Dag may have moved to another zone since the last list
        beat = _heartbeat(session)
        return [self._facts(session, row, beat) for row in rows]

    def _facts(self, session: Session, row: Any, beat: Instant | None) -> BackfillFacts:
        return BackfillFacts(
            backfill_id=BackfillId(row.id),
            dag_id=DagId(row.dag_id),
            timezone=self._timezone(session, row.dag_id),
            from_date=from_datetime(row.from_date),
            to_date=from_datetime(row.to_date),
            reprocess_behavior=ReprocessBehavior(str(row.reprocess_behavior)),
            max_active_runs=row.max_active_runs,
            is_paused=bool(row.is_paused),
            created_at=from_datetime(row.created_at),
            completed_at=optional_instant(row.completed_at),
            triggering_user=row.triggering_user_name,
            # A Dag that was deleted altogether is as stale as can be.
            dag_is_paused=bool(row.dag_is_paused),
            dag_is_stale=row.dag_is_stale is None or bool(row.dag_is_stale),
            scheduler_heartbeat=beat,
        )

    def _timezone(self, session: Session, dag_id: str) -> str:
        if dag_id not in self._timezones:
            self._timezones[dag_id] = _timezone_of(session, dag_id)
        return self._timezones[dag_id]


def optional_instant(moment: Any) -> Instant | None:
    """A nullable column's `datetime` as an instant."""
    return None if moment is None else from_datetime(moment)


def _heartbeat(session: Session) -> Instant | None:
    return optional_instant(session.execute(_HEARTBEAT).scalar())


def _timezone_of(session: Session, dag_id: str) -> str:
    """The name of a Dag's timezone, from its latest serialized form (a name, or seconds east of UTC)."""
    serialized = session.scalar(SerializedDagModel.latest_item_select_object(dag_id))
    zone = serialized.data["dag"].get("timezone") if serialized is not None else None
    if zone is None:
        return str(settings.TIMEZONE.name)
    if isinstance(zone, str):
        return zone
    minutes = int(zone) // _SECONDS_A_MINUTE
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
