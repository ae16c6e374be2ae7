"""Which rows the grid shows: narrowed to a state, walked through, and kept right while runs change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.grids import a_mixed_backfill, a_row, an_update

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import GridUpdate, RunRow
from backfill_tui.ui.widgets.row_view import Only, RowView

STATES = (RunState.QUEUED, RunState.RUNNING, RunState.SUCCESS, RunState.FAILED)


def a_view(update: GridUpdate, only: Only = Only.ALL) -> tuple[GridStore, RowView]:
    store = GridStore()
    store.apply(update)
    view = RowView(store)
    view.narrow(only)
    return store, view


def in_states(states: list[RunState]) -> GridUpdate:
    return an_update([(a_row(number, state), ".....") for number, state in enumerate(states, 1)])


@pytest.mark.parametrize(
    ("only", "rows"),
    [
        (Only.ALL, range(12)),
        (Only.FAILED, [3, 5]),
        (Only.RUNNING, [7, 8]),
        (Only.QUEUED, [10, 11]),
        (Only.SUCCEEDED, [0, 1, 4]),
        (Only.NOT_RUN, [2, 6, 9]),
    ],
)
def test_each_state_shows_its_rows_as_many_as_are_counted(only: Only, rows: list[int]) -> None:
    store, view = a_view(a_mixed_backfill(), only)
    assert list(view.rows) == list(rows)
    assert only.number(store.counts()) == len(rows)


def test_a_row_that_is_not_read_yet_is_shown_only_among_all() -> None:
    unread = an_update([(a_row(1, RunState.QUEUED), ".....")], total_rows=3)
    assert list(a_view(unread)[1].rows) == [0, 1, 2]
    assert list(a_view(unread, Only.QUEUED)[1].rows) == [0]


def test_a_row_that_is_not_shown_gives_way_to_the_next_one_that_is() -> None:
    _, view = a_view(a_mixed_backfill(), Only.RUNNING)
    assert [view.nearest(row) for row in (0, 7, 8, 11)] == [7, 7, 8, 8]
    assert [view.moved(0, by) for by in (0, 1, 2, 9)] == [7, 7, 8, 8]
    assert [view.moved(11, by) for by in (-1, -2, -9)] == [8, 7, 7]
    assert [view.position(row) for row in (6, 7, 8)] == [None, 0, 1]


def test_the_next_row_of_a_state_is_found_around_the_end_both_ways() -> None:
    _, view = a_view(a_mixed_backfill())
    for wanted, (first, second) in {Only.RUNNING: (7, 8), Only.QUEUED: (10, 11), Only.FAILED: (3, 5)}.items():
        assert [view.next_row(row, 1, wanted) for row in (0, first, second)] == [first, second, first]
        assert [view.next_row(row, -1, wanted) for row in (0, first, second)] == [second, second, first]


def test_a_row_alone_in_its_state_is_its_own_next_one() -> None:
    _, view = a_view(in_states([RunState.RUNNING, RunState.QUEUED]))
    assert view.next_row(0, 1, Only.RUNNING) == view.next_row(0, -1, Only.RUNNING) == 0
    assert view.next_row(0, 1, Only.FAILED) is None


def test_only_what_is_shown_is_found() -> None:
    _, view = a_view(a_mixed_backfill(), Only.FAILED)
    assert [view.next_row(row, 1, Only.FAILED) for row in (0, 3, 5, 11)] == [3, 5, 3, 3]
    assert view.next_row(3, 1, Only.RUNNING) is None


@given(
    before=st.lists(st.sampled_from(STATES), min_size=1, max_size=30),
    only=st.sampled_from(Only),
    data=st.data(),
)
def test_after_any_changes_the_same_rows_are_shown_as_by_looking_at_all(
    before: list[RunState], only: Only, data: st.DataObject
) -> None:
    store, view = a_view(in_states(before), only)
    shown = list(view.rows)
    changed: dict[int, RunRow] = {
        at: a_row(at + 1, data.draw(st.sampled_from(STATES)))
        for at in data.draw(st.sets(st.integers(0, len(before) - 1)))
    }
    update = an_update([(row, ".....") for row in changed.values()], None, total_rows=len(before))
    told = view.learn(store.apply(update).rows)
    assert list(view.rows) == list(a_view_of(store, only).rows)
    assert told == (shown != list(view.rows))


def a_view_of(store: GridStore, only: Only) -> RowView:
    view = RowView(store)
    view.narrow(only)
    return view
