"""A terminal that knows when each of its cells last became what it is.

It understands what Textual writes: moves, styles and text. So it is quick enough to stand beside what it
measures, and the time of a paint is when the terminal received it.
"""

from __future__ import annotations

import codecs
import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Final

from tests.support.terminal import Terminal

COLUMNS: Final = 200
LINES: Final = 50
_TOKEN: Final = re.compile(
    r"\x1b\[(?P<line>\d*);(?P<column>\d*)H"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]P_^X].*?(?:\x07|\x1b\\)"
    r"|\x1b[()].|\x1b[^\[\]P_^X()]"
    r"|(?P<text>[^\x1b\r\n]+)|[\r\n]",
    re.DOTALL,
)


class Cells:
    """What stands in each cell, and when a sign last came to stand there."""

    def __init__(self, columns: int = COLUMNS, lines: int = LINES) -> None:
        self._cells = [[" "] * columns for _ in range(lines)]
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._rest = ""
        self._line = self._column = 0
        self.came: dict[tuple[int, int, str], float] = {}
        """When a sign came to a cell last: line, column and sign, zero-based."""

    def feed(self, data: bytes, at: float) -> None:
        """Take what the program wrote; what ends within an escape sequence waits for the rest of it."""
        text, end = self._rest + self._decoder.decode(data), 0
        for token in _TOKEN.finditer(text):
            if token.start() != end:
                break
            end = token.end()
            if token["line"] is not None:
                self._line, self._column = int(token["line"] or 1) - 1, int(token["column"] or 1) - 1
            elif token["text"]:
                self._write(token["text"], at)
        self._rest = text[end:]

    def _write(self, text: str, at: float) -> None:
        cells, line = self._cells[self._line], self._line
        for column, sign in enumerate(text, self._column):
            if column < len(cells) and cells[column] != sign:
                cells[column] = sign
                self.came[line, column, sign] = at
        self._column += len(text)

    @property
    def lines(self) -> list[str]:
        """The screen, line by line."""
        return ["".join(line) for line in self._cells]


class WatchingTerminal(Terminal):
    """A program in such a terminal."""

    def __init__(self, words: Sequence[str], *, environment: Mapping[str, str]) -> None:
        self.cells = Cells()
        super().__init__(words, environment=environment, columns=COLUMNS, lines=LINES)

    @property
    def text(self) -> str:
        """What stands on the screen now."""
        with self._lock:
            return "\n".join(self.cells.lines)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._leader, 65_536)
            except OSError:
                data = b""
            at = time.monotonic()
            with self._changed:
                self.cells.feed(data, at)
                self._changed.notify_all()
            if not data:
                return
