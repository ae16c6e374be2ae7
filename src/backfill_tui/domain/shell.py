"""Words as one types them into bash or zsh, printable whatever is in them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# Single quotes keep these as they are; but to a shell's history, and to readers that know no `$'...'`, a
# quote that is escaped by a backslash ends the word.
_ENDS_A_WORD: Final = frozenset("\\'!")


@dataclass(frozen=True, slots=True)
class Variable:
    """A word that is not to be seen: the shell takes it from a variable, and refuses where that is empty."""

    name: str

    @property
    def word(self) -> str:
        """`"${DAG_RUN_CONF:?}"`."""
        return f'"${{{self.name}:?}}"'


Word = str | Variable


def shell_line(words: Iterable[Word]) -> str:
    """The words as one line; what a variable stands for is not in it."""
    return " ".join(word.word if isinstance(word, Variable) else shell_word(word) for word in words)


def shell_word(text: str) -> str:
    """The text as one word of bash or zsh, printable whatever is in it; it must not hold a NUL.

    Letters that only a surrogate stands for (a path that is not UTF-8) become the bytes they came from.
    """
    if text.isprintable():
        # To zsh `=ls` is the path of ls.
        return f"'{text}'" if text.startswith("=") and "'" not in text else shlex.quote(text)
    return f"$'{''.join(map(_ansi_c, text))}'"


def _ansi_c(letter: str) -> str:
    if letter.isprintable() and letter not in _ENDS_A_WORD:
        return letter
    # Three octal digits are never taken together with the letter after them; of hexadecimal ones some
    # shells read as many as there are.
    return "".join(f"\\{byte:03o}" for byte in letter.encode("utf-8", "surrogateescape"))
