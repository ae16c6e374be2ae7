"""What a log is searched for, in its lines as they are shown: the screen and the bridge find the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.text import harmless

BAD: Final = re.compile(r"\b(?:ERROR|CRITICAL)\b|^\s*Traceback \(|^\s*[\w.]*(?:Error|Exception)\b")
"""What makes a line one of an error."""

_TAB: Final = 4


def shown(line: str) -> list[str]:
    """A line of a log as it is shown: harmless, without tabs, each part on one line."""
    if line.isascii() and line.isprintable():
        return [line]
    return harmless(line).expandtabs(_TAB).split("\n")


@dataclass(frozen=True, slots=True)
class Search:
    """A text that is looked for as it stands; without a capital in it, capitals do not count.

    An empty one looks for the lines of errors.
    """

    words: str = ""

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where it stands in a line, in characters."""
        return [found.span() for found in self.pattern.finditer(line)]

    def lines_of(self, lines: Sequence[str]) -> list[int]:
        """The lines it stands in."""
        pattern = self.pattern
        return [at for at, line in enumerate(lines) if pattern.search(line)]

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a line has to have."""
        if not self.words:
            return BAD
        flags = re.IGNORECASE if self.words == self.words.lower() else 0
        return re.compile(re.escape(self.words), flags)
