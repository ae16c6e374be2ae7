"""Bounds of a backfill as people type them, read as instants.

Every expression stands for a span of time, and a bound takes one end of it: `--from` the first instant,
`--to` the last. A reader below knows one kind of expression; further kinds are further readers.

What Airflow does with the same text is the measure (Airflow 3.3 `_shared/timezones/timezone.py`, `parse`,
which is pendulum's): a wall-clock time that a change of the clock skips moves forward by what was skipped
(02:30 in New York on 2024-03-10 is 03:30), one that occurs twice is the **second** occurrence (01:30 on
2024-11-03 is after the change). A day takes in all of it, both occurrences included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.instants import Instant, from_datetime, to_datetime
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line

EXAMPLES: Final = "2024-03-01, 2024-03-01T06:00 or 2024-03-01T06:00:00Z"
"""One of each kind: a day, a local time, an instant."""

_DAY: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?"
    r"\s?(?:([Zz])|([+-])(\d{2}):?(\d{2})?)?",
    re.ASCII,
)
_MICROSECOND: Final = timedelta(microseconds=1)


class Side(StrEnum):
    """Which bound of a range a text is."""

    FROM = "from"
    TO = "to"


@dataclass(frozen=True, slots=True)
class Span:
    """The time an expression stands for, both ends included; a single instant is first and last at once."""

    first: Instant
    last: Instant

    def bound(self, side: Side) -> Instant:
        """The end that the given bound takes."""
        return self.first if side is Side.FROM else self.last


Reader = Callable[[str, tzinfo], "Span | None"]
"""Reads one kind of expression in a Dag's timezone: None when the text is of another kind, ValueError
with the reason when it is of this kind and can not be meant."""


def parse_bound(text: str, side: Side, zone: tzinfo) -> Instant:
    """The instant that `text` means as one bound of a range, in the Dag's timezone `zone`.

    An instant (ISO 8601 with an offset or `Z`) is taken as it is, a local time without an offset is the
    wall clock of `zone`, and a bare date is that day in `zone`. Raises BadRequest with an example for
    everything else.
    """
    wanted = text.strip()
    try:
        for read in _READERS:
            span = read(wanted, zone)
            if span is not None:
                return span.bound(side)
    except (ValueError, OverflowError) as cause:
        raise _not_a_date(text, side, f": {cause}") from cause
    raise _not_a_date(text, side, "")


def _not_a_date(text: str, side: Side, why: str) -> BadRequest:
    shown = one_line(text)[:60]
    return BadRequest(
        f'"{shown}" is not a date that the range can begin with{why}'
        if side is Side.FROM
        else f'"{shown}" is not a date that the range can end with{why}',
        remedy=f"write it like {EXAMPLES}",
    )


def _read_moment(text: str, zone: tzinfo) -> Span | None:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, hour, minute, second, fraction, zulu, sign, offset_hours, offset_minutes = found.groups()
    local = datetime.combine(date.fromisoformat(day), datetime.min.time()).replace(
        hour=int(hour),
        minute=int(minute),
        second=int(second or 0),
        microsecond=int((fraction or "0").ljust(6, "0")),
    )
    if zulu:
        moment = local.replace(tzinfo=timezone.utc)
    elif sign:
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
        moment = local.replace(tzinfo=timezone(-offset if sign == "-" else offset))
    else:
        moment = _as_airflow(local, zone)
    instant = _checked(moment)
    return Span(instant, instant)


def _read_day(text: str, zone: tzinfo) -> Span | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    return day_span(date(year, month, day), zone)


_READERS: Final[tuple[Reader, ...]] = (_read_moment, _read_day)


def day_span(day: date, zone: tzinfo) -> Span:
    """A calendar day in `zone`, from its first instant to its last microsecond.

    Where the clock skips midnight the day begins when the clock says it for the first time. Raises
    ValueError for a day that the zone skipped as a whole (Samoa's 2011-12-30).
    """
    midnight = datetime.combine(day, datetime.min.time())
    first = _first_at_or_after(midnight, zone)
    last = _last_before(midnight + timedelta(days=1), zone)
    if first > last:
        msg = f"{day} does not exist in {zone}"
        raise ValueError(msg)
    return Span(first, last)


def _as_airflow(local: datetime, zone: tzinfo) -> datetime:
    later = local.replace(tzinfo=zone, fold=1)
    # In a gap fold=0 takes the offset before the change, which moves the time forward.
    return later if _exists(local, zone) else later.replace(fold=0)


def _exists(local: datetime, zone: tzinfo) -> bool:
    there_and_back = local.replace(tzinfo=zone).astimezone(timezone.utc).astimezone(zone)
    return there_and_back.replace(tzinfo=None) == local


def _first_at_or_after(local: datetime, zone: tzinfo) -> Instant:
    if _exists(local, zone):
        return _checked(local.replace(tzinfo=zone, fold=0))
    return _end_of_gap(local, zone)


def _last_before(local: datetime, zone: tzinfo) -> Instant:
    just_before = local - _MICROSECOND
    if _exists(just_before, zone):
        return _checked(just_before.replace(tzinfo=zone, fold=1))
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


def _checked(moment: datetime) -> Instant:
    """The instant of an aware datetime; OverflowError when it leaves the years that can be written."""
    return from_datetime(moment.astimezone(timezone.utc))
