"""The commands `pause`, `resume`, `cancel`, `reopen` and `remove`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.domain.deed_words import DOING
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.problems import Refused
from backfill_tui.domain.text import one_line
from backfill_tui.forms import encode
from backfill_tui.headless.control_words import already, consequences, done, question
from backfill_tui.headless.interrupts import deferred_interrupt
from backfill_tui.headless.remedies import control_in_commands
from backfill_tui.headless.session import Session


def control(session: Session, number: int, deed: Deed, *, yes: bool) -> int:
    """Say what the deed does to a backfill and what it does not stop, ask, and do it.

    A backfill that is so already is left as it is.
    """
    session.refuse_writes(f"{DOING[deed]} a backfill")
    session.open()
    request = ControlRequest(backfill_id=BackfillId(number), deed=deed)
    preview = _in_commands(session, request, session.gateway.preview_control)
    if not preview.changed:
        return _leave(session, preview)
    for sentence in consequences(preview):
        session.voice.say(sentence)
    session.confirm(question(preview), yes=yes)
    if deed is Deed.RESUME:
        session.start_engine()
    with deferred_interrupt():
        # It is done wholly or not at all, and which of the two is to be known.
        outcome = _in_commands(session, request, session.gateway.control)
    if not outcome.changed:
        return _leave(session, outcome)
    session.voice.say(done(outcome))
    _tell_what_is_new(session, preview, outcome)
    if deed is Deed.RESUME:
        session.voice.say(_how_it_goes_on(session, outcome))
    if deed is Deed.PAUSE:
        session.voice.say(_as_a_sentence(session.how_to_resume(outcome.backfill_id)))
    _show(session, outcome)
    return 0


def _leave(session: Session, outcome: ControlOutcome) -> int:
    session.voice.say(already(outcome))
    for remark in outcome.remarks:
        session.voice.say(one_line(remark))
    if outcome.deed is Deed.RESUME:
        # Whoever resumes it wants it to go on, also where only the engine stands still.
        session.start_engine()
    _show(session, outcome)
    return 0


def _tell_what_is_new(session: Session, preview: ControlOutcome, outcome: ControlOutcome) -> None:
    """What it touched, where that is no longer what was said before."""
    before = consequences(preview)
    for sentence in consequences(outcome):
        if sentence not in before:
            session.voice.say(sentence)


def _in_commands(
    session: Session, request: ControlRequest, ask: Callable[[ControlRequest], ControlOutcome]
) -> ControlOutcome:
    """The answer, or the refusal, with its next steps as one would type them."""

    def typed(remedy: str) -> str:
        return control_in_commands(remedy, request.backfill_id, session)

    try:
        outcome = ask(request)
    except Refused as refused:
        raise type(refused)(refused.message, remedy=typed(refused.remedy), detail=refused.detail) from refused
    parted = (remark.rpartition(": ") for remark in outcome.remarks)
    return replace(outcome, remarks=tuple(f"{what}{colon}{typed(rest)}" for what, colon, rest in parted))


def _how_it_goes_on(session: Session, outcome: ControlOutcome) -> str:
    facts = (each.facts for each in session.gateway.backfills(outcome.dag_id))
    is_dag_paused = any(each.dag_is_paused for each in facts if each.backfill_id == outcome.backfill_id)
    return session.how_to_watch(outcome.backfill_id, paused=outcome.dag_id if is_dag_paused else None)


def _as_a_sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _show(session: Session, outcome: ControlOutcome) -> None:
    if session.as_json:
        session.paper.json(encode.control(outcome))
