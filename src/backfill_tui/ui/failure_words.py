"""What is said of a group of failures."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from backfill_tui.domain.failures import FailureGroup
from backfill_tui.domain.text import one_line
from backfill_tui.ui.text import count

NO_TASK: Final = "-"
"""What stands for the task of a run that failed without one."""


def group_words(group: FailureGroup, span: str, marked: int) -> Content:
    """Its task, how many dates from when to when, how many of them are marked, and below that the error."""
    dates = count(len(group.ordinals), "date")
    where = span.replace("..", " to ")
    if len(group.failures) > len(group.ordinals):
        dates += f", {count(len(group.failures), 'task instance')}"
    some = f", {marked:,} of them marked" if marked else ""
    task = Content.styled(one_line(group.task_id or NO_TASK), "bold")
    return Content("\n").join(
        [
            Content("").join([task, Content(f"  {dates}: {where}"), Content.styled(some, "$muted")]),
            Content.styled(one_line(group.words), "$error"),
        ]
    )
