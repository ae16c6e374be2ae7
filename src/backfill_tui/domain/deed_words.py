"""What pausing, resuming, stopping and mending a backfill is called, and does to runs, in words."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.control import Deed
from backfill_tui.domain.numbers import agreed, counted, their

VERBS: Final = {
    Deed.PAUSE: "pause",
    Deed.RESUME: "resume",
    Deed.CANCEL: "cancel",
    Deed.CANCEL_RUNNING: "cancel",
    Deed.REOPEN: "reopen",
    Deed.REMOVE: "remove",
}
DOING: Final = {
    Deed.PAUSE: "Pausing",
    Deed.RESUME: "Resuming",
    Deed.CANCEL: "Cancelling",
    Deed.CANCEL_RUNNING: "Cancelling",
    Deed.REOPEN: "Reopening",
    Deed.REMOVE: "Removing",
}
NOTHING_STARTS: Final = "None of its runs is queued, so none starts"
NOTHING_STOPS: Final = "It has nothing left to stop"


def starting(queued: int) -> str:
    """`3 queued runs can start`."""
    return f"{counted(queued, 'queued run')} can start"


def going_on(running: int) -> str:
    """`1 running run goes on to its end`."""
    return f"{counted(running, 'running run')} {to_the_end(running)}"


def to_the_end(number: int) -> str:
    """`go on to their end`."""
    return f"{agreed(number, 'go')} on to {their(number)} end"


def unharmed(running: int) -> str:
    """What a pause leaves alone."""
    return f"{going_on(running)}: pausing stops nothing"


def marked_failed(running: int) -> str:
    """`2 running runs are marked failed`."""
    return f"{counted(running, 'running run')} {agreed(running, 'be')} marked failed"


def never_starting(skipped: int) -> str:
    """`2 task instances never start`."""
    return f"{counted(skipped, 'task instance')} never {agreed(skipped, 'start')}"


def after_teardowns(runs: int) -> str:
    """`end only after their teardown tasks`, of so many runs."""
    return f"{agreed(runs, 'end')} only after {their(runs)} teardown tasks"
