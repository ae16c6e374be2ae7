"""A Dag's schedule in words, where the words are exactly true; otherwise Airflow's own summary."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from backfill_tui.bridge.compat.dags import is_partitioned

_WEEKDAYS: Final = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
_WEEKDAY_NAMES: Final = {
    name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])
}
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTH_NAMES: Final = {name[:3].upper(): number for number, name in enumerate(_MONTHS, start=1)}
_UTC: Final = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "Z"})
_SIMPLE: Final = {
    "NullTimetable": "only when triggered",
    "PartitionedAtRuntime": "only when triggered",
    "OnceTimetable": "once",
    "ContinuousTimetable": "continuously",
    "AssetTriggeredTimetable": "when its assets are updated",
    "PartitionedAssetTimetable": "when partitions of its assets are updated",
}
_CRON: Final = frozenset({"CronTriggerTimetable", "CronDataIntervalTimetable", "CronPartitionTimetable"})
_DELTA: Final = frozenset({"DeltaTriggerTimetable", "DeltaDataIntervalTimetable"})
_MANY: Final = 3
"""Longer lists than this are not read, they are looked up."""


def in_words(timetable: Any) -> str:
    """The schedule of one of Airflow's timetables, such as `every day at 02:00 New York`.

    A timetable of someone else, also one derived from Airflow's, may do anything: its own summary speaks.
    """
    kind = type(timetable)
    words = (
        _of_airflow(timetable, kind.__name__) if kind.__module__.startswith("airflow.timetables.") else None
    )
    return words or str(timetable.summary or timetable.description or kind.__name__)


def without_periods(words: str) -> str:
    """Why a Dag can not be backfilled whose schedule, `words`, has no periods: the end of a sentence."""
    return (
        f"it runs {words}" if words in _SIMPLE.values() else f"its schedule ({words}) has no periods to fill"
    )


def _of_airflow(timetable: Any, kind: str) -> str | None:
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind in _CRON:
        # Airflow 3.3 timetables/_cron.py keeps both without another way to read them.
        return cron_in_words(timetable._expression, zone_name(timetable._timezone))  # noqa: SLF001
    if kind in _DELTA:
        return delta_in_words(timetable._delta)  # noqa: SLF001
    if kind == "MultipleCronTriggerTimetable":
        each = [_of_airflow(part, type(part).__name__) for part in timetable._timetables]  # noqa: SLF001
        known = [words for words in each if words]
        return _listed(known) if len(known) == len(each) <= _MANY else None
    if kind == "AssetOrTimeSchedule":
        return f"{in_words(timetable.timetable)} or when its assets are updated"
    return None


def zone_name(zone: Any) -> str:
    """The name of a timezone as Airflow has it: IANA's, or an offset."""
    return str(getattr(zone, "name", None) or getattr(zone, "key", None) or zone)


def zone_of_partitions(timetable: Any) -> Any:
    """The zone on whose clock a partitioned timetable reads bounds and names its partitions, None for none.

    Airflow 3.3 timetables/_cron.py, `localize_partition_datetime`; there is no other way to read it.
    """
    known = is_partitioned(timetable) and hasattr(timetable, "localize_partition_datetime")
    return getattr(timetable, "_timezone", None) if known else None


def cron_in_words(expression: str, zone: str = "UTC") -> str | None:
    """A five-field cron expression in words, None where they would be long or not exact."""
    fields = expression.upper().split()
    if len(fields) != 5:  # noqa: PLR2004
        return None
    minute, hour, day, month, weekday = fields
    days = _days(day, month, weekday)
    when = None if days is None else _at_times(minute, hour, days) or _in_steps(minute, hour, days)
    return None if when is None else when + _in_zone(zone)


def delta_in_words(delta: Any) -> str | None:
    """`every 2 hours` for a timedelta or a relativedelta of one unit, None for others."""
    if isinstance(delta, timedelta):
        units = {"seconds": delta.total_seconds()}
    else:
        names = ("years", "months", "days", "hours", "minutes", "seconds")
        units = {name: float(getattr(delta, name, 0)) for name in names if getattr(delta, name, 0)}
        if _has_absolutes(delta):
            return None
    if len(units) != 1:
        return None
    [(unit, count)] = units.items()
    if count <= 0 or count != int(count):
        return None
    return _every(int(count), unit)


