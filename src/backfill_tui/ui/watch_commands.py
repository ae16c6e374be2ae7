"""The commands of the watch, rerun and backfills screens."""

from __future__ import annotations

from backfill_tui.ui.command import Command

GRID = (
    Command(id="grid.up", keys="up,k", action="move(-1, 0)", label="", help="Go up a date", palette=False),
    Command(id="grid.down", keys="down,j", action="move(1, 0)", label="", help="Go down a date",
            palette=False),
    Command(id="grid.left", keys="left,h", action="move(0, -1)", label="", help="Go left a task",
            palette=False),
    Command(id="grid.right", keys="right,l", action="move(0, 1)", label="", help="Go right a task",
            palette=False),
    Command(id="grid.page_up", keys="pageup,ctrl+b", action="page(-1)", label="", help="Go up a page",
            palette=False),
    Command(id="grid.page_down", keys="pagedown,ctrl+f", action="page(1)", label="", help="Go down a page",
            palette=False),
    Command(id="grid.first", keys="home,g", action="end(0)", label="", help="Go to the first date",
            palette=False),
    Command(id="grid.last", keys="end,G", action="end(-1)", label="", help="Go to the last date",
            palette=False),
    Command(id="grid.first_task", keys="0,ctrl+home", action="column(0)", label="",
            help="Go to the first task", palette=False),
    Command(id="grid.last_task", keys="$,ctrl+end", action="column(-1)", label="",
            help="Go to the last task", palette=False),
    Command(id="grid.mark_down", keys="J,shift+down", action="mark_and_move(1)", label="",
            help="Mark this date and the next one", palette=False),
    Command(id="grid.mark_up", keys="K,shift+up", action="mark_and_move(-1)", label="",
            help="Mark this date and the one before", palette=False),
)  # fmt: skip

ZOOM = (
    Command(id="zoom.open", keys="enter", action="open", label="open date",
            help="See the date under the cursor in the grid", palette=False),
    Command(id="zoom.left", keys="left,h", action="move(-1)", label="", help="Go to the date before",
            palette=False),
    Command(id="zoom.right", keys="right,l", action="move(1)", label="", help="Go to the next date",
            palette=False),
    Command(id="zoom.up", keys="up,k", action="move_line(-1)", label="", help="Go up a line", palette=False),
    Command(id="zoom.down", keys="down,j", action="move_line(1)", label="", help="Go down a line",
            palette=False),
    Command(id="zoom.page_up", keys="pageup,ctrl+b", action="move_page(-1)", label="",
            help="Go up by the lines that are seen", palette=False),
    Command(id="zoom.page_down", keys="pagedown,ctrl+f", action="move_page(1)", label="",
            help="Go down by the lines that are seen", palette=False),
    Command(id="zoom.first", keys="home,g", action="move_to(0)", label="", help="Go to the first date",
            palette=False),
    Command(id="zoom.last", keys="end,G", action="move_to(-1)", label="", help="Go to the last date",
            palette=False),
)  # fmt: skip

WATCH_SCREEN = (
    Command(id="watch.unpause", keys="u", action="unpause", label="unpause Dag",
            help="Unpause the Dag, so that its runs can start"),
    Command(id="watch.reconnect", keys="ctrl+r", action="reconnect", label="read again",
            help="Read the backfill again after the stream broke"),
    Command(id="watch.reopen", keys="o", action="reopen", label="reopen",
            help="Reopen a backfill marked complete too early"),
    Command(id="watch.next_failed", keys="n,right_square_bracket", action="failed(1)", label="next failed",
            help="Go to the next failed date"),
    Command(id="watch.previous_failed", keys="N,left_square_bracket", action="failed(-1)", label="",
            help="Go to the failed date before this one"),
    Command(id="watch.next_running", keys="right_curly_bracket", action="running(1)", label="",
            help="Go to the next running date"),
    Command(id="watch.previous_running", keys="left_curly_bracket", action="running(-1)", label="",
            help="Go to the running date before this one"),
    Command(id="watch.next_queued", keys="right_parenthesis", action="queued(1)", label="",
            help="Go to the next queued date"),
    Command(id="watch.previous_queued", keys="left_parenthesis", action="queued(-1)", label="",
            help="Go to the queued date before this one"),
    Command(id="watch.mark", keys="space", action="mark", label="mark",
            help="Mark this date for a rerun, or take its mark away"),
    Command(id="watch.mark_range", keys="v", action="mark_range", label="",
            help="Mark all dates from here to where you go; again to end"),
    Command(id="watch.rerun", keys="r", action="rerun", label="rerun",
            help="Rerun the marked dates, else the failed date under the cursor"),
    Command(id="watch.mark_failed", keys="a", action="mark_failed", label="all failed",
            help="Mark all failed dates"),
    Command(id="watch.pause", keys="p", action="pause_or_resume", label="pause",
            help="Pause or resume this backfill; asks first"),
    Command(id="watch.stop", keys="x", action="stop", label="cancel",
            help="Cancel or remove this backfill; asks first"),
    Command(id="watch.details", keys="enter", action="details", label="log",
            help="Show or hide the details and the log of the task under the cursor"),
    Command(id="watch.next_pane", keys="tab", action="next_pane", label="",
            help="Go from the grid to the log, and back", palette=False),
    Command(id="watch.try", keys="t", action="another_try", label="try before",
            help="Show the log of the try before; from the first, of the latest"),
    Command(id="watch.map_index", keys="m", action="map_index(1)", label="map index",
            help="Show the next map index of a mapped task"),
    Command(id="watch.map_index_before", keys="M", action="map_index(-1)", label="",
            help="Show the map index before", palette=False),
    Command(id="watch.back", keys="escape", action="back", label="back",
            help="Zoom in, else take all marks away, else show more dates, else go back; it goes on"),
    Command(id="watch.backfills", keys="b", action="backfills", label="backfills",
            help="List the backfills, at the newest of this Dag"),
    Command(id="watch.jump", keys="slash", action="jump", label="date",
            help="Go to a date that you type, or to the nearest there is"),
    Command(id="watch.filter", keys="f", action="filter(1)", label="filter",
            help="Show only the failed dates, then only the running ones and so on, then all again"),
    Command(id="watch.zoom", keys="z", action="zoom", label="strip",
            help="Zoom out to one cell a date, and in again"),
    Command(id="watch.filter_back", keys="F", action="filter(-1)", label="",
            help="Show only the dates of the state before"),
    Command(id="watch.dates", keys="d", action="narrow", label="dates",
            help="Show only the dates of a range that you type, such as last 30 days"),
    Command(id="watch.order", keys="i", action="sort", label="",
            help="Sort by the start of the runs, or by date again"),
    Command(id="watch.stop_after", keys="s", action="stop_after", label="stop after",
            help="Set how many failed runs pause the backfill"),
)  # fmt: skip

