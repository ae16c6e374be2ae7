"""The commands that look at the dates of a Dag, mark runs and tasks, and take back what was done."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command

_UNDO = "Undo the last mark or pause on this Dag; asks first, or says why there is no way back"

SET_STATE = (
    Command(id="set_state.accept", keys="enter,y", action="accept", label="mark",
            help="Mark what the chosen line says", palette=False),
    Command(id="set_state.up", keys="up,k", action="choose(-1)", label="", help="Choose the line above",
            palette=False),
    Command(id="set_state.down", keys="down,j", action="choose(1)", label="", help="Choose the line below",
            palette=False),
    Command(id="set_state.turn", keys="space", action="turn", label="success or failed",
            help="Mark as failed instead of success, or the other way round", palette=False),
    Command(id="set_state.back", keys="escape,n", action="back", label="back",
            help="Close this and mark nothing", palette=False),
)  # fmt: skip

WATCH_MARKS = (
    Command(id="watch.set_state", keys="m", action="set_state", label="set state",
            help="Mark runs or tasks success or failed, on the marked dates, else under the cursor; "
            "asks first"),
    Command(id="watch.undo", keys="U", action="undo", label="undo",
            help=_UNDO),
)  # fmt: skip

DAGS_DATES = (
    Command(id="dags.dates", keys="W", action="dates", label="dates",
            help="Watch the dates of this Dag in a range, whatever made their runs"),
)  # fmt: skip

WATCH_DATES = (
    Command(id="watch_dates.accept", keys="enter", action="accept", label="watch",
            # With priority, for a field takes enter itself.
            help="Watch these dates", priority=True, palette=False),
    Command(id="watch_dates.back", keys="escape", action="back", label="back",
            help="Close this and watch nothing", palette=False),
)  # fmt: skip

DAGS_UNDO = (
    Command(id="dags.undo", keys="U", action="undo", label="undo",
            help=_UNDO),
)  # fmt: skip

BACKFILLS_UNDO = (
    Command(id="backfills.undo", keys="U", action="undo", label="undo",
            help=_UNDO),
)  # fmt: skip