def _has_absolutes(delta: Any) -> bool:
    """Whether a relativedelta also sets a field (`day=1`) or counts weekdays."""
    names = ("year", "month", "day", "weekday", "hour", "minute", "second", "microsecond")
    leap_or_micro = getattr(delta, "leapdays", 0) or getattr(delta, "microseconds", 0)
    return bool(leap_or_micro) or any(getattr(delta, name, None) is not None for name in names)


def _every(count: int, unit: str) -> str:
    for larger, smaller, factor in (
        ("minutes", "seconds", 60),
        ("hours", "minutes", 60),
        ("days", "hours", 24),
        ("weeks", "days", 7),
    ):
        if unit == smaller and count % factor == 0:
            count, unit = count // factor, larger
    return f"every {unit[:-1]}" if count == 1 else f"every {count} {unit}"


def _at_times(minute: str, hour: str, days: str) -> str | None:
    """`every day at 06:30`: at fixed times of the day."""
    minutes, hours = _numbers(minute, 0, 59), _numbers(hour, 0, 23)
    if minutes is None or hours is None or len(minutes) != 1 or len(hours) > _MANY:
        return None
    times = _listed([f"{at:02}:{minutes[0]:02}" for at in hours])
    # Nobody asks for the time of what happens once a month at midnight.
    if times == "00:00" and days.startswith("the "):
        return days.removeprefix("the ")
    return f"{days.removeprefix('the ')} at {times}"


def _in_steps(minute: str, hour: str, days: str) -> str | None:
    """`every 2 hours`: in even steps through the day."""
    steps = None
    if hour == "*" and (step := _step(minute, 60)):
        steps = _every(step, "minutes")
    elif (minutes := _numbers(minute, 0, 59)) is not None and len(minutes) == 1 and (step := _step(hour, 24)):
        steps = _every(step, "hours") + (f" at :{minutes[0]:02}" if minutes[0] else "")
    if steps is None or days == "every day":
        return steps
    return f"{steps} on {days}"


def _step(field: str, whole: int) -> int | None:
    """The n of `*/n` where it divides the hour or the day evenly, 1 for `*`."""
    if field == "*":
        return 1
    step = re.fullmatch(r"\*/(\d+)", field)
    if step is None or int(step[1]) == 0 or int(step[1]) >= whole or whole % int(step[1]):
        return None
    return int(step[1])


def _days(day: str, month: str, weekday: str) -> str | None:
    if month == "*" and day == "*":
        return "every day" if weekday == "*" else _weekdays(weekday)
    if weekday != "*" or day == "*":
        # A day of the month and a weekday together mean either of them; a month of days is rare.
        return None
    of_month = _days_of_month(day)
    if of_month is None or month == "*":
        return of_month and f"the {of_month} of month"
    if month == "*/3" and day == "1":
        return "the 1st of quarter"
    months = _numbers(month, 1, 12, _MONTH_NAMES)
    if months is None or len(months) > _MANY:
        return None
    return f"the {of_month} of {_listed([_MONTHS[number - 1] for number in months])}"


def _days_of_month(day: str) -> str | None:
    if day == "L":
        return "last day"
    days = _numbers(day, 1, 31)
    if days is None or len(days) > _MANY:
        return None
    return _listed([f"{number}{_ordinal(number)}" for number in days])


def _weekdays(field: str) -> str | None:
    numbers = _numbers(field, 0, 7, _WEEKDAY_NAMES)
    if numbers is None:
        return None
    days = {number % 7 for number in numbers}
    if days == {1, 2, 3, 4, 5}:
        return "weekdays"
    if days == {0, 6}:
        return "weekends"
    if len(days) > _MANY:
        return None
    return _listed([_WEEKDAYS[number] for number in sorted(days, key=lambda number: (number - 1) % 7)])


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> list[int] | None:
    """The numbers of a list with ranges (`1,3-5`), None for anything else (steps, `*`, `L`, `#`)."""
    found: set[int] = set()
    for part in field.split(","):
        ends = [(names or {}).get(end, end) for end in part.split("-")]
        if len(ends) > 2 or not all(str(end).isdecimal() for end in ends):  # noqa: PLR2004
            return None
        first, last = int(ends[0]), int(ends[-1])
        if not low <= first <= last <= high:
            return None
        found.update(range(first, last + 1))
    return sorted(found)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _ordinal(number: int) -> str:
    if number in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _in_zone(zone: str) -> str:
    if zone in _UTC:
        return ""
    return " " + zone.rsplit("/", maxsplit=1)[-1].replace("_", " ")
