"""The signs of the grid besides those of the states: cursor and marks, and how rows and runs are shown."""

from __future__ import annotations

from typing import Final

from rich.style import Style

from backfill_tui.domain.states import TaskState
from backfill_tui.domain.watching import RunRow
from backfill_tui.ui.glyphs import RUN_MARKS, TASK_MARKS, Look, Mark

CURSOR_MARK: Final = Mark(">", "cursor", "accent")
POINTER_MARK: Final = Mark("◂", "cursor", "accent")
RULE_MARK: Final = Mark("─", "part", "muted")
MARKED_MARK: Final = Mark("●", "marked", "accent")
CANCELLED_MARK: Final = Mark("⊘", "cancelled", "state-queued")
TAKEN_OVER_MARK: Final = Mark("⇄", "taken over", "state-removed")

ROW_MARKS: Final[dict[str, Mark]] = {
    **{str(state): mark for state, mark in RUN_MARKS.items()},
    "cancelled": CANCELLED_MARK,
    "skipped": TASK_MARKS[TaskState.SKIPPED],
    "deleted": TASK_MARKS[TaskState.REMOVED],
    "taken_over": TAKEN_OVER_MARK,
}
"""The mark of a row by its kind, a field of `RunCounts`, where no words stand beside it."""


def loud(look: Look, mark: Mark) -> Style:
    """The style of a sign in the grid: what failed is a patch of its colour, which the eye finds first."""
    failed = mark is TASK_MARKS[TaskState.FAILED]
    return look.style(mark) + Style(bold=True, reverse=True) if failed else look.style(mark)


def run_mark(row: RunRow | None) -> Mark | None:
    """The mark of a row's run; None where there is no run to speak of."""
    if row is None or row.state is None:
        return None
    return CANCELLED_MARK if row.cancelled else RUN_MARKS[row.state]
