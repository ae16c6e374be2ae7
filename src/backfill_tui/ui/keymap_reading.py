"""A keymap as the user wrote it: ids and keys checked, and no two commands of one place with the same key.

It draws nothing, so that the command line can check the table too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.ui.app_commands import APP, EVERYWHERE
from backfill_tui.ui.commands import PLACES, Place, command_of
from backfill_tui.ui.declaration import Command
from backfill_tui.ui.key_names import NotAKeyError, key_words, read_key, types_a_letter
from backfill_tui.ui.own_keys import KNOWN_IDS, Keymap

_WRITTEN: Final = re.compile(r"\s*(?:\w+\+)+,|[^,]+")
"""A key of several in one text: what stands between two commas, or a comma itself behind ctrl or alt."""


def read_keymap(written: Mapping[str, object], where: str) -> Keymap:
    """The keymap of a table of command ids and their keys, each a text or a list of texts.

    An empty text or list leaves a command without a key. `where` names the file in a sentence. Raises
    BadRequest for an id that no command has (with the nearest one), for what is no key, for a command that
    nothing would reach without a key, and for two commands that would have the same key in one place.
    """
    keymap = Keymap({name: _keys_of(name, keys, where) for name, keys in written.items()})
    if keymap.own:
        _refuse_clashes(keymap, where)
    return keymap


def _keys_of(name: str, written: object, where: str) -> tuple[str, ...]:
    if name not in KNOWN_IDS:
        close = get_close_matches(name, KNOWN_IDS, n=1, cutoff=0.5)
        raise BadRequest(
            f'"{one_line(name)}" in [keys] of {where} is not a command',
            remedy=f"did you mean {close[0]}?" if close else "docs/keys.md has the ids of all commands",
        )
    command = command_of(name)
    keys = tuple(_key(name, text, where) for text in _texts(written))
    if not keys and not command.palette:
        raise BadRequest(
            f"{name} in [keys] of {where} can not be without a key: the palette does not have it",
            remedy=f'write it like "{name}" = "f5", or leave it out',
        )
    if command.priority and not any(map(types_a_letter, command.all_keys)):
        for key in filter(types_a_letter, keys):
            raise BadRequest(
                f"{name} in [keys] of {where} can not have the key {key_words(key)}: "
                "it works while one types into a field too",
                remedy="give it a key such as f5 or ctrl+l",
            )
    return keys


def _texts(written: object) -> list[str]:
    if isinstance(written, str):
        # Empty, it is no key at all; of blanks or commas alone it is one that was meant.
        texts = [text for text in _WRITTEN.findall(written) if text.strip()]
        return texts if texts or not written else [written.strip()]
    if isinstance(written, list):
        return [one if isinstance(one, str) else repr(one) for one in written]
    return [repr(written)]


def _key(name: str, text: str, where: str) -> str:
    try:
        return read_key(text)
    except NotAKeyError as why:
        raise BadRequest(
            f'"{one_line(text)}" for {name} in [keys] of {where} is not a key: {why}',
            remedy='write keys like "f5", "ctrl+l", "G" or ["n", "]"]',
        ) from None


def _refuse_clashes(keymap: Keymap, where: str) -> None:
    for place in PLACES.values():
        for key, (one, other) in clashes(place, keymap):
            raise BadRequest(
                f"{one.id} and {other.id} would both have the key {key_words(key)} on the screen "
                f'"{place.title}", by [keys] of {where}',
                remedy="give one of them another key",
            )


def clashes(place: Place, keymap: Keymap) -> Iterator[tuple[str, tuple[Command, Command]]]:
    """The keys that two commands of a place have at the same time, and these two."""
    screen = place.own + (EVERYWHERE if place.modal else APP)
    for held in place.widgets or ((),):
        meant: dict[str, list[Command]] = defaultdict(list)
        for command in screen + held:
            for key in keymap.keys(command):
                meant[key].append(command)
        for key, commands in meant.items():
            # A widget may take a key from the screen for as long as it has a use for it.
            others = [one for one in commands if not (one.first and one in held)]
            takers = [one for one in commands if one.first and one in held]
            if len(others) > 1:
                yield key, (others[0], others[1])
            elif len(takers) > 1:
                yield key, (takers[0], takers[1])
