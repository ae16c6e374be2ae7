"""One command: its name, keys, action and words; everything that shows keys is derived from these."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

_KEY_WORDS = {
    "question_mark": "?",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "minus": "-",
    "plus": "+",
    "equals_sign": "=",
    "underscore": "_",
    "comma": ",",
    "asterisk": "*",
    "full_stop": ".",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a key does somewhere.

    `id` is `place.verb` and names the command in a user's keymap. `keys` are Textual's names, separated by
    commas, the first is the one shown. `action` is a Textual action of the screen or widget of that place,
    or `app.…`. `label` are the words of the footer, empty for a command that is not listed there. `help` is
    one sentence. `priority` commands work while a text field has the focus.
    """

    id: str
    keys: str
    action: str
    label: str
    help: str
    priority: bool = False
    palette: bool = True

    @property
    def place(self) -> str:
        """Where it applies: a screen, a dialog or a kind of widget."""
        return self.id.partition(".")[0]

    @property
    def key(self) -> str:
        """The key to show, as Textual names it."""
        return self.keys.split(",")[0]

    def binding(self) -> Binding:
        """The binding that makes the keys work."""
        return Binding(
            self.keys, self.action, self.label or self.help, show=bool(self.label), id=self.id,
            priority=self.priority,
        )  # fmt: skip


def key_words(key: str) -> str:
    """A key as a person writes it: `ctrl+s`, `f5`, `?`, `esc`, `shift+down`."""
    modifiers, _, name = key.rpartition("+")
    word = _KEY_WORDS.get(name, name)
    if len(name) == 1 and name.isalpha() and modifiers == "shift":
        return word.upper()
    return f"{modifiers}+{word}" if modifiers else word


def bindings(commands: tuple[Command, ...]) -> list[Binding]:
    """The bindings of some commands, for a `BINDINGS`."""
    return [command.binding() for command in commands]
