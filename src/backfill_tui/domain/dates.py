"""Bounds of a backfill as people type them, read as instants.

Every expression stands for a span of time, and a bound takes one end of it: `--from` the first instant,
`--to` the last. A reader below knows one kind of expression; further kinds are further readers. Capital
letters and further spaces make no difference.

| expression | stands for |
|---|---|
| `2024-03-01T06:00Z`, `2024-03-01T06:00` | that instant, in the Dag's timezone when it has no offset |
| `2024-03-01`, `2024-03`, `2024-Q1`, `2024` | that day, month, quarter, year in the Dag's timezone |
| `2024-W07` | that week of ISO 8601, Monday to Sunday |
| `now` | this instant, to the whole second |
| `today`, `this week`, `this month`, `this quarter`, `this year` | from its first instant until now |
| `yesterday`, `last week`, `last month`, ... | the whole unit of the calendar before the present one |
| `last 30 days`, `last 2 weeks`, `last 6 months`, ... | so many whole units before the present one |
| `last 12 hours`, `last 90 minutes` | elapsed time, until now |

So an expression that moves with the clock never reaches beyond now, and `last 30 days` ends with yesterday.
A written date means all of itself, also where that is still to come.

What Airflow does with the same text is the measure (Airflow 3.3 `_shared/timezones/timezone.py`, `parse`,
which is pendulum's): a wall-clock time that a change of the clock skips moves forward by what was skipped
(02:30 in New York on 2024-03-10 is 03:30), one that occurs twice is the **second** occurrence (01:30 on
2024-11-03 is after the change). A day takes in all of it, both occurrences included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final

from backfill_tui.domain.instants import SECOND, Instant, to_datetime
from backfill_tui.domain.near_misses import near_miss
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.spans import (
    OUT_OF_REACH,
    Side,
    Span,
    Unit,
    day_span,
    from_aware,
    moved,
    units_span,
    wall_clock,
    within_reach,
)
from backfill_tui.domain.text import one_line

__all__ = [
    "EXAMPLES",
    "Side",
    "Span",
    "day_span",
    "not_a_date",
    "parse_bound",
    "read_span",
    "tidy",
    "whole_second",
]

EXAMPLES: Final = "2024-03-01, 2024-03-01T06:00 or 2024-03-01T06:00:00Z"
"""One of each kind: a day, a local time, an instant."""

# The longest expression has 40 characters; nothing is searched in a text that can not be one.
_LONGEST: Final = 100
_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[t ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?"
    r"\s?(?:(z)|([+-])(\d{2}):?(\d{2})?)?",
    re.ASCII,
)
_UNIT_OF_YEAR: Final = re.compile(r"(\d{4})(?:[- ]?q(\d{1,2})|[- ]?w(\d{1,2})|-(\d{1,2}))?", re.ASCII)
_LAST: Final = re.compile(
    r"(?:last|past|previous) "
    r"(?:(\d+) (minute|hour|day|week|month|quarter|year)s?|(hour|day|week|month|quarter|year))",
    re.ASCII,
)
_THIS: Final = re.compile(r"this (day|week|month|quarter|year)", re.ASCII)
_ELAPSED: Final = {"minute": 60 * SECOND, "hour": 3600 * SECOND}
_ONE_DAY: Final = timedelta(days=1)
_QUARTERS: Final = 4
_MONTHS: Final = 12
_PHRASES: Final = (
    *("now", "today", "yesterday", "last week", "last month", "last quarter", "last year"),
    *("this week", "this month", "this quarter", "this year"),
)

_Reader = Callable[[str, tzinfo, "Instant | None"], "Span | None"]
"""Reads one kind of expression in a Dag's timezone: None when the text is of another kind, ValueError
with the reason when it is of this kind and can not be meant."""


def parse_bound(text: str, side: Side, zone: tzinfo, *, now: Instant | None = None) -> Instant:
    """The instant that `text` means as one bound of a range, in the Dag's timezone `zone`.

    It may be any of the expressions of this module; those that move with the clock need `now`. Raises
    BadRequest with a reason and an example for everything else.
    """
    try:
        span = read_span(text, zone, now=now)
    except ValueError as cause:
        raise not_a_date(text, side, str(cause)) from cause
    if span is None:
        raise not_a_date(text, side)
    return span.bound(side)


def read_span(text: str, zone: tzinfo, *, now: Instant | None = None) -> Span | None:
    """The time that one expression stands for in `zone`; None when the text is nothing like one.

    Raises ValueError with the reason, or with what was probably meant, when it is near one.
    """
    wanted = tidy(text)
    if not wanted:
        return None
    for read in _READERS:
        try:
            span = read(wanted, zone, now)
        except OverflowError as beyond:
            raise ValueError(OUT_OF_REACH) from beyond
        if span is not None:
            return within_reach(span)
    if hint := near_miss(wanted, _PHRASES):
        raise ValueError(hint)
    return None


def tidy(text: str) -> str:
    """The text as the readers take it, in small letters with single spaces; empty when it can be nothing."""
    bare = text.strip()
    if len(bare) > _LONGEST or not bare.isascii():
        return ""
    return " ".join(bare.split()).lower()


def whole_second(now: Instant) -> Instant:
    """Now as an expression means it: the second that has begun, so that it can be written short."""
    return Instant(now - now % SECOND)


def not_a_date(text: str, side: Side, reason: str = "") -> BadRequest:
    """The problem of a text that can not be this bound, with the reason in it."""
    shown = one_line(text[:200])[:60]
    verb = "begin" if side is Side.FROM else "end"
    why = f": {reason}" if reason else ""
    return BadRequest(
        f'"{shown}" is not a date that the range can {verb} with{why}', remedy=f"write it like {EXAMPLES}"
    )


def _read_moment(text: str, zone: tzinfo, _now: Instant | None) -> Span | None:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, hour, minute, second, fraction, zulu, sign, offset_hours, offset_minutes = found.groups()
    if hour == "24":
        msg = f"a day to its end is {day} alone"
        raise ValueError(msg)
    local = datetime.combine(date.fromisoformat(day), datetime.min.time()).replace(
        hour=int(hour),
        minute=int(minute),
        second=int(second or 0),
        microsecond=int((fraction or "0").ljust(6, "0")),
    )
    if zulu:
        instant = from_aware(local.replace(tzinfo=timezone.utc))
    elif sign:
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
        if offset >= _ONE_DAY:
            msg = "an offset is less than 24 hours"
            raise ValueError(msg)
        instant = from_aware(local.replace(tzinfo=timezone(-offset if sign == "-" else offset)))
    else:
        instant = wall_clock(local, zone)
    return Span(instant, instant)


def _read_day(text: str, zone: tzinfo, _now: Instant | None) -> Span | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    return day_span(date(year, month, day), zone)


def _read_unit_of_year(text: str, zone: tzinfo, _now: Instant | None) -> Span | None:
    found = _UNIT_OF_YEAR.fullmatch(text)
    if found is None:
        return None
    year, quarter, week, month = (None if part is None else int(part) for part in found.groups())
    first_day = date(year or 0, 1, 1)
    if quarter is not None:
        _in_order("quarter", quarter, _QUARTERS, f"a year has {_QUARTERS}")
        return units_span(first_day.replace(month=quarter * 3 - 2), Unit.QUARTER, 1, zone)
    if week is not None:
        # The 28th of December is always in the last week of its year.
        weeks = first_day.replace(month=12, day=28).isocalendar()[1]
        _in_order("week", week, weeks, f"{first_day.year} has {weeks}")
        return units_span(date.fromisocalendar(first_day.year, week, 1), Unit.WEEK, 1, zone)
    if month is not None:
        _in_order("month", month, _MONTHS, f"a year has {_MONTHS}")
        return units_span(first_day.replace(month=month), Unit.MONTH, 1, zone)
    return units_span(first_day, Unit.YEAR, 1, zone)


def _in_order(kind: str, number: int, most: int, there_are: str) -> None:
    if not 1 <= number <= most:
        msg = f"there is no {kind} {number}, {there_are}"
        raise ValueError(msg)


def _read_word(text: str, zone: tzinfo, now: Instant | None) -> Span | None:
    if text == "yesterday":
        return _read_last("last day", zone, now)
    if text == "now":
        return Span(_known(now), _known(now))
    found = _THIS.fullmatch("this day" if text == "today" else text)
    if found is None:
        return None
    unit = Unit(found.group(1))
    first_day = unit.first_day(to_datetime(_known(now), zone).date())
    return Span(units_span(first_day, unit, 1, zone).first, _known(now))


def _read_last(text: str, zone: tzinfo, now: Instant | None) -> Span | None:
    found = _LAST.fullmatch(text)
    if found is None:
        return None
    number, counted, single = found.groups()
    count, name = int(number or 1), counted or single
    if count == 0:
        msg = "that is no time at all"
        raise ValueError(msg)
    until = _known(now)
    if name in _ELAPSED:
        return Span(Instant(until - count * _ELAPSED[name]), until)
    unit = Unit(name)
    first_day = moved(unit.first_day(to_datetime(until, zone).date()), unit, -count)
    whole = units_span(first_day, unit, count, zone)
    # Where the clock goes back over midnight, yesterday is not over yet although today has begun.
    return Span(whole.first, min(whole.last, until))


def _known(now: Instant | None) -> Instant:
    if now is None:
        msg = "what it means moves with the clock, and only a date of the calendar will do here"
        raise ValueError(msg)
    return whole_second(now)


_READERS: Final[tuple[_Reader, ...]] = (_read_moment, _read_day, _read_unit_of_year, _read_word, _read_last)
