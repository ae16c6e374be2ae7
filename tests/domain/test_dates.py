from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import cast
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.dates import Side, Span, day_span, parse_bound
from backfill_tui.domain.instants import Instant, from_datetime, iso, to_datetime
from backfill_tui.domain.problems import BadRequest

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Zurich",
    "Pacific/Apia",
]
YEARS = st.integers(min_value=1950, max_value=2037)
NOW = from_datetime(datetime(2024, 6, 15, 2, 30, 12, 345678, tzinfo=timezone.utc))
"""Friday the 14th, 22:30:12, in New York."""


def span_of(text: str, zone: str, now: Instant | None = NOW) -> Span:
    first, last = (parse_bound(text, side, ZoneInfo(zone), now=now) for side in Side)
    return Span(first, last)


def days(first: str, last: str, zone: str = "America/New_York") -> Span:
    place = ZoneInfo(zone)
    return Span(
        day_span(date.fromisoformat(first), place).first, day_span(date.fromisoformat(last), place).last
    )


def joined(spans: list[Span]) -> Span:
    """What spans cover together; a hole between two of them fails."""
    for place, after in enumerate(spans[1:]):
        # Where the clock goes back over midnight two days share an hour.
        assert after.first <= spans[place].last + 1
    return Span(spans[0].first, spans[-1].last)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01T06:00Z", "2024-03-01T06:00:00+00:00"),
        ("2024-03-01T06:00:00+02:00", "2024-03-01T04:00:00+00:00"),
        ("2024-03-01 06:00:00.25-0530", "2024-03-01T11:30:00.250000+00:00"),
        ("2024-03-01t06:00z", "2024-03-01T06:00:00+00:00"),
        ("  2024-03-01T06:00:00+00:00 ", "2024-03-01T06:00:00+00:00"),
    ],
)
@pytest.mark.parametrize("side", list(Side))
def test_an_instant_is_taken_as_it_is(text: str, expected: str, side: Side) -> None:
    assert iso(parse_bound(text, side, NEW_YORK)) == expected


@pytest.mark.parametrize("side", list(Side))
def test_a_time_without_an_offset_is_wall_clock_in_the_dags_timezone(side: Side) -> None:
    assert iso(parse_bound("2024-01-15T02:00", side, NEW_YORK)) == "2024-01-15T07:00:00+00:00"
    assert iso(parse_bound("2024-07-15T02:00", side, NEW_YORK)) == "2024-07-15T06:00:00+00:00"


def test_a_time_the_clock_skips_moves_forward_as_in_airflow() -> None:
    assert iso(parse_bound("2024-03-10T02:30", Side.FROM, NEW_YORK)) == "2024-03-10T07:30:00+00:00"


def test_a_time_that_occurs_twice_is_its_second_occurrence_as_in_airflow() -> None:
    assert iso(parse_bound("2024-11-03T01:30", Side.FROM, NEW_YORK)) == "2024-11-03T06:30:00+00:00"


@given(
    local=st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2037, 12, 31)),
    zone=st.sampled_from(ZONES),
)
def test_local_times_are_read_as_airflow_reads_them(local: datetime, zone: str) -> None:
    text = local.isoformat(timespec="microseconds")
    theirs = cast("datetime", pendulum.parse(text, tz=zone))
    assert parse_bound(text, Side.FROM, ZoneInfo(zone)) == from_datetime(theirs)


def test_a_bare_date_is_the_whole_day_in_the_dags_timezone() -> None:
    assert iso(parse_bound("2024-01-01", Side.FROM, NEW_YORK)) == "2024-01-01T05:00:00+00:00"
    assert iso(parse_bound("2024-01-31", Side.TO, NEW_YORK)) == "2024-02-01T04:59:59.999999+00:00"


