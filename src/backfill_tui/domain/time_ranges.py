"""Durations that are not known exactly, and their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.instants import SECOND, Microseconds

# A unit, its name, and how many of it are said before the next one is used.
_UNITS: Final = ((SECOND, "s", 120), (60 * SECOND, "min", 120), (3600 * SECOND, "h", 48))
_DAY: Final = 86_400 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """A duration that is not known exactly, in microseconds; `low` is never above `high`."""

    low: Microseconds
    high: Microseconds


def in_words(span: TimeRange) -> str:
    """`under 1 s`, `40 to 70 s`, `50 s to 3 min`, `9 to 14 min`, `2 to 3 h`, `3 to 5 days`; never one number.

    Rounded outwards, to whole units below 20, to fives below 100, to two digits above.
    """
    unit, name = _unit_of_high(span.high)
    if span.low < SECOND:
        return f"under {_rounded_up(span.high // unit + 1):,} {name}"
    low_unit, low_name = (unit, name) if span.low >= unit else _unit_of_low(span.low)
    low, high = _rounded_down(span.low // low_unit), _rounded_up(-(-span.high // unit))
    if low_unit != unit:
        return f"{low} {low_name} to {high:,} {name}"
    return f"{low:,} to {high if high > low else _rounded_up(high + 1):,} {name}"


def _unit_of_high(high: int) -> tuple[int, str]:
    return next(((unit, name) for unit, name, reach in _UNITS if high <= reach * unit), (_DAY, "days"))


def _unit_of_low(low: int) -> tuple[int, str]:
    return next((unit, name) for unit, name, _ in reversed(_UNITS) if low >= unit)


def _step(number: int) -> int:
    if number < 20:  # noqa: PLR2004
        return 1
    return 5 if number < 100 else int(10 ** (len(str(number)) - 2))  # noqa: PLR2004


def _rounded_down(number: int) -> int:
    return number - number % _step(number)


def _rounded_up(number: int) -> int:
    return -(-number // _step(number)) * _step(number)
