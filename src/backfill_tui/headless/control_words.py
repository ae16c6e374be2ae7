"""What pausing, resuming, stopping and mending a backfill does, and what it does not stop, in sentences."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.control import ControlOutcome, Deed
from backfill_tui.domain.deed_words import (
    NOTHING_STARTS,
    NOTHING_STOPS,
    VERBS,
    after_teardowns,
    going_on,
    marked_failed,
    never_starting,
    starting,
    unharmed,
)
from backfill_tui.domain.numbers import agreed, counted
from backfill_tui.domain.text import one_line

_ALREADY: Final = {
    Deed.PAUSE: "is already paused",
    Deed.RESUME: "is not paused",
    Deed.CANCEL: "is already cancelled",
    Deed.CANCEL_RUNNING: "is already cancelled, its running runs too",
    Deed.REOPEN: "is active already",
    Deed.REMOVE: "is removed already",
}
_DONE: Final = {
    Deed.PAUSE: "is paused",
    Deed.RESUME: "is no longer paused",
    Deed.CANCEL: "is cancelled",
    Deed.CANCEL_RUNNING: "is cancelled, its running runs too",
    Deed.REOPEN: "is active again",
    Deed.REMOVE: "is removed",
}


def question(outcome: ControlOutcome) -> str:
    """`Cancel backfill 7 of sales, its running runs too?`."""
    verb = VERBS[outcome.deed].capitalize()
    too = ", its running runs too" if outcome.deed is Deed.CANCEL_RUNNING and outcome.stopped_running else ""
    return f"{verb} backfill {outcome.backfill_id} of {one_line(outcome.dag_id)}{too}?"


def already(outcome: ControlOutcome) -> str:
    """That it was so before, and nothing was done."""
    return f"Backfill {outcome.backfill_id} of {one_line(outcome.dag_id)} {_ALREADY[outcome.deed]}"


def done(outcome: ControlOutcome) -> str:
    """That it is done."""
    return f"Backfill {outcome.backfill_id} of {one_line(outcome.dag_id)} {_DONE[outcome.deed]}"


def consequences(outcome: ControlOutcome) -> list[str]:
    """What it does and what it does not stop, a sentence each, the most important first."""
    told = _OF_DEED[outcome.deed](outcome)
    return [*told, *map(one_line, outcome.remarks)]


def _pausing(outcome: ControlOutcome) -> list[str]:
    left = [unharmed(outcome.left_running)] if outcome.left_running else []
    return ["No further run of it starts until it is resumed", *left]


def _resuming(outcome: ControlOutcome) -> list[str]:
    return [starting(outcome.starting) if outcome.starting else NOTHING_STARTS]


def _cancelling(outcome: ControlOutcome) -> list[str]:
    told = _stopping(outcome)
    if outcome.left_running:
        both = "it" if outcome.left_running == 1 else "them"
        told.append(f"{going_on(outcome.left_running)}: --running stops {both} too")
    return [*told, _NO_WAY_BACK]


def _cancelling_running(outcome: ControlOutcome) -> list[str]:
    told = _stopping(outcome)
    if outcome.left_running:
        told.append(going_on(outcome.left_running))
    return [*told, _NO_WAY_BACK]


def _stopping(outcome: ControlOutcome) -> list[str]:
    told = []
    if outcome.stopped_queued:
        told.append(f"{counted(outcome.stopped_queued, 'queued run')} will never run")
    if outcome.stopped_running:
        told.append(f"{marked_failed(outcome.stopped_running)}{_of_tasks(outcome)}")
    if outcome.teardowns:
        told.append(f"{outcome.teardowns:,} of them {after_teardowns(outcome.teardowns)} have run")
    return told or [NOTHING_STOPS]


def _of_tasks(outcome: ControlOutcome) -> str:
    ended, skipped = outcome.ended_tasks, outcome.skipped_tasks
    under_way = f"{counted(ended, 'task instance')} that {agreed(ended, 'be')} under way"
    words = f", which ends {under_way}" if ended else ""
    return f"{words}; {never_starting(skipped)}" if skipped else words


def _reopening(_outcome: ControlOutcome) -> list[str]:
    return [
        "Airflow counts it as complete, though runs of it are unfinished",
        "Reopened, it can be paused and cancelled again; no run starts or stops by that",
    ]


def _removing(_outcome: ControlOutcome) -> list[str]:
    return [
        "It has no run: its creation died before it had made one",
        "Airflow counts it as active, and so refuses another backfill of its Dag; removing it touches no run",
    ]


_NO_WAY_BACK: Final = (
    "A cancelled backfill can not be resumed: launch its dates again, with --reprocess-behavior failed"
)
_OF_DEED: Final = {
    Deed.PAUSE: _pausing,
    Deed.RESUME: _resuming,
    Deed.CANCEL: _cancelling,
    Deed.CANCEL_RUNNING: _cancelling_running,
    Deed.REOPEN: _reopening,
    Deed.REMOVE: _removing,
}
