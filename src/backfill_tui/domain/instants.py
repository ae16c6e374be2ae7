"""Points in time as integers, and their words.

An `Instant` is microseconds since 1970-01-01T00:00Z. Integers compare, sort and cross the process boundary
at no cost; they become text only in the rows that are seen.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Instant = NewType("Instant", int)
Microseconds = NewType("Microseconds", int)

SECOND = Microseconds(1_000_000)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TO_MINUTES, _TO_SECONDS, _TO_FRACTIONS = map(
    len, ("2024-02-06 02:00", "2024-02-06 02:00:00", "2024-02-06 02:00:00.123456")
)
_FIXED_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{2}):?(\d{2})?")


def from_datetime(moment: datetime) -> Instant:
    """The instant of an aware `datetime`; a naive one raises ValueError."""
    if moment.tzinfo is None:
        msg = f"{moment!r} has no timezone"
        raise ValueError(msg)
    # The method of `datetime` itself: pendulum's own difference can not be divided by a plain timedelta.
    return Instant(datetime.__sub__(moment, _EPOCH) // timedelta(microseconds=1))


def to_datetime(instant: Instant, zone: tzinfo = timezone.utc) -> datetime:
    """The aware `datetime` of an instant, in UTC unless another zone is given."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def iso(instant: Instant) -> str:
    """ISO 8601 with the offset +00:00, microseconds only where there are any."""
    return to_datetime(instant).isoformat()


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo:
    """The zone Airflow calls `name`: an IANA name, or a fixed offset such as `+05:30`.

    Raises ValueError for a name that is neither.
    """
    if name.upper() in {"UTC", "Z"}:
        return timezone.utc
    if fixed := _FIXED_OFFSET.fullmatch(name):
        sign, hours, minutes = fixed.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(-offset if sign == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError) as unknown:
        msg = f"there is no timezone named {name!r}"
        raise ValueError(msg) from unknown


def minute(instant: Instant, zone: tzinfo) -> str:
    """`2024-02-06 02:00` in the given zone; seconds and their fractions only where there are any.

    A local time that the clock says twice is told apart by the zone's abbreviation, `2024-11-03 01:00 EDT`,
    or where that has no letters, or the same ones for both, by the offset: `2024-04-07 01:30 +10:30`.
    """
    local = to_datetime(instant, zone)
    length = _TO_FRACTIONS if local.microsecond else _TO_SECONDS if local.second else _TO_MINUTES
    # A third of the time of `strftime`, for each line of a page.
    words = local.isoformat(" ", "microseconds")[:length]
    other = local.replace(fold=1 - local.fold)
    return words if local.utcoffset() == other.utcoffset() else f"{words} {_which_of_two(local, other)}"


def _which_of_two(local: datetime, other: datetime) -> str:
    name = local.tzname() or ""
    if name.isalpha() and name != other.tzname():
        return name
    return local.isoformat(timespec="minutes")[len("2024-04-07T01:30") :]


def clock(microseconds: int) -> str:
    """A duration as a person reads it: `0.4 s`, `12 s`, `1:09`, `2:03:04`, `3 d 04:05`."""
    seconds, rest = divmod(max(0, microseconds), SECOND)
    if seconds < 1:
        return f"{rest / SECOND:.1f} s"
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds} s"
    minutes, second = divmod(seconds, 60)
    hours, minute_ = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour:02}:{minute_:02}"
    if hours:
        return f"{hours}:{minute_:02}:{second:02}"
    return f"{minutes}:{second:02}"
