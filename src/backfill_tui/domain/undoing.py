"""Taking back a deed that was done from here, where there is a way back; and why there is none where not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timezone
from typing import Final

from backfill_tui.domain.control import Deed
from backfill_tui.domain.ids import BackfillId, DagId, RunId
from backfill_tui.domain.instants import SECOND, Instant, to_datetime
from backfill_tui.domain.journal import JournalEntry, Phase
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.problems import BadRequest, NotThere, Refused
from backfill_tui.domain.repairing import LeftAlone
from backfill_tui.domain.text import one_line

MARK_SUCCESS: Final = "mark_success"
MARK_FAILED: Final = "mark_failed"
MARKS: Final = frozenset({MARK_SUCCESS, MARK_FAILED})
UNDO: Final = "undo"
PAUSE_DAG: Final = "pause_dag"
UNDOES: Final = "undoes"
"""The detail of a deed in the journal that takes another one back: the number of that."""

RAN_AGAIN: Final = "what failed downstream of what was marked in it has run again since"
"""Why of a mark there is no way back in a run."""

_SHOWN_DIGITS: Final = 8
_UNDONE: Final = "undone"
_NO: Final = "no"
UNDO_WORDS: Final = frozenset({_UNDONE, _NO})
"""What the journal says of a deed that can not be taken back, or not any more."""

_NO_WAY: Final[dict[str, str]] = {
    "launch": "runs were made and may have run: cancel the backfill instead",
    "rerun": "what was cleared has lost its states: wait for its end, or mark it",
    "unpause_dag": "what has started goes on: pause the Dag instead",
    str(Deed.RESUME): "what has started goes on: pause the backfill instead",
    str(Deed.CANCEL): "a cancelled backfill can not be resumed: launch its dates again",
    str(Deed.CANCEL_RUNNING): "the processes of its tasks have ended: launch its dates again",
    str(Deed.REOPEN): "Airflow marks it complete by itself, once its runs have ended",
    str(Deed.REMOVE): "the row is gone from the database, and it had no run",
    UNDO: "it takes back another deed: do that again instead",
}
_NOT_DONE: Final = {
    Phase.BEGUN: "it did not end, so nobody knows how far it came: look at it first",
    Phase.UNDONE: "nothing of it is left",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoRequest:
    """Which deed to take back: by the beginning of its number, else the last, of a Dag if one is given."""

    number: str = ""
    dag_id: DagId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOutcome:
    """What an undoing puts back (dry) or has put back.

    `number`, `deed`, `at` and `user` are those of the deed that is taken back. `tasks` are the task instances
    that get back their states, `run_ids` the runs in which anything does. `starting` runs that have not ended
    may start, or go on. `left_alone` are runs that stay as they are, or in part, with the reason. `remarks`
    are sentences on what else is to be known.
    """

    number: str
    deed: str
    at: Instant
    user: str
    dag_id: DagId
    backfill_id: BackfillId | None = None
    tasks: int = 0
    run_ids: tuple[RunId, ...] = ()
    starting: int = 0
    left_alone: tuple[LeftAlone, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything is put back."""
        return bool(self.run_ids) or self.deed not in MARKS


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDeed:
    """One deed of the journal: its first line, how far it has come, and whether it was taken back since."""

    begun: JournalEntry
    phase: Phase
    details: Mapping[str, str | int | bool | None]
    undone: bool = False

    @property
    def no_way_back(self) -> str:
        """Why it can not be taken back; empty where it can."""
        if self.undone:
            return "it was undone already"
        if self.phase is not Phase.DONE:
            return _NOT_DONE[self.phase]
        if UNDOES in self.details:
            return _NO_WAY[UNDO]
        if self.begun.deed in MARKS:
            return "" if self.begun.has_marks else "what it touched has run again since"
        if self.begun.deed == PAUSE_DAG and self.details.get("was_paused"):
            return "the Dag was paused before it"
        return _NO_WAY.get(self.begun.deed, "")


def past_deeds(entries: Iterable[JournalEntry]) -> dict[str, PastDeed]:
    """The deeds of a journal by number, the oldest first."""
    begun: dict[str, JournalEntry] = {}
    last: dict[str, JournalEntry] = {}
    undone: set[object] = set()
    for entry in entries:
        begun.setdefault(entry.number, entry)
        last[entry.number] = entry
        if entry.phase is Phase.DONE and UNDOES in entry.details:
            undone.add(entry.details[UNDOES])
    return {
        number: PastDeed(
            begun=entry, phase=last[number].phase, details=last[number].details, undone=number in undone
        )
        for number, entry in begun.items()
    }


def deed_meant(entries: Iterable[JournalEntry], request: UndoRequest) -> JournalEntry:
    """The first line of the deed that is to be taken back; outlines of the entries are enough.

    Raises NotThere when there is none, BadRequest for a number that several begin with, and Refused, with
    why, for one that there is no way back from.
    """
    deeds = past_deeds(entries)
    if request.number:
        found = [past for number, past in deeds.items() if number.startswith(request.number)]
    else:
        found = [past for past in deeds.values() if _may_be_meant(past, request)][-1:]
    if len(found) > 1:
        raise BadRequest(
            f'{len(found)} deeds of the journal begin with "{one_line(request.number)}"',
            remedy="give more of the number",
        )
    if not found:
        what = f'"{one_line(request.number)}"' if request.number else "to be undone"
        raise NotThere(f"There is nothing {what} in the journal", remedy="the command journal lists it all")
    (past,) = found
    if why := past.no_way_back:
        words = past.begun.deed.replace("_", " ")
        last = "" if request.number else "the last deed, "
        article = "an" if words[0] in "aeiou" else "a"
        raise Refused(f"There is no way back from {last}{article} {words}", remedy=why)
    return past.begun


def _may_be_meant(past: PastDeed, request: UndoRequest) -> bool:
    return (
        past.phase is Phase.DONE
        and not past.undone
        and UNDOES not in past.details
        and request.dag_id in {None, past.begun.dag_id}
    )


def undo_word(past: PastDeed) -> str:
    """What the journal says of its undoing: the number to name, or one of `UNDO_WORDS`."""
    if past.undone:
        return _UNDONE
    return _NO if past.no_way_back else past.begun.number[:_SHOWN_DIGITS]


def deed_words(outcome: UndoOutcome) -> str:
    """The deed that is taken back, with when and by whom: `mark failed of 2024-06-01 11:00 UTC, by you`."""
    at = to_datetime(Instant(outcome.at - outcome.at % SECOND), timezone.utc)
    return one_line(f"{outcome.deed.replace('_', ' ')} of {at:%Y-%m-%d %H:%M} UTC, by {outcome.user}")


def undo_words(outcome: UndoOutcome) -> list[str]:
    """What it puts back and what not, a sentence each, the most important first."""
    if outcome.deed == PAUSE_DAG:
        so = f": {counted(outcome.starting, 'run')} may start or go on" if outcome.starting else ""
        return [f"{one_line(outcome.dag_id)} is unpaused, so its runs may start again{so}"]
    if outcome.deed == Deed.PAUSE:
        starting = f": {counted(outcome.starting, 'queued run')} can start" if outcome.starting else ""
        return [f"Backfill {outcome.backfill_id} is resumed{starting}"]
    if not outcome.changes:
        return ["Nothing of it is left to put back"]
    runs, tasks = counted(len(outcome.run_ids), "run"), outcome.tasks
    what = f"{counted(tasks, 'task instance')} of {runs}" if tasks else runs
    one = tasks == 1 or (not tasks and len(outcome.run_ids) == 1)
    return [f"{what} {'gets back the state it' if one else 'get back the states they'} had before"]
