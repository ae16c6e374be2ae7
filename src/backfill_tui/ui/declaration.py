"""One command as it is declared: its name, keys, action and words, from which all that shows keys is derived.

Plain data, which whoever draws nothing can read too.
"""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.ui.key_names import key_of_sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a key does somewhere.

    `id` is `place.verb` and names the command in a user's keymap. `keys` are Textual's names, separated by
    commas, the first is the one shown. `action` is a Textual action of the screen or widget of that place,
    or `app.…`. `label` are the words of the footer, empty for a command that is not listed there. `help` is
    one sentence. `priority` commands work while a text field has the focus. `palette` says whether the
    palette finds it. One of a widget that is `first` may have a key of the screen: while it applies, the
    widget takes it.
    """

    id: str
    keys: str
    action: str
    label: str
    help: str
    priority: bool = False
    palette: bool = True
    first: bool = False

    @property
    def place(self) -> str:
        """Where it applies: a screen, a dialog or a kind of widget."""
        return self.id.partition(".")[0]

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Its keys, as Textual names them; the first is the one to show."""
        return tuple(key_of_sign(key) if len(key) == 1 else key for key in self.keys.split(","))
