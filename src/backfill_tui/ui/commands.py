"""The registry: every command of the program.

Bindings, footer, help, palette, the README's key table and the ids of a user's keymap all come from here,
so they can never disagree. The commands of the plan screen and its dialogs are declared in
`plan_commands`, those of the watch, rerun and backfills screens in `watch_commands`, those that mark and undo
in `mark_commands`.
"""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.ui.command import Command, key_words
from backfill_tui.ui.failure_commands import FAILURE_LOG, FAILURES
from backfill_tui.ui.log_commands import LOG
from backfill_tui.ui.mark_commands import DAGS_DATES, DAGS_UNDO, SET_STATE, WATCH_DATES
from backfill_tui.ui.plan_commands import COPY, CREATION, LAUNCH, PLAN, PRESETS_DIALOG
from backfill_tui.ui.profile_commands import PRODUCTION
from backfill_tui.ui.select_commands import SELECT
from backfill_tui.ui.watch_commands import (
    BACKFILLS,
    CONTROL,
    GRID,
    JUMP,
    NARROW,
    RERUN,
    RERUNNING,
    STOP_AFTER,
    TASKS,
    WATCH_SCREEN,
    ZOOM,
)

APP = (
    Command(
        id="app.help",
        keys="question_mark,f1",
        action="app.help",
        label="help",
        help="Show the keys of this place, and what the signs mean",
    ),
    Command(
        id="app.palette",
        keys="ctrl+p",
        action="app.command_palette",
        label="",
        help="Find a command by its words",
        palette=False,
    ),
    Command(
        id="app.theme",
        keys="ctrl+t",
        action="app.next_theme",
        label="",
        help="Change to the next theme: dark, light, high-contrast or the terminal's own colours",
    ),
    Command(
        id="app.reconnect",
        keys="ctrl+o",
        action="app.reconnect",
        label="restart bridge",
        help="Start the bridge to Airflow again after it ended",
        priority=True,
    ),
    Command(
        id="app.engine",
        keys="ctrl+e",
        action="app.start_engine",
        label="start engine",
        help="Start the engine again after it was stopped",
        priority=True,
    ),
    Command(
        id="app.quit",
        keys="q,ctrl+q,ctrl+c",
        action="app.leave",
        label="quit",
        help="Leave the program; asks first while a backfill is running",
    ),
)

DAGS = (
    Command(
        id="dags.unfilter", keys="escape", action="unfilter", label="show all",
        help="Show all Dags again", palette=False,
    ),
    Command(
        id="dags.plan", keys="enter", action="plan", label="plan",
        help="Plan a backfill of this Dag, or read why its file does not import",
    ),
    Command(
        id="dags.holes", keys="h", action="holes", label="holes",
        help="Plan what is missing or failed since the start of this Dag",
    ),
    Command(
        id="dags.watch", keys="w", action="watch", label="watch",
        help="Watch the active backfill of this Dag, else its newest",
    ),
    Command(
        id="dags.backfills", keys="b", action="backfills", label="backfills",
        help="List the backfills, at the newest of this Dag",
    ),
    Command(
        id="dags.pause", keys="u", action="pause", label="pause",
        help="Pause this Dag, or unpause it; asks first",
    ),
    Command(
        id="dags.filter", keys="slash", action="filter", label="filter", priority=True,
        help="Show only the Dags whose name, tag or owner contains some text",
    ),
    Command(
        id="dags.parse", keys="ctrl+r", action="parse", label="parse again",
        help="Parse the Dag files again",
    ),
    *DAGS_DATES,
    *DAGS_UNDO,
)  # fmt: skip

LIST = (
    Command(id="list.up", keys="up,k", action="move(-1)", label="", help="Go up", palette=False),
    Command(id="list.down", keys="down,j", action="move(1)", label="", help="Go down", palette=False),
    Command(id="list.page_up", keys="pageup,ctrl+b", action="move_page(-1)", label="",
            help="Go up a page", palette=False),
    Command(id="list.page_down", keys="pagedown,ctrl+f", action="move_page(1)", label="",
            help="Go down a page", palette=False),
    Command(id="list.first", keys="home,g", action="move_to(0)", label="",
            help="Go to the first row", palette=False),
    Command(id="list.last", keys="end,G", action="move_to(-1)", label="",
            help="Go to the last row", palette=False),
)  # fmt: skip

