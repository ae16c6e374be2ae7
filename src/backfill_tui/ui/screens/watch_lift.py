"""The key that removes what keeps a watched backfill from moving, as the header tells it."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.causes import (
    REMOVE,
    REOPEN,
    RERUN_FAILED,
    RERUN_HELD,
    RESUME,
    START_ENGINE,
    UNPAUSE_DAG,
)
from backfill_tui.ui.commands import command_of
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.widgets.progress_header import Progress

_KEYS_FOR: Final = {
    UNPAUSE_DAG: ("watch.unpause",),
    RESUME: ("watch.pause",),
    RERUN_HELD: ("watch.rerun",),
    REOPEN: ("watch.reopen",),
    REMOVE: ("watch.stop",),
    RERUN_FAILED: ("watch.mark_failed", "watch.rerun"),
    START_ENGINE: ("app.engine",),
}
"""By remedy, the commands that carry it out, one after the other."""
_READ_AGAIN: Final = ("watch.reconnect", "app.reconnect")


def keys_of_remedy(screen: PlaceScreen[None], progress: Progress) -> str:
    """`u`, `a r`: the keys that do what the header advises; empty where there are none, or not now."""
    commands = _KEYS_FOR.get(progress.standing.remedy, ())
    return " ".join(map(shown_key, commands)) if commands and applies(screen, commands[0]) else ""


def keys_to_read_again(screen: PlaceScreen[None]) -> str:
    """The key that reads on after the stream broke, or that starts the bridge again."""
    return next((shown_key(command) for command in _READ_AGAIN if applies(screen, command)), "")


def applies(screen: PlaceScreen[None], command_id: str) -> bool:
    """Whether a command of the screen or of the program does something now."""
    action = command_of(command_id).action
    if action.startswith("app."):
        return screen.program.check_action(action.removeprefix("app."), ()) is True
    return screen.check_action(action, ()) is True
