"""Which dates are in which state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.support.grids import a_mixed_backfill, a_row, an_update

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.selecting import InState, RunKind, by_state
from backfill_tui.domain.states import CODES, RunState, TaskState
from backfill_tui.domain.watching import GridUpdate


def a_store(update: GridUpdate) -> GridStore:
    store = GridStore()
    store.apply(update)
    return store


def rows_of(found: tuple[InState, ...]) -> dict[object, list[int]]:
    return {one.state if one.of_run else (one.state,): sorted(one.rows) for one in found}


def test_the_states_of_runs_and_of_tasks_are_told_apart() -> None:
    store = a_store(a_mixed_backfill())
    found = rows_of(by_state(store, range(len(store.rows))))
    assert found[RunKind.FAILED] == [3, 5]
    assert found[RunKind.RUNNING] == [7, 8]
    assert found[RunKind.QUEUED] == [10, 11]
    assert found[RunKind.SUCCESS] == [0, 1, 4]
    assert found[RunKind.CANCELLED] == [9]
    assert found[TaskState.SKIPPED,] == [4]
    assert found[TaskState.FAILED,] == [3, 5]
    assert found[TaskState.UP_FOR_RETRY,] == [7]


def test_only_what_is_shown_and_has_a_run_counts() -> None:
    store = a_store(a_mixed_backfill())
    assert rows_of(by_state(store, [2, 3, 6])) == {
        RunKind.FAILED: [3],
        (TaskState.FAILED,): [3],
        (TaskState.UPSTREAM_FAILED,): [3],
        (TaskState.SUCCESS,): [3],
    }
    assert by_state(store, [2, 6]) == ()


@given(st.lists(st.tuples(st.sampled_from(list(RunState)), st.text("sfurqtdk.", min_size=5, max_size=5))))
def test_every_row_is_in_the_state_of_its_run_and_in_that_of_each_of_its_tasks(
    drawn: list[tuple[RunState, str]],
) -> None:
    rows = [(a_row(number, state), letters) for number, (state, letters) in enumerate(drawn, 1)]
    store = a_store(an_update(rows))
    found = by_state(store, range(len(drawn)))
    of_runs = [row for one in found if one.of_run for row in one.rows]
    assert sorted(of_runs) == list(range(len(drawn)))
    for one in found:
        assert one.rows
        for row in range(len(drawn)):
            if one.of_run:
                assert (row in one.rows) == (str(drawn[row][0]) == str(one.state))
            else:
                assert (row in one.rows) == (one.state in {CODES[code] for code in store.row_cells(row)})
