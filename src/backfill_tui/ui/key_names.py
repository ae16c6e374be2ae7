"""The names of keys: as a person reads and writes them, and as Textual and a terminal know them."""

from __future__ import annotations

from typing import Final
from unicodedata import name as unicode_name

_WORDS: Final = {
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
    "dollar_sign": "$",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "semicolon": ";",
    "colon": ":",
    "quotation_mark": '"',
    "apostrophe": "'",
    "exclamation_mark": "!",
    "number_sign": "#",
    "percent_sign": "%",
    "ampersand": "&",
    "at": "@",
    "backslash": "\\",
    "circumflex_accent": "^",
    "grave_accent": "`",
    "vertical_line": "|",
    "tilde": "~",
}
_NAMED: Final = frozenset(
    ("escape", "enter", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown",
     "up", "down", "left", "right", *(f"f{number}" for number in range(1, 25)))
)  # fmt: skip
"""The keys that type no letter, and space."""
_READ: Final = {
    **{word: name for name, word in _WORDS.items()},
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
    "return": "enter", "del": "delete", "ins": "insert", "page_up": "pageup", "page_down": "pagedown",
}  # fmt: skip
_SHORTER: Final = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""The signs that Textual does not call as Unicode does."""
_MODIFIERS: Final = ("ctrl", "alt", "shift")
_SAME: Final = {
    "ctrl+m": "enter",
    "ctrl+i": "tab",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
"""What a terminal sends for them."""


class NotAKeyError(ValueError):
    """It is not a key, or none that a terminal can tell; the words say why."""


def key_of_sign(character: str) -> str:
    """Textual's name of the key that types a letter or a sign: `G`, `slash`, `left_square_bracket`."""
    if character.isalnum():
        return character
    name = unicode_name(character, character).lower().replace("-", "_").replace(" ", "_")
    return _SHORTER.get(name, name)


def key_words(key: str) -> str:
    """A key as a person writes it: `ctrl+s`, `f5`, `?`, `esc`, `shift+down`."""
    modifiers, _, name = key.rpartition("+")
    word = _WORDS.get(name, name)
    if len(name) == 1 and name.isalpha() and modifiers == "shift":
        return word.upper()
    return f"{modifiers}+{word}" if modifiers else word


def read_key(text: str) -> str:
    """Textual's name of a key that somebody wrote: `?`, `esc`, `ctrl+l`, `G`; raises NotAKeyError."""
    text = text.strip()
    head, plus, last = text.rpartition("+")
    if text == "+" or text.endswith("++"):
        # The plus itself, alone or with modifiers: `+`, `ctrl++`.
        head, last = text[:-1].removesuffix("+"), "+"
    elif not plus:
        head, last = "", text
    modifiers = [part.strip().lower() for part in head.split("+")] if head else []
    unknown = [part for part in modifiers if part not in _MODIFIERS]
    if unknown:
        msg = f'"{unknown[0]}" is not ctrl, alt or shift'
        raise NotAKeyError(msg)
    name = _name_of(last.strip())
    if "shift" in modifiers and len(name) == 1 and name.isalpha():
        modifiers.remove("shift")
        name = name.upper()
    if "ctrl" in modifiers and len(name) == 1:
        name = name.lower()
    key = "+".join([*(one for one in _MODIFIERS if one in modifiers), name])
    if key in _SAME:
        msg = f"a terminal sends {key_words(_SAME[key])} for it"
        raise NotAKeyError(msg)
    return key


def types_a_letter(key: str) -> bool:
    """Whether a key puts something into a text field."""
    return "+" not in key and (key == "space" or key not in _NAMED)


def _name_of(word: str) -> str:
    if len(word) == 1 and word.isprintable():
        return _READ.get(word) or key_of_sign(word)
    name = word.lower()
    name = _READ.get(name, name)
    if name not in _NAMED and name not in _WORDS:
        msg = "it is a letter, a sign, f1 to f24, or a name such as enter, esc, space, tab, pgup"
        raise NotAKeyError(msg)
    return name
