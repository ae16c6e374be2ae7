"""What one cell says of several task instances: the most urgent state, and how many of them are in it.

Tallies can be put together in any order and in any parts, so a folded task group says the same whether its
tasks are plain, mapped, or both.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from backfill_tui.domain.states import CODE_OF, URGENCY, TaskState
from backfill_tui.domain.watching import TaskColumn

_ABSENT: Final = CODE_OF[TaskState.ABSENT]
_CODE_OF_RANK: Final = bytes(sorted(range(len(URGENCY)), key=URGENCY.__getitem__))
_RANK_OF_CODE: Final = bytes(URGENCY).ljust(256, b"\xff")
_PACKED: Final = struct.Struct("<II")


class Tally(NamedTuple):
    """`code` is the most urgent state of `total` task instances, and `shown` of them are in it."""

    code: int
    shown: int
    total: int

    @property
    def words(self) -> str:
        """The numbers behind the sign: `12` when all are in one state, else `3/12`; one needs none."""
        if self.total <= 1:
            return ""
        return str(self.total) if self.shown == self.total else f"{self.shown}/{self.total}"


NOTHING: Final = Tally(_ABSENT, 0, 0)


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


def unpacked(row: bytes | bytearray, width: int, slot: int, *, start: int = 0) -> tuple[int, int]:
    """`shown` and `total` of the mapped column number `slot` of a row that begins at `start`.

    `width` is the number of all columns.
    """
    shown, total = _PACKED.unpack_from(row, start + width + slot * _PACKED.size)
    return shown, total
