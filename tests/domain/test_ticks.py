"""Instants of cron expressions are those of croniter, with which Airflow reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import pytest
from croniter import CroniterBadDateError, croniter
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from backfill_tui.bridge.fast_dates import _fields
from backfill_tui.domain.instants import SECOND, Instant, from_datetime, iso, to_datetime
from backfill_tui.domain.ticks import DAY, CronFields, about_how_many, ticks_between

HOUR = 3600 * SECOND
MINUTE = 60 * SECOND


def instant(year: int, month: int, day: int, minutes: int = 0) -> Instant:
    return Instant((date(year, month, day) - date(1970, 1, 1)).days * DAY + minutes * MINUTE)


def fields_of(expression: str) -> CronFields:
    found = _fields(expression)
    assert found is not None
    return found


def croniters(expression: str, after: int, until: int) -> list[int]:
    """The instants later than `after` up to `until`, in UTC, step by step."""
    found: list[int] = []
    steps = croniter(expression, to_datetime(Instant(after)))
    try:
        while (tick := from_datetime(steps.get_next(type(to_datetime(Instant(0)))))) <= until:
            found.append(tick)
    except CroniterBadDateError:
        # Never again, such as on the 30th of February.
        return found
    return found


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
    step = st.integers(1, high + 2).map(lambda every: f"*/{every}")
    stepped = st.tuples(span, st.integers(1, 5)).map(lambda two: f"{two[0]}/{two[1]}")
    several = st.lists(number.map(str) | span, min_size=1, max_size=3).map(",".join)
    return st.one_of(number.map(str), several, step, span, stepped)


def mostly_any(field: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just("*"), field)


late_days = st.sampled_from(["29", "30", "31", "28-31", "29,31", "30-31", "*/29", "1-31", "31,1"])
weekday_names = st.sampled_from(
    ["mon", "SUN", "Mon-Fri", "sat,sun", "tue-thu/2", "7", "0,7", "5-7", "0-6", "1-7"]
)
month_names = st.sampled_from(["jan", "FEB", "Feb,apr", "jun-sep", "oct-dec/2"])
expressions = st.tuples(
    numbers(0, 59),
    mostly_any(numbers(0, 23)),
    mostly_any(numbers(1, 31) | late_days),
    mostly_any(numbers(1, 12) | month_names),
    mostly_any(numbers(0, 6) | weekday_names),
).map(" ".join)
starts = st.integers(instant(1969, 12, 1), instant(2101, 1, 1)).map(Instant)
lengths = st.sampled_from([0, 1, MINUTE, HOUR, DAY - 1, DAY, 3 * DAY, 10 * DAY])


# No deadline: croniter looks fifty years ahead for a day that never comes.
patiently = settings(deadline=None)


@patiently
@given(expressions, starts, lengths)
@example("0 0 29 2 *", instant(1999, 12, 31), 2 * 366 * DAY)
@example("0 0 29 2 *", instant(2099, 12, 31), 366 * DAY)
@example("0 12 31 * *", instant(2023, 12, 30), 366 * DAY)
@example("30 6 13 * FRI", instant(2024, 1, 1), 366 * DAY)
@example("0 0 1,15 * 0,7", instant(2024, 1, 1), 100 * DAY)
@example("0 0 30 2 *", instant(2024, 1, 1), 366 * DAY)
@example("0 0 * * 1-7", instant(2024, 1, 1), 30 * DAY)
@example("* * * * *", instant(1969, 12, 31), 2 * DAY)
@example("0 0 */2 * 1", instant(2024, 1, 1), 60 * DAY)
def test_a_range_has_the_instants_of_croniter(expression: str, after: Instant, length: int) -> None:
    fields = _fields(expression)
    assume(fields is not None)
    assert fields is not None
    until = after + length
    assert in_words(ticks_between([fields], 0, after, until)) == in_words(croniters(expression, after, until))


def in_words(ticks: Iterable[int]) -> list[str]:
    return [iso(Instant(tick)) for tick in ticks]


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 L * *",
        "0 0 * * L5",
        "0 0 * * 1#2",
        "0 0 15W * *",
        "0 0 1 1 * 30",
        "0 0 1 1 * 30 2024",
    ],
)
def test_what_has_more_than_five_plain_fields_is_left_to_airflow(expression: str) -> None:
    assert _fields(expression) is None


@pytest.mark.parametrize("expression", ["@hourly", "@daily", "@weekly", "@monthly", "@yearly"])
def test_airflows_presets_are_plain_too(expression: str) -> None:
    after = instant(2024, 2, 27)
    until = after + 400 * DAY
    assert ticks_between([fields_of(expression)], 0, after, until) == croniters(expression, after, until)


@patiently
@given(st.lists(expressions, min_size=2, max_size=3), starts, lengths)
def test_several_expressions_have_the_instants_of_each_once_and_in_order(
    several: list[str], after: Instant, length: int
) -> None:
    crons = [fields for each in several if (fields := _fields(each)) is not None]
    until = after + length
    each = (ticks_between([cron], 0, after, until) for cron in crons)
    assert ticks_between(crons, 0, after, until) == sorted({tick for ticks in each for tick in ticks})


@patiently
@given(
    st.lists(expressions, min_size=1, max_size=2),
    starts,
    lengths,
    st.sampled_from([-12 * HOUR, -HOUR, 1_800 * SECOND, 20_700 * SECOND, 14 * HOUR, 2_048 * SECOND]),
)
def test_a_clock_ahead_of_utc_shows_the_same_times_earlier(
    several: list[str], after: Instant, length: int, offset: int
) -> None:
    crons = [fields for each in several if (fields := _fields(each)) is not None]
    there = ticks_between(crons, offset, after, after + length)
    assert there == [
        tick - offset for tick in ticks_between(crons, 0, after + offset, after + length + offset)
    ]


@patiently
@given(expressions, starts, lengths, st.floats(0, 1))
def test_a_range_is_its_parts(expression: str, after: Instant, length: int, share: float) -> None:
    fields = _fields(expression)
    assume(fields is not None)
    assert fields is not None
    middle, until = after + int(length * share), after + length
    parts = [
        *ticks_between([fields], 0, after, middle),
        *ticks_between([fields], 0, middle, until),
    ]
    assert ticks_between([fields], 0, after, until) == parts


def test_the_bounds_of_a_range_are_after_the_one_and_up_to_the_other() -> None:
    hourly = fields_of("@hourly")
    noon = instant(2024, 1, 1, 12 * 60)
    assert ticks_between([hourly], 0, noon, noon + HOUR) == [noon + HOUR]
    assert ticks_between([hourly], 0, noon - 1, noon + HOUR - 1) == [noon]
    assert ticks_between([hourly], 0, noon, noon) == []
    assert ticks_between([hourly], 0, noon, noon - DAY) == []
    assert ticks_between([], 0, noon, noon + DAY) == []


@patiently
@given(expressions, st.dates(date(1970, 1, 1), date(2100, 12, 31)))
def test_a_day_matches_when_croniter_has_a_time_on_it(expression: str, day: date) -> None:
    fields = _fields(expression)
    assume(fields is not None)
    assert fields is not None
    midnight = instant(day.year, day.month, day.day)
    there = bool(croniters(expression, midnight - 1, midnight + DAY - 1))
    assert fields.matches(day) == there


@patiently
@given(expressions, starts, st.integers(0, 400 * DAY))
def test_about_how_many_is_off_by_two_days_at_most(expression: str, first: Instant, length: int) -> None:
    fields = _fields(expression)
    assume(fields is not None)
    assert fields is not None
    last = Instant(first + length)
    exact = len(ticks_between([fields], 0, first - 1, last))
    assert abs(about_how_many([fields], first, last) - exact) <= 2 * len(fields.times)


def test_about_how_many_is_exact_for_whole_days() -> None:
    crons = [fields_of("*/5 * * * *"), fields_of("0 0 29 2 *")]
    first = instant(2024, 1, 1)
    assert about_how_many(crons, first, Instant(instant(2025, 1, 1) - 1)) == 366 * 288 + 1


def test_ten_years_of_hours_are_87_649() -> None:
    first, last = instant(2014, 1, 1), instant(2024, 1, 1)
    found = ticks_between([fields_of("@hourly")], 0, first - 1, last)
    assert found == list(range(first, last + 1, HOUR))
    assert len(found) == 87_649
    assert about_how_many([fields_of("@hourly")], first, last) == 87_648


def days_of_2024() -> Iterator[date]:
    return (date(2024, 1, 1) + timedelta(days=number) for number in range(366))


def test_a_day_of_the_month_and_a_weekday_mean_either_of_them() -> None:
    either = fields_of("0 0 13 * 5")
    matching = [day for day in days_of_2024() if either.matches(day)]
    assert matching == [day for day in days_of_2024() if day.day == 13 or day.isoweekday() == 5]


def test_times_of_a_day_are_in_order_whatever_the_order_of_the_fields() -> None:
    fields = CronFields(minutes=(30, 0), hours=(23, 1))
    assert fields.times == [HOUR, HOUR + 30 * MINUTE, 23 * HOUR, 23 * HOUR + 30 * MINUTE]
