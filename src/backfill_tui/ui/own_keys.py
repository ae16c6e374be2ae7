"""The keys of the commands: those of the registry, unless the user gave them others, or none.

Plain data; `keymap` knows which one the program has that runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from backfill_tui.ui.commands import REGISTRY, command_of
from backfill_tui.ui.declaration import Command
from backfill_tui.ui.key_names import key_words

_NAMED: Final = re.compile(r"\{([a-z_]+\.[a-z_]+)\}")
_PALETTE: Final = "app.palette"
NO_KEY: Final = "no key"
"""What stands in the place of a key where a command has none."""

KNOWN_IDS: Final = tuple(command.id for command in REGISTRY)
"""Every command that can be given other keys."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """`own` has the keys of the commands that the user gave others, by id, as Textual names them.

    A command that was left without a key has none there; the palette finds it.
    """

    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, command: Command) -> tuple[str, ...]:
        """All keys of a command, as Textual names them; the first is the one to show."""
        return self.own.get(command.id, command.all_keys)

    def words(self, command: Command) -> tuple[str, ...]:
        """All keys of a command as a person writes them."""
        return tuple(map(key_words, self.keys(command)))

    def own_words(self) -> dict[str, tuple[str, ...]]:
        """The keys that the user gave to commands as a person writes them, by id."""
        return {name: self.words(command_of(name)) for name in self.own}

    def shown(self, command_id: str) -> str:
        """The key of a command as a sentence names it; of one without a key that of the palette."""
        words = self.words(command_of(command_id)) or self.words(command_of(_PALETTE))
        return words[0]

    def fill(self, text: str) -> str:
        """The text with `{watch.rerun}` and the like as the keys of these commands."""
        return _NAMED.sub(lambda found: self.shown(found[1]), text)

    def for_textual(self) -> dict[str, str]:
        """What Textual's own keymap is set to.

        An empty entry there leaves a command the keys it has, so that one without a key gets the name of a
        key that no terminal sends; one each, for two commands with the same one would hide each other.
        """
        return {name: ",".join(keys) or f"none {name}" for name, keys in self.own.items()}


def ids_named_in(text: str) -> list[str]:
    """The commands whose keys a text names."""
    return _NAMED.findall(text)