@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [
        # 23 hours and 25 hours.
        ("America/New_York", "2024-03-10", "2024-03-10T05:00:00+00:00", "2024-03-11T03:59:59.999999+00:00"),
        ("America/New_York", "2024-11-03", "2024-11-03T04:00:00+00:00", "2024-11-04T04:59:59.999999+00:00"),
        # Midnight does not exist, so the day begins at 01:00.
        ("Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00+00:00", "2024-03-31T20:59:59.999999+00:00"),
        # Midnight occurs twice: at 01:00 the clock goes back to 00:00.
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00+00:00", "2024-11-04T04:59:59.999999+00:00"),
        # The evening before occurs twice: at midnight the clock went back to 23:00.
        (
            "America/Sao_Paulo",
            "2018-02-17",
            "2018-02-17T02:00:00+00:00",
            "2018-02-18T02:59:59.999999+00:00",
        ),
        # The clock jumped from 23:30 to 00:30.
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00+00:00", "1919-04-01T03:59:59.999999+00:00"),
        ("America/Toronto", "1919-03-30", "1919-03-30T05:00:00+00:00", "1919-03-31T04:29:59.999999+00:00"),
    ],
)
def test_a_day_on_which_the_clock_changes_is_taken_whole(zone: str, day: str, first: str, last: str) -> None:
    assert iso(parse_bound(day, Side.FROM, ZoneInfo(zone))) == first
    assert iso(parse_bound(day, Side.TO, ZoneInfo(zone))) == last


@given(day=st.dates(min_value=date(1990, 1, 2), max_value=date(2037, 12, 30)), zone=st.sampled_from(ZONES))
def test_both_ends_of_a_day_say_that_day(day: date, zone: str) -> None:
    place = ZoneInfo(zone)
    if (zone, day) == ("Pacific/Apia", date(2011, 12, 30)):
        return
    span = day_span(day, place)
    assert to_datetime(span.first, place).date() == day
    assert to_datetime(span.last, place).date() == day
    assert timedelta(hours=22) < timedelta(microseconds=span.last - span.first) < timedelta(hours=26)


def test_a_day_that_a_country_skipped_is_refused() -> None:
    with pytest.raises(BadRequest, match="2011-12-30 does not exist in Pacific/Apia"):
        parse_bound("2011-12-30", Side.FROM, ZoneInfo("Pacific/Apia"))


def test_a_fixed_offset_is_a_timezone_too() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    assert iso(parse_bound("2024-01-01", Side.FROM, zone)) == "2023-12-31T18:30:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2024-13-01",
        "2024-02-30",
        "2024-01-01T25:00",
        "2024-01-01T12:00+99:00",
        "2024-01-01T12:00:00.1234567",
        "01/02/2024",
        "٢٠٢٤-٠١-٠١",
        "0001-01-01",
        "9999-12-31",
        "\x1b[31m2024-01-01",
        "[/red]",
    ],
)
@pytest.mark.parametrize("side", list(Side))
def test_anything_else_is_refused_with_an_example(text: str, side: Side) -> None:
    zone = ZoneInfo("Asia/Kolkata") if text.startswith("0001") else NEW_YORK
    with pytest.raises(BadRequest) as caught:
        parse_bound(text, side, zone)
    assert "2024-03-01T06:00:00Z" in caught.value.remedy
    assert "\x1b" not in str(caught.value)
    assert caught.value.exit_code == 2


@given(text=st.text(max_size=40), side=st.sampled_from(list(Side)))
def test_no_text_breaks_it(text: str, side: Side) -> None:
    try:
        instant = parse_bound(text, side, NEW_YORK)
    except BadRequest:
        return
    assert iso(instant)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024-2", "2024-02-01", "2024-02-29"),
        ("2024-12", "2024-12-01", "2024-12-31"),
        ("2024-Q1", "2024-01-01", "2024-03-31"),
        ("2024q4", "2024-10-01", "2024-12-31"),
        ("2024 Q2", "2024-04-01", "2024-06-30"),
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-W07", "2024-02-12", "2024-02-18"),
        ("2024w7", "2024-02-12", "2024-02-18"),
        ("2020-W53", "2020-12-28", "2021-01-03"),
        ("2025-W01", "2024-12-30", "2025-01-05"),
    ],
)
def test_a_unit_of_the_calendar_takes_in_all_of_its_days(text: str, first: str, last: str) -> None:
    assert span_of(text, "America/New_York", now=None) == days(first, last)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("yesterday", "2024-06-13", "2024-06-13"),
        ("last day", "2024-06-13", "2024-06-13"),
        ("last 30 days", "2024-05-15", "2024-06-13"),
        ("  LAST   30 Days ", "2024-05-15", "2024-06-13"),
        ("past 1 day", "2024-06-13", "2024-06-13"),
        ("last week", "2024-06-03", "2024-06-09"),
        ("last 2 weeks", "2024-05-27", "2024-06-09"),
        ("previous month", "2024-05-01", "2024-05-31"),
        ("last 6 months", "2023-12-01", "2024-05-31"),
        ("last quarter", "2024-01-01", "2024-03-31"),
        ("last 3 quarters", "2023-07-01", "2024-03-31"),
        ("last year", "2023-01-01", "2023-12-31"),
        ("last 10 years", "2014-01-01", "2023-12-31"),
    ],
)
def test_the_last_units_are_the_whole_ones_before_the_present_one(text: str, first: str, last: str) -> None:
    assert span_of(text, "America/New_York") == days(first, last)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("today", "2024-06-14"),
        ("this day", "2024-06-14"),
        ("this week", "2024-06-10"),
        ("this month", "2024-06-01"),
        ("this quarter", "2024-04-01"),
        ("this year", "2024-01-01"),
    ],
)
def test_the_present_unit_is_taken_until_now(text: str, first: str) -> None:
    span = span_of(text, "America/New_York")
    assert span.first == days(first, first).first
    assert iso(span.last) == "2024-06-15T02:30:12+00:00"


