"""Where the columns of the grid stand, at any width."""

from __future__ import annotations

import pytest

from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.watching import TaskColumn
from backfill_tui.ui.widgets.grid_layout import ColumnHead, column_names, cut_names, lay_out


def heads(*names: str) -> tuple[ColumnHead, ...]:
    return tuple(ColumnHead(name) for name in column_names(columns(*names)))


def columns(*names: str) -> tuple[TaskColumn, ...]:
    return tuple(TaskColumn(task_id=TaskId(name)) for name in names)


def test_names_stand_in_full_while_they_fit() -> None:
    layout = lay_out(heads("extract", "clean", "load"), 80, 10)
    assert layout.labels == ("extract", "clean", "load")
    assert layout.took


def test_a_task_is_named_without_its_group_unless_two_would_be_called_the_same() -> None:
    names = column_names(columns("prepare.extract", "prepare.clean", "publish.clean"))
    assert names == ("extract", "prepare.clean", "publish.clean")


def test_a_mapped_task_is_marked_as_one() -> None:
    assert column_names((TaskColumn(task_id=TaskId("score"), mapped=True),)) == ("score[]",)


def test_long_names_are_cut_until_all_columns_fit() -> None:
    names = [f"load_the_table_of_{word}" for word in ("orders", "people", "products", "returns")]
    layout = lay_out(heads(*names), 80, 10)
    assert layout.frozen + layout.body + layout.took <= 80
    assert all("…" in label for label in layout.labels)
    assert len(set(layout.labels)) == 4, "what tells them apart is kept"


def test_wide_names_keep_their_ends_too() -> None:
    assert cut_names(["売上を集計する日次", "売上を集計する月次"], 9) == ("売上…日次", "売上…月次")


def test_names_that_stay_equal_when_cut_are_numbered() -> None:
    assert cut_names(["extract_a", "extract_b", "load"], 3) == ("ex1", "ex2", "loa")


def test_columns_become_narrow_and_nameless_when_there_are_too_many() -> None:
    layout = lay_out(heads(*(f"task_{number}" for number in range(100))), 80, 10)
    assert layout.dense
    assert layout.width_of(42) == 2


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("tasks", [1, 5, 12, 30, 100])
def test_every_terminal_cell_of_the_body_belongs_to_one_column(width: int, tasks: int) -> None:
    layout = lay_out(heads(*(f"task_number_{number}" for number in range(tasks))), width, 16)
    found = [layout.column_at(x) for x in range(layout.body)]
    assert found == sorted(column for column in found if column is not None)
    assert set(found) == set(range(tasks))
    assert layout.column_at(layout.body) is None
    assert layout.column_at(-1) is None


def test_the_window_has_every_column_of_which_something_shows() -> None:
    layout = lay_out(heads(*(f"task_{number}" for number in range(100))), 80, 10)
    assert layout.window(0, 61) == (0, 31)
    assert layout.window(3, 10) == (1, 7)
    assert layout.window(190, 61) == (95, 100)


def test_a_backfill_without_tasks_has_an_empty_body() -> None:
    layout = lay_out((), 80, 10)
    assert (layout.body, layout.window(0, 60)) == (0, (0, 0))
