"""The instants of plain cron expressions while the clock does not change: days times times of the day.

Integers all along, because a plan of ten years of hours has 87,649 of them. What the fields of an expression
mean is not decided here but by whoever expanded them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from backfill_tui.domain.instants import SECOND, Instant

DAY: Final = 24 * 3600 * SECOND
_EPOCH: Final = date(1970, 1, 1).toordinal()
_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CronFields:
    """An expanded expression; None is `*`. `weekdays` count from Sunday, 0.

    A day of the month and a weekday that are both given mean either of them.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None = None
    months: frozenset[int] | None = None
    weekdays: frozenset[int] | None = None

    def matches(self, day: date) -> bool:
        """Whether the expression has times on that day."""
        if self.months is not None and day.month not in self.months:
            return False
        if self.weekdays is None:
            return self.days is None or day.day in self.days
        on_weekday = day.isoweekday() % _WEEK in self.weekdays
        return on_weekday if self.days is None else on_weekday or day.day in self.days

    @property
    def times(self) -> list[int]:
        """The times of such a day, in microseconds since its midnight."""
        return [
            (hour * 60 + minute) * 60 * SECOND
            for hour in sorted(self.hours)
            for minute in sorted(self.minutes)
        ]


def ticks_between(crons: Sequence[CronFields], offset: int, after: int, until: int) -> list[int]:
    """Every instant later than `after` and not later than `until` at which one of the expressions is due.

    `offset` is how far the clock is ahead of UTC all that time, in microseconds.
    """
    found: list[int] = []
    first, last = (after + offset) // DAY, (until + offset) // DAY
    for cron in crons:
        times = cron.times
        for day in range(first, last + 1):
            if cron.matches(date.fromordinal(_EPOCH + day)):
                midnight = day * DAY - offset
                found += [midnight + time for time in times]
    if len(crons) > 1:
        found = sorted(set(found))
    return found[bisect_right(found, after) : bisect_right(found, until)]


def about_how_many(crons: Sequence[CronFields], first: Instant, last: Instant) -> int:
    """How many instants the expressions have in a range, give or take those of two days and of clock changes.

    Several expressions that meet at an instant are counted each.
    """
    days = range(first // DAY, last // DAY + 1)
    whole = sum(
        len(cron.times) * sum(cron.matches(date.fromordinal(_EPOCH + day)) for day in days) for cron in crons
    )
    return round(whole * min(1.0, (last - first + 1) / (len(days) * DAY)))
