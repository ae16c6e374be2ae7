"""Backfills in a list: their facts, and their runs counted by the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from airflow.models.backfill import Backfill, BackfillDagRun
from airflow.models.dagrun import DagRun
from sqlalchemy import and_, func, literal_column, select

from backfill_tui.bridge.backfill_facts import FactsReader
from backfill_tui.bridge.causes import CauseReader
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant, from_datetime
from backfill_tui.domain.progress import kinds_of
from backfill_tui.domain.states import run_state
from backfill_tui.domain.watching import (
    BackfillFacts,
    BackfillSummary,
    Membership,
    RunCounts,
    RunRow,
    membership_of,
)
from backfill_tui.wire.methods import BACKFILLS, Backfills, ForDag, Nothing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.kept_readings import KeptReadings
    from backfill_tui.bridge.server import Call, Server

_IS_OWN = DagRun.backfill_id == BackfillDagRun.backfill_id
_NEVER_STARTED = and_(DagRun.start_date.is_(None), DagRun.end_date.is_(None))
_WAS_CLEARED = DagRun.clear_number > literal_column("0")
_KINDS = (
    BackfillDagRun.exception_reason,
    BackfillDagRun.dag_run_id.is_(None),
    _IS_OWN,
    DagRun.state,
    _NEVER_STARTED,
    _WAS_CLEARED,
)


def register(server: Server, airflow: AirflowEnvironment, readings: KeptReadings) -> None:
    """Let the server answer `backfills`."""
    readers = CauseReaders()

    def read(session: Session, dag_id: DagId | None) -> tuple[BackfillSummary, ...]:
        facts = FactsReader(airflow.journal).all(session, dag_id)
        counted = count_by_backfill(session, [fact.backfill_id for fact in facts], dag_id)
        read_at = airflow.now(session)
        causes = {
            fact.backfill_id: readers.of(fact).read(session, fact, read_at)
            for fact in facts
            if counted[fact.backfill_id].counts.active
        }
        readers.let_go(fact for fact in facts if fact.backfill_id not in causes)
        return tuple(
            BackfillSummary(
                facts=fact,
                counts=counted[fact.backfill_id].counts,
                read_at=read_at,
                ended_at=counted[fact.backfill_id].ended_at,
                causes=causes.get(fact.backfill_id, ()),
            )
            for fact in facts
        )

    def backfills(params: ForDag, _call: Call[Nothing]) -> Backfills:
        listed, now = readings.get(
            ("backfills", params.dag_id),
            lambda session: read(session, params.dag_id),
            beside=airflow.journal.stamp,
        )
        return Backfills(backfills=tuple(replace(summary, read_at=now) for summary in listed))

    server.handle(BACKFILLS, backfills)


class CauseReaders:
    """A reader for each backfill with unfinished runs, for it keeps the Dag, which is costly to read.

    Any thread may ask: lists of all backfills and of those of some Dags are read side by side.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[BackfillId, DagId], CauseReader] = {}

    def of(self, fact: BackfillFacts) -> CauseReader:
        """That of a backfill."""
        return self._kept.setdefault((fact.backfill_id, fact.dag_id), CauseReader())

    def let_go(self, ended: Iterable[BackfillFacts]) -> None:
        """Of these it is not needed any more, if it was; all others stay, whichever list they are in."""
        for fact in ended:
            self._kept.pop((fact.backfill_id, fact.dag_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The runs of a backfill, counted, and when the last one ended: None while one has not, or none began."""

    counts: RunCounts
    ended_at: Instant | None


def count_by_backfill(
    session: Session, backfill_ids: list[BackfillId], dag_id: DagId | None = None
) -> dict[BackfillId, Counted]:
    """The runs of these backfills, counted in one query whatever their number.

    `dag_id` is given where they are all of one Dag, else most of the backfills that there are.
    """
    if not backfill_ids:
        return {}
    query = (
        select(BackfillDagRun.backfill_id, *_KINDS, func.count(), func.max(DagRun.end_date))
        .outerjoin(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
        .group_by(BackfillDagRun.backfill_id, *_KINDS)
    )
    if len(backfill_ids) == 1:
        query = query.where(BackfillDagRun.backfill_id == backfill_ids[0])
    elif dag_id is not None:
        of_dag = select(Backfill.id).where(Backfill.dag_id == dag_id)
        query = query.where(BackfillDagRun.backfill_id.in_(of_dag))
    counted: defaultdict[int, Counter[str]] = defaultdict(Counter)
    ends: defaultdict[int, list[datetime]] = defaultdict(list)
    for backfill_id, reason, without_run, own, state, never_started, cleared, number, end in session.execute(
        query
    ):
        membership = membership_of(
            backfill_id,
            dag_run_id=None if without_run else 0,
            exception_reason=reason,
            owner_id=backfill_id if own else None,
        )
        row = a_row(membership, state=state, never_started=bool(never_started), cleared=bool(cleared))
        for kind in kinds_of(row):
            counted[backfill_id][kind] += number
        if row.state is not None and end is not None:
            ends[backfill_id].append(end)
    return {number: _counted(counted[number], ends[number]) for number in backfill_ids}


def _counted(kinds: Counter[str], ends: list[datetime]) -> Counted:
    counts = RunCounts(**kinds)
    return Counted(counts=counts, ended_at=None if counts.active or not ends else from_datetime(max(ends)))


def a_row(membership: Membership, *, state: str | None, never_started: bool, cleared: bool) -> RunRow:
    """A row with no more than what it is counted by."""
    if membership is not Membership.INCLUDED:
        state = None
    return RunRow(
        ordinal=0,
        logical_date=None,
        partition_key=None,
        membership=membership,
        state=run_state(state),
        cancelled=state == "failed" and never_started,
        cleared=cleared,
    )
