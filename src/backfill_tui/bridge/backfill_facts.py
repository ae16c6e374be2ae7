"""The rows of backfills, and what around them decides whether they move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from airflow import settings
from airflow.models.backfill import Backfill
from airflow.models.dag import DagModel
from airflow.models.serialized_dag import SerializedDagModel
from sqlalchemy import bindparam, select

from backfill_tui.bridge.compat.dags import read_timetable
from backfill_tui.bridge.compat.schema import column
from backfill_tui.bridge.heartbeats import heartbeat
from backfill_tui.bridge.journal import Journal
from backfill_tui.bridge.schedules import zone_name, zone_of_partitions
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
    column(DagModel, "timetable_partitioned").label("is_partitioned"),
).outerjoin(DagModel, DagModel.dag_id == Backfill.dag_id)
_ONE = _BACKFILLS.where(Backfill.id == bindparam("backfill_id"))

_SECONDS_A_MINUTE = 60
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DagClock:
    """The clock on which bounds of a Dag's backfills are read; `meant_by` gives the instant of a bound."""

    timezone: str
    meant_by: Callable[[datetime], Instant]


class FactsReader:
    """Reads `BackfillFacts`; keeps the clocks of Dags, which their serialized form alone tells."""

    def __init__(self, journal: Journal | None = None) -> None:
        """`journal` knows what was launched from here."""
        self._journal = Journal() if journal is None else journal
        self._clocks: dict[str, DagClock] = {}

    def one(
        self,
        session: Session,
        backfill_id: BackfillId,
        beat: Callable[[Session], Instant | None] = heartbeat,
    ) -> BackfillFacts | None:
        """The facts of one backfill, None when there is no such backfill; `beat` tells of the scheduler."""
        # Five times a second: a statement that is ready, past the session, takes half of the time.
        row = session.connection().execute(_ONE, {"backfill_id": backfill_id}).first()
        if row is None:
            return None
        return self._facts(session, row, beat(session))

    def all(self, session: Session, dag_id: DagId | None) -> list[BackfillFacts]:
        """The facts of all backfills, or of one Dag's, newest first."""
        query = _BACKFILLS.order_by(Backfill.id.desc())
        if dag_id is not None:
            query = query.where(Backfill.dag_id == dag_id)
        rows = session.execute(query).all()
        self._clocks = {}  # a Dag may have moved to another zone since the last list
        beat = heartbeat(session)
        return [self._facts(session, row, beat) for row in rows]

    def with_notes(self, facts: BackfillFacts) -> BackfillFacts:
        """The same facts with what the journal says by now; reads no more than was added to it."""
        notes = self._journal.launch_notes(facts.backfill_id, facts.created_at)
        known = (facts.note, facts.stop_after_failures, facts.failures_accepted)
        if known == (notes.note, notes.stop_after_failures, notes.failures_accepted):
            return facts
        return replace(
            facts, note=notes.note, stop_after_failures=notes.stop_after_failures,
            failures_accepted=notes.failures_accepted,
        )  # fmt: skip

    def _facts(self, session: Session, row: Any, beat: Instant | None) -> BackfillFacts:
        clock = self._clock(session, row)
        facts = BackfillFacts(
            backfill_id=BackfillId(row.id),
            dag_id=DagId(row.dag_id),
            timezone=clock.timezone,
            from_date=clock.meant_by(row.from_date),
            to_date=clock.meant_by(row.to_date),
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
        return self.with_notes(facts)

    def _clock(self, session: Session, row: Any) -> DagClock:
        if row.dag_id not in self._clocks:
            self._clocks[row.dag_id] = clock_of(session, row.dag_id, partitioned=bool(row.is_partitioned))
        return self._clocks[row.dag_id]


def optional_instant(moment: Any) -> Instant | None:
    """A nullable column's `datetime` as an instant."""
    return None if moment is None else from_datetime(moment)


def clock_of(session: Session, dag_id: str, *, partitioned: bool) -> DagClock:
    """The clock of a Dag, from its latest serialized form: of a partitioned one that of its timetable.

    Airflow stores the bounds of a partitioned Dag's backfill as the wall clock of that zone, called UTC
    (Airflow 3.3 timetables/_cron.py, `localize_partition_datetime`).
    """
    serialized = session.scalar(SerializedDagModel.latest_item_select_object(dag_id))
    stored = {} if serialized is None else serialized.data["dag"]
    if partitioned and (timetable := _timetable_in(dag_id, stored)) is not None:
        zone = zone_of_partitions(timetable)
        if zone is not None:
            return DagClock(
                zone_name(zone), lambda bound: from_datetime(timetable.localize_partition_datetime(bound))
            )
    return DagClock(_timezone_in(stored), from_datetime)


def _timetable_in(dag_id: str, stored: dict[str, Any]) -> Any:
    """The timetable of a serialized Dag, None where it can not be read."""
    try:
        return read_timetable(stored["timetable"])
    except (Exception, SystemExit):
        # Whatever a timetable's own `deserialize` raises; a plugin may be missing here.
        _log.warning("a timetable can not be read", dag_id=dag_id, exc_info=True)
        return None


def _timezone_in(stored: dict[str, Any]) -> str:
    """The name of a serialized Dag's timezone (a name, or seconds east of UTC)."""
    zone = stored.get("timezone")
    if zone is None:
        return str(settings.TIMEZONE.name)
    if isinstance(zone, str):
        return zone
    minutes = int(zone) // _SECONDS_A_MINUTE
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
