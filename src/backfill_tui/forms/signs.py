"""The signs of a picture: for every state a shape of its own, a word and a colour; never colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.progress import kinds_of
from backfill_tui.domain.states import CODES, TaskState
from backfill_tui.domain.watching import RunRow


@dataclass(frozen=True, slots=True)
class Sign:
    """A shape in a square of 10, drawn in `currentColor`, its word, and the class that gives the colour.

    `name` is its id in a document; shapes are strokes of width 1.6 unless they say otherwise.
    """

    name: str
    word: str
    colour: str
    shape: str


_FULL: Final = '<rect x="1" y="1" width="8" height="8" fill="currentColor" stroke="none"/>'
_CROSS: Final = '<path d="M1.5 1.5l7 7M8.5 1.5l-7 7"/>'
_TRIANGLE: Final = '<path d="M5 1.4L8.8 8.4H1.2z"/>'
_PLAY: Final = '<path d="M2 1.2L9 5L2 8.8z" fill="currentColor" stroke="none"/>'
_QUARTER: Final = '<circle cx="5" cy="5" r="3.6"/><path d="M5 5V1.4A3.6 3.6 0 0 1 8.6 5z"/>'
_DOT: Final = '<circle cx="5" cy="5" r="1.7" fill="currentColor" stroke="none"/>'
_SPECK: Final = '<circle cx="5" cy="5" r="0.9" fill="currentColor" stroke="none"/>'
_AGAIN: Final = '<path d="M8.4 5A3.4 3.4 0 1 1 6.6 2M6.2 0.4L6.9 2.2L5 3"/>'
_RESTART: Final = '<path d="M8.4 5A3.4 3.4 0 1 1 6.6 2M6.2 0.4L6.9 2.2L5 3M5 4.4V5.6"/>'
_CLOCK: Final = '<circle cx="5" cy="5" r="3.8"/><path d="M5 2.6V5L6.8 6"/>'
_HOURGLASS: Final = '<path d="M2 1.5H8L2 8.5H8z"/>'
_ASKS: Final = '<path d="M3 3.4A2 2 0 1 1 5 5.4V6.4M5 8.2V8.9"/>'
_DASH: Final = '<path d="M1.8 5H8.2"/>'
_SMALL_CROSS: Final = '<path d="M3.2 3.2l3.6 3.6M6.8 3.2l-3.6 3.6"/>'
_PLUS: Final = '<path d="M5 1.5V8.5M1.5 5H8.5"/>'
_BARRED: Final = '<circle cx="5" cy="5" r="3.6"/><path d="M2.5 7.5L7.5 2.5"/>'
_AWAY: Final = '<path d="M1.8 8.2L8 2M3.6 2H8V6.4"/>'
_DOTTED: Final = '<circle cx="5" cy="5" r="3.6" stroke-dasharray="1.6 1.2"/>'

TASK_SIGNS: Final[dict[TaskState, Sign]] = {
    TaskState.SUCCESS: Sign("success", "success", "good", _FULL),
    TaskState.FAILED: Sign("failed", "failed", "bad", _CROSS),
    TaskState.UPSTREAM_FAILED: Sign("upstream-failed", "upstream failed", "odd", _TRIANGLE),
    TaskState.RUNNING: Sign("running", "running", "busy", _PLAY),
    TaskState.QUEUED: Sign("queued", "queued", "calm", _QUARTER),
    TaskState.SCHEDULED: Sign("scheduled", "scheduled", "calm", _DOT),
    TaskState.NONE: Sign("no-status", "no status yet", "calm", _SPECK),
    TaskState.UP_FOR_RETRY: Sign("up-for-retry", "up for retry", "again", _AGAIN),
    TaskState.RESTARTING: Sign("restarting", "restarting", "again", _RESTART),
    TaskState.UP_FOR_RESCHEDULE: Sign("up-for-reschedule", "up for reschedule", "later", _CLOCK),
    TaskState.DEFERRED: Sign("deferred", "deferred", "later", _HOURGLASS),
    TaskState.AWAITING_INPUT: Sign("awaiting-input", "awaiting input", "busy", _ASKS),
    TaskState.SKIPPED: Sign("skipped", "skipped", "calm", _DASH),
    TaskState.REMOVED: Sign("removed", "removed", "calm", _SMALL_CROSS),
    TaskState.ABSENT: Sign("absent", "not in this run", "calm", ""),
}

DATE_SIGNS: Final[dict[str, Sign]] = {
    "failed": TASK_SIGNS[TaskState.FAILED],
    "running": TASK_SIGNS[TaskState.RUNNING],
    "queued": TASK_SIGNS[TaskState.QUEUED],
    "cancelled": Sign("cancelled", "cancelled before it started", "calm", _BARRED),
    "deleted": Sign("deleted", "its run was deleted", "odd", _SMALL_CROSS),
    "taken_over": Sign("taken-over", "taken over by a later backfill", "calm", _AWAY),
    "skipped": Sign("date-skipped", "skipped: no run of this backfill", "calm", _DASH),
    "success": TASK_SIGNS[TaskState.SUCCESS],
}
"""By the kinds of `progress.kinds_of`, the gravest first."""

VERDICT_SIGNS: Final[dict[Verdict, Sign]] = {
    Verdict.REPROCESS: Sign("reprocess", "reprocess", "again", _AGAIN),
    Verdict.CREATE: Sign("create", "create", "good", _PLUS),
    Verdict.SKIP_IN_FLIGHT: Sign("skip-in-flight", "skip: in flight", "busy", _PLAY),
    Verdict.SKIP_EXISTS: Sign("skip-exists", "skip: already exists", "calm", _DASH),
    Verdict.NOT_YET: Sign("not-yet", "not yet: interval not over", "calm", _DOTTED),
}
"""The one that changes most first."""

UNREAD: Final = Sign("unread", "not read", "calm", "")


def date_sign(row: RunRow | None) -> Sign:
    """The sign of a date of a backfill."""
    return UNREAD if row is None else DATE_SIGNS[kinds_of(row)[0]]


def gravest(signs: Iterable[Sign], order: Iterable[Sign]) -> Sign:
    """The one that is to be seen of several that share a cell."""
    there = set(signs)
    return next((sign for sign in order if sign in there), UNREAD)


def task_sign(code: int) -> Sign:
    """The sign of a cell of the grid."""
    return TASK_SIGNS[CODES[code]]


def symbols(signs: Iterable[Sign]) -> Iterator[str]:
    """The shapes, to be drawn by their names; each once."""
    for sign in dict.fromkeys(signs):
        yield f'<symbol id="{sign.name}" viewBox="0 0 10 10">{sign.shape}</symbol>'