def test_now_is_the_second_that_has_begun() -> None:
    span = span_of("now", "Asia/Kolkata")
    assert span.first == span.last
    assert iso(span.first) == "2024-06-15T02:30:12+00:00"


def test_what_day_it_is_depends_on_the_dags_timezone() -> None:
    assert span_of("yesterday", "Asia/Kolkata") == days("2024-06-14", "2024-06-14", "Asia/Kolkata")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("last 12 hours", "2024-06-14T14:30:12+00:00"),
        ("last hour", "2024-06-15T01:30:12+00:00"),
        ("last 90 minutes", "2024-06-15T01:00:12+00:00"),
    ],
)
def test_hours_and_minutes_are_elapsed_time(text: str, first: str) -> None:
    span = span_of(text, "America/New_York")
    assert (iso(span.first), iso(span.last)) == (first, "2024-06-15T02:30:12+00:00")


def test_hours_are_elapsed_also_where_the_clock_changes() -> None:
    now = from_datetime(datetime(2024, 3, 10, 12, tzinfo=NEW_YORK))
    assert parse_bound("last 12 hours", Side.FROM, NEW_YORK, now=now) == from_datetime(
        datetime(2024, 3, 9, 23, tzinfo=NEW_YORK)
    )


@pytest.mark.parametrize("text", ["now", "today", "yesterday", "last 30 days", "last 2 hours", "this month"])
@pytest.mark.parametrize("side", list(Side))
def test_what_moves_with_the_clock_is_refused_where_there_is_none(text: str, side: Side) -> None:
    with pytest.raises(BadRequest, match="moves with the clock") as caught:
        parse_bound(text, side, NEW_YORK)
    assert text in caught.value.message
    assert "2024-03-01" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("2024-13", "there is no month 13, a year has 12"),
        ("2024-00", "there is no month 0"),
        ("2024-Q5", "there is no quarter 5, a year has 4"),
        ("2024-W60", "there is no week 60, 2024 has 52"),
        ("2020-W54", "there is no week 54, 2020 has 53"),
        ("0000", "year 0 is out of range"),
        ("0024-03-01", "only the years 1000 to 9998 can be planned"),
        ("9999", "only the years 1000 to 9998 can be planned"),
        ("last 9999999999999999999 days", "only the years 1000 to 9998 can be planned"),
        ("last 9999999999999999999 hours", "only the years 1000 to 9998 can be planned"),
        ("last 99999 months", "only the years 1000 to 9998 can be planned"),
        ("last 0 days", "that is no time at all"),
        ("last thirty days", "its number has to be in digits"),
        ("last days", "it does not say how many"),
        ("last monday", "a day of the week has to be written as a date"),
        ("tomorrow", "a backfill runs dates that are past"),
        ("next month", "a backfill runs dates that are past"),
        ("yesteday", '"yesterday" would be one'),
        ("last mounth", '"last month" would be one'),
        ("30d", '"last 30 days" would be one'),
        ("last 2 w", '"last 2 weeks" would be one'),
        ("30 days ago", '"last 30 days" would be one'),
        ("20240301", '"2024-03-01" would be one'),
        ("2024/3/1", '"2024-03-01" would be one'),
        ("Q1 2024", '"2024-Q1" would be one'),
        ("W7 2024", '"2024-W07" would be one'),
        ("March 2024", '"2024-03" would be one'),
        ("2024 sep", '"2024-09" would be one'),
        ("01/02/2024", "the year comes first, with four digits"),
        ("24-03-01", "the year comes first, with four digits"),
        ("2024-03-01T6:00", "hours and minutes have two digits each"),
        ("2024-03-01 24:00", "a day to its end is 2024-03-01 alone"),
        ("2024-03-01T12:00+24:00", "an offset is less than 24 hours"),
        ("2024-01..2024-02", "it is a whole range"),
        ("since 2024-01", "it is a whole range"),
    ],
)
@pytest.mark.parametrize("side", list(Side))
def test_a_near_miss_says_what_is_wrong_with_it(text: str, hint: str, side: Side) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_bound(text, side, NEW_YORK, now=NOW)
    assert hint in caught.value.message
    assert f'"{text}"' in caught.value.message


