"""The commands of the program, which work on every screen; some of them under a dialog too."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command

HELP = Command(
    id="app.help",
    keys="question_mark,f1",
    action="app.help",
    label="help",
    help="Show the keys of this place, and what the signs mean",
)

SCREENSHOT = Command(
    id="app.screenshot",
    keys="S",
    action="app.save_screenshot",
    label="",
    help="Save what is on the screen as an SVG picture",
)

EVERYWHERE = (HELP, SCREENSHOT)
"""What works under a dialog too."""

APP = (
    HELP,
    Command(
        id="app.palette",
        keys="ctrl+p,colon",
        action="app.command_palette",
        label="",
        help="Find a command, a Dag, a backfill or a date by what you type",
        palette=False,
    ),
    Command(
        id="app.theme",
        keys="ctrl+t",
        action="app.next_theme",
        label="",
        help="Change to the next theme: dark, light, high-contrast or the terminal's own colours",
    ),
    SCREENSHOT,
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
