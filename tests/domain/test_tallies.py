"""What a cell says of several task instances, against counting them one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.rows import a_row, an_update, codes

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.states import CODE_OF, CODES, RunState, TaskState, most_urgent
from backfill_tui.domain.tallies import (
    NOTHING,
    RollUp,
    Tally,
    most_urgent_of,
    packed,
    roll_up,
    row_size,
    tally_of,
)
from backfill_tui.domain.watching import TaskColumn

_ABSENT = CODE_OF[TaskState.ABSENT]
_CODES = st.lists(st.sampled_from(range(len(CODES))), max_size=40).map(bytes)


def _counted(instances: bytes) -> Tally:
    there = bytes(code for code in instances if code != _ABSENT)
    worst = most_urgent(there)
    return Tally(worst, there.count(worst), len(there)) if there else NOTHING


@given(_CODES)
def test_a_tally_says_what_counting_says(instances: bytes) -> None:
    assert tally_of(instances) == _counted(instances)


@given(st.lists(_CODES, max_size=6))
def test_tallies_together_are_the_tally_of_all_in_whatever_parts_they_come(parts: list[bytes]) -> None:
    whole = _counted(b"".join(parts))
    assert roll_up(map(tally_of, parts)) == whole
    assert roll_up(map(tally_of, reversed(parts))) == whole
    assert roll_up([roll_up(map(tally_of, parts[:2])), roll_up(map(tally_of, parts[2:]))]) == whole


@given(st.lists(st.lists(st.sampled_from(range(len(CODES))), min_size=9, max_size=9).map(bytes), min_size=1))
def test_lines_together_have_the_most_urgent_code_at_each_place(lines: list[bytes]) -> None:
    assert most_urgent_of(lines) == bytes(most_urgent(bytes(codes)) for codes in zip(*lines, strict=True))


_COLUMNS = st.lists(st.tuples(st.booleans(), _CODES), min_size=1, max_size=6)


@given(_COLUMNS)
def test_columns_together_are_the_tally_of_all_their_instances_mapped_or_not(
    columns: list[tuple[bool, bytes]],
) -> None:
    # A task that is not mapped has one instance at most.
    instances = [codes if mapped else codes[:1] for mapped, codes in columns]
    tallies = [tally_of(codes) for codes in instances]
    mapped = [place for place, (is_mapped, _) in enumerate(columns) if is_mapped]
    cells = bytes(tally.code for tally in tallies)
    numbers = [number for place in mapped for number in (tallies[place].shown, tallies[place].total)]
    whole = RollUp(range(len(columns)), mapped).tally(cells, numbers)
    assert whole == _counted(b"".join(instances))


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([], ""),
        ([TaskState.FAILED], ""),
        ([TaskState.SUCCESS] * 12, "12"),
        ([TaskState.SUCCESS] * 9 + [TaskState.FAILED] * 3, "3/12"),
    ],
)
def test_one_task_instance_needs_no_number_and_those_in_one_state_need_one(
    states: list[TaskState], words: str
) -> None:
    assert tally_of(codes(*states)).words == words


_MAPPED = (TaskColumn(task_id=TaskId("files")), TaskColumn(task_id=TaskId("each"), mapped=True))


def _row_of(files: TaskState, each: list[TaskState]) -> bytes:
    tally = tally_of(codes(*each))
    return codes(files) + bytes([tally.code]) + packed([(tally.shown, tally.total)])


def test_the_store_keeps_the_tallies_of_mapped_tasks_and_counts_cells_alone() -> None:
    store = GridStore()
    fine, failed = TaskState.SUCCESS, TaskState.FAILED
    rows = [
        (a_row(1, RunState.SUCCESS), _row_of(fine, [fine] * 3)),
        (a_row(2, RunState.FAILED), _row_of(fine, [fine, failed])),
        (a_row(3, RunState.FAILED), _row_of(fine, [failed, *[fine] * 4])),
    ]
    store.apply(an_update(rows, columns=_MAPPED, total_rows=4))
    assert row_size(_MAPPED) == len(rows[0][1]) == 10
    assert [store.tally(0, 0), store.tally(0, 1)] == [_counted(codes(fine)), _counted(codes(*[fine] * 3))]
    assert store.tally(1, 1) == Tally(CODE_OF[failed], 1, 2)
    assert store.tally(3, 1) == NOTHING, "a row that is not read yet"
    assert store.row_cells(1) == codes(fine, failed)
    assert (store.mapped, store.most) == ((1,), (5,)), "all of a row, not those in the state it shows"
    assert sum(store.task_counts()) == 8


def test_a_number_that_changes_alone_is_a_change_of_its_row() -> None:
    store = GridStore()
    fine, failed = TaskState.SUCCESS, TaskState.FAILED
    store.apply(
        an_update(
            [(a_row(1, RunState.RUNNING), _row_of(fine, [failed, fine]))], columns=_MAPPED, total_rows=1
        )
    )
    change = store.apply(
        an_update([(a_row(1, RunState.RUNNING), _row_of(fine, [failed, failed]))], total_rows=1)
    )
    assert change.rows == (0,)
    assert store.tally(0, 1).words == "2"
