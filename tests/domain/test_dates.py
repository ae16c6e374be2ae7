from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import cast
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.dates import Side, day_span, parse_bound
from backfill_tui.domain.instants import from_datetime, iso, to_datetime
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
    "Australia/Lord_Howe",
    "Europe/Zurich",
    "Pacific/Apia",
]


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
        "2024",
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