DATES = (
    Command(id="dates.create", keys="1", action="only('create')", label="",
            help="Show only the dates that are created", palette=False),
    Command(id="dates.reprocess", keys="2", action="only('reprocess')", label="",
            help="Show only the dates that run again", palette=False),
    Command(id="dates.skip", keys="3", action="only('skip')", label="",
            help="Show only the dates that are skipped", palette=False),
    Command(id="dates.not_yet", keys="4", action="only('not yet')", label="",
            help="Show only the dates that can not run yet", palette=False),
    Command(id="dates.runs", keys="5", action="only('what runs')", label="",
            help="Show only the dates that run, new or again", palette=False),
    Command(id="dates.all", keys="0", action="only('')", label="",
            help="Show all dates again", palette=False),
)  # fmt: skip

STRIP = (
    Command(id="strip.take", keys="enter", action="take", label="take dates",
            help="Make the span, else the date under the cursor, the range of the plan", palette=False),
    Command(id="strip.span", keys="v,space", action="span", label="span",
            help="Begin a span of dates here, which follows the cursor; again to drop it", palette=False),
    Command(id="strip.next_hole", keys="right_square_bracket", action="hole(1)", label="next hole",
            help="Go to the next failed date or hole: dates in a row without a run", palette=False),
    Command(id="strip.previous_hole", keys="left_square_bracket", action="hole(-1)", label="",
            help="Go to the failed date or hole before", palette=False),
    Command(id="strip.left", keys="left,h", action="move(-1)", label="", help="Go to the date before",
            palette=False),
    Command(id="strip.right", keys="right,l", action="move(1)", label="", help="Go to the next date",
            palette=False),
    Command(id="strip.up", keys="up,k", action="move_line(-1)", label="", help="Go up a line", palette=False),
    Command(id="strip.down", keys="down,j", action="move_line(1)", label="", help="Go down a line",
            palette=False),
    Command(id="strip.span_left", keys="H,shift+left", action="move(-1, True)", label="",
            help="Take the date before into the span", palette=False),
    Command(id="strip.span_right", keys="L,shift+right", action="move(1, True)", label="",
            help="Take the next date into the span", palette=False),
    Command(id="strip.span_up", keys="K,shift+up", action="move_line(-1, True)", label="",
            help="Take a line more into the span, upwards", palette=False),
    Command(id="strip.span_down", keys="J,shift+down", action="move_line(1, True)", label="",
            help="Take a line more into the span, downwards", palette=False),
    Command(id="strip.page_up", keys="pageup,ctrl+b", action="move_page(-1)", label="",
            help="Go up by the lines that are seen", palette=False),
    Command(id="strip.page_down", keys="pagedown,ctrl+f", action="move_page(1)", label="",
            help="Go down by the lines that are seen", palette=False),
    Command(id="strip.first", keys="home,g", action="move_to(0)", label="", help="Go to the first date",
            palette=False),
    Command(id="strip.last", keys="end,G", action="move_to(-1)", label="", help="Go to the last date",
            palette=False),
    Command(id="strip.drop", keys="escape", action="drop_span", label="drop span",
            help="Drop the span", palette=False),
)  # fmt: skip

CHOICE = (
    Command(id="choice.previous", keys="left,h", action="choose(-1)", label="",
            help="Choose the option before", palette=False),
    Command(id="choice.next", keys="right,l", action="choose(1)", label="",
            help="Choose the option after", palette=False),
    Command(id="choice.turn", keys="space", action="choose_next", label="",
            help="Choose the next option, after the last the first", palette=False),
)  # fmt: skip

SWITCH = (
    Command(id="switch.turn", keys="space,enter", action="switch", label="",
            help="Switch on or off", palette=False),
)  # fmt: skip

DIALOG = (
    Command(id="dialog.accept", keys="enter", action="accept", label="yes", help="Do it", palette=False),
    Command(id="dialog.cancel", keys="escape,n", action="cancel", label="no",
            help="Close this and change nothing", palette=False),
)  # fmt: skip

