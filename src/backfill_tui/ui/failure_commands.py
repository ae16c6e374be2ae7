"""The commands of the failures of a watched backfill, and of the log of one of them."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command

FAILURES = (
    Command(id="failures.log", keys="enter", action="log", label="log",
            help="Read the log of one of these failures, at its error", palette=False),
    Command(id="failures.mark", keys="space", action="mark", label="mark",
            help="Mark the dates of this group in the grid, or take their marks away", palette=False),
    Command(id="failures.mark_all", keys="a", action="mark_all", label="all",
            help="Mark the dates of all groups that are shown, or take their marks away", palette=False),
    Command(id="failures.rerun", keys="r", action="rerun", label="rerun",
            help="Rerun the marked dates, else those of this group; asks first", palette=False),
    Command(id="failures.back", keys="escape,e,q", action="back", label="back",
            help="Show all groups again, else close this; the marks stay", palette=False),
    Command(id="failures.go", keys="d", action="go", label="first date",
            help="Go to the first date of this group in the grid", palette=False),
    Command(id="failures.filter", keys="slash", action="filter", label="filter",
            help="Show only the groups whose task or error fits what you type", palette=False),
    Command(id="failures.refresh", keys="ctrl+r", action="read_again", label="",
            help="Read the failures again", palette=False),
)  # fmt: skip

FAILURE_LOG = (
    Command(id="failure_log.next", keys="right_square_bracket", action="show(1)", label="next date",
            help="Read the log of the next failure of this group", palette=False),
    Command(id="failure_log.previous", keys="left_square_bracket", action="show(-1)", label="",
            help="Read the log of the failure before", palette=False),
    Command(id="failure_log.try", keys="t", action="another_try", label="try before",
            help="Show the log of the try before; from the first, of the latest", palette=False),
    Command(id="failure_log.back", keys="escape,q", action="back", label="back",
            help="Go back to the groups", palette=False),
)  # fmt: skip
