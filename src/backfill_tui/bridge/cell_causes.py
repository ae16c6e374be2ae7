"""Why one task instance does not begin or go on, by the rules of Airflow's scheduler: asked for on demand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from airflow.models.backfill import BackfillDagRun
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import and_, func, select

from backfill_tui.bridge.backfill_facts import FactsReader
from backfill_tui.bridge.causes import CauseReader, active_runs, not_before, what_holds_queued
from backfill_tui.bridge.range_entries import RangeFactsReader
from backfill_tui.bridge.waiting_cell import (
    awaiting_input,
    deferred,
    not_begun,
    upstream_not_there,
    without_slot,
)
from backfill_tui.bridge.waiting_rest import not_yet_again
from backfill_tui.bridge.waiting_runs import FINISHED, starved
from backfill_tui.bridge.waiting_silence import silent
from backfill_tui.bridge.waiting_tasks import DagsOfRuns, next_retry, past_of, second
from backfill_tui.domain.causes import Cause, CauseCode, in_order
from backfill_tui.domain.dag_range import DagRange, GridFacts
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant, from_datetime, zone_named
from backfill_tui.domain.tasks import CellQuery
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_MOVES: Final = frozenset({"restarting", *FINISHED})
"""States of task instances that wait for nothing."""


class CellCauses:
    """Reads the causes of single task instances, for any thread; keeps Dags, which are costly to read."""

    def __init__(self) -> None:
        self._facts = FactsReader()
        self._dags = DagsOfRuns()
        self._ranges: dict[str, RangeFactsReader] = {}
        self._readers: dict[str, CauseReader] = {}
        self._lock = threading.Lock()

    def read(self, session: Session, query: CellQuery, map_index: int, now: Instant) -> tuple[Cause, ...]:
        """Every cause that is known, the main one first; none for what moves, has ended or is not there.

        `now` is the database's clock. The session must hold nothing read before, and nothing of it is
        written: Airflow's rules are asked on objects that are let go.
        """
        with self._lock, session.no_autoflush:
            try:
                return self._read(session, query, map_index, now)
            finally:
                session.rollback()

    def _read(self, session: Session, query: CellQuery, map_index: int, now: Instant) -> tuple[Cause, ...]:
        task = session.scalars(
            select(TaskInstance).where(
                TaskInstance.dag_id == query.dag_id,
                TaskInstance.task_id == query.task_id,
                TaskInstance.run_id == query.run_id,
                TaskInstance.map_index == map_index,
            )
        ).first()
        if task is None or task.state in _MOVES:
            return ()
        run = session.execute(_run(query)).first()
        if run is None or run.state not in {"queued", "running"}:
            return ()
        facts = self._facts_of(session, query.dag_id, run)
        if facts is None:
            return ()
        found = in_order(self._causes(session, facts, run, task, now))
        return tuple(replace(cause, ordinal=run.sort_ordinal) for cause in found)

    def _facts_of(self, session: Session, dag_id: DagId, run: Any) -> GridFacts | None:
        """Those of its backfill; a run that is in none has only those of its Dag."""
        if run.backfill_id is not None:
            return self._facts.one(session, BackfillId(run.backfill_id))
        due = from_datetime(run.run_after)
        dates = DagRange(dag_id=dag_id, from_date=due, to_date=due)
        return self._ranges.setdefault(dag_id, RangeFactsReader(dates)).read(session)

    def _causes(
        self, session: Session, facts: GridFacts, run: Any, task: Any, now: Instant
    ) -> Iterator[Cause]:
        state = task.state
        if state == "running":
            yield from silent(facts, task, now)
            return
        if state == "queued":
            yield from not_begun(task, now)
        elif state == "deferred":
            yield from deferred(session, facts, task, now)
        elif state == "awaiting_input":
            yield awaiting_input()
        stopped = self._what_stops(session, facts, now)
        yield from stopped
        if stopped or state in {"queued", "deferred", "awaiting_input"}:
            return
        if run.state == "queued":
            yield from _of_queued_run(session, facts, run, now)
        else:
            yield from self._of_task(session, facts, run, task, now)

    def _what_stops(self, session: Session, facts: GridFacts, now: Instant) -> tuple[Cause, ...]:
        reader = self._readers.setdefault(facts.dag_id, CauseReader())
        return reader.what_stops(session, facts, now)

    def _of_task(
        self, session: Session, facts: GridFacts, run: Any, task: Any, now: Instant
    ) -> Iterator[Cause]:
        """What holds it back in a running run."""
        row, dag = self._dags.of_run(session, run.id)
        known = dag is not None and dag.has_task(task.task_id)
        operator = dag.get_task(task.task_id) if known else None
        if task.state == "scheduled":
            yield from without_slot(session, facts, task, operator, now)
            return
        if task.state == "up_for_retry":
            until = next_retry(task, dag)
            if until is not None and until > now:
                words = f"it is up for retry until {second(until, facts)}"
                yield Cause(code=CauseCode.UP_FOR_RETRY, sentence=words)
                return
        elif task.state == "up_for_reschedule":
            yield from not_yet_again(session, facts, task, operator, now)
        if isinstance(facts, BackfillFacts):
            yield from starved(session, facts, now, only=run.id)
        if known and task.state is None:
            task.task = dag.get_task(task.task_id)
            yield from upstream_not_there(session, task, dag)
            past = past_of(session, row, dag, task.task_id, zone_named(facts.timezone))
            yield from [past] if past is not None else ()


def _run(query: CellQuery) -> Any:
    return (
        select(DagRun.id, DagRun.state, DagRun.run_after, DagRun.backfill_id, BackfillDagRun.sort_ordinal)
        .outerjoin(
            BackfillDagRun,
            and_(BackfillDagRun.dag_run_id == DagRun.id, BackfillDagRun.backfill_id == DagRun.backfill_id),
        )
        .where(DagRun.dag_id == query.dag_id, DagRun.run_id == query.run_id)
    )


def _of_queued_run(session: Session, facts: GridFacts, run: Any, now: Instant) -> Iterator[Cause]:
    """What holds its run back, which has not started."""
    if not isinstance(facts, BackfillFacts):
        yield from _of_queued_alone(session, facts)
    elif (held := what_holds_queued(facts, active_runs(session, facts)[1])) is not None:
        before = _before(session, facts, run) if held.code is CauseCode.MAX_ACTIVE_RUNS else 0
        runs = "1 queued run comes" if before == 1 else f"{before:,} queued runs come"
        yield replace(held, sentence=f"{held.sentence}, and {runs} before it") if before else held
    due = from_datetime(run.run_after)
    if due > now:
        yield not_before(facts, due)


def _of_queued_alone(session: Session, facts: GridFacts) -> Iterator[Cause]:
    """What holds back a run that is in no backfill: those that are in none count together."""
    limit = session.scalar(select(DagModel.max_active_runs).where(DagModel.dag_id == facts.dag_id))
    running = session.scalar(
        select(func.count())
        .select_from(DagRun)
        .where(DagRun.dag_id == facts.dag_id, DagRun.state == "running", DagRun.backfill_id.is_(None))
    )
    if limit is not None and running is not None and running >= limit:
        words = f"{running} of {limit} active runs of the Dag outside backfills"
        yield Cause(code=CauseCode.MAX_ACTIVE_RUNS, sentence=words)


def _before(session: Session, facts: BackfillFacts, run: Any) -> int:
    query = (
        select(func.count())
        .select_from(DagRun)
        .join(
            BackfillDagRun,
            and_(BackfillDagRun.dag_run_id == DagRun.id, BackfillDagRun.backfill_id == DagRun.backfill_id),
        )
        .where(
            DagRun.dag_id == facts.dag_id,
            DagRun.backfill_id == facts.backfill_id,
            DagRun.state == "queued",
            BackfillDagRun.sort_ordinal < run.sort_ordinal,
        )
    )
    return session.scalar(query) or 0