QUIT = (
    Command(id="quit.keep", keys="enter,y", action="keep", label="quit, engine goes on",
            help="Quit; the engine goes on with the backfill", palette=False),
    Command(id="quit.stop", keys="s", action="stop", label="quit and stop it",
            help="Quit and stop the engine; runs go on at its next start", palette=False),
    Command(id="quit.cancel", keys="escape,n", action="cancel", label="stay",
            help="Go back and quit nothing", palette=False),
)  # fmt: skip

TEXT = (
    Command(
        id="text.close",
        keys="escape,enter,q",
        action="close",
        label="close",
        help="Close this",
        palette=False,
    ),
)

SCROLL = (
    Command(
        id="scroll.up", keys="up,k", action="line(-1)", label="", help="Scroll up", palette=False
    ),
    Command(
        id="scroll.down", keys="down,j", action="line(1)", label="", help="Scroll down", palette=False
    ),
    Command(
        id="scroll.page_up", keys="pageup,ctrl+b", action="page(-1)", label="",
        help="Scroll up a page", palette=False,
    ),
    Command(
        id="scroll.page_down", keys="pagedown,space,ctrl+f", action="page(1)", label="",
        help="Scroll down a page", palette=False,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A screen or dialog as its key line and its help show it.

    `own` are its own commands, `widgets` those of each kind of widget on it that takes the focus, so that
    two of these may use the same key. The program's commands work on every screen, but not under a dialog.
    """

    title: str
    own: tuple[Command, ...]
    widgets: tuple[tuple[Command, ...], ...] = ()
    modal: bool = False

    @property
    def commands(self) -> tuple[Command, ...]:
        """All commands, in the order of the help."""
        held = tuple(command for widget in self.widgets for command in widget)
        return self.own + held + (() if self.modal else APP)


PLACES: dict[str, Place] = {
    "dags": Place(title="Dags", own=DAGS, widgets=(LIST,)),
    "plan": Place(title="Plan", own=PLAN, widgets=(CHOICE, SWITCH, STRIP, LIST + DATES)),
    "watch": Place(title="Watch", own=WATCH_SCREEN, widgets=(GRID, TASKS, ZOOM, LOG)),
    "jump": Place(title="Go to a date", own=JUMP, modal=True),
    "narrow": Place(title="Only some dates", own=NARROW, modal=True),
    "failures": Place(title="Failures", own=FAILURES, widgets=(LIST,), modal=True),
    "failure_log": Place(title="Log of a failure", own=FAILURE_LOG, widgets=(LOG,), modal=True),
    "select": Place(title="Mark by state", own=SELECT, widgets=(LIST,), modal=True),
    "rerun": Place(title="Rerun", own=RERUN, modal=True),
    "rerunning": Place(title="Rerun", own=RERUNNING, modal=True),
    "watch_dates": Place(title="Watch dates", own=WATCH_DATES, modal=True),
    "set_state": Place(title="Set state", own=SET_STATE, modal=True),
    "control": Place(title="Control", own=CONTROL, modal=True),
    "stop_after": Place(title="Stop after", own=STOP_AFTER, modal=True),
    "backfills": Place(title="Backfills", own=BACKFILLS, widgets=(LIST,)),
    "dialog": Place(title="Question", own=DIALOG, widgets=(SCROLL,), modal=True),
    "launch": Place(title="Launch", own=LAUNCH, widgets=(SCROLL,), modal=True),
    "presets": Place(title="Ranges", own=PRESETS_DIALOG, widgets=(LIST,), modal=True),
    "copy": Place(title="As a command", own=COPY, widgets=(SCROLL,), modal=True),
    "quit": Place(title="Quit", own=QUIT, modal=True),
    "text": Place(title="Text", own=TEXT, widgets=(SCROLL,), modal=True),
    "production": Place(title="Production", own=PRODUCTION, modal=True),
    "creation": Place(title="Launch", own=CREATION, modal=True),
}

REGISTRY: tuple[Command, ...] = tuple(
    {command.id: command for place in PLACES.values() for command in place.commands}.values()
)


def command_of(command_id: str) -> Command:
    """The command of that id."""
    return next(command for command in REGISTRY if command.id == command_id)


def shown_key(command_id: str) -> str:
    """The key of a command as a person writes it."""
    return key_words(command_of(command_id).key)
