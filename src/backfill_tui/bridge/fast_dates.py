"""Dates of Airflow's own cron and timedelta timetables, many at a time.

Airflow parses the cron expression anew for every step (81 microseconds a date, 361 for data intervals). But
where the clock does not change, a step depends on nothing except the wall clock of the date before, so the
dates of such a stretch are its days times the times of the day. Airflow's own steps remain for the first
dates, for those near a change of the clock, and for the last (Airflow 3.3 timetables/_cron.py, `_get_next`;
timetables/interval.py and trigger.py, `next_dagrun_info`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from backfill_tui.domain.clock_changes import Stretch, stretches
from backfill_tui.domain.instants import SECOND, Instant, to_datetime
from backfill_tui.domain.plan_dates import ColumnsBuilder
from backfill_tui.domain.ticks import CronFields, about_how_many, ticks_between

OWN_STEPS: Final = 3
"""So many dates Airflow gives by itself before the first jump."""

_HOUR: Final = 3600 * SECOND
_BEYOND: Final = 48 * _HOUR
"""No clock moves farther than by a day."""
_FARTHEST: Final = Instant(253_370_764_800 * SECOND)
"""9999-01-01: past the end of what a clock can be asked for, in some zones."""
_EARLIEST: Final = Instant(-62_135_424_000 * SECOND)
"""0001-01-03: before that some clocks show a year that is none."""
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """Dates that follow another: where each interval begins and ends, and the keys of partitions."""

    starts: Sequence[int]
    ends: Sequence[int]
    keys: Iterable[str] = ()

    def add_to(self, builder: ColumnsBuilder) -> None:
        """Put the dates behind those that are there."""
        builder.extend(self.starts, self.ends, self.keys)


class CronJumps:
    """The dates of one or more cron expressions on one clock, from a date on and within its stretch.

    `interval` is how long before its tick the data interval of a trigger begins, in microseconds, or None for
    a timetable of data intervals, each of which ends where the next begins. `key_of` names partitions.
    """

    def __init__(
        self,
        crons: Sequence[CronFields],
        zone: Any,
        *,
        interval: int | None,
        key_of: Callable[[datetime], str] | None = None,
    ) -> None:
        self._crons = crons
        self._zone = zone
        self._interval = interval
        self._key_of = key_of
        self._stretches: Sequence[Stretch] = ()

    def about_how_many(self, first: Instant, last: Instant) -> int:
        """How many dates a range has, nearly."""
        return about_how_many(self._crons, first, last)

    def after(self, start: int, tick: int, latest: Instant) -> Jump | None:
        """The dates after the one with the interval from `start` to `tick`; None where Airflow must step."""
        stretch = self._stretch_of(tick, latest)
        if not self._is_settled(stretch, start, tick):
            return None
        until = min(stretch.end - 1 - _margin(stretch.after), latest)
        # Without the last one: Airflow shall say by itself where its dates end.
        ticks = self._between(stretch, tick, until)[:-1]
        if not ticks:
            return None
        if self._interval is None:
            return Jump(starts=[tick, *ticks[:-1]], ends=ticks)
        if self._interval:
            return Jump(starts=[each - self._interval for each in ticks], ends=ticks)
        return Jump(starts=ticks, ends=ticks, keys=self._keys(ticks))

    def _is_settled(self, stretch: Stretch, start: int, tick: int) -> bool:
        """Whether the date lies so far behind the last change of the clock that it has no say any more.

        Airflow aligns the end of a data interval with its beginning, so both must be on the same clock.
        """
        settled = stretch.start + _margin(stretch.before)
        if self._interval is not None:
            return tick >= settled
        return start >= settled and self._between(stretch, start - 1, tick) == [start, tick]

    def _between(self, stretch: Stretch, after: int, until: int) -> list[int]:
        return ticks_between(self._crons, stretch.offset, after, until)

    def _stretch_of(self, tick: int, latest: Instant) -> Stretch:
        if not self._stretches or tick >= self._stretches[-1].end:
            far = min(Instant(latest + _BEYOND), _FARTHEST)
            near = max(Instant(tick - 8 * 24 * _HOUR), _EARLIEST)
            self._stretches = stretches(self._zone, near, max(far, Instant(tick)))
        ends = [stretch.end for stretch in self._stretches]
        return self._stretches[bisect_right(ends, tick)]

    def _keys(self, ticks: Iterable[int]) -> Iterable[str]:
        if self._key_of is None:
            return ()
        key_of = self._key_of
        return (key_of(to_datetime(Instant(tick), self._zone)) for tick in ticks)


class DeltaJumps:
    """The dates of a timedelta: the same step for ever. `interval` is as for `CronJumps`."""

    def __init__(self, delta: int, *, interval: int | None) -> None:
        self._delta = delta
        self._interval = interval

    def about_how_many(self, first: Instant, last: Instant) -> int:
        """How many dates a range has."""
        return 1 + (last - first) // self._delta

    def after(self, start: int, tick: int, latest: Instant) -> Jump | None:
        """The dates after the one whose interval is from `start` to `tick`."""
        if self._interval is None and tick - start != self._delta:
            return None
        ends = range(tick + self._delta, latest + 1, self._delta)[:-1]
        if not ends:
            return None
        back = self._delta if self._interval is None else self._interval
        return Jump(starts=range(ends[0] - back, ends[-1] - back + 1, self._delta), ends=ends)


Jumps = CronJumps | DeltaJumps


def jumps_of(timetable: Any) -> Jumps | None:
    """How the dates of a timetable can be had many at a time, None for one that only Airflow can step.

    The class must be Airflow's own: one derived from it may do anything.
    """
    kind = type(timetable)
    if not kind.__module__.startswith("airflow.timetables."):
        return None
    make = _MAKERS.get(kind.__name__)
    return None if make is None else make(timetable)


def _of_trigger(timetable: Any) -> Jumps | None:
    interval = _fixed(timetable._interval)  # noqa: SLF001  # Airflow has no other way to read these
    crons = _plain_fields([timetable])
    if interval is None or crons is None:
        return None
    return CronJumps(crons, timetable._timezone, interval=interval)  # noqa: SLF001


def _of_triggers(timetable: Any) -> Jumps | None:
    parts = timetable._timetables  # noqa: SLF001
    interval = _fixed(parts[0]._interval)  # noqa: SLF001  # one interval and one zone for all
    crons = _plain_fields(parts)
    if interval is None or crons is None:
        return None
    return CronJumps(crons, parts[0]._timezone, interval=interval)  # noqa: SLF001


def _of_data_intervals(timetable: Any) -> Jumps | None:
    crons = _plain_fields([timetable])
    return None if crons is None else CronJumps(crons, timetable._timezone, interval=None)  # noqa: SLF001


def _of_partitions(timetable: Any) -> Jumps | None:
    crons = _plain_fields([timetable])
    if crons is None:
        return None
    key_format = timetable._key_format  # noqa: SLF001
    return CronJumps(
        crons,
        timetable._timezone,  # noqa: SLF001
        interval=0,
        key_of=lambda local: local.strftime(key_format),
    )


def _of_delta_trigger(timetable: Any) -> Jumps | None:
    delta, interval = _fixed(timetable._delta), _fixed(timetable._interval)  # noqa: SLF001
    return None if not delta or interval is None else DeltaJumps(delta, interval=interval)


def _of_delta_intervals(timetable: Any) -> Jumps | None:
    delta = _fixed(timetable._delta)  # noqa: SLF001
    return None if not delta else DeltaJumps(delta, interval=None)


def _of_either(timetable: Any) -> Jumps | None:
    return jumps_of(timetable.timetable)


_MAKERS: Final[dict[str, Callable[[Any], Jumps | None]]] = {
    "CronTriggerTimetable": _of_trigger,
    "MultipleCronTriggerTimetable": _of_triggers,
    "CronDataIntervalTimetable": _of_data_intervals,
    "CronPartitionTimetable": _of_partitions,
    "DeltaTriggerTimetable": _of_delta_trigger,
    "DeltaDataIntervalTimetable": _of_delta_intervals,
    "AssetOrTimeSchedule": _of_either,
}


def _fixed(length: Any) -> int | None:
    """A timedelta in microseconds; None for a relativedelta, whose months differ, and for one going back."""
    if type(length) is not timedelta or length < timedelta():
        return None
    return length // _MICROSECOND


def _plain_fields(timetables: Iterable[Any]) -> list[CronFields] | None:
    """The expanded fields of some cron timetables, None if one of them is not of five plain fields."""
    found = []
    for timetable in timetables:
        fields = _fields(timetable._expression)  # noqa: SLF001
        if fields is None:
            return None
        found.append(fields)
    return found


_DRAWN: Final = re.compile(r"(?:^|[\s,])[HRhr](?:$|[\s,(/])")
"""A field that croniter fills by itself, `R` with something else each time it reads the expression."""


def _fields(expression: str) -> CronFields | None:
    from croniter import croniter

    if _DRAWN.search(expression):
        return None
    cron = croniter(expression)
    fields = cron.expanded
    if len(fields) != 5 or cron.nth_weekday_of_month or cron.nearest_weekday:  # noqa: PLR2004
        return None
    if any(value != "*" and not isinstance(value, int) for field in fields for value in field):
        return None
    minutes, hours, days, months, weekdays = (
        None if field == ["*"] else frozenset(field) for field in fields
    )
    return CronFields(
        minutes=tuple(sorted(range(60) if minutes is None else minutes)),
        hours=tuple(sorted(range(24) if hours is None else hours)),
        days=days,
        months=months,
        weekdays=weekdays,
    )


def _margin(moved: int) -> int:
    """How far from a change of the clock a date must be: an hour farther than the clock moves.

    Nearer to it a time of the day may come twice or not at all.
    """
    return abs(moved) + _HOUR if moved else 0
