"""The command `undo`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.text import one_line
from backfill_tui.domain.undoing import UndoOutcome, UndoRequest, deed_words, undo_words
from backfill_tui.forms import encode
from backfill_tui.headless.interrupts import deferred_interrupt
from backfill_tui.headless.left_alone import tell_what_stays
from backfill_tui.headless.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoWish:
    """What was typed; without the number of a deed the last one is meant, of the Dag if one is named."""

    number: str = ""
    dag_id: str | None = None
    dry_run: bool = False
    yes: bool = False


def undo(session: Session, wish: UndoWish) -> int:
    """Say which deed is meant and what gets back its state, ask, and put it back."""
    if not wish.dry_run:
        session.refuse_writes("Undoing")
    session.open()
    dag_id = None if wish.dag_id is None else DagId(wish.dag_id)
    preview = session.gateway.preview_undo(UndoRequest(number=wish.number, dag_id=dag_id))
    session.voice.say(f"The deed is {preview.number} on {one_line(preview.dag_id)}: {deed_words(preview)}")
    _tell(session, preview)
    _tell_remarks(session, preview.remarks)
    if wish.dry_run or not preview.changes:
        _show(session, preview, done=False)
        return 0
    session.confirm(f"Undo the {deed_words(preview)}?", yes=wish.yes)
    if preview.starting:
        session.start_engine()
    with deferred_interrupt():
        # It is done wholly or not at all, and which of the two is to be known.
        outcome = session.gateway.undo(UndoRequest(number=preview.number))
    if outcome.left_alone != preview.left_alone or outcome.tasks != preview.tasks:
        _tell(session, outcome)
    session.voice.say("Undone" if outcome.changes else "Nothing was undone")
    _tell_remarks(session, (remark for remark in outcome.remarks if remark not in preview.remarks))
    _show(session, outcome, done=outcome.changes)
    return 0


def _tell(session: Session, outcome: UndoOutcome) -> None:
    for sentence in undo_words(outcome):
        session.voice.say(sentence)
    tell_what_stays(session, outcome.left_alone)


def _tell_remarks(session: Session, remarks: Iterable[str]) -> None:
    for remark in remarks:
        session.voice.say(one_line(remark))


def _show(session: Session, outcome: UndoOutcome, *, done: bool) -> None:
    if session.as_json:
        session.paper.json({**encode.undo(outcome), "undone": done})
