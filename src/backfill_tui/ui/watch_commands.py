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
    Command(id="grid.first", keys="home,g", action="row(0)", label="", help="Go to the first date",
            palette=False),
    Command(id="grid.last", keys="end,G", action="row(-1)", label="", help="Go to the last date",
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

LOG = (
    Command(id="log.up", keys="up,k", action="scroll_up", label="", help="Scroll up a line", palette=False),
    Command(id="log.down", keys="down,j", action="scroll_down", label="", help="Scroll down a line",
            palette=False),
    Command(id="log.left", keys="left,h", action="scroll_left", label="", help="Scroll to the left",
            palette=False),
    Command(id="log.right", keys="right,l", action="scroll_right", label="", help="Scroll to the right",
            palette=False),
    Command(id="log.page_up", keys="pageup,ctrl+b", action="page_up", label="", help="Scroll up a page",
            palette=False),
    Command(id="log.page_down", keys="pagedown,ctrl+f", action="page_down", label="",
            help="Scroll down a page", palette=False),
    Command(id="log.first", keys="home,g", action="scroll_home", label="", help="Go to the first line kept",
            palette=False),
    Command(id="log.last", keys="end,G", action="follow", label="follow",
            help="Go to the end and follow what is written", palette=False),
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
            help="Take all marks away, else go back; the backfill goes on"),
    Command(id="watch.backfills", keys="b", action="backfills", label="backfills",
            help="List the backfills, at the newest of this Dag"),
    Command(id="watch.stop_after", keys="s", action="stop_after", label="stop after",
            help="Set how many failed runs pause the backfill"),
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
