from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from backfill_tui.domain.instants import SECOND, Microseconds
from backfill_tui.domain.pace_words import end_words
from backfill_tui.domain.shares import shares
from backfill_tui.domain.time_ranges import TimeRange

NOON = 1_700_000_000 // 86_400 * 86_400 + 12 * 3600


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def between(low: int, high: int) -> TimeRange:
    return TimeRange(low=Microseconds(low * SECOND), high=Microseconds(high * SECOND))


def test_the_end_is_a_range_on_the_clock_of_the_machine() -> None:
    assert end_words(between(180, 300), NOON) == "ends between 12:03 and 12:05"
    assert end_words(between(61, 90), NOON) == "ends about 12:01"


def test_an_end_on_another_day_names_the_day() -> None:
    assert end_words(between(3600, 13 * 3600), NOON) == "ends between 13:00 and 2023-11-15 01:00"


@pytest.mark.parametrize(
    ("numbers", "width", "cells"),
    [
        ([1, 1], 10, [5, 5]),
        ([1_000, 1], 10, [9, 1]),
        ([0, 3, 0], 7, [0, 7, 0]),
        ([1, 1, 1], 2, [1, 1, 1]),
        ([0, 0], 5, [0, 0]),
        ([], 5, []),
    ],
)
def test_what_there_is_any_of_gets_a_cell_and_all_cells_are_given_away(
    numbers: list[int], width: int, cells: list[int]
) -> None:
    assert shares(numbers, width) == cells
