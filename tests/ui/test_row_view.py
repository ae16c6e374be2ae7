"""Which rows the grid shows: narrowed to a state, walked through, and kept right while runs change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.grids import a_mixed_backfill, a_row, an_update
from tests.support.world import NOW, instant

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.spans import Span
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import GridUpdate, RunRow
from backfill_tui.ui.widgets.row_view import Only, Order, RowView
from backfill_tui.ui.widgets.shown_dates import WantedDates, read_dates

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
    assert [list(view.between(3, row)) for row in (3, 4, 5, 0)] == [[3], [3], [3, 5], []]


# Some dates alone, and another order.


def dates(text: str, update: GridUpdate) -> WantedDates:
    wanted = read_dates(text, update.rows, "UTC", NOW)
    assert wanted is not None
    return wanted


@pytest.mark.parametrize(
    ("text", "only", "rows"),
    [
        ("2024-02-03..2024-02-06", Only.ALL, [2, 3, 4, 5]),
        ("2024-02-03..2024-02-06", Only.FAILED, [3, 5]),
        ("..2024-02-02", Only.ALL, [0, 1]),
        ("since last success", Only.ALL, [5, 6, 7, 8, 9, 10, 11]),
        ("2024-02", Only.QUEUED, [10, 11]),
        ("2024-03", Only.ALL, []),
    ],
)
def test_dates_and_a_state_narrow_together(text: str, only: Only, rows: list[int]) -> None:
    update = a_mixed_backfill()
    _, view = a_view(update)
    view.narrow(only, dates(text, update))
    assert list(view.rows) == rows


def test_no_text_means_no_dates_in_particular_and_nonsense_is_refused() -> None:
    assert read_dates("  ", a_mixed_backfill().rows, "UTC", NOW) is None
    with pytest.raises(BadRequest, match="is not a range of dates"):
        read_dates("soonish", a_mixed_backfill().rows, "UTC", NOW)


def test_what_is_said_where_nothing_is_shown_names_the_state_and_the_dates() -> None:
    update = a_mixed_backfill()
    _, view = a_view(update)
    view.narrow(Only.FAILED)
    assert view.why_empty == "No date is failed now"
    view.narrow(Only.FAILED, dates("2024-03", update))
    assert view.why_empty == "No date of 2024-03 is failed now"


def started(*seconds: int | None) -> GridUpdate:
    return an_update(
        [
            (
                a_row(
                    number,
                    RunState.QUEUED if at is None else RunState.RUNNING,
                    started_at=None if at is None else Instant(NOW + at * SECOND),
                ),
                ".....",
            )
            for number, at in enumerate(seconds, 1)
        ]
    )


def test_by_start_the_first_to_start_comes_first_and_what_has_not_started_last_in_its_order() -> None:
    _, view = a_view(started(9, None, 5, None, 7, 5))
    view.sort(Order.START)
    assert list(view.rows) == [2, 5, 4, 0, 1, 3]
    assert [view.position(row) for row in range(6)] == [3, 4, 0, 5, 2, 1]
    assert view.moved(4, 1) == 0
    assert view.moved(0, -2) == 5
    assert list(view.between(0, 5)) == list(view.between(5, 0)) == [5, 4, 0]
    assert view.next_row(4, 1, Only.QUEUED) == 1
    view.sort(Order.DATE)
    assert list(view.rows) == list(range(6))


def a_wish(data: st.DataObject, number: int) -> WantedDates | None:
    first, last = sorted(data.draw(st.tuples(st.integers(1, number), st.integers(1, number))))
    day = 86_400 * SECOND
    begin = instant("2024-02-01")
    span = Span(Instant(begin + (first - 1) * day), Instant(begin + (last - 1) * day))
    return data.draw(st.sampled_from([None, WantedDates("some", span)]))


@given(
    before=st.lists(st.sampled_from(STATES), min_size=1, max_size=30),
    only=st.sampled_from(Only),
    order=st.sampled_from(Order),
    data=st.data(),
)
def test_after_any_changes_the_same_rows_are_shown_as_by_looking_at_all(
    before: list[RunState], only: Only, order: Order, data: st.DataObject
) -> None:
    store, view = a_view(in_states(before))
    wish = a_wish(data, len(before))
    view.narrow(only, wish)
    view.sort(order)
    shown = list(view.rows)
    total = len(before) + data.draw(st.integers(0, 5))
    changed: dict[int, RunRow] = {
        at: a_row(
            at + 1,
            data.draw(st.sampled_from(STATES)),
            started_at=data.draw(st.one_of(st.none(), st.integers(NOW, NOW + 9).map(Instant))),
        )
        for at in data.draw(st.sets(st.integers(0, total - 1)))
    }
    update = an_update([(row, ".....") for row in changed.values()], None, total_rows=total)
    told = view.learn(store.apply(update).rows)
    anew = RowView(store)
    anew.narrow(only, wish)
    anew.sort(order)
    assert list(view.rows) == list(anew.rows)
    assert told == (shown != list(view.rows)) or not view.narrowed
    assert [view.position(row) for row in view.rows] == list(range(len(view)))
