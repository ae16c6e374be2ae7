"""When the clocks of a timezone are put forward or back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Final

from backfill_tui.domain.instants import SECOND, Instant, to_datetime

_PROBE: Final = 3 * 24 * 3600
"""Seconds between two looks at a clock. No zone of the IANA database has changed its offset twice within six
days since 1906."""

_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Time in which a zone keeps its offset from UTC (in microseconds): from `start` up to `end`, exclusive.

    `before` and `after` are how far the clock moves at either end, 0 where the stretch was only cut off.
    """

    start: Instant
    end: Instant
    offset: int
    before: int = 0
    after: int = 0


def stretches(zone: tzinfo, first: Instant, last: Instant) -> Sequence[Stretch]:
    """The stretches from `first` to `last` inclusive, in order and without gaps."""
    found: list[Stretch] = []
    start, moved, offset = first, 0, _offset(zone, first)
    probe = first
    while probe < last:
        following = Instant(min(probe + _PROBE * SECOND, last))
        if (new := _offset(zone, following)) != offset:
            change = _change_between(zone, probe, following, offset)
            found.append(Stretch(start=start, end=change, offset=offset, before=moved, after=new - offset))
            start, moved, offset = change, new - offset, new
        probe = following
    found.append(Stretch(start=start, end=Instant(last + 1), offset=offset, before=moved))
    return found


def _change_between(zone: tzinfo, low: Instant, high: Instant, offset: int) -> Instant:
    """The first instant after `low` with another offset; clocks change at whole seconds."""
    below, above = low // SECOND, -(-high // SECOND)
    while above - below > 1:
        middle = (below + above) // 2
        if _offset(zone, Instant(middle * SECOND)) == offset:
            below = middle
        else:
            above = middle
    return Instant(above * SECOND)


def _offset(zone: tzinfo, at: Instant) -> int:
    offset = to_datetime(at, zone).utcoffset() or timedelta()
    return offset // _MICROSECOND
