"""The commands of the question which dates are to be marked by their state."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command

SELECT = (
    Command(id="select.mark", keys="enter", action="mark(False)", label="mark",
            help="Mark the dates in this state, and no others", palette=False),
    Command(id="select.add", keys="a,space", action="mark(True)", label="mark too",
            help="Mark the dates in this state besides those that are marked", palette=False),
    Command(id="select.filter", keys="slash", action="filter", label="filter",
            help="Show only the states that fit what you type", palette=False),
    Command(id="select.back", keys="escape,q", action="back", label="back",
            help="Show all states again, else close this and leave the marks as they are", palette=False),
)  # fmt: skip
