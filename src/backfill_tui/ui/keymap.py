"""The keymap that is in use.

Whatever names a key to the user asks here, so that a sentence, the key line, the help and the palette follow
the user's `[keys]`.
"""

from __future__ import annotations

from textual._context import active_app

from backfill_tui.ui.own_keys import Keymap


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
