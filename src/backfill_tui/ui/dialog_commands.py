"""The commands of dialogs that ask or show a text."""

from __future__ import annotations

from backfill_tui.ui.declaration import Command

DIALOG = (
    Command(id="dialog.accept", keys="enter,y", action="accept", label="yes", help="Do it", palette=False),
    Command(id="dialog.cancel", keys="escape,n", action="cancel", label="no",
            help="Close this and change nothing", palette=False),
)  # fmt: skip

QUIT = (
    Command(id="quit.keep", keys="enter,y", action="keep", label="quit, engine goes on",
            help="Quit; the engine goes on with the backfill", palette=False),
    Command(id="quit.stop", keys="s", action="stop", label="quit and stop it",
            help="Quit and stop the engine; runs go on at its next start", palette=False),
    Command(id="quit.cancel", keys="escape,n", action="cancel", label="stay",
            help="Close this and stay", palette=False),
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

HELP_DIALOG = (
    Command(
        id="help.filter",
        keys="slash",
        action="filter",
        label="find",
        help="Show only the commands and signs that fit what you type",
        palette=False,
    ),
    Command(
        id="help.close",
        keys="escape,enter,q",
        action="close",
        label="close",
        help="Show all of it again, else close this",
        palette=False,
    ),
)
