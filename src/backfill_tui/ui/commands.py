"""The registry: every command of the program.

Bindings, footer, help, palette, the README's key table and the ids of a user's keymap all come from here,
so they can never disagree. The commands of the plan screen and its dialogs are declared in
`plan_commands`, those of the watch, rerun and backfills screens in `watch_commands`, those that mark and undo
in `mark_commands`, those of lists, fields and strips in `widget_commands`.
"""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.ui.app_commands import APP, EVERYWHERE
from backfill_tui.ui.dags_commands import DAGS
from backfill_tui.ui.declaration import Command
from backfill_tui.ui.dialog_commands import DIALOG, HELP_DIALOG, QUIT, TEXT
from backfill_tui.ui.export_commands import EXPORT
from backfill_tui.ui.failure_commands import FAILURE_LOG, FAILURES
from backfill_tui.ui.log_commands import LOG
from backfill_tui.ui.mark_commands import SET_STATE, WATCH_DATES
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
from backfill_tui.ui.widget_commands import CHOICE, DATES, LIST, SCROLL, STRIP, SWITCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A screen or dialog as its key line and its help show it.

    `own` are its own commands, `widgets` those of each kind of widget on it that takes the focus, so that
    two of these may use the same key. The program's commands work on every screen, under a
    dialog only help and screenshot.
    """

    title: str
    own: tuple[Command, ...]
    widgets: tuple[tuple[Command, ...], ...] = ()
    modal: bool = False

    @property
    def commands(self) -> tuple[Command, ...]:
        """All commands, in the order of the help."""
        held = tuple(command for widget in self.widgets for command in widget)
        return self.own + held + (EVERYWHERE if self.modal else APP)


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
    "rerunning": Place(title="Rerunning", own=RERUNNING, modal=True),
    "watch_dates": Place(title="Watch dates", own=WATCH_DATES, modal=True),
    "set_state": Place(title="Set state", own=SET_STATE, modal=True),
    "control": Place(title="Control", own=CONTROL, modal=True),
    "stop_after": Place(title="Stop after", own=STOP_AFTER, modal=True),
    "backfills": Place(title="Backfills", own=BACKFILLS, widgets=(LIST,)),
    "dialog": Place(title="Question", own=DIALOG, widgets=(SCROLL,), modal=True),
    "launch": Place(title="Launch", own=LAUNCH, widgets=(SCROLL,), modal=True),
    "presets": Place(title="Ranges", own=PRESETS_DIALOG, widgets=(LIST,), modal=True),
    "copy": Place(title="As a command", own=COPY, widgets=(SCROLL,), modal=True),
    "export": Place(title="Export", own=EXPORT, modal=True),
    "quit": Place(title="Quit", own=QUIT, modal=True),
    "text": Place(title="Text", own=TEXT, widgets=(SCROLL,), modal=True),
    "help": Place(title="Help", own=HELP_DIALOG, widgets=(SCROLL,), modal=True),
    "production": Place(title="Production", own=PRODUCTION, modal=True),
    "creation": Place(title="Launching", own=CREATION, modal=True),
}

PARTS: dict[str, str] = {
    "list": "the list",
    "dates": "the dates",
    "choice": "a choice",
    "switch": "a switch",
    "strip": "the strip of dates",
    "grid": "the grid",
    "tasks": "the turned grid",
    "zoom": "the strip",
    "log": "the log",
    "scroll": "the text",
}
"""What a person calls the parts of a screen that have commands of their own."""

REGISTRY: tuple[Command, ...] = tuple(
    {command.id: command for place in PLACES.values() for command in place.commands}.values()
)


def command_of(command_id: str) -> Command:
    """The command of that id."""
    return next(command for command in REGISTRY if command.id == command_id)
