"""What stands over columns of dates: years, months or days, and under them a number every few columns.

Words and arithmetic, no drawing. A position is the place of a date among those that are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import cell_len, set_cell_size

from backfill_tui.domain.instants import SECOND, Instant, to_datetime
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import RunRow

_MINUTE: Final = 60 * SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_FARTHEST_BEGIN: Final = 400
"""How many positions before what is seen the beginning of a group is looked for."""
_LOOK_AHEAD: Final = 4
"""A number near the edge gives way to the group that begins just behind it, before that is seen."""


class _Scale(NamedTuple):
    """Groups and the units in them, as microseconds and as words; every `steps` units one may be named.

    `depth` is how many of year, month, day and hour the dates of one group have in common.
    """

    depth: int
    group: int
    group_words: str
    group_width: int
    unit: int
    unit_words: str
    unit_width: int
    steps: tuple[int, ...]


_SCALES: Final = (
    _Scale(4, _HOUR, "%Y-%m-%d %Hh", 14, _MINUTE, "%M", 2, (1, 5, 10, 15, 30)),
    _Scale(3, _DAY, "%Y-%m-%d", 10, _HOUR, "%H", 2, (1, 3, 6, 12)),
    _Scale(2, 30 * _DAY, "%Y %b", 8, _DAY, "%d", 2, (1, 5, 10)),
    _Scale(1, 365 * _DAY, "%Y", 4, 30 * _DAY, "%b", 3, (1, 3, 6)),
)
"""The finest first."""
_NUMBERED_MONTHS: Final = _SCALES[-1]._replace(unit_words="%m", unit_width=2)


def _scale_for(apart: int, cell: int) -> tuple[_Scale, int]:
    """The finest scale whose groups have room for their names, and its first step with room for a unit's."""
    enough = (one for one in _SCALES if one.group * cell >= (one.group_width + 1) * apart)
    scale = next(enough, _SCALES[-1])
    unit_cells = cell * max(1, scale.unit / apart)
    if scale is _SCALES[-1] and _NUMBERED_MONTHS.unit_width < unit_cells <= scale.unit_width:
        scale = _NUMBERED_MONTHS
    steps = (step for step in scale.steps if step * unit_cells > scale.unit_width)
    return scale, next(steps, scale.steps[-1])


class _Place(NamedTuple):
    """Where a date lies: in which group, and which unit of it."""

    group: tuple[int, ...]
    unit: int


