"""What pausing, resuming, stopping and mending a backfill does, and what it does not stop, in sentences."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.control import ControlOutcome, Deed
from backfill_tui.domain.text import one_line
from backfill_tui.headless.session import counted

DOING: Final = {
    Deed.PAUSE: "Pausing",
    Deed.RESUME: "Resuming",
    Deed.CANCEL: "Cancelling",
    Deed.CANCEL_RUNNING: "Cancelling",
    Deed.REOPEN: "Reopening",
    Deed.REMOVE: "Removing",
}
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
    verb = {Deed.CANCEL_RUNNING: "Cancel"}.get(outcome.deed, str(outcome.deed).capitalize())
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
    going_on = [f"{_going_on(outcome)}: pausing stops nothing"] if outcome.left_running else []
    return ["No further run of it starts until it is resumed", *going_on]


def _resuming(outcome: ControlOutcome) -> list[str]:
    if not outcome.starting:
        return ["None of its runs is queued, so none starts"]
    return [f"{counted(outcome.starting, 'queued run')} can start"]


def _cancelling(outcome: ControlOutcome) -> list[str]:
    told = _stopping(outcome)
    if outcome.left_running:
        both = "it" if outcome.left_running == 1 else "them"
        told.append(f"{_going_on(outcome)}: --running stops {both} too")
    return [*told, _NO_WAY_BACK]


def _cancelling_running(outcome: ControlOutcome) -> list[str]:
    told = _stopping(outcome)
    if outcome.left_running:
        told.append(_going_on(outcome))
    return [*told, _NO_WAY_BACK]


def _stopping(outcome: ControlOutcome) -> list[str]:
    told = []
    if outcome.stopped_queued:
        told.append(f"{counted(outcome.stopped_queued, 'queued run')} will never run")
    if outcome.stopped_running:
        is_marked = "is" if outcome.stopped_running == 1 else "are"
        marked = f"{counted(outcome.stopped_running, 'running run')} {is_marked} marked failed"
        told.append(f"{marked}{_of_tasks(outcome)}")
    if outcome.teardowns:
        end, their = ("ends", "its") if outcome.teardowns == 1 else ("end", "their")
        told.append(f"{outcome.teardowns:,} of them {end} only after {their} teardown tasks have run")
    return told or ["It has nothing left to stop"]


def _of_tasks(outcome: ControlOutcome) -> str:
    ended, skipped = outcome.ended_tasks, outcome.skipped_tasks
    is_under_way = "is" if ended == 1 else "are"
    words = f", which ends {counted(ended, 'task instance')} that {is_under_way} under way" if ended else ""
    starts = "starts" if skipped == 1 else "start"
    return f"{words}; {counted(skipped, 'task instance')} never {starts}" if skipped else words


def _going_on(outcome: ControlOutcome) -> str:
    one = outcome.left_running == 1
    goes = "goes on to its end" if one else "go on to their end"
    return f"{counted(outcome.left_running, 'running run')} {goes}"


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
