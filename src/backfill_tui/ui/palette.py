"""The palette of whatever screen is open, from the registry of commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from textual.actions import parse
from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from backfill_tui.ui.app_commands import APP
from backfill_tui.ui.commands import PLACES
from backfill_tui.ui.declaration import Command
from backfill_tui.ui.keymap import keymap_in_use
from backfill_tui.ui.own_keys import NO_KEY
from backfill_tui.ui.screens.base import PlaceScreen


@dataclass(frozen=True, slots=True)
class Offered:
    """A command that applies now: what it does, where and by which key, and its word at the foot."""

    title: str
    where: str
    label: str
    carry_out: Callable[[], None]


def palette(app: App[None], screen: Screen[object]) -> Iterator[Offered]:
    """The commands that apply now: of the open screen, of its parts that are in view, of the program."""
    place = PLACES.get(getattr(screen, "PLACE", ""))
    parts = _parts(screen)
    for command in place.commands if place else APP:
        if not command.palette or not _is_offered(command, screen):
            continue
        deed = _deed(command, app, screen, parts)
        if deed is not None:
            keys = keymap_in_use().words(command)
            where = f"{place.title if place else 'everywhere'}, {keys[0] if keys else NO_KEY}"
            yield Offered(command.help, where, command.label, deed)


def deed_of(command: Command, app: App[None], screen: Screen[object]) -> Callable[[], None] | None:
    """What carries out a command of the open screen, as its key would; None where it does not apply now."""
    return _deed(command, app, screen, _parts(screen))


def _deed(
    command: Command, app: App[None], screen: Screen[object], parts: dict[str, Widget]
) -> Callable[[], None] | None:
    node = _holder(command, app, screen, parts)
    if node is None:
        return None
    _, action, parameters = parse(command.action)
    return _carry_out(app, node, command) if node.check_action(action, parameters) else None


def _is_offered(command: Command, screen: Screen[object]) -> bool:
    return not isinstance(screen, PlaceScreen) or screen.offers(command.id)


def _holder(
    command: Command, app: App[None], screen: Screen[object], parts: dict[str, Widget]
) -> DOMNode | None:
    """Whoever carries a command out; None for a part of the screen that is not in view."""
    if command.action.startswith("app."):
        return app
    return parts.get(command.id) or (screen if command.place == getattr(screen, "PLACE", "") else None)


def _parts(screen: Screen[object]) -> dict[str, Widget]:
    """The parts that can have the focus by the commands that they hold; the one that has it wins."""
    found: dict[str, Widget] = {}
    focused = screen.focused
    for widget in ([] if focused is None else [focused]) + [*screen.query(Widget)]:
        if widget.focusable:
            for bound in widget._bindings.key_to_bindings.values():  # noqa: SLF001  # there is no other way
                for binding in bound:
                    found.setdefault(binding.id or "", widget)
    return found


def _carry_out(app: App[None], node: DOMNode, command: Command) -> Callable[[], None]:
    def carry_out() -> None:
        if isinstance(node, Widget) and not isinstance(node, Screen):
            node.focus()
        app.call_later(app.run_action, command.action, node)

    return carry_out
