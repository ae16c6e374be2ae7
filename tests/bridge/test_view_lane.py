"""Which rows in view are read at a tick."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.bridge.view_lane import ViewLane

rows = st.lists(st.integers(1, 60), unique=True).map(tuple)


def test_all_that_is_in_view_has_its_turn_before_any_has_it_again() -> None:
    lane = ViewLane()
    in_view = tuple(range(1, 11))
    taken = [lane.next(in_view, 4) for _ in range(5)]
    assert taken == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 1, 2], [3, 4, 5, 6], [7, 8, 9, 10]]


def test_what_has_just_come_into_view_is_first() -> None:
    lane = ViewLane()
    lane.next((1, 2, 3, 4), 2)
    assert lane.next((2, 3, 4, 5, 6), 3) == [5, 6, 3]


def test_what_is_read_anyway_takes_nobodys_place() -> None:
    lane = ViewLane()
    assert lane.next((1, 2, 3, 4), 2, besides={1, 3}) == [2, 4]
    assert lane.next((1, 2, 3, 4), 3, besides=()) == [1, 2, 3]


def test_nobody_who_looks_has_nothing_read() -> None:
    lane = ViewLane()
    assert lane.next((1, 2), 5) == [1, 2]
    assert lane.next((), 5) == []


@given(st.lists(st.tuples(rows, st.integers(1, 20), st.sets(st.integers(1, 60)))))
def test_only_what_is_in_view_is_read_and_each_row_once(
    steps: list[tuple[tuple[int, ...], int, set[int]]],
) -> None:
    lane = ViewLane()
    for in_view, number, besides in steps:
        taken = lane.next(in_view, number, besides)
        left = set(in_view) - besides
        assert set(taken) <= left
        assert len(taken) == len(set(taken)) == min(number, len(left))
