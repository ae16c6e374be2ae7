"""The palette of whatever screen is open, from the registry of commands."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.actions import parse
from textual.app import App, SystemCommand
from textual.screen import Screen

from backfill_tui.ui.command import key_words
from backfill_tui.ui.commands import APP, PLACES
from backfill_tui.ui.screens.base import PlaceScreen


def palette(app: App[None], screen: Screen[object]) -> Iterator[SystemCommand]:
    """The commands of the open screen that apply now."""
    place = PLACES.get(getattr(screen, "PLACE", ""))
    for command in place.commands if place else APP:
        offered = not isinstance(screen, PlaceScreen) or screen.offers(command.id)
        namespace, action, parameters = parse(command.action)
        asked = app if namespace == "app" else screen
        applies = asked.check_action(action, parameters)
        if command.palette and offered and applies:
            yield SystemCommand(
                command.help,
                f"{place.title if place else 'everywhere'}, {key_words(command.key)}",
                partial(app.call_later, screen.run_action, command.action),
            )
