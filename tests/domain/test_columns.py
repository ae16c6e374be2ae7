"""Which columns are shown, whatever is folded and unfolded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.columns import (
    MOST_INDEXES,
    Folding,
    ShownColumn,
    can_fold,
    path_of,
    shown_columns,
)
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.map_indexes import FIRST_OF_REST, IndexCell, index_cell
from backfill_tui.domain.states import CODE_OF, CODES, TaskState
from backfill_tui.domain.tallies import tally_of
from backfill_tui.domain.watching import TaskColumn


def _column(task_id: str, *groups: str, mapped: bool = False) -> TaskColumn:
    return TaskColumn(task_id=TaskId(task_id), mapped=mapped, groups=groups)


_COLUMNS = (
    _column("begin"),
    _column("stock.count", "stock", mapped=True),
    _column("stock.check.compare", "stock", "stock.check"),
    _column("stock.check.report", "stock", "stock.check"),
    _column("end"),
)
_EACH = TaskId("stock.count")


def _shown(folding: Folding, indexes: int = 3) -> list[str]:
    found = []
    for one in shown_columns(_COLUMNS, folding, {_EACH: indexes}):
        index = "" if one.map_index is None else f"[{one.map_index}{'+' if one.rest else ''}]"
        found.append(one.group or _COLUMNS[one.place].task_id + index)
    return found


def test_groups_stand_open_and_mapped_tasks_are_folded_at_first() -> None:
    assert _shown(Folding()) == [column.task_id for column in _COLUMNS]


def test_what_is_around_a_column_folds_step_by_step_and_unfolds_again() -> None:
    folding = Folding()
    (compare,) = (one for one in shown_columns(_COLUMNS, folding, {}) if one.place == 2)
    inner = folding.folded(compare, _COLUMNS)
    assert inner is not None
    assert _shown(inner) == ["begin", "stock.count", "stock.check", "end"]
    check = shown_columns(_COLUMNS, inner, {})[2]
    outer = inner.folded(check, _COLUMNS)
    assert outer is not None
    assert _shown(outer) == ["begin", "stock", "end"]
    stock = shown_columns(_COLUMNS, outer, {})[1]
    assert outer.folded(stock, _COLUMNS) is None
    again = outer.unfolded(stock, _COLUMNS)
    assert again == inner, "the inner group stays as it was"


def test_a_mapped_task_unfolds_to_its_map_indexes_and_folds_from_any_of_them() -> None:
    folding = Folding().unfolded(ShownColumn((1,)), _COLUMNS)
    assert folding is not None
    assert _shown(folding)[1:4] == ["stock.count[0]", "stock.count[1]", "stock.count[2]"]
    assert folding.folded(ShownColumn((1,), map_index=2), _COLUMNS) == Folding()
    assert folding.unfolded(ShownColumn((1,), map_index=2), _COLUMNS) is None


def test_a_task_without_group_and_map_indexes_neither_folds_nor_unfolds() -> None:
    assert Folding().folded(ShownColumn((0,)), _COLUMNS) is None
    assert Folding().unfolded(ShownColumn((0,)), _COLUMNS) is None
    assert not can_fold(_COLUMNS[:1])
    assert can_fold(_COLUMNS)


def test_all_is_folded_until_all_is_and_then_all_is_unfolded() -> None:
    folded = Folding().turned(_COLUMNS)
    assert _shown(folded) == ["begin", "stock", "end"]
    unfolded = folded.turned(_COLUMNS)
    assert _shown(unfolded, 2) == [
        "begin", "stock.count[0]", "stock.count[1]", "stock.check.compare", "stock.check.report", "end",
    ]  # fmt: skip
    assert unfolded.turned(_COLUMNS) == folded
    outer_only = Folding(groups=frozenset({"stock"}), tasks=frozenset({_EACH}))
    assert outer_only.turned(_COLUMNS) == unfolded, "what a folded group hides does not count"


@pytest.mark.parametrize("number", [0, 1, 255, 256, 257, 5_000])
def test_the_last_column_of_a_task_with_very_many_map_indexes_stands_for_all_the_rest(number: int) -> None:
    shown = shown_columns(_COLUMNS[1:2], Folding(tasks=frozenset({_EACH})), {_EACH: number})
    assert len(shown) == max(1, min(number, MOST_INDEXES))
    assert shown[-1].rest == (number > MOST_INDEXES)
    for map_index in range(number):
        assert sum(one.holds(0, map_index) for one in shown) == 1


@st.composite
def _dags(draw: st.DrawFn) -> tuple[TaskColumn, ...]:
    groups: list[tuple[str, ...]] = [()]
    for number in range(draw(st.integers(0, 4))):
        groups.append((*draw(st.sampled_from(groups)), f"g{number}"))
    return tuple(
        TaskColumn(
            task_id=TaskId(f"t{number}"), mapped=draw(st.booleans()), groups=draw(st.sampled_from(groups))
        )
        for number in range(draw(st.integers(0, 8)))
    )


@given(_dags(), st.data())
def test_every_task_is_shown_once_whatever_is_folded(
    columns: tuple[TaskColumn, ...], data: st.DataObject
) -> None:
    groups = sorted({group for column in columns for group in column.groups})
    mapped = sorted(column.task_id for column in columns if column.mapped)
    folding = Folding(
        groups=frozenset(data.draw(st.sets(st.sampled_from(groups)))) if groups else frozenset(),
        tasks=frozenset(data.draw(st.sets(st.sampled_from(mapped)))) if mapped else frozenset(),
    )
    shown = shown_columns(columns, folding, dict.fromkeys(folding.tasks, 3))
    for place, column in enumerate(columns):
        having = [one for one in shown if place in one.places]
        folded = [group for group in column.groups if group in folding.groups]
        unfolded = column.task_id in folding.tasks and not folded
        assert len(having) == (3 if unfolded else 1)
        assert having[0].group == (folded[0] if folded else ""), "the outermost that is folded"


@given(
    st.dictionaries(st.integers(0, 700), st.sampled_from(range(1, len(CODES))), max_size=300),
    st.integers(1, MOST_INDEXES),
)
def test_no_map_index_is_lost_between_the_single_ones_and_the_rest(
    states: dict[int, int], columns: int
) -> None:
    cell = _cell_of(states)
    assert cell.rest == tally_of(bytes(code for index, code in states.items() if index >= FIRST_OF_REST))
    absent = CODE_OF[TaskState.ABSENT]
    expected = [states.get(index, absent) for index in range(columns)]
    if columns == MOST_INDEXES:
        expected[-1] = cell.rest.code
    assert list(cell.shown(columns)) == expected
    assert cell.number >= max((index + 1 for index in states if index < FIRST_OF_REST), default=0)


def _cell_of(states: dict[int, int]) -> IndexCell:
    rest = [(code, 1) for index, code in states.items() if index >= FIRST_OF_REST]
    single = [(index, code) for index, code in states.items() if index < FIRST_OF_REST]
    return index_cell(RunId("run"), _EACH, single, rest)


def test_a_task_that_is_not_expanded_stands_in_the_first_column() -> None:
    waiting = CODE_OF[TaskState.NONE]
    cell = index_cell(RunId("run"), _EACH, [(-1, waiting)])
    assert (cell.codes, cell.number) == (bytes([waiting]), 1)


def test_nested_groups_make_a_path() -> None:
    assert path_of(("stock", "stock.check")) == "stock/check/"
    assert path_of(("stock", "plain")) == "stock/plain/"
    assert path_of(()) == ""
