"""What stands over columns of dates, for every distance between them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.grids import a_row
from tests.support.world import DAY, HOUR

from backfill_tui.domain.instants import SECOND, zone_named
from backfill_tui.domain.watching import RunRow
from backfill_tui.ui.widgets.date_marks import DateMarks

MINUTE = 60 * SECOND


def marks_of(rows: Sequence[RunRow | None], cell: int = 1, zone: str = "UTC", widest: int = 10) -> DateMarks:
    return DateMarks(rows.__getitem__, len(rows), zone_named(zone), cell=cell, widest=widest)


def every(period: int, number: int = 200) -> list[RunRow | None]:
    return [a_row(at, period=period) for at in range(1, number + 1)]


@pytest.mark.parametrize(
    ("period", "cell", "upper", "lower"),
    [
        (MINUTE, 1, "2024-02-01 00h", "00   05   10   15   20   25   30   35"),
        (5 * MINUTE, 1, "2024-02-01", "00          01          02          03"),
        (5 * MINUTE, 3, "2024-02-01 00h                      2024-02-01 01h", "00 05 10 15 20 25 30 35"),
        (HOUR, 1, "2024-02-01              2024-02-02", "00 03 06 09 12 15 18 21 00 03"),
        (6 * HOUR, 3, "2024-02-01  2024-02-02", "00 06 12 18 00 06 12 18"),
        (DAY, 1, "2024 Feb                     2024 Mar", "01  05   10   15   20   25   01  05   10"),
        (DAY, 3, "2024 Feb", "01 02 03 04 05 06 07"),
        (
            7 * DAY,
            1,
            "2024                                            2025",
            "Feb  Mar Apr May  Jun Jul Aug  Sep",
        ),
        (7 * DAY, 3, "2024 Feb       2024 Mar    2024 Apr", "01 08 15 22 29 07 14 21 28 04"),
        (366 * DAY, 1, "2024 2029 2034 2039", "Feb Feb Feb"),
    ],
)
def test_groups_and_numbers_fit_the_distance_of_the_dates(
    period: int, cell: int, upper: str, lower: str
) -> None:
    told = marks_of(every(period), cell).lines(0, 100)
    assert told[0].startswith(upper)
    assert told[1].startswith(lower)


def test_the_group_in_which_the_view_begins_is_named_there_while_it_has_room() -> None:
    marks = marks_of(every(DAY))
    assert marks.lines(5, 40)[0] == f"{'2024 Feb':24}{'2024 Mar':16}"
    assert marks.lines(21, 40)[0] == f"{'':8}{'2024 Mar':31} "


def test_dates_are_named_on_the_clock_of_the_dag() -> None:
    assert marks_of(every(HOUR), zone="America/New_York").lines(0, 12)[1] == "19   00 03  "


def test_a_backfill_that_runs_backwards_has_the_same_round_numbers() -> None:
    upper, lower = marks_of(every(DAY, 60)[::-1]).lines(0, 40)
    assert upper == f"{'2024 Mar':31}{'2024 Feb':9}"
    assert lower.split() == ["31", "25", "20", "15", "10", "05", "29", "25"]
    assert lower.index("20") == 31 - 20


def test_dates_with_holes_between_them_are_numbered_where_a_step_is_passed() -> None:
    rows: list[RunRow | None] = [a_row(at) for at in (2, 3, 4, 6, 7, 8, 16, *range(33, 45))]
    upper, lower = marks_of(rows).lines(0, 19)
    assert upper == f"{'':7}{'2024 Mar':12}"
    assert lower == "02 06  04    10    "


def test_what_is_not_read_yet_has_no_mark_and_moves_none() -> None:
    rows = every(DAY, 60)
    whole = marks_of(rows).lines(0, 40)
    rows[3:8] = [None] * 5
    assert marks_of(rows).lines(0, 40)[0] == whole[0]
    assert marks_of([None] * 9).lines(0, 9) == (" " * 9, " " * 9)


def test_it_no_longer_holds_once_the_ends_are_others() -> None:
    rows = every(DAY, 9)
    rows[-1] = None
    marks = marks_of(rows)
    assert marks.holds()
    rows[-1] = a_row(9)
    assert not marks.holds()


def test_partition_keys_stand_where_there_are_no_dates() -> None:
    keys = [a_row(at, logical_date=None, partition_key=f"日本[/]{at:02}") for at in range(30)]
    assert marks_of(keys, widest=9).lines(0, 25) == ("日本[/]00 日本[/]10      ", " " * 25)


@given(
    period=st.sampled_from([MINUTE, 15 * MINUTE, HOUR, 8 * HOUR, DAY, 7 * DAY, 30 * DAY]),
    cell=st.sampled_from([1, 3]),
    left=st.integers(0, 500),
    room=st.integers(1, 200),
)
def test_a_number_stands_over_the_same_date_wherever_the_view_is(
    period: int, cell: int, left: int, room: int
) -> None:
    marks = marks_of(every(period), cell)
    whole = marks.lines(0, 200 * cell)[1]
    seen = marks.lines(left, room)[1]
    assert len(seen) == room
    for at, letter in enumerate(seen):
        assert letter == " " or left + at >= len(whole) or whole[left + at] == letter
