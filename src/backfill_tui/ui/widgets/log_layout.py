"""Lines of a log laid out in rows: one each, or as many as a width takes when they are wrapped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from rich.cells import cell_len, chop_cells


class LogLayout:
    """Which part of which line stands in which row; a width of 0 wraps nothing."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.width = 0
        self.widest = 0
        self._first: list[int] = []
        self._rows = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._rows

    def replace(self, lines: Iterable[str]) -> None:
        """Lay out other lines."""
        self.lines, self.widest = [], 0
        self._first, self._rows = [], 0
        self.extend(lines)

    def extend(self, lines: Iterable[str]) -> None:
        """Lay out more lines after the last one."""
        for line in lines:
            cells = cell_len(line)
            self.lines.append(line)
            self.widest = max(self.widest, cells)
            self._first.append(self._rows)
            self._rows += len(self._pieces(line)) if self.width and cells > self.width else 1

    def wrap(self, width: int) -> None:
        """Lay out the same lines for another width."""
        if width != self.width:
            self.width = width
            self.replace(self.lines)

    def row_of(self, line: int) -> int:
        """The first row of a line."""
        return self._first[line]

    def line_at(self, row: int) -> int:
        """The line that a row belongs to."""
        return bisect_right(self._first, row) - 1

    def part_at(self, row: int) -> tuple[int, int, int]:
        """The line of a row, and where in it the row begins and ends, in characters."""
        line = self.line_at(row)
        text, within = self.lines[line], row - self._first[line]
        if not self.width or cell_len(text) <= self.width:
            return line, 0, len(text)
        pieces = self._pieces(text)
        begin = sum(map(len, pieces[:within]))
        return line, begin, begin + len(pieces[within])

    def _pieces(self, line: str) -> list[str]:
        if line.isascii():
            return [line[at : at + self.width] for at in range(0, len(line), self.width)]
        return chop_cells(line, self.width)
