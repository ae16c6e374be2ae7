from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.instants import (
    SECOND,
    Instant,
    clock,
    from_datetime,
    iso,
    minute,
    to_datetime,
    zone_named,
)


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_is_the_same_moment_to_the_microsecond(moment: datetime) -> None:
    # The year 1 east of Greenwich lies before the first instant that UTC can name.
    if 2 <= moment.year <= 9998:
        assert to_datetime(from_datetime(moment)) == moment.astimezone(timezone.utc)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no timezone"):
        from_datetime(datetime(2024, 1, 1))


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "1970-01-01T00:00:00+00:00"),
        (1_704_067_200, "2024-01-01T00:00:00+00:00"),
        (1_704_067_200.5, "2024-01-01T00:00:00.500000+00:00"),
    ],
)
def test_iso_carries_the_offset_and_microseconds_only_where_there_are_any(
    seconds: float, written: str
) -> None:
    assert iso(Instant(int(seconds * SECOND))) == written


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        ("UTC", timedelta(0)),
        ("+05:30", timedelta(hours=5, minutes=30)),
        ("-0330", timedelta(hours=-3, minutes=-30)),
        ("Asia/Tokyo", timedelta(hours=9)),
    ],
)
def test_a_zone_is_found_by_the_name_airflow_gives_it(name: str, offset: timedelta) -> None:
    assert to_datetime(Instant(0), zone_named(name)).utcoffset() == offset


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "+99"])
def test_an_unknown_zone_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match=r"no timezone named|offset|strictly"):
        zone_named(name)


def test_minute_shows_local_time_and_no_more_than_it_needs() -> None:
    new_york = zone_named("America/New_York")
    instant = Instant(1_704_092_400 * SECOND)
    assert minute(instant, new_york) == "2024-01-01 02:00"
    assert minute(Instant(instant + 5 * SECOND), new_york) == "2024-01-01 02:00:05"
    assert minute(Instant(instant + 5), new_york) == "2024-01-01 02:00:00.000005"


@pytest.mark.parametrize(
    ("zone", "utc", "first", "second"),
    [
        ("America/New_York", "2024-11-03T05:00", "2024-11-03 01:00 EDT", "2024-11-03 01:00 EST"),
        ("Europe/Zurich", "2024-10-27T00:59:59", "2024-10-27 02:59:59 CEST", "2024-10-27 02:59:59 CET"),
        ("Australia/Lord_Howe", "2024-04-06T14:45", "2024-04-07 01:45 +11:00", "2024-04-07 01:45 +10:30"),
        # Both are called MSK.
        ("Europe/Moscow", "2014-10-25T21:30", "2014-10-26 01:30 +04:00", "2014-10-26 01:30 +03:00"),
    ],
)
def test_a_local_time_that_occurs_twice_is_told_apart(zone: str, utc: str, first: str, second: str) -> None:
    place, instant = zone_named(zone), from_datetime(datetime.fromisoformat(f"{utc}+00:00"))
    later = Instant(instant + (30 if zone == "Australia/Lord_Howe" else 60) * 60 * SECOND)
    assert (minute(instant, place), minute(later, place)) == (first, second)


def test_around_the_hour_that_occurs_twice_a_time_has_nothing_behind_it() -> None:
    new_york = zone_named("America/New_York")
    before, after = (
        from_datetime(datetime(2024, 11, 3, hour, 59, 59, 999_999, tzinfo=timezone.utc)) for hour in (4, 6)
    )
    assert minute(before, new_york) == "2024-11-03 00:59:59.999999"
    assert minute(after, new_york) == "2024-11-03 01:59:59.999999 EST"
    assert minute(Instant(after + 1), new_york) == "2024-11-03 02:00"


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)), st.timezone_keys())
def test_two_instants_an_hour_apart_never_look_alike(moment: datetime, key: str) -> None:
    instant, zone = from_datetime(moment.replace(tzinfo=timezone.utc)), zone_named(key)
    for apart in (30, 60, 120):
        assert minute(instant, zone) != minute(Instant(instant + apart * 60 * SECOND), zone)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0.0 s"),
        (0.44, "0.4 s"),
        (12.9, "12 s"),
        (69, "1:09"),
        (7_384, "2:03:04"),
        (3 * 86_400 + 4 * 3_600 + 300, "3 d 04:05"),
    ],
)
def test_a_duration_is_short_and_readable(seconds: float, shown: str) -> None:
    assert clock(int(seconds * SECOND)) == shown


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1)))
def test_minute_is_what_the_library_writes(moment: datetime) -> None:
    aware = moment.replace(tzinfo=timezone.utc)
    forms = {True: "%Y-%m-%d %H:%M:%S.%f", False: "%Y-%m-%d %H:%M:%S"}
    form = forms[bool(aware.microsecond)] if aware.microsecond or aware.second else "%Y-%m-%d %H:%M"
    assert minute(from_datetime(aware), timezone.utc) == aware.strftime(form)
