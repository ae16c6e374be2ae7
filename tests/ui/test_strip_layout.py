"""Where the dates of a plan stand in the calendar strip: by example, and in any zone at any width."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backfill_tui.domain.instants import SECOND, Instant, from_datetime, to_datetime, zone_named
from backfill_tui.domain.plan_dates import ABSENT, DateColumns, Occurrence, columns_of
from backfill_tui.ui.widgets import strip_calendar
from backfill_tui.ui.widgets.strip_calendar import Calendar, Grain
from backfill_tui.ui.widgets.strip_layout import Piece, StripLayout

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
UTC = zone_named("UTC")
ZONES = (
    "UTC",
    "+05:30",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Europe/London",
    "Pacific/Chatham",
)


def at(text: str, zone: tzinfo = UTC) -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone))


def columns(dates: Iterable[int]) -> DateColumns:
    return DateColumns(identities=array("q", dates).tobytes())


def every(step: int, first: int, number: int, zone: tzinfo = UTC) -> Calendar:
    return Calendar(columns(first + step * nth for nth in range(number)), zone)


def lines(layout: StripLayout) -> list[str]:
    """The lines with a sign for each date: the first letter of its number."""
    drawn = []
    for line in range(len(layout)):
        text = layout.head(line) if layout.begins_block(line) else ""
        for piece in layout.pieces(line):
            label = layout.label(piece)
            text = text.ljust(piece.origin - layout.calendar.grain.label_width) + label
            text = text.ljust(piece.x) + "".join(str(cell % 10) for cell in range(piece.first, piece.stop))
        drawn.append(text)
    return drawn


def test_days_are_grouped_by_month_and_several_months_share_a_line() -> None:
    calendar = every(DAY, at("2023-12-20"), 60)
    assert calendar.grain is Grain.MONTH
    assert lines(StripLayout(calendar, 77)) == [
        "2023 Dec" + " " * 20 + "012345678901",
        "2024 Jan 2345678901234567890123456789012  Feb 34567890123456789",
    ]


def test_a_day_stands_below_the_same_day_of_another_month() -> None:
    calendar = every(DAY, at("2024-02-25"), 40)
    assert lines(StripLayout(calendar, 45)) == [
        "2024 Feb" + " " * 25 + "01234",
        "     Mar 5678901234567890123456789012345",
        "     Apr 6789",
    ]
    workdays = [at("2024-03-01") + day * DAY for day in range(31) if day % 7 not in {1, 2}]
    assert lines(StripLayout(Calendar(columns(workdays), UTC), 45)) == [
        "2024 Mar 0  12345  67890  12345  67890",
    ]


def test_days_that_have_no_room_for_a_month_go_on_without_columns() -> None:
    calendar = every(DAY, at("2024-02-25"), 36)
    assert lines(StripLayout(calendar, 30)) == [
        "2024 Feb 01234",
        "     Mar 5678901234567890",
        "         123456789012345",
    ]


def test_hours_keep_their_columns_where_the_clocks_change() -> None:
    zone = zone_named("America/New_York")
    spring = every(HOUR, at("2024-03-09T22:00", zone), 25, zone)
    assert lines(StripLayout(spring, 45)) == [
        "2024 Mar Sat 09" + " " * 23 + "01",
        "         Sun 10 23 456789012345678901234",
    ]
    autumn = every(HOUR, at("2024-11-02T22:00", zone), 27, zone)
    assert lines(StripLayout(autumn, 45)) == [
        "2024 Nov Sat 02" + " " * 23 + "01",
        "         Sun 03 2345678901234567890123456",
    ]


def test_lines_of_a_year_have_equally_many_months_in_columns() -> None:
    calendar = every(7 * DAY, at("2024-01-01"), 53)
    assert lines(StripLayout(calendar, 77)) == [
        "2024 Jan 01234  Feb 5678   Mar 9012   Apr 34567  May 8901   Jun 2345",
        "     Jul 67890  Aug 1234   Sep 56789  Oct 0123   Nov 4567   Dec 89012",
    ]


def test_hours_are_grouped_by_day() -> None:
    calendar = every(HOUR, at("2024-01-30T22:00"), 52)
    assert calendar.grain is Grain.DAY
    assert lines(StripLayout(calendar, 77)) == [
        "2024 Jan Tue 30                       01  Wed 31 234567890123456789012345",
        "2024 Feb Thu 01 678901234567890123456789  Fri 02 01",
    ]


def test_minutes_are_grouped_by_hour() -> None:
    calendar = every(5 * MINUTE, at("2024-01-30T22:30"), 20)
    assert calendar.grain is Grain.HOUR
    assert lines(StripLayout(calendar, 77)) == [
        "2024-01-30 22h 012345        23h 678901234567",
        "2024-01-31 00h 89",
    ]


def test_months_are_grouped_by_year() -> None:
    first = datetime(2019, 1, 1)
    months = (first.replace(year=2019 + nth // 12, month=nth % 12 + 1) for nth in range(26))
    calendar = Calendar(columns(at(month.isoformat()) for month in months), UTC)
    assert calendar.grain is Grain.YEAR
    assert lines(StripLayout(calendar, 77)) == ["2019 012345678901  2020 234567890123  2021 45"]


def test_a_group_too_wide_for_a_line_goes_on_in_equal_parts() -> None:
    calendar = every(15 * MINUTE, at("2024-01-30"), 96)
    (first, second) = lines(StripLayout(calendar, 77))
    assert first == "2024 Jan Tue 30 " + "0123456789" * 4 + "01234567"
    assert second == " " * 16 + "8901234567" * 4 + "89012345"


def test_days_without_a_date_take_no_room() -> None:
    days = [*range(5), *range(400, 403)]
    calendar = Calendar(columns(at("2024-01-01") + DAY * day for day in days), UTC)
    assert calendar.grain is Grain.YEAR
    calendar = Calendar(columns(at("2024-01-01") + DAY * day for day in (*range(60), *range(400, 403))), UTC)
    assert lines(StripLayout(calendar, 77))[-1] == "2025 Feb 012"


@pytest.mark.parametrize(
    ("step", "grain"),
    [
        (31 * DAY, Grain.YEAR),
        (14 * DAY, Grain.YEAR),
        (7 * DAY, Grain.MONTH),
        (DAY, Grain.MONTH),
        (12 * HOUR, Grain.MONTH),
        (4 * HOUR, Grain.DAY),
        (15 * MINUTE, Grain.DAY),
        (10 * MINUTE, Grain.HOUR),
        (SECOND, Grain.HOUR),
        (0, Grain.HOUR),
    ],
)
def test_the_grain_follows_how_far_apart_the_dates_are(step: int, grain: Grain) -> None:
    assert strip_calendar.grain_of([step * nth for nth in range(50)]) is grain


def test_a_single_date_has_its_month() -> None:
    assert lines(StripLayout(every(DAY, at("2024-01-30"), 1), 30)) == ["2024 Jan 0"]


def test_without_dates_there_is_no_line() -> None:
    assert len(StripLayout(Calendar(columns([]), UTC), 80)) == 0


def test_the_last_year_there_is_has_an_end() -> None:
    calendar = every(DAY, at("9999-12-01"), 31)
    assert list(calendar.starts) == [0, 31]
    hours = every(HOUR, at("9999-12-30"), 47)
    assert list(hours.starts) == [0, 24, 47]


# Clocks


def groups(calendar: Calendar) -> list[tuple[str, int]]:
    """The label of every group and how many dates it has."""
    sizes = (stop - start for start, stop in pairwise(calendar.starts))
    return [(calendar.grain.label(begun), size) for begun, size in zip(calendar.begun, sizes, strict=True)]


def test_the_days_on_which_clocks_change_have_an_hour_more_or_less() -> None:
    zone = zone_named("America/New_York")
    assert groups(every(HOUR, at("2024-03-09", zone), 71, zone)) == [
        ("Sat 09", 24),
        ("Sun 10", 23),
        ("Mon 11", 24),
    ]
    assert groups(every(HOUR, at("2024-11-02", zone), 73, zone)) == [
        ("Sat 02", 24),
        ("Sun 03", 25),
        ("Mon 04", 24),
    ]


def test_an_hour_that_the_clock_shows_twice_is_two_groups() -> None:
    zone = zone_named("Europe/London")
    assert groups(every(10 * MINUTE, at("2024-10-27", zone), 24, zone)) == [
        ("00h", 6),
        ("01h", 6),
        ("01h", 6),
        ("02h", 6),
    ]


def test_a_day_whose_midnight_is_left_out_begins_at_one() -> None:
    zone = zone_named("America/Sao_Paulo")
    assert groups(every(HOUR, at("2018-11-03", zone), 47, zone)) == [("Sat 03", 24), ("Sun 04", 23)]


def test_a_day_that_the_clock_leaves_out_has_no_group() -> None:
    zone = zone_named("Pacific/Apia")
    assert groups(every(HOUR, at("2011-12-29", zone), 48, zone)) == [("Thu 29", 24), ("Sat 31", 24)]


def test_what_the_clock_shows_twice_around_midnight_belongs_to_the_day_that_had_begun() -> None:
    zone = zone_named("America/St_Johns")
    # A minute after midnight the clocks went back to 23:01.
    assert groups(every(15 * MINUTE, at("2006-10-28", zone), 96 + 100, zone)) == [
        ("Sat 28", 96),
        ("Sun 29", 100),
    ]
    # Even where the first date of that day is one of them.
    odd = [at("2006-10-28T12:30", zone) + nth * HOUR for nth in range(37)]
    assert groups(Calendar(columns(odd), zone)) == [("Sat 28", 12), ("Sun 29", 25)]


# Any dates at any width

STEPS = st.sampled_from([MINUTE, 7 * MINUTE, 15 * MINUTE, HOUR, 5 * HOUR, DAY, 7 * DAY, 31 * DAY, 400 * DAY])


@st.composite
def some_dates(draw: st.DrawFn) -> list[int]:
    """Ascending dates of 2012 to 2030: a schedule, with some of it left out."""
    step = draw(STEPS)
    first = at("2012-01-01") + draw(st.integers(0, 12 * 365 * 24)) * HOUR + draw(st.integers(0, 59)) * MINUTE
    number = draw(st.integers(1, min(400, 6 * 365 * DAY // step + 1)))
    gone = draw(st.sets(st.integers(0, number - 1), max_size=number // 2))
    return [first + step * nth for nth in range(number) if nth not in gone]


def begin(moment: datetime, grain: Grain) -> datetime:
    """Where the period of a moment begins on its own clock."""
    whole = {"minute": 0, "second": 0, "microsecond": 0}
    if grain is not Grain.HOUR:
        whole["hour"] = 0
    if grain in {Grain.MONTH, Grain.YEAR}:
        whole["day"] = 1
    if grain is Grain.YEAR:
        whole["month"] = 1
    return moment.replace(tzinfo=None, **whole)


@given(some_dates(), st.sampled_from(ZONES))
@example([at("2018-11-03T12:00") + nth * HOUR for nth in range(60)], "America/Sao_Paulo")
@example([at("2019-04-06T09:00") + nth * 5 * MINUTE for nth in range(200)], "Australia/Lord_Howe")
def test_every_date_is_in_the_group_of_its_time_on_the_clock(dates: list[int], name: str) -> None:
    zone = zone_named(name)
    calendar = Calendar(columns(dates), zone)
    for cell, date in enumerate(dates):
        begun = calendar.begun[calendar.group_of(cell)].replace(tzinfo=None)
        assert begun == begin(to_datetime(Instant(date), zone), calendar.grain)
    keys = [(begun.replace(tzinfo=None), begun.fold) for begun in calendar.begun]
    assert len(set(keys)) == len(keys), "no period is two groups"
    heads = [calendar.grain.head(calendar.begun[group]) for group in calendar.blocks[:-1]]
    assert len(set(heads)) == len(heads), "what groups share is said once"


@given(some_dates(), st.sampled_from(ZONES), st.integers(30, 220))
def test_every_date_has_one_cell_within_the_width(dates: list[int], name: str, width: int) -> None:
    layout = StripLayout(Calendar(columns(dates), zone_named(name)), width)
    seen: list[int] = []
    for line in range(len(layout)):
        end = 0
        for piece in layout.pieces(line):
            assert piece.origin - layout.calendar.grain.label_width >= end or not piece.labelled
            assert piece.x >= max(end, piece.origin)
            end = piece.x + piece.stop - piece.first
            assert end <= width
            seen += range(piece.first, piece.stop)
    assert seen == list(range(len(dates)))


@given(some_dates(), st.sampled_from(ZONES), st.integers(30, 220))
def test_a_cell_is_found_where_it_stands(dates: list[int], name: str, width: int) -> None:
    layout = StripLayout(Calendar(columns(dates), zone_named(name)), width)
    for cell in range(len(dates)):
        at_line, x = layout.position(cell)
        assert layout.cell_at(at_line, x) == layout.nearest(at_line, x) == cell
    for line in range(-1, len(layout) + 1):
        found = [layout.cell_at(line, x) for x in range(-1, width + 2)]
        there = [cell for piece in shown(layout, line) for cell in range(piece.first, piece.stop)]
        assert [cell for cell in found if cell is not None] == there
        for x in (-5, 0, width // 2, width):
            assert 0 <= layout.nearest(line, x) < len(dates)


def shown(layout: StripLayout, line: int) -> Sequence[Piece]:
    return layout.pieces(line) if 0 <= line < len(layout) else ()


@given(st.lists(st.integers(0, 60), min_size=1, max_size=60), st.sampled_from(ZONES))
def test_dates_in_any_order_stand_in_calendar_order(days: list[int], name: str) -> None:
    dates = [at("2024-01-01") + day * DAY for day in days]
    calendar = Calendar(
        DateColumns(identities=array("q", dates).tobytes(), ascending=False), zone_named(name)
    )
    assert list(calendar.moments) == sorted(dates)
    for cell in range(len(calendar)):
        assert calendar.cell(calendar.place(cell)) == cell
        assert dates[calendar.place(cell)] == calendar.instant(cell)


def test_a_date_without_a_logical_date_stands_where_its_run_may_start() -> None:
    def occurrence(day: int, *, dated: bool = True) -> Occurrence:
        moment = Instant(at("2024-01-01") + day * DAY)
        date = moment if dated else None
        return Occurrence(
            logical_date=date, data_interval_start=date, data_interval_end=date, run_after=moment
        )

    dates = columns_of([occurrence(3), occurrence(1, dated=False), occurrence(2)])
    assert ABSENT in dates.dates
    calendar = Calendar(dates, UTC)
    assert [calendar.place(cell) for cell in range(3)] == [1, 2, 0]
    assert groups(calendar) == [("Jan", 3)]


# Cost


def test_a_hundred_thousand_dates_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Instant] = []

    def looking(instant: Instant, zone: tzinfo = UTC) -> datetime:
        looked.append(instant)
        return to_datetime(instant, zone)

    monkeypatch.setattr(strip_calendar, "to_datetime", looking)
    zone = zone_named("America/New_York")
    calendar = every(HOUR, at("2014-01-01", zone), 100_000, zone)
    assert calendar.group_count == 4167
    changes = [Instant(at) for at in looked[1:]]
    days = {to_datetime(at, zone).date() for at in changes}
    assert len(days) == 23, "a day begins where the one before ended, and is looked at when the clocks change"
    assert len(looked) == 1 + 12 * 23 + 11 * 25
    looked.clear()
    minutes = every(MINUTE, at("2024-01-01", zone), 100_000, zone)
    assert len(looked) == minutes.group_count == 1667


def test_a_day_is_looked_at_once_where_days_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[timedelta] = []

    def looking(instant: Instant, zone: tzinfo = UTC) -> datetime:
        looked.append(timedelta(microseconds=instant))
        return to_datetime(instant, zone)

    monkeypatch.setattr(strip_calendar, "to_datetime", looking)
    dates = [
        at("2024-01-01") + week * 7 * DAY + hour * HOUR for week in range(50) for hour in range(168 // 2)
    ]
    calendar = Calendar(columns(dates), UTC)
    assert calendar.group_count == 200
    assert len(looked) == 50
