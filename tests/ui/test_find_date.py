"""Where a typed date leads: to the date it names, else to the nearest one, on the clock of the Dag."""

from __future__ import annotations

import pytest
from tests.support.grids import a_row
from tests.support.world import HOUR, NOW

from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.watching import RunRow
from backfill_tui.ui.widgets.find_date import Found, find_date

DAYS: list[RunRow | None] = [a_row(number) for number in range(1, 61)]
"""From 2024-02-01 to 2024-03-31."""


def found(text: str, rows: list[RunRow | None] = DAYS, *, zone: str = "UTC") -> Found:
    return find_date(text, rows, range(len(rows)), zone, NOW)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("2024-02-06", 5),
        ("2024-03", 29),
        ("2024-W07", 11),
        ("2024", 0),
        (" 2024-02-06T00:00 ", 5),
    ],
)
def test_a_text_leads_to_the_first_date_of_what_it_stands_for(text: str, row: int) -> None:
    assert found(text) == Found(row, exact=True)


@pytest.mark.parametrize(
    ("text", "row"),
    [("2023-01-01", 0), ("2025", 59), ("2024-02-06T11:00", 5), ("2024-02-06T13:00", 6), ("yesterday", 59)],
)
def test_what_no_date_is_in_leads_to_the_nearest_and_says_so(text: str, row: int) -> None:
    assert found(text) == Found(row, exact=False)


def test_a_day_is_one_on_the_clock_of_the_dag() -> None:
    hours: list[RunRow | None] = [a_row(number, period=HOUR) for number in range(1, 49)]
    assert found("2024-02-02", hours).row == 24
    assert found("2024-02-02", hours, zone="America/New_York").row == 29


def test_the_order_of_execution_makes_no_difference() -> None:
    assert found("2024-03", DAYS[::-1]) == Found(30, exact=True)
    assert found("2025", DAYS[::-1]) == Found(0, exact=False)


def test_only_rows_that_are_shown_and_read_can_be_meant() -> None:
    rows = [*DAYS[:4], None, *DAYS[5:]]
    assert find_date("2024-02-05", rows, range(60), "UTC", NOW) == Found(5, exact=False)
    assert find_date("2024-02-05", rows, [1, 20], "UTC", NOW) == Found(1, exact=False)


def test_a_partition_key_is_found_by_its_beginning() -> None:
    rows: list[RunRow | None] = [
        a_row(number, logical_date=None, partition_key=key)
        for number, key in enumerate(("north", "south"), 1)
    ]
    assert found("so", rows) == Found(1, exact=True)
    with pytest.raises(BadRequest, match="No row that is shown has such a date"):
        found("2024-02-01", rows)


@pytest.mark.parametrize("text", ["", "  ", "soon", "2024-13-01", "[/red]", "9" * 500])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="not a date"):
        found(text)
