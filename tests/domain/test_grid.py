"""The store of a watched backfill."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.rows import a_row, an_update, codes, some_columns

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.progress import count_runs
from backfill_tui.domain.states import CODES, RunState, TaskState
from backfill_tui.domain.watching import Membership, RunRow, TaskColumn, membership_of, merge_columns

_TWO = some_columns("extract", "load")
_DONE = codes(TaskState.SUCCESS, TaskState.SUCCESS)
_BROKEN = codes(TaskState.FAILED, TaskState.UPSTREAM_FAILED)
_WAITING = codes(TaskState.NONE, TaskState.NONE)


def _store(*rows: tuple[RunRow, bytes]) -> GridStore:
    store = GridStore()
    store.apply(an_update(rows, columns=_TWO, total_rows=len(rows)))
    return store


def test_a_part_of_the_rows_leaves_the_others_unread() -> None:
    store = GridStore()
    change = store.apply(
        an_update([(a_row(2, RunState.SUCCESS), _DONE)], columns=_TWO, total_rows=3, loaded=False)
    )
    assert change.rows == (1,)
    assert change.reshaped
    assert not store.loaded
    assert [row is not None for row in store.rows] == [False, True, False]
    assert store.row_cells(0) == codes(TaskState.ABSENT, TaskState.ABSENT)
    assert store.counts().total == 1


def test_a_change_names_only_rows_whose_content_differs() -> None:
    rows = [(a_row(n, RunState.SUCCESS), _DONE) for n in (1, 2, 3)]
    store = _store(*rows)
    again = store.apply(an_update([rows[0], (a_row(2, RunState.FAILED), _BROKEN), rows[2]], total_rows=3))
    assert again.rows == (1,)
    assert not again.reshaped


def test_new_columns_empty_the_cells_until_every_row_came_anew() -> None:
    store = _store((a_row(1, RunState.SUCCESS), _DONE))
    wider = some_columns("extract", "check", "load")
    change = store.apply(an_update([], columns=wider, total_rows=1, loaded=False))
    assert change.reshaped
    assert store.row_cells(0) == codes(TaskState.ABSENT, TaskState.ABSENT, TaskState.ABSENT)
    assert not store.loaded


@pytest.mark.parametrize("columns", [_TWO, some_columns("extract", "check", "load")])
def test_a_stream_that_begins_anew_with_fewer_rows_leaves_none_of_those_it_does_not_have(
    columns: tuple[TaskColumn, ...],
) -> None:
    store = _store(
        (a_row(1, RunState.SUCCESS), _DONE),
        (a_row(2, RunState.FAILED), _BROKEN),
        (a_row(3, RunState.RUNNING), _WAITING),
    )
    cells = _DONE.ljust(len(columns), codes(TaskState.SUCCESS))
    change = store.apply(an_update([(a_row(1, RunState.SUCCESS), cells)], columns=columns, total_rows=1))
    fresh = GridStore()
    fresh.apply(an_update([(a_row(1, RunState.SUCCESS), cells)], columns=columns, total_rows=1))
    assert change.reshaped
    assert (store.rows, store.counts(), store.task_counts()) == (
        fresh.rows, fresh.counts(), fresh.task_counts()
    )  # fmt: skip
    assert (store.failed_rows(), store.next_failed(0)) == ((), None)
    assert store.column_cells(0, range(len(store.rows))) == fresh.column_cells(0, range(1))
    assert store.counts().running == 0


def test_rows_that_are_missing_from_an_update_without_columns_stay() -> None:
    store = _store((a_row(1, RunState.SUCCESS), _DONE), (a_row(2, RunState.FAILED), _BROKEN))
    assert not store.apply(an_update([], total_rows=1)).reshaped
    assert len(store.rows) == 2


def test_a_column_is_read_in_any_rows_and_their_order() -> None:
    store = _store((a_row(1, RunState.SUCCESS), _DONE), (a_row(2), _WAITING), (a_row(3), _BROKEN))
    assert store.column_cells(1, range(1, 3)) == _WAITING[1:] + _BROKEN[1:]
    assert store.column_cells(0, [2, 0]) == _BROKEN[:1] + _DONE[:1]
    assert store.column_cells(1, range(2, 2)) == b""


def test_cells_that_do_not_fit_the_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes for 1 rows of 2 columns in 2 bytes"):
        _store((a_row(1, RunState.SUCCESS), _DONE + b"\x00"))


def test_the_next_failed_row_is_found_in_both_directions_and_around_the_end() -> None:
    failed, fine = RunState.FAILED, RunState.SUCCESS
    store = _store(
        *((a_row(n, state), _DONE) for n, state in enumerate([fine, failed, fine, failed, fine], 1))
    )
    assert store.failed_rows() == (1, 3)
    assert store.next_failed(0) == 1
    assert store.next_failed(1) == 3
    assert store.next_failed(3) == 1
    assert store.next_failed(3, -1) == 1
    assert store.next_failed(0, -1) == 3
    assert store.next_failed(4, -1) == 3


def test_there_may_be_no_failed_row_and_the_only_one_may_be_here() -> None:
    assert _store((a_row(1, RunState.SUCCESS), _DONE)).next_failed(0) is None
    only = _store((a_row(1, RunState.FAILED), _BROKEN))
    assert only.next_failed(0) == only.next_failed(0, -1) == 0


def test_a_cancelled_run_and_a_run_of_another_backfill_are_no_failures() -> None:
    store = _store(
        (a_row(1, RunState.FAILED, cancelled=True), _WAITING),
        (a_row(2, RunState.FAILED, membership=Membership.TAKEN_OVER), _WAITING),
    )
    assert store.failed_rows() == ()
    assert store.counts().cancelled == 1
    assert store.counts().taken_over == 1


def test_the_failures_of_a_row_are_its_failed_and_its_prevented_tasks() -> None:
    store = _store((a_row(1, RunState.FAILED), _BROKEN), (a_row(2, RunState.SUCCESS), _DONE))
    assert store.task_failures(0) == (0, 1)
    assert store.task_failures(1) == ()


@st.composite
def _rows(draw: st.DrawFn, ordinal: int, width: int) -> tuple[RunRow, bytes]:
    membership = draw(st.sampled_from(Membership))
    state = draw(st.sampled_from(RunState)) if membership is Membership.INCLUDED else None
    row = a_row(
        ordinal, state, membership=membership,
        cancelled=state is RunState.FAILED and draw(st.booleans()), cleared=draw(st.booleans()),
    )  # fmt: skip
    cells = draw(st.binary(min_size=width, max_size=width))
    return row, bytes(code % len(CODES) for code in cells)


@st.composite
def _histories(draw: st.DrawFn) -> list[tuple[int, int, list[tuple[RunRow, bytes]]]]:
    """Updates as (width of new columns or 0, number of rows, rows)."""
    updates: list[tuple[int, int, list[tuple[RunRow, bytes]]]] = []
    total, width = 0, 0
    for _ in range(draw(st.integers(1, 8))):
        new_width = draw(st.integers(1, 4)) if width == 0 or draw(st.integers(0, 4)) == 0 else 0
        width = new_width or width
        # A stream that begins anew may have fewer rows than the one before it.
        total = draw(st.integers(0, total + 2)) if new_width else total + draw(st.integers(0, 4))
        ordinals = draw(st.lists(st.integers(1, total), unique=True)) if total else []
        if new_width:
            ordinals = list(range(1, total + 1))
        updates.append((new_width, total, [draw(_rows(ordinal, width)) for ordinal in ordinals]))
    return updates


@given(_histories())
def test_after_any_updates_the_store_is_what_the_last_of_each_row_said(
    history: list[tuple[int, int, list[tuple[RunRow, bytes]]]],
) -> None:
    store = GridStore()
    last: dict[int, tuple[RunRow, bytes]] = {}
    columns: tuple[TaskColumn, ...] = ()
    for width, total, rows in history:
        new = some_columns(*(f"{width} task {n}" for n in range(width))) if width else None
        columns = new or columns
        if new:
            last = {ordinal: row for ordinal, row in last.items() if ordinal <= total}
        before = dict(last)
        last.update((row.ordinal, (row, cells)) for row, cells in rows)
        change = store.apply(an_update(rows, columns=new, total_rows=total))
        if not change.reshaped:
            assert {index + 1 for index in change.rows} == {
                ordinal for ordinal in last if last[ordinal] != before.get(ordinal)
            }
        assert len(store.rows) == total
    for index, row in enumerate(store.rows):
        expected_row, expected_cells = last.get(index + 1, (None, bytes(len(columns))))
        assert row == expected_row
        assert store.row_cells(index) == expected_cells
    known = [row for row in store.rows if row is not None]
    everything = b"".join(store.row_cells(index) for index in range(len(store.rows)))
    assert store.counts() == count_runs(known)
    assert store.counts().total == len(known)
    assert store.task_counts() == tuple(everything.count(code) for code in range(len(CODES)))
    assert store.failed_rows() == tuple(row.ordinal - 1 for row in known if row.failed)


def test_columns_of_several_versions_keep_the_order_of_each() -> None:
    newer = some_columns("extract", "check", "load")
    older = some_columns("extract", "clean", "load", "report")
    names = [column.task_id for column in merge_columns([newer, older])]
    assert names == ["extract", "clean", "check", "load", "report"]
    assert merge_columns([]) == ()


@pytest.mark.parametrize(
    ("run", "reason", "owner", "means"),
    [
        (11, None, 7, Membership.INCLUDED),
        (11, None, 8, Membership.TAKEN_OVER),
        (11, None, None, Membership.TAKEN_OVER),
        (None, None, None, Membership.DELETED),
        (None, "already exists", None, Membership.ALREADY_EXISTS),
        (None, "in flight", None, Membership.IN_FLIGHT),
        (None, "unknown", None, Membership.NOT_CREATED),
    ],
)
def test_an_entry_of_a_backfill_says_what_became_of_its_date(
    run: int | None, reason: str | None, owner: int | None, means: Membership
) -> None:
    assert membership_of(7, dag_run_id=run, exception_reason=reason, owner_id=owner) is means
