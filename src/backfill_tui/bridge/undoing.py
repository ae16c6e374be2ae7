"""Answers `preview_undo` and `undo`: the last deed, or one that is named, is taken back where it can be.

What was done is read from the journal; whether it is still so, from the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import func, select

from backfill_tui.bridge.control import carry_out
from backfill_tui.bridge.control_deeds import Control
from backfill_tui.bridge.dags import pause_dag
from backfill_tui.bridge.journal import Detail
from backfill_tui.bridge.mark_undoing import MarkUndoing
from backfill_tui.bridge.runs_before import runs_before
from backfill_tui.bridge.server import Call, Server
from backfill_tui.bridge.write_session import write
from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.domain.ids import BackfillId, RunId
from backfill_tui.domain.journal import JournalEntry
from backfill_tui.domain.problems import Refused
from backfill_tui.domain.repairing import LeftAlone
from backfill_tui.domain.text import one_line
from backfill_tui.domain.undoing import MARKS, RAN_AGAIN, UNDO, UNDOES, UndoOutcome, UndoRequest, deed_meant
from backfill_tui.wire.methods import PREVIEW_UNDO, Nothing
from backfill_tui.wire.methods import UNDO as UNDO_METHOD

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment

_NOTHING_LEFT: Final = "there is nothing left to undo"


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `preview_undo` and `undo`."""

    def preview(request: UndoRequest, _call: Call[Nothing]) -> UndoOutcome:
        begun = _deed_meant(airflow, request)
        with airflow.session() as session:
            if begun.deed in MARKS:
                return _of_marks(begun, MarkUndoing(session, begun.dag_id, begun.marks))
            if begun.deed == Deed.PAUSE:
                return _of_pause(begun, Control(airflow, session, _resuming(begun)).outcome)
            return _of_dag(session, begun)

    def undo(request: UndoRequest, _call: Call[Nothing]) -> UndoOutcome:
        airflow.require_writable("undoing")
        begun = _deed_meant(airflow, request)
        if begun.deed in MARKS:
            return write(airflow, "undo it", lambda session: _undo_marks(airflow, session, begun))
        undoes: dict[str, Detail] = {UNDOES: begun.number}
        if begun.deed == Deed.PAUSE:
            resuming = _resuming(begun)
            outcome, _ = write(
                airflow, "undo it", lambda session: carry_out(airflow, session, resuming, undoes)
            )
            return _of_pause(begun, outcome)
        with airflow.session() as session:
            unpausing = _of_dag(session, begun)
        remarks = pause_dag(airflow, begun.dag_id, is_paused=False, more=undoes)
        return replace(unpausing, remarks=remarks)

    server.handle(PREVIEW_UNDO, preview)
    server.handle(UNDO_METHOD, undo)


def _deed_meant(airflow: AirflowEnvironment, request: UndoRequest) -> JournalEntry:
    """The first line of the deed that is meant; all lines are looked at, and only that one is read whole."""
    meant = deed_meant(airflow.journal.outlines(), request)
    return airflow.journal.beginning(meant.number) or meant


def _undo_marks(airflow: AirflowEnvironment, session: Session, begun: JournalEntry) -> UndoOutcome:
    undoing = MarkUndoing(session, begun.dag_id, begun.marks, lock=True)
    outcome = _of_marks(begun, undoing)
    if not outcome.changes:
        return outcome
    details: dict[str, Detail] = {UNDOES: begun.number, "task_instances": outcome.tasks}
    runs = runs_before(session, begun.dag_id, undoing.runs)
    with airflow.journal.deed(UNDO, begun.dag_id, runs=runs, details=details) as opened:
        undoing.carry_out()
        session.commit()
    return replace(outcome, remarks=opened.remarks)


def _of_marks(begun: JournalEntry, undoing: MarkUndoing) -> UndoOutcome:
    return UndoOutcome(
        number=begun.number,
        deed=begun.deed,
        at=begun.at,
        user=begun.user,
        dag_id=begun.dag_id,
        tasks=undoing.tasks,
        run_ids=tuple(RunId(run.run_id) for run in undoing.runs),
        starting=undoing.going_on,
        left_alone=(*undoing.left_alone, *_gone_on(begun)),
    )


def _gone_on(begun: JournalEntry) -> Iterator[LeftAlone]:
    """The runs that the mark set going again: of these it kept nothing that could be put back."""
    kept = {mark.run_id for mark in begun.marks}
    return (LeftAlone(run_id=run.run_id, reason=RAN_AGAIN) for run in begun.runs if run.run_id not in kept)


def _resuming(begun: JournalEntry) -> ControlRequest:
    return ControlRequest(backfill_id=BackfillId(begun.backfill_id or 0), deed=Deed.RESUME)


def _of_pause(begun: JournalEntry, outcome: ControlOutcome) -> UndoOutcome:
    if not outcome.changed:
        raise Refused(f"Backfill {outcome.backfill_id} is not paused any more", remedy=_NOTHING_LEFT)
    return UndoOutcome(
        number=begun.number,
        deed=begun.deed,
        at=begun.at,
        user=begun.user,
        dag_id=begun.dag_id,
        backfill_id=outcome.backfill_id,
        starting=outcome.starting,
        remarks=outcome.remarks,
    )


def _of_dag(session: Session, begun: JournalEntry) -> UndoOutcome:
    dag = session.get(DagModel, begun.dag_id)
    if dag is None or not dag.is_paused:
        is_ = "is gone" if dag is None else "is not paused any more"
        raise Refused(f"{one_line(begun.dag_id)} {is_}", remedy=_NOTHING_LEFT)
    unfinished = select(func.count()).where(
        DagRun.dag_id == begun.dag_id, DagRun.state.in_((DagRunState.QUEUED, DagRunState.RUNNING))
    )
    return UndoOutcome(
        number=begun.number,
        deed=begun.deed,
        at=begun.at,
        user=begun.user,
        dag_id=begun.dag_id,
        starting=session.scalar(unfinished) or 0,
    )
