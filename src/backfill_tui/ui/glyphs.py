"""One sign, one word and one colour for every state and verdict; never colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from textual.color import Color

from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.progress import BackfillStatus
from backfill_tui.domain.states import RunState, TaskState


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign one cell wide, the word, and the theme variable of its colour.

    `signs` has what stands for the sign where there is no Unicode.
    """

    sign: str
    word: str
    variable: str


TASK_MARKS: Final[dict[TaskState, Mark]] = {
    TaskState.SUCCESS: Mark("█", "success", "state-success"),
    TaskState.FAILED: Mark("✗", "failed", "state-failed"),
    TaskState.UPSTREAM_FAILED: Mark("△", "upstream failed", "state-upstream-failed"),
    TaskState.RUNNING: Mark("▶", "running", "state-running"),
    TaskState.QUEUED: Mark("◔", "queued", "state-queued"),
    TaskState.SCHEDULED: Mark(":", "scheduled", "state-scheduled"),
    TaskState.NONE: Mark("·", "no status yet", "state-none"),
    TaskState.UP_FOR_RETRY: Mark("↻", "up for retry", "state-up-for-retry"),
    TaskState.RESTARTING: Mark("»", "restarting", "state-restarting"),
    TaskState.UP_FOR_RESCHEDULE: Mark("◷", "up for reschedule", "state-up-for-reschedule"),
    TaskState.DEFERRED: Mark("◇", "deferred", "state-deferred"),
    TaskState.AWAITING_INPUT: Mark("?", "awaiting input", "state-awaiting-input"),
    TaskState.SKIPPED: Mark("–", "skipped", "state-skipped"),
    TaskState.REMOVED: Mark("x", "removed", "state-removed"),
    TaskState.ABSENT: Mark(" ", "not in this run", "state-none"),
}

RUN_MARKS: Final[dict[RunState, Mark]] = {
    RunState.SUCCESS: TASK_MARKS[TaskState.SUCCESS],
    RunState.FAILED: TASK_MARKS[TaskState.FAILED],
    RunState.RUNNING: TASK_MARKS[TaskState.RUNNING],
    RunState.QUEUED: TASK_MARKS[TaskState.QUEUED],
}

VERDICT_MARKS: Final[dict[Verdict, Mark]] = {
    Verdict.CREATE: Mark("+", "create", "verdict-create"),
    Verdict.REPROCESS: Mark("↻", "reprocess", "verdict-reprocess"),
    Verdict.SKIP_EXISTS: Mark("–", "skip", "verdict-skip"),
    Verdict.SKIP_IN_FLIGHT: Mark("▶", "skip", "verdict-skip"),
    Verdict.NOT_YET: Mark("◌", "not yet", "verdict-not-yet"),
}

STATUS_MARKS: Final[dict[BackfillStatus, Mark]] = {
    BackfillStatus.CREATING: Mark("+", "CREATING", "state-queued"),
    BackfillStatus.QUEUED: Mark("◔", "QUEUED", "state-queued"),
    BackfillStatus.RUNNING: Mark("▶", "RUNNING", "state-running"),
    BackfillStatus.PAUSED: Mark("‖", "PAUSED", "state-up-for-retry"),
    BackfillStatus.BLOCKED: Mark("!", "BLOCKED", "state-upstream-failed"),
    BackfillStatus.DONE: Mark("█", "DONE", "state-success"),
    BackfillStatus.DONE_WITH_FAILURES: Mark("✗", "DONE", "state-failed"),
    BackfillStatus.CANCELLED: Mark("⊘", "CANCELLED", "state-queued"),
    BackfillStatus.ORPHANED: Mark("?", "ORPHANED", "state-upstream-failed"),
    BackfillStatus.ABANDONED: Mark("x", "ABANDONED", "state-upstream-failed"),
}

MISSING_MARK: Final = Mark("·", "missing", "muted")
"""A date without a run, which could have one."""
AHEAD_MARK: Final = Mark("◌", "not yet", "verdict-not-yet")
"""A date without a run, which can not have one yet."""

PAUSED_MARK: Final = Mark("‖", "paused", "state-up-for-retry")
BROKEN_MARK: Final = Mark("!", "does not import", "state-failed")


def under_cursor(sign: str) -> str:
    """The sign as it is seen on the background of a cursor, which a full block would hide."""
    return "■" if sign == "█" else sign


class Look:
    """The signs and colours of the theme in use, for lines that are drawn cell by cell.

    `variables` are the theme's (`App.theme_variables`); make a new one when the theme changes.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.text = self.named("foreground")
        self.muted = self.named("muted")
        self.accent = self.named("accent")
        self.warning = self.named("warning")
        self.error = self.named("error")
        self.match = self.accent + Style(bold=True, underline=True)

    def sign(self, mark: Mark) -> str:
        """The sign to draw, one cell wide."""
        return mark.sign

    def style(self, mark: Mark) -> Style:
        """The foreground style of a mark."""
        return self.named(mark.variable)

    def named(self, variable: str) -> Style:
        """The foreground style of a theme variable that holds a colour."""
        return Style.from_color(Color.parse(self._variables[variable]).rich_color)
