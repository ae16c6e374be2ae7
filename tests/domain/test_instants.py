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
