"""What one cell says of several task instances: the most urgent state, and how many of them are in it.

Tallies can be put together in any order and in any parts, so a folded task group says the same whether its
tasks are plain, mapped, or both.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from backfill_tui.domain.states import CODE_OF, URGENCY, TaskState
from backfill_tui.domain.watching import TaskColumn

_ABSENT: Final = CODE_OF[TaskState.ABSENT]
_CODE_OF_RANK: Final = bytes(sorted(range(len(URGENCY)), key=URGENCY.__getitem__))
_RANK_OF_CODE: Final = bytes(URGENCY).ljust(256, b"\xff")
_PACKED: Final = struct.Struct("<II")
_NUMBER: Final = _PACKED.size // 2


class Tally(NamedTuple):
    """`code` is the most urgent state of `total` task instances, and `shown` of them are in it."""

    code: int
    shown: int
    total: int

    @property
    def words(self) -> str:
        """The numbers behind the sign: `12` when all are in one state, else `3/12`; one needs none."""
        return words_of(self.shown, self.total)


@lru_cache(maxsize=4096)
def words_of(shown: int, total: int) -> str:
    """The numbers of a tally; the grid asks for those of every cell it draws."""
    if total <= 1:
        return ""
    return str(total) if shown == total else f"{shown}/{total}"


NOTHING: Final = Tally(_ABSENT, 0, 0)


@lru_cache(maxsize=4096)
def tally_of(codes: bytes) -> Tally:
    """The tally of task instances by their codes; those that are absent do not count."""
    ranks = codes.translate(_RANK_OF_CODE)
    worst = min(ranks, default=URGENCY[_ABSENT])
    code = _CODE_OF_RANK[worst]
    if code == _ABSENT:
        return NOTHING
    return Tally(code, ranks.count(worst), len(ranks) - ranks.count(URGENCY[_ABSENT]))


def roll_up(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one."""
    whole = NOTHING
    for tally in tallies:
        whole = _together(whole, tally)
    return whole


def _together(one: Tally, other: Tally) -> Tally:
    total = one.total + other.total
    if one.code == other.code:
        return Tally(one.code, one.shown + other.shown, total)
    worse = one if URGENCY[one.code] < URGENCY[other.code] else other
    return Tally(worse.code, worse.shown, total)


def most_urgent_of(lines: Sequence[bytes]) -> bytes:
    """The most urgent code at each place of several lines of codes, which are equally long."""
    if len(lines) == 1:
        return lines[0]
    ranks = map(min, *(line.translate(_RANK_OF_CODE) for line in lines))
    return bytes(ranks).translate(_CODE_OF_RANK.ljust(256, b"\xff"))


# How a row of cells carries the tallies of its mapped tasks.


def mapped_places(columns: Sequence[TaskColumn]) -> tuple[int, ...]:
    """The places of the columns whose cells stand for several task instances."""
    return tuple(place for place, column in enumerate(columns) if column.mapped)


def row_size(columns: Sequence[TaskColumn]) -> int:
    """The bytes of one row: a code a column, then a packed tally for each mapped one."""
    return len(columns) + _PACKED.size * len(mapped_places(columns))


def packed(numbers: Iterable[tuple[int, int]]) -> bytes:
    """`shown` and `total` of the mapped columns of one row, in their order."""
    return b"".join(_PACKED.pack(*pair) for pair in numbers)


def numbers_of(tallies: bytes) -> tuple[int, ...]:
    """What was packed: `shown` and `total` of the first mapped column, then of the next, and so on."""
    return _numbers(len(tallies) // _NUMBER).unpack(tallies)


@lru_cache(maxsize=16)
def _numbers(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}I")


class RollUp:
    """Some columns of a row as one cell: their places are chosen once, their tallies read for each row."""

    def __init__(self, places: Sequence[int], mapped: Sequence[int]) -> None:
        """`mapped` are the places of all mapped columns, in their order."""
        slots = {place: slot for slot, place in enumerate(mapped)}
        self._plain = _picker([place for place in places if place not in slots])
        self._mapped = [(place, 2 * slots[place]) for place in places if place in slots]

    def tally(self, cells: bytes, numbers: Sequence[int]) -> Tally:
        """The tally of one row, by its cells and the numbers of its mapped columns."""
        code, shown, total = tally_of(self._plain(cells))
        for place, at in self._mapped:
            one = cells[place]
            total += numbers[at + 1]
            if one == code:
                shown += numbers[at]
            elif URGENCY[one] < URGENCY[code]:
                code, shown = one, numbers[at]
        return Tally(code, shown, total)


def _picker(places: Sequence[int]) -> Callable[[bytes], bytes]:
    """What picks the cells of these places out of a row."""
    if not places:
        return lambda _: b""
    first, last = places[0], places[-1] + 1
    if list(places) == list(range(first, last)):
        return lambda cells: cells[first:last]
    pick = itemgetter(*places)
    return lambda cells: bytes(pick(cells))