JUMP = (
    Command(id="jump.accept", keys="enter", action="accept", label="go",
            # With priority, for a field takes enter itself.
            help="Go to that date, or to the nearest there is", priority=True, palette=False),
    Command(id="jump.back", keys="escape", action="back", label="back",
            help="Close this and stay where you are", palette=False),
)  # fmt: skip

NARROW = (
    Command(id="narrow.accept", keys="enter", action="accept", label="show",
            # With priority, for a field takes enter itself.
            help="Show only these dates, or all for an empty field", priority=True, palette=False),
    Command(id="narrow.back", keys="escape", action="back", label="back",
            help="Close this and show what was shown", palette=False),
)  # fmt: skip

RERUN = (
    Command(id="rerun.accept", keys="enter", action="accept", label="rerun",
            help="Rerun what the chosen line says", palette=False),
    Command(id="rerun.up", keys="up,k", action="choose(-1)", label="", help="Choose the line above",
            palette=False),
    Command(id="rerun.down", keys="down,j", action="choose(1)", label="", help="Choose the line below",
            palette=False),
    Command(id="rerun.version", keys="space", action="toggle_version", label="latest version",
            help="Run on the Dag's latest version, or on the one each run had", palette=False),
    Command(id="rerun.back", keys="escape,n", action="back", label="back",
            help="Close this and rerun nothing", palette=False),
)  # fmt: skip

CONTROL = (
    Command(id="control.accept", keys="enter", action="accept", label="yes", help="Do what the title asks",
            palette=False),
    Command(id="control.up", keys="up,k", action="choose(-1)", label="", help="Choose the line above",
            palette=False),
    Command(id="control.down", keys="down,j", action="choose(1)", label="", help="Choose the line below",
            palette=False),
    Command(id="control.back", keys="escape,n", action="back", label="back",
            help="Close this and change nothing", palette=False),
)  # fmt: skip

STOP_AFTER = (
    Command(id="stop_after.accept", keys="enter", action="accept", label="set",
            # With priority, for a field takes enter itself.
            help="Take the number that is typed", priority=True, palette=False),
    Command(id="stop_after.back", keys="escape", action="back", label="back",
            help="Close this and change nothing", palette=False),
)  # fmt: skip

BACKFILLS = (
    Command(id="backfills.watch", keys="enter", action="watch", label="watch",
            help="Watch this backfill"),
    Command(id="backfills.pause", keys="p", action="pause_or_resume", label="pause",
            help="Pause or resume this backfill; asks first"),
    Command(id="backfills.stop", keys="x", action="stop", label="cancel",
            help="Cancel or remove this backfill; asks first"),
    Command(id="backfills.reopen", keys="o", action="reopen", label="reopen",
            help="Reopen a backfill marked complete too early"),
    Command(id="backfills.only", keys="d", action="only_this_dag", label="this Dag",
            help="Show only the backfills of this Dag, or those of all again"),
    Command(id="backfills.refresh", keys="ctrl+r", action="refresh_list", label="",
            help="Read the list again"),
    Command(id="backfills.back", keys="escape", action="back", label="back", help="Go back"),
)  # fmt: skip
