"""What pausing, resuming, stopping and mending a backfill does and did, in words."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.control import ControlOutcome, Deed
from backfill_tui.domain.deed_words import (
    NOTHING_STARTS,
    NOTHING_STOPS,
    after_teardowns,
    marked_failed,
    never_starting,
    starting,
    to_the_end,
    unharmed,
)
from backfill_tui.domain.numbers import agreed
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.ui.text import count, in_words

CHOICES: Final = {Deed.CANCEL: "queued runs only", Deed.CANCEL_RUNNING: "running ones too"}
"""What the two ways to cancel are called where both are offered."""

_FOR_GOOD: Final = "It can not be resumed then: plan its dates again to run them"
WARNINGS: Final = {Deed.CANCEL: _FOR_GOOD, Deed.CANCEL_RUNNING: _FOR_GOOD}
"""What has to be said loudly before a deed."""

_DONE: Final = {
    Deed.PAUSE: "paused",
    Deed.RESUME: "resumed",
    Deed.CANCEL: "cancelled",
    Deed.CANCEL_RUNNING: "cancelled",
    Deed.REOPEN: "active again",
    Deed.REMOVE: "out of the way",
}


def consequences(outcome: ControlOutcome, subject: BackfillSummary) -> list[str]:
    """What a deed would do, a sentence a line, the most important first; at least one."""
    counts, most = subject.counts, subject.facts.max_active_runs
    if not outcome.changed:
        return [f"It is {_DONE[outcome.deed]} already", *outcome.remarks]
    told: list[str] = []
    if outcome.deed is Deed.PAUSE:
        waiting = (
            f": {count(counts.queued, 'queued run')} {agreed(counts.queued, 'wait')} until it is resumed"
        )
        told = ["No further run starts" + (waiting if counts.queued else "")]
        if outcome.left_running:
            told.append(unharmed(outcome.left_running))
    elif outcome.deed is Deed.RESUME:
        told = [_starting(outcome.starting, most)]
    elif outcome.deed is Deed.REOPEN:
        left = f"{counts.running:,} running and {counts.queued:,} queued"
        told = [
            f"Airflow counts it as complete, with {left}",
            "Reopened, it is active, and can be paused and cancelled again",
            "No run is started or stopped by this",
        ]
    elif outcome.deed is Deed.REMOVE:
        told = [
            "It has no run: its creation died before it made one",
            "Airflow counts it as active, so it refuses another for this Dag",
        ]
    else:
        told = _stopped(outcome) or [NOTHING_STOPS]
    return [*told, *map(one_line, outcome.remarks)]


def done_words(outcome: ControlOutcome) -> str:
    """What a deed did, for the notice: `Backfill 7 is paused: 4 running go on to their end`.

    Only what became of its runs: the screen shows the rest.
    """
    name = f"Backfill {outcome.backfill_id}"
    if not outcome.changed:
        words = f"{name} was {_DONE[outcome.deed]} already"
    else:
        words = f"{name} is {_DONE[outcome.deed]}"
        details = (
            [_starting(outcome.starting, None)] if outcome.deed is Deed.RESUME else _runs_stopped(outcome)
        )
        if details:
            words += f": {in_words(details)}"
    return ". ".join([words, *map(one_line, outcome.remarks)])


def _stopped(outcome: ControlOutcome) -> list[str]:
    """What becomes of the runs of a backfill that is cancelled, and of their task instances."""
    told = _runs_stopped(outcome)
    if outcome.ended_tasks or outcome.skipped_tasks:
        told.append(_tasks(outcome.ended_tasks, outcome.skipped_tasks))
    if outcome.teardowns:
        told.append(f"{count(outcome.teardowns, 'run')} {after_teardowns(outcome.teardowns)}")
    return told


def _runs_stopped(outcome: ControlOutcome) -> list[str]:
    """What becomes of the runs of a backfill that is paused or cancelled."""
    told = []
    if outcome.stopped_queued:
        told.append(
            f"{count(outcome.stopped_queued, 'queued run')} never {agreed(outcome.stopped_queued, 'run')}"
        )
    if outcome.left_running:
        told.append(f"{outcome.left_running:,} running {to_the_end(outcome.left_running)}")
    if outcome.stopped_running:
        told.append(marked_failed(outcome.stopped_running))
    return told


def _tasks(ended: int, skipped: int) -> str:
    if not ended:
        return never_starting(skipped)
    words = f"{count(ended, 'task instance')} under way {agreed(ended, 'end')}"
    return f"{words}, {skipped:,} never {agreed(skipped, 'start')}" if skipped else words


def _starting(number: int, most: int | None) -> str:
    if not number:
        return "no run of it is queued" if most is None else NOTHING_STARTS
    words = starting(number)
    return words if most is None or number == 1 else f"{words}, at most {most:,} at a time"