class DateMarks:
    """The two lines over `number` dates, of which each takes `cell` terminal cells.

    `row_at` gives the row at a position. Where rows have no date their partition keys stand in the first
    line, as many as have room when the longest takes `widest` cells.
    """

    def __init__(
        self, row_at: Callable[[int], RunRow | None], number: int, zone: tzinfo, *, cell: int, widest: int
    ) -> None:
        self._row_at = row_at
        self._number = number
        self._zone = zone
        self._cell = cell
        self._widest = widest
        self._ends = self._find_ends()
        (first, begun), (last, ended) = self._ends
        self._has_dates = begun is not None and ended is not None
        self._backwards, apart = False, _DAY
        if begun is not None and ended is not None and first < last:
            self._backwards, apart = ended < begun, max(1, abs(ended - begun) // (last - first))
        self._scale, self._step = _scale_for(apart, cell)
        self._place = lru_cache(maxsize=4096)(self._place_of)

    def holds(self) -> bool:
        """Whether the first and the last date that are read are still those by which the scale was chosen."""
        return self._ends == self._find_ends()

    def lines(self, left: int, room: int) -> tuple[str, str]:
        """Both lines in `room` terminal cells, from the cell `left` on."""
        first, last = left // self._cell, self.reach(left, room).stop
        if first >= self._number:
            return " " * room, " " * room
        if not self._has_dates:
            return self._keys(first, last, left, room), " " * room
        begin = self._begin_of_group(first)
        upper, lower = _Line(left, room), _Line(left, room)
        known = [(at, place) for at in range(begin, last) if (place := self._known(at)) is not None]
        begins = _begins(known)
        self._write_groups(begins, upper)
        for at in (*begins, *self._ticks(known)):
            lower.write(at * self._cell, self._words(at, self._scale.unit_words))
        return upper.text, lower.text

    def reach(self, left: int, room: int) -> range:
        """The positions of all dates on which the lines there may depend."""
        last = min(self._number, -(-(left + room) // self._cell) + _LOOK_AHEAD)
        return range(max(0, left // self._cell - _FARTHEST_BEGIN), last)

    def _keys(self, first: int, last: int, left: int, room: int) -> str:
        every = -(-(self._widest + 1) // self._cell)
        begin = first // every * every
        line = _Line(left, room)
        for at in range(begin, last, every):
            row = self._row_at(at)
            key = "" if row is None else one_line(row.partition_key or "")
            line.write(at * self._cell, set_cell_size(key, min(cell_len(key), self._widest)))
        return line.text

    def _find_ends(self) -> tuple[tuple[int, Instant | None], ...]:
        """The positions of the first and the last row that are read, and their dates."""
        both = range(self._number), range(self._number)[::-1]
        read = (next((at for at in one if self._row_at(at) is not None), 0) for one in both)
        return tuple((at, self._date(at) if self._number else None) for at in read)

    def _date(self, at: int) -> Instant | None:
        row = self._row_at(at)
        return None if row is None else row.logical_date

    def _words(self, at: int, form: str) -> str:
        date = self._date(at)
        return "" if date is None else to_datetime(date, self._zone).strftime(form)

    def _place_of(self, date: Instant) -> _Place:
        local: datetime = to_datetime(date, self._zone)
        fields = (local.year, local.month, local.day, local.hour, local.minute)
        depth = self._scale.depth
        return _Place(fields[:depth], fields[depth])

    def _known(self, at: int) -> _Place | None:
        date = self._date(at)
        return None if date is None else self._place(date)

    def _begin_of_group(self, at: int) -> int:
        here, farthest = self._known(at), max(0, at - _FARTHEST_BEGIN)
        while here is not None and at > farthest:
            before = self._known(at - 1)
            if before is None or before.group != here.group:
                break
            at -= 1
        return at

    def _write_groups(self, begins: list[int], line: _Line) -> None:
        """Name the groups that have room first, then those that only lack neighbours in the way."""
        cell, width = self._cell, self._scale.group_width
        ends = [*begins[1:], self._number + width]
        # The group in which the view begins is named there.
        places = [(max(at * cell, line.left), at, end * cell) for at, end in zip(begins, ends, strict=True)]
        for x, at, _ in sorted(places, key=lambda place: place[0] + width >= place[2]):
            line.write(x, self._words(at, self._scale.group_words))

    def _ticks(self, known: Iterable[tuple[int, _Place]]) -> Iterator[int]:
        """The positions at which the unit is a step further than at the one before."""
        # Months are counted from 1; backwards a step ends with what it begins with forwards.
        off = (self._scale.depth == 1) + self._backwards
        group: tuple[int, ...] = ()
        step = 0
        for at, place in known:
            before, step = step, (place.unit - off) // self._step
            if place.group == group and step != before:
                yield at
            group = place.group


def _begins(known: Iterable[tuple[int, _Place]]) -> list[int]:
    """The positions at which a group begins."""
    begins: list[int] = []
    group: tuple[int, ...] = ()
    for at, place in known:
        if place.group != group:
            begins.append(at)
            group = place.group
    return begins


class _Line:
    """A line of words, each of which is written only where it stands free, and seen only as a whole.

    `left` is the first terminal cell that is seen, and `room` how many are.
    """

    def __init__(self, left: int, room: int) -> None:
        self.left = left
        self._room = room
        self._taken: set[int] = set()
        self._cells = [" "] * room

    @property
    def text(self) -> str:
        """What is seen of it."""
        return "".join(self._cells)

    def write(self, x: int, words: str) -> None:
        """Write words at a terminal cell, unless there are others in the way."""
        width = cell_len(words)
        if not self._taken.isdisjoint(range(x - 1, x + width + 1)):
            return
        self._taken.update(range(x, x + width))
        at = x - self.left
        if 0 <= at <= self._room - width:
            self._cells[at : at + width] = [words, *[""] * (width - 1)] if words else []