@given(year=YEARS, month=st.integers(min_value=1, max_value=12), zone=st.sampled_from(ZONES))
def test_a_month_is_its_days(year: int, month: int, zone: str) -> None:
    place = ZoneInfo(zone)
    in_month = [date(year, month, 1) + timedelta(days=number) for number in range(31)]
    skipped = date(2011, 12, 30) if zone == "Pacific/Apia" else None
    its_days = [day_span(day, place) for day in in_month if day.month == month and day != skipped]
    assert span_of(f"{year}-{month:02}", zone, now=None) == joined(its_days)


@given(year=YEARS, quarter=st.integers(min_value=1, max_value=4), zone=st.sampled_from(ZONES))
def test_a_quarter_is_its_months(year: int, quarter: int, zone: str) -> None:
    months = [span_of(f"{year}-{quarter * 3 - 2 + number:02}", zone) for number in range(3)]
    assert span_of(f"{year}-Q{quarter}", zone, now=None) == joined(months)


@given(year=YEARS, zone=st.sampled_from(ZONES))
def test_a_year_is_its_quarters(year: int, zone: str) -> None:
    assert span_of(str(year), zone) == joined([span_of(f"{year}-Q{number}", zone) for number in range(1, 5)])


@given(day=st.dates(min_value=date(1950, 1, 1), max_value=date(2037, 12, 20)), zone=st.sampled_from(ZONES))
def test_a_week_is_its_seven_days(day: date, zone: str) -> None:
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    sunday = monday + timedelta(days=6)
    assert span_of(f"{year}-W{week:02}", zone) == days(monday.isoformat(), sunday.isoformat(), zone)


@given(
    moment=st.datetimes(min_value=datetime(1950, 1, 8), max_value=datetime(2037, 12, 31)),
    zone=st.sampled_from(ZONES),
    text=st.sampled_from(
        [
            "now",
            "today",
            "yesterday",
            "last 3 hours",
            "last 2 days",
            "last week",
            "last 2 months",
            "last quarter",
            *("last year", "this week", "this month", "this quarter", "this year"),
        ]
    ),
)
def test_nothing_that_moves_with_the_clock_reaches_beyond_now(moment: datetime, zone: str, text: str) -> None:
    now = from_datetime(moment.replace(tzinfo=timezone.utc))
    try:
        span = span_of(text, zone, now=now)
    except BadRequest as refused:
        assert "2011-12-30 does not exist" in refused.message  # noqa: PT017  # only this reason is one
        return
    assert span.first <= span.last <= now


@pytest.mark.parametrize(
    "text",
    [
        "9" * 1_000_000,
        "last " + "9" * 1_000_000 + " days",
        " " * 1_000_000,
        "2024-" * 200_000,
        "\x1b[" * 500_000,
    ],
    ids=["digits", "a number", "spaces", "years", "escapes"],
)
def test_a_text_of_a_megabyte_is_refused_and_shown_in_short(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_bound(text, Side.FROM, NEW_YORK, now=NOW)
    assert len(caught.value.message) < 200
