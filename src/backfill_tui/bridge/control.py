"""Answers `preview_control` and `control`: a deed is done in one transaction, and is in the journal.

On SQLite a cancel is followed by a second look, see `late_starters`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from backfill_tui.bridge.control_deeds import Control, runs_are
from backfill_tui.bridge.journal import Detail
from backfill_tui.bridge.late_starters import SECOND_LOOK_SECONDS, late_starters, take_back
from backfill_tui.bridge.runs_before import runs_before
from backfill_tui.bridge.write_session import write
from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.wire.methods import CONTROL, PREVIEW_CONTROL, Nothing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.server import Call, Server

_WORDS: Final = {
    Deed.PAUSE: "pausing a backfill",
    Deed.RESUME: "resuming a backfill",
    Deed.CANCEL: "cancelling a backfill",
    Deed.CANCEL_RUNNING: "cancelling a backfill",
    Deed.REOPEN: "reopening a backfill",
    Deed.REMOVE: "removing a backfill",
}


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `preview_control` and `control`."""

    def preview(request: ControlRequest, _call: Call[Nothing]) -> ControlOutcome:
        with airflow.session() as session:
            return Control(airflow, session, request).outcome

    def control(request: ControlRequest, _call: Call[Nothing]) -> ControlOutcome:
        airflow.require_writable(_WORDS[request.deed])
        outcome, late = write(airflow, "try", lambda session: carry_out(airflow, session, request))
        if not late:
            return outcome
        time.sleep(SECOND_LOOK_SECONDS)
        return write(airflow, "try", lambda session: _look_again(airflow, session, outcome, late))

    server.handle(PREVIEW_CONTROL, preview)
    server.handle(CONTROL, control)


def carry_out(
    airflow: AirflowEnvironment,
    session: Session,
    request: ControlRequest,
    more: Mapping[str, Detail] = MappingProxyType({}),
) -> tuple[ControlOutcome, frozenset[int]]:
    """What was done, and the ids of cancelled runs that a scheduler may have in hand at this moment.

    `more` are details for the journal.
    """
    control = Control(airflow, session, request, lock=True)
    outcome = control.outcome
    if not outcome.changed:
        return outcome, frozenset()
    late = control.in_hand_of_scheduler()
    with airflow.journal.deed(
        request.deed,
        outcome.dag_id,
        backfill_id=request.backfill_id,
        runs=control.runs_before(),
        details={**control.details(), **more},
    ) as opened:
        control.carry_out()
        session.commit()
    control.tell_listeners()
    return _with_remarks(outcome, opened.unwritten), late


def _look_again(
    airflow: AirflowEnvironment, session: Session, outcome: ControlOutcome, cancelled: frozenset[int]
) -> ControlOutcome:
    """Stop what has started in spite of a cancel."""
    runs = late_starters(session, cancelled)
    if not runs:
        return outcome
    before = runs_before(session, outcome.dag_id, runs)
    details: dict[str, Detail] = {"started_meanwhile": len(runs)}
    with airflow.journal.deed(
        outcome.deed, outcome.dag_id, backfill_id=outcome.backfill_id, runs=before, details=details
    ) as opened:
        going = [run for run in runs if not take_back(session, run)]
        session.commit()
    if opened.unwritten not in outcome.remarks:
        outcome = _with_remarks(outcome, opened.unwritten)
    if not going:
        return outcome
    outcome = replace(
        outcome,
        stopped_queued=outcome.stopped_queued - len(going),
        left_running=outcome.left_running + len(going),
    )
    remedy = ": cancel the running runs too, to end them"
    return _with_remarks(
        outcome, f"{runs_are(len(going), 'has', 'have')} started at this very moment{remedy}"
    )


def _with_remarks(outcome: ControlOutcome, *remarks: str) -> ControlOutcome:
    return replace(outcome, remarks=(*outcome.remarks, *(remark for remark in remarks if remark)))
