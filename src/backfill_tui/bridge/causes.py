"""Why runs and tasks of a backfill wait, by the rules of Airflow's scheduler.

A reading takes a few queries whatever the size of the backfill: it counts, and looks closely at its first
runs only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from airflow.models.backfill import BackfillDagRun
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from sqlalchemy import and_, func, select

from backfill_tui.bridge.waiting_cell import asking, longest_queued
from backfill_tui.bridge.waiting_rest import all_at_rest
from backfill_tui.bridge.waiting_runs import SHOWN, read_running, starved
from backfill_tui.bridge.waiting_silence import longest_silent
from backfill_tui.bridge.waiting_slots import without_slots
from backfill_tui.bridge.waiting_tasks import (
    DagsOfRuns,
    held_by_the_past,
    not_yet_retried,
    without_triggerer,
)
from backfill_tui.domain.causes import RERUN_HELD, RESUME, Cause, CauseCode, in_order
from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.instants import Instant, from_datetime, minute, to_datetime, zone_named
from backfill_tui.domain.progress import is_held_by_cancel, what_stops
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_PAUSED_BY_SCHEDULER: Final = "paused"
_PAUSING: Final = (_PAUSED_BY_SCHEDULER, "patch_dag", "patch_dags", "cli_dag_pause", "cli_dag_unpause")
"""Lines of the audit log that tell who paused a Dag, or ended that (Airflow 3.3 models/dagrun.py,
`_check_last_n_dagruns_failed`; api_fastapi/logging/decorators.py; utils/cli.py, `_build_metrics`)."""


class CauseReader:
    """Reads the causes of one backfill; keeps the Dag, which is costly to read, and who paused it."""

    def __init__(self) -> None:
        self._dags = DagsOfRuns()
        self._failures_that_paused: int | None = None
        self._pause_known = False

    def read(self, session: Session, facts: BackfillFacts, now: Instant) -> tuple[Cause, ...]:
        """Every cause that is known, the main one first; `now` is the database's clock.

        The session must hold nothing read before: what is read through Airflow's own rules would be old.
        """
        queued, running = active_runs(session, facts)
        if not queued and not running:
            return ()
        if stopped := self.what_stops(session, facts, now):
            return stopped
        return in_order(
            [
                *(_queued(session, facts, now, running) if queued else ()),
                *(self._running(session, facts, now, running) if running else ()),
            ]
        )

    def what_stops(self, session: Session, facts: GridFacts, now: Instant) -> tuple[Cause, ...]:
        """What of the Dag and of the scheduler lets nothing start, and who paused the Dag."""
        if not facts.dag_is_paused:
            self._pause_known = False
        return in_order(self._told_apart(session, facts, cause) for cause in what_stops(facts, now))

    def _told_apart(self, session: Session, facts: GridFacts, cause: Cause) -> Cause:
        """The cause; a pause of the Dag as that of the scheduler where it was."""
        if cause.code is not CauseCode.DAG_PAUSED:
            return cause
        if not self._pause_known:
            # One look for one pause: the audit log is long, and its lines stay as they are.
            self._failures_that_paused, self._pause_known = _failures_that_paused(session, facts.dag_id), True
        failures = self._failures_that_paused
        if failures is None:
            return cause
        return Cause(
            code=CauseCode.DAG_AUTO_PAUSED,
            sentence=f"Airflow paused the Dag after {failures} failed runs in a row, so nothing starts",
            remedy=cause.remedy,
        )

    def _running(self, session: Session, facts: BackfillFacts, now: Instant, running: int) -> Iterator[Cause]:
        """What the running runs and their tasks wait for."""
        runs = read_running(session, facts)
        yield from without_slots(session, facts, runs, now, alone=False)
        untended = list(without_triggerer(session, runs, now))
        yield from untended
        yield from asking(runs)
        yield from longest_queued(session, facts, runs, now)
        yield from longest_silent(session, facts, runs, now)
        yield from not_yet_retried(session, facts, runs, self._dags, now)
        if running == len(runs) and not untended:
            yield from all_at_rest(session, facts, runs, self._dags, now)
        idle = [run for run in runs if run.idle]
        # Whoever starves is idle, here or behind the runs looked at.
        hungry = list(starved(session, facts, now)) if idle or running > len(runs) else []
        yield from hungry
        starving = {cause.ordinal for cause in hungry}
        fed = [run for run in idle if run.ordinal not in starving]
        yield from held_by_the_past(session, facts, fed, self._dags)


def active_runs(session: Session, facts: BackfillFacts) -> tuple[int, int]:
    """How many runs of a backfill are queued and how many running, as the scheduler counts them."""
    query = (
        select(DagRun.state, func.count())
        .where(
            DagRun.dag_id == facts.dag_id,
            DagRun.backfill_id == facts.backfill_id,
            DagRun.state.in_(("queued", "running")),
        )
        .group_by(DagRun.state)
    )
    counted = {str(state): number for state, number in session.execute(query)}
    return counted.get("queued", 0), counted.get("running", 0)


def _queued(session: Session, facts: BackfillFacts, now: Instant, running: int) -> Iterator[Cause]:
    held = what_holds_queued(facts, running)
    yield from [held] if held is not None else _not_due(session, facts, now)


def what_holds_queued(facts: BackfillFacts, running: int) -> Cause | None:
    """Why no queued run starts (Airflow 3.3 models/dagrun.py, `get_queued_dag_runs_to_set_running`)."""
    if is_held_by_cancel(facts):
        return Cause(
            code=CauseCode.BACKFILL_CANCELLED,
            sentence="its backfill was cancelled, so cleared runs stay queued",
            remedy=RERUN_HELD,
        )
    if facts.is_paused:
        return Cause(code=CauseCode.BACKFILL_PAUSED, sentence="the backfill is paused", remedy=RESUME)
    if facts.max_active_runs < 1:
        return Cause(
            code=CauseCode.NO_ACTIVE_RUNS,
            sentence=f"max active runs of this backfill are {facts.max_active_runs}, so no run starts",
            remedy="cancel it and launch it again with 1 or more",
        )
    if running >= facts.max_active_runs:
        return Cause(
            code=CauseCode.MAX_ACTIVE_RUNS,
            sentence=f"{running} of {facts.max_active_runs} active runs of this backfill",
        )
    return None


def _not_due(session: Session, facts: BackfillFacts, now: Instant) -> Iterator[Cause]:
    query = (
        select(BackfillDagRun.sort_ordinal, DagRun.run_after)
        .join(
            BackfillDagRun,
            and_(BackfillDagRun.dag_run_id == DagRun.id, BackfillDagRun.backfill_id == DagRun.backfill_id),
        )
        .where(
            DagRun.dag_id == facts.dag_id,
            DagRun.backfill_id == facts.backfill_id,
            DagRun.state == "queued",
            DagRun.run_after > to_datetime(now),
        )
        .order_by(BackfillDagRun.sort_ordinal)
        .limit(SHOWN)
    )
    for row in session.execute(query):
        yield not_before(facts, from_datetime(row.run_after), row.sort_ordinal)


def not_before(facts: GridFacts, due: Instant, ordinal: int | None = None) -> Cause:
    """That a run is not due yet."""
    shown = minute(due, zone_named(facts.timezone))
    return Cause(code=CauseCode.RUN_AFTER, sentence=f"it may not start before {shown}", ordinal=ordinal)


def _failures_that_paused(session: Session, dag_id: str) -> int | None:
    """After how many failed runs in a row the scheduler paused that Dag, None where somebody else did."""
    last = session.execute(
        select(Log.event, Log.owner)
        .where(Log.dag_id == dag_id, Log.event.in_(_PAUSING))
        .order_by(Log.id.desc())
        .limit(1)
    ).first()
    if last is None or (last.event, last.owner) != (_PAUSED_BY_SCHEDULER, "scheduler"):
        return None
    return session.scalar(select(DagModel.max_consecutive_failed_dag_runs).where(DagModel.dag_id == dag_id))
