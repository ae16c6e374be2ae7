"""Where the dates of a plan stand in the calendar strip: lines, columns and cells of the terminal.

Pure arithmetic, no drawing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from backfill_tui.ui.widgets.strip_calendar import Calendar

_INTEGERS: Final = "q"
_GAP: Final = 2
"""Cells of the terminal between two groups on a line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Cells from `first` to before `stop`, all of one group and side by side on one line, from `x` on.

    The label of the group ends before `origin`, where its first column is, unless the cells go on with a
    group of the line above or of the same line.
    """

    group: int
    origin: int
    x: int
    first: int
    stop: int
    labelled: bool = True


class StripLayout:
    """The lines of the strip for a number of terminal cells.

    A line has as many groups of one block as fit beside each other, in columns; the lines of a block have
    equally many. A group that does not fit on a line goes on on the next ones, in equal parts, and its cells
    then stand without regard to their columns.
    """

    def __init__(self, calendar: Calendar, width: int) -> None:
        self.calendar = calendar
        self.width = width
        grain, starts, blocks = calendar.grain, calendar.starts, calendar.blocks
        room = width - grain.head_width
        most = max(1, room - grain.label_width)
        widest = max((calendar.columns(group)[-1] + 1 for group in range(calendar.group_count)), default=1)
        self._in_columns = widest <= most
        if not self._in_columns:
            widest = max(stop - start for start, stop in pairwise(starts))
        self._part = _evenly(widest, most)
        self._slot = grain.label_width + self._part + _GAP
        longest = max((stop - start for start, stop in pairwise(blocks)), default=1)
        self._columns = _evenly(longest, max(1, (room + _GAP) // self._slot)) if widest == self._part else 1
        self._lines = array(_INTEGERS)
        """The first group of each line."""
        self._line_of = array(_INTEGERS, bytes(8 * calendar.group_count))
        """The first line of each group."""
        for start, stop in pairwise(blocks):
            for group in range(start, stop, self._columns):
                for one in range(group, min(group + self._columns, stop)):
                    self._line_of[one] = len(self._lines)
                self._lines.extend([group] * -(-(starts[group + 1] - starts[group]) // self._part))

    def __len__(self) -> int:
        return len(self._lines)

    def head(self, line: int) -> str:
        """What all groups of a line share."""
        return self.calendar.grain.head(self.calendar.begun[self._lines[line]])

    def begins_block(self, line: int) -> bool:
        """Whether a line is the first one of its block, which says what its groups share."""
        return line == 0 or self.head(line - 1) != self.head(line)

    def label(self, piece: Piece) -> str:
        """What the group of a piece is called."""
        return self.calendar.grain.label(self.calendar.begun[piece.group]) if piece.labelled else ""

    def pieces(self, line: int) -> tuple[Piece, ...]:
        """What stands on a line, from left to right."""
        group = self._lines[line]
        starts, grain = self.calendar.starts, self.calendar.grain
        x = grain.head_width + grain.label_width
        if not self._in_columns and self._columns == 1:
            part = line - self._line_of[group]
            first = starts[group] + part * self._part
            return (Piece(group, x, x, first, min(first + self._part, starts[group + 1]), part == 0),)
        after = self._lines[line + 1] if line + 1 < len(self) else self.calendar.group_count
        return tuple(
            piece
            for column, one in enumerate(range(group, after))
            for piece in self._group_pieces(one, x + column * self._slot)
        )

    def _group_pieces(self, group: int, origin: int) -> Iterator[Piece]:
        """The cells of a group that has one line, in pieces between which columns are empty."""
        first, columns = self.calendar.starts[group], self.calendar.columns(group)
        if not self._in_columns:
            columns = range(self.calendar.starts[group + 1] - first)
        begin = 0
        for at in range(1, len(columns) + 1):
            if at == len(columns) or columns[at] != columns[at - 1] + 1:
                yield Piece(group, origin, origin + columns[begin], first + begin, first + at, begin == 0)
                begin = at

    def position(self, cell: int) -> tuple[int, int]:
        """The line of a cell, and where on it the cell stands."""
        group = self.calendar.group_of(cell)
        within, line = cell - self.calendar.starts[group], self._line_of[group]
        part, beside = divmod(within, self._part)
        if self._in_columns:
            part, beside = 0, self.calendar.columns(group)[within]
        x = self.calendar.grain.head_width + self.calendar.grain.label_width + beside
        return line + part, x + (group - self._lines[line]) * self._slot

    def cell_at(self, line: int, x: int) -> int | None:
        """The cell at a point; None where there is none."""
        if not 0 <= line < len(self):
            return None
        for piece in self.pieces(line):
            if 0 <= x - piece.x < piece.stop - piece.first:
                return piece.first + x - piece.x
        return None

    def nearest(self, line: int, x: int) -> int:
        """The cell of a line that is nearest to a point; of the nearest line where there is no such line."""
        pieces = self.pieces(max(0, min(line, len(self) - 1)))
        cells = (min(max(piece.first, piece.first + x - piece.x), piece.stop - 1) for piece in pieces)
        return min(cells, key=lambda cell: abs(self.position(cell)[1] - x))


def _evenly(number: int, most: int) -> int:
    """How many go into each of the fewest parts of at most `most`."""
    return -(-number // -(-number // most))
