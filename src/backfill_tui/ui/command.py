"""What Textual makes of the commands: the bindings that make their keys work."""

from __future__ import annotations

from textual.binding import Binding

from backfill_tui.ui.declaration import Command


def binding(command: Command) -> Binding:
    """The binding of one command."""
    return Binding(
        command.keys, command.action, command.label or command.help, show=bool(command.label), id=command.id,
        priority=command.priority,
    )  # fmt: skip


def bindings(commands: tuple[Command, ...]) -> list[Binding]:
    """The bindings of some commands, for a `BINDINGS`."""
    return [binding(command) for command in commands]
