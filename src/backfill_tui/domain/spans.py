"""Stretches of a calendar in a timezone, as instants.

A stretch takes in all of its days: it begins when the clock says its first midnight for the first time and
ends with the last microsecond before the clock says the midnight after it for good. So a day on which the
clock goes back has 25 hours, and where the clock skips midnight the day begins at the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.instants import Instant, from_datetime, to_datetime

_MICROSECOND: Final = timedelta(microseconds=1)
_DAYS: Final = {"day": 1, "week": 7}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
# Beyond these a year has not four digits, or a day of it can not be counted from in every timezone.
_EARLIEST: Final = from_datetime(datetime(1000, 1, 1, tzinfo=timezone.utc))
_LATEST: Final = from_datetime(datetime(9999, 1, 1, tzinfo=timezone.utc))
OUT_OF_REACH: Final = "only the years 1000 to 9998 can be planned"


class Side(StrEnum):
    """Which bound of a range a text is."""

    FROM = "from"
    TO = "to"


class Unit(StrEnum):
    """A unit of the calendar; a week is one of ISO 8601 and begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    def first_day(self, day: date) -> date:
        """The first day of the unit that `day` lies in."""
        if self is Unit.WEEK:
            return moved(day, Unit.DAY, -day.weekday())
        if self.value in _DAYS:
            return day
        months = _MONTHS[self.value]
        return day.replace(month=(day.month - 1) // months * months + 1, day=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The time an expression stands for, both ends included; a single instant is first and last at once."""

    first: Instant
    last: Instant

    def bound(self, side: Side) -> Instant:
        """The end that the given bound takes."""
        return self.first if side is Side.FROM else self.last


def moved(day: date, unit: Unit, count: int) -> date:
    """`day` moved by so many units, the first day of a month staying one; OverflowError outside all years."""
    if unit.value in _DAYS:
        return day + timedelta(days=count * _DAYS[unit.value])
    years, month = divmod(day.month - 1 + count * _MONTHS[unit.value], 12)
    if not 1 <= day.year + years <= 9999:  # noqa: PLR2004
        raise OverflowError(OUT_OF_REACH)
    return day.replace(year=day.year + years, month=month + 1)


def day_span(day: date, zone: tzinfo) -> Span:
    """A calendar day in `zone`, from its first instant to its last microsecond.

    Where the clock skips midnight the day begins when the clock says it for the first time. Raises
    ValueError for a day that the zone skipped as a whole (Samoa's 2011-12-30).
    """
    return units_span(day, Unit.DAY, 1, zone)


def units_span(first_day: date, unit: Unit, count: int, zone: tzinfo) -> Span:
    """So many units from `first_day` on, taken as `day_span` takes one day; raises as it does."""
    after = moved(first_day, unit, count)
    first = _first_at_or_after(datetime.combine(first_day, datetime.min.time()), zone)
    last = _last_before(datetime.combine(after, datetime.min.time()), zone)
    if first > last:
        msg = f"{first_day} does not exist in {zone}"
        raise ValueError(msg)
    return Span(first, last)


def wall_clock(local: datetime, zone: tzinfo) -> Instant:
    """A local time as Airflow reads it: a skipped one moves forward, of a repeated one it is the second."""
    later = local.replace(tzinfo=zone, fold=1)
    # In a gap fold=0 takes the offset before the change, which moves the time forward.
    return from_aware(later if _exists(local, zone) else later.replace(fold=0))


def is_unambiguous(local: datetime, zone: tzinfo) -> bool:
    """Whether the clock of `zone` says this time exactly once."""
    offsets = {local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    return len(offsets) == 1 and _exists(local, zone)


def from_aware(moment: datetime) -> Instant:
    """The instant of an aware datetime; OverflowError when it leaves the years that can be written."""
    return from_datetime(moment.astimezone(timezone.utc))


def within_reach(span: Span) -> Span:
    """The span itself; ValueError with the reason when it leaves the years that every timezone can show."""
    if span.first < _EARLIEST or span.last >= _LATEST:
        raise ValueError(OUT_OF_REACH)
    return span


def _exists(local: datetime, zone: tzinfo) -> bool:
    there_and_back = local.replace(tzinfo=zone).astimezone(timezone.utc).astimezone(zone)
    return there_and_back.replace(tzinfo=None) == local


def _first_at_or_after(local: datetime, zone: tzinfo) -> Instant:
    if _exists(local, zone):
        return from_aware(local.replace(tzinfo=zone, fold=0))
    return _end_of_gap(local, zone)


def _last_before(local: datetime, zone: tzinfo) -> Instant:
    just_before = local - _MICROSECOND
    if _exists(just_before, zone):
        return from_aware(just_before.replace(tzinfo=zone, fold=1))
    return Instant(_end_of_gap(just_before, zone) - 1)


def _end_of_gap(local: datetime, zone: tzinfo) -> Instant:
    """The instant of the change that skips `local`: the first one with the new offset."""
    # With the offset after the change the skipped time lies before it, with the one before it, after.
    low = from_datetime(local.replace(tzinfo=zone, fold=1))
    high = from_datetime(local.replace(tzinfo=zone, fold=0))
    new_offset = to_datetime(high, zone).utcoffset()
    while low < high:
        middle = Instant((low + high) // 2)
        if to_datetime(middle, zone).utcoffset() == new_offset:
            high = middle
        else:
            low = Instant(middle + 1)
    return high
