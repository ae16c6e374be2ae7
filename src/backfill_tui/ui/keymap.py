"""The keys that the commands have for this user: those of the registry, unless they were given others.

Whatever names a key to the user asks here, so that a sentence, the key line, the help and the palette follow
the user's `[keys]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from textual._context import active_app

from backfill_tui.ui.command import Command
from backfill_tui.ui.commands import REGISTRY, command_of
from backfill_tui.ui.key_names import key_words

_NAMED: Final = re.compile(r"\{([a-z_]+\.[a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Keymap:
    """`own` has the keys of the commands that the user gave others, by id, as Textual names them."""

    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, command: Command) -> tuple[str, ...]:
        """All keys of a command, as Textual names them; the first is the one to show."""
        return self.own.get(command.id) or command.all_keys

    def shown(self, command_id: str) -> str:
        """The key of a command as a person writes it."""
        return key_words(self.keys(command_of(command_id))[0])

    def fill(self, text: str) -> str:
        """The text with `{watch.rerun}` and the like as the keys of these commands."""
        return _NAMED.sub(lambda found: self.shown(found[1]), text)

    def for_textual(self) -> dict[str, str]:
        """What Textual's own keymap is set to."""
        return {command_id: ",".join(keys) for command_id, keys in self.own.items()}


def keymap_in_use() -> Keymap:
    """That of the program whose code runs; the registry's where none does, as in a test of words."""
    found = getattr(active_app.get(None), "keymap", None)
    return found if isinstance(found, Keymap) else Keymap()


def shown_key(command_id: str) -> str:
    """The key of a command as a person writes it, in the keymap that is in use."""
    return keymap_in_use().shown(command_id)


def with_keys(text: str) -> str:
    """The text with `{watch.rerun}` and the like as the keys of these commands, in the keymap in use."""
    return keymap_in_use().fill(text)


def ids_named_in(text: str) -> list[str]:
    """The commands whose keys a text names."""
    return _NAMED.findall(text)


KNOWN_IDS: Final = tuple(command.id for command in REGISTRY)
"""Every command that can be given other keys."""
