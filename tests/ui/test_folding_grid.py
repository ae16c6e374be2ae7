"""Folded and unfolded columns of the grid, as plain text at several sizes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion
from tests.support.folds import COLUMNS, COUNT, a_folding_update, indexes_of, some_rows
from tests.support.grids import a_mixed_backfill, a_row, an_update, cells_of
from tests.support.screen import Eyes, looking_at, on_screen
from tests.ui.test_run_grid import GridApp
from textual import on

from backfill_tui.domain.columns import Folding
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.looks import Looks
from backfill_tui.domain.map_indexes import IndexCells
from backfill_tui.domain.states import CODE_OF, RunState, TaskState
from backfill_tui.domain.tallies import tally_of
from backfill_tui.domain.watching import RunRow, TaskColumn
from backfill_tui.ui.widgets.column_view import ColumnView
from backfill_tui.ui.widgets.row_view import Only
from backfill_tui.ui.widgets.run_grid import RunGrid

Rows = list[tuple[RunRow, str, str]]


@asynccontextmanager
async def a_folding_grid(
    rows: Rows | None = None, size: tuple[int, int] = (80, 24), *, ascii_only: bool = False
) -> AsyncGenerator[tuple[Eyes, RunGrid], None]:
    app = GridApp(looks=Looks(ascii_signs=ascii_only))
    async with looking_at(app, size) as eyes:
        app.take(a_folding_update(rows or some_rows()))
        app.grid.focus()
        await eyes.pilot.pause()
        yield eyes, app.grid


async def unfold_count(eyes: Eyes, grid: RunGrid, rows: Rows | None = None) -> None:
    """Unfold the mapped task and read its map indexes."""
    grid.cursor_column = grid.columns.column_of(1)
    grid.action_unfold()
    grid.take_indexes(indexes_of(rows or some_rows()))
    await eyes.pilot.pause()


def task_under_cursor(grid: RunGrid) -> tuple[str, int | None]:
    shown = grid.columns.shown[grid.cursor_column]
    return shown.group or COLUMNS[shown.place].task_id, shown.map_index


OPEN = """\
                            stock/── stock/check/────
  Date        Run  regions  count[]  compare  report  publish       Took
> 2024-02-01   █     [█]     █12        █        █       █          1:01
  2024-02-02   ✗      █      ✗3/12      △        △       △          1:02
  2024-02-03   █      █      █4         █        █       █          1:03
  2024-02-04   ▶      █      ▶2/10      ·        ·       ·          1:30
  2024-02-05   ◔      ·      ·          ·        ·       ·"""

FOLDED = """\
  Date        Run  regions  stock/  publish       Took
> 2024-02-01   █     [█]     █14       █          1:01
  2024-02-02   ✗      █      ✗3/14     △          1:02
  2024-02-03   █      █      █6        █          1:03
  2024-02-04   ▶      █      ▶2/12     ·          1:30
  2024-02-05   ◔      ·      ·3        ·"""

UNFOLDED = """\
                          stock/count[]────────── stock/check/─
  Date        Run  regi…  0 1 2 3 4 5 6 7 8 9 10  comp…  repo…  publ…       Took
> 2024-02-01   █     █    █◂█ █ █ █ █ █ █ █ █ █ █   █      █      █         1:01
  2024-02-02   ✗     █    █ █ ✗ █ █ █ ✗ █ █ █ ✗ █   △      △      △         1:02
  2024-02-03   █     █    █ █ █ █                   █      █      █         1:03
  2024-02-04   ▶     █    █ █ ▶ ▶ · · · · · ·       ·      ·      ·         1:30
  2024-02-05   ◔     ·    ·                         ·      ·      ·"""


@on_screen
async def test_a_mapped_task_shows_its_worst_state_how_many_are_in_it_and_how_many_there_are() -> None:
    async with a_folding_grid() as (eyes, _):
        assert eyes.text().rstrip() == OPEN


@on_screen
async def test_everything_folds_to_one_column_a_group() -> None:
    async with a_folding_grid() as (eyes, grid):
        grid.action_fold_all()
        await eyes.pilot.pause()
        assert eyes.text().rstrip() == FOLDED


@on_screen
async def test_a_mapped_task_unfolds_to_a_column_a_map_index() -> None:
    async with a_folding_grid() as (eyes, grid):
        await unfold_count(eyes, grid)
        assert eyes.text().rstrip() == UNFOLDED


@pytest.mark.parametrize(
    ("size", "line"),
    [
        ((60, 20), "2024-02-02   ✗      █    █ █ ✗ █ █ █ ✗ █ █ █ ✗ █    △"),
        ((120, 36), "2024-02-02   ✗ failed       █     █ █ ✗ █ █ █ ✗ █ █ █ ✗ █    △        △       △"),
        ((200, 50), "2024-02-02   ✗ failed       █     █ █ ✗ █ █ █ ✗ █ █ █ ✗ █    △        △       △"),
    ],
)
@on_screen
async def test_unfolded_columns_read_well_at_other_sizes(size: tuple[int, int], line: str) -> None:
    async with a_folding_grid(size=size) as (eyes, grid):
        await unfold_count(eyes, grid)
        assert line in eyes.text()


@on_screen
async def test_plain_letters_stand_in_for_the_signs_of_folds_too() -> None:
    async with a_folding_grid(ascii_only=True) as (eyes, grid):
        assert "X3/12" in eyes.text()
        grid.action_fold_all()
        await eyes.pilot.pause()
        assert "X3/14" in eyes.text()
        assert eyes.text().isascii()


@on_screen
async def test_a_grid_without_groups_and_mapped_tasks_looks_as_ever_and_folds_nothing() -> None:
    app = GridApp()
    async with looking_at(app) as eyes:
        app.take(a_mixed_backfill())
        await eyes.pilot.pause()
        before = eyes.text()
        app.grid.action_fold_all()
        await eyes.sees("This Dag has no task groups")
        app.grid.action_unfold()
        await eyes.sees("extract is neither")
        app.grid.action_fold()
        await eyes.sees("extract is in no task group")
        assert eyes.text().splitlines()[:6] == before.splitlines()[:6]


# The cursor.


@on_screen
async def test_the_cursor_stays_on_its_task_and_its_map_index_over_folds() -> None:
    async with a_folding_grid() as (eyes, grid):
        await eyes.press("right", "right")
        assert task_under_cursor(grid) == ("stock.check.compare", None)
        grid.action_fold()
        assert task_under_cursor(grid) == ("stock.check", None)
        grid.action_fold()
        assert task_under_cursor(grid) == ("stock", None)
        grid.action_unfold()
        grid.action_unfold()
        assert task_under_cursor(grid) == ("stock.check.compare", None)
        await unfold_count(eyes, grid)
        await eyes.press("right", "right")
        assert task_under_cursor(grid) == ("stock.count", 2)
        grid.action_fold()
        assert task_under_cursor(grid) == ("stock.count", None)
        grid.action_unfold()
        assert task_under_cursor(grid) == ("stock.count", 2)


@on_screen
async def test_the_cursor_stays_on_its_task_when_the_dag_gets_another_one() -> None:
    async with a_folding_grid() as (eyes, grid):
        await eyes.press("end", "dollar_sign")
        rows = some_rows()
        update = a_folding_update(rows)
        wider = (TaskColumn(task_id=TaskId("before")), *COLUMNS)
        size = len(update.cells) // len(rows)
        cells = b"".join(b"\0" + update.cells[at * size : (at + 1) * size] for at in range(len(rows)))
        more = update.__class__(
            read_at=update.read_at, facts=update.facts, columns=wider, rows=update.rows, cells=cells,
            total_rows=update.total_rows, loaded=True,
        )  # fmt: skip
        grid.take(grid.store.apply(more), more.read_at)
        await eyes.pilot.pause()
        assert grid.cursor_column == 5
        assert wider[grid.columns.shown[5].place].task_id == "publish"


@on_screen
async def test_the_next_failed_date_leads_to_the_first_map_index_that_failed_once_it_is_read() -> None:
    async with a_folding_grid() as (eyes, grid):
        grid.cursor_column = 1
        grid.action_unfold()
        await eyes.pilot.pause()
        grid.go_to_next(Only.FAILED, 1)
        assert task_under_cursor(grid) == ("stock.count", 0)
        grid.take_indexes(indexes_of(some_rows()))
        assert task_under_cursor(grid) == ("stock.count", 2)
        await eyes.press("right")
        grid.take_indexes(indexes_of(some_rows()))
        assert task_under_cursor(grid) == ("stock.count", 3), "a cursor that was moved is left alone"


@on_screen
async def test_the_next_failed_date_leads_to_the_folded_group_with_the_failed_task() -> None:
    async with a_folding_grid() as (_, grid):
        grid.action_fold_all()
        grid.go_to_next(Only.FAILED, 1)
        assert task_under_cursor(grid) == ("stock", None)


# The mouse.


@on_screen
async def test_a_click_on_a_head_folds_and_unfolds() -> None:
    async with a_folding_grid() as (eyes, grid):
        await eyes.pilot.click(RunGrid, offset=(29, 0))
        assert task_under_cursor(grid) == ("stock", None), "the line over the names folds the group it names"
        await eyes.pilot.click(RunGrid, offset=(29, 0))
        assert task_under_cursor(grid) == ("stock.count", None)
        await eyes.pilot.click(RunGrid, offset=(30, 1))
        grid.take_indexes(indexes_of(some_rows()))
        await eyes.sees("stock/count[]───")
        await eyes.pilot.click(RunGrid, offset=(30, 1))
        assert task_under_cursor(grid) == ("stock.count", None)
        await eyes.pilot.click(RunGrid, offset=(22, 1))
        assert task_under_cursor(grid) == ("regions", None), "a plain task is only gone to"


# Live.


@on_screen
async def test_numbers_and_columns_follow_what_changes() -> None:
    async with a_folding_grid() as (eyes, grid):
        await unfold_count(eyes, grid)
        rows = some_rows()
        rows[3] = (rows[3][0], "s...", "s" * 9 + "r" + "." * 4)
        update = a_folding_update(rows, columns=False)
        grid.take(grid.store.apply(update), update.read_at)
        grid.take_indexes(indexes_of(rows))
        await eyes.sees("2024-02-04   ▶     █   █ █ █ █ █ █ █ █ █ ▶ · · · ·")
        grid.action_fold()
        await eyes.sees("▶1/14")


@on_screen
async def test_no_map_index_is_lost_behind_the_last_column() -> None:
    states = "s" * 254 + "f" + "s" * 400 + "f" * 3
    rows: Rows = [(a_row(1, RunState.FAILED), "suuu", states)]
    async with a_folding_grid(rows) as (eyes, grid):
        assert "✗4/658" in eyes.text()
        await unfold_count(eyes, grid, rows)
        await eyes.press("dollar_sign", "left", "left", "left")
        await eyes.sees("255+", "[✗3/403]")
        await eyes.press("left")
        assert task_under_cursor(grid) == ("stock.count", 254)
        await eyes.sees("✗◂")
        grid.go_to_next(Only.FAILED, 1)
        assert task_under_cursor(grid) == ("stock.count", 254)


@on_screen
async def test_map_indexes_are_wanted_for_what_is_seen_and_only_while_something_is_unfolded() -> None:
    rows: Rows = [(a_row(number), "ssss", "s" * 12) for number in range(1, 101)]
    async with a_folding_grid(rows) as (eyes, grid):
        assert grid.indexes_in_view()[1] == ()
        await unfold_count(eyes, grid, rows)
        run_ids, task_ids = grid.indexes_in_view()
        assert task_ids == (COUNT,)
        assert run_ids == tuple(f"backfill__{number}" for number in range(1, 23))
        await eyes.press("end")
        run_ids, _ = grid.indexes_in_view()
        assert run_ids[-1] == "backfill__100"
        assert len(run_ids) == 22


# Any grid, folded in any way.

_LETTERS = st.text("sfurqtdk.", min_size=1, max_size=9)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.text("sfurqtdk. ", min_size=4, max_size=4), _LETTERS), min_size=1, max_size=5),
    st.sets(st.sampled_from(["stock", "stock.check"])),
    st.booleans(),
)
def test_every_cell_says_what_counting_its_task_instances_says(
    made: list[tuple[str, str]], groups: set[str], unfolded: bool
) -> None:
    rows: Rows = [(a_row(at), plain, mapped) for at, (plain, mapped) in enumerate(made, 1)]
    store = GridStore()
    view = ColumnView(store)
    view.learn(store.apply(a_folding_update(rows)))
    view.fold(Folding(groups=frozenset(groups), tasks=frozenset({COUNT} if unfolded else ())))
    view.learn_indexes(indexes_of(rows))
    for index, (_, plain, mapped) in enumerate(rows):
        of_place = [plain[0], mapped, *plain[1:]]
        cells, words = view.cells(index), iter(view.words(index))
        heads = view.heads()
        for column, shown in enumerate(view.shown):
            letters = "".join(of_place[place] for place in shown.places)
            if shown.map_index is not None:
                letters = mapped[shown.map_index : shown.map_index + 1]
            expected = tally_of(cells_of(letters))
            assert cells[column] == expected.code
            assert view.tally(index, column) == expected
            if heads[column].room > 1:
                assert next(words) == expected.words


def test_what_was_not_read_is_blank_until_it_is() -> None:
    store = GridStore()
    view = ColumnView(store)
    view.learn(store.apply(a_folding_update(some_rows())))
    view.fold(Folding(tasks=frozenset({COUNT})))
    assert set(view.cells(0)[1:13]) == {CODE_OF[TaskState.ABSENT]}
    view.learn_indexes(indexes_of(some_rows()))
    assert view.cells(0)[1:13] == cells_of("s" * 12)
    view.learn_indexes(IndexCells(cells=()))
    assert set(view.cells(0)[1:13]) == {CODE_OF[TaskState.ABSENT]}, "nothing older than the last reading"


@on_screen
async def test_folded_groups_keep_their_numbers_where_plain_tasks_have_no_room_for_names() -> None:
    columns = [
        TaskColumn(task_id=TaskId(f"g{number // 10}.task_{number}"), groups=(f"g{number // 10}",))
        for number in range(100)
    ]
    app = GridApp()
    async with looking_at(app) as eyes:
        app.take(an_update([(a_row(1, RunState.FAILED), "s" * 95 + "fuuuu")], columns))
        app.grid.focus()
        app.grid.columns.fold(Folding(groups=frozenset({"g0", "g9"})))
        app.grid.lay_out()
        await eyes.pilot.pause()
        assert "[█10]" in eyes.text()
        await eyes.press("dollar_sign")
        await eyes.sees("[✗1/10]", "g9/", "g8/─")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_folded_and_unfolded_as_pictures(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    async with a_folding_grid(size=size) as (eyes, grid):
        grid.action_fold_all()
        grid.go_to_next(Only.FAILED, 1)
        await eyes.pilot.pause()
        assert eyes.app.export_screenshot(title="folded") == picture(name="folded")
        grid.action_unfold()
        await unfold_count(eyes, grid)
        grid.go_to_next(Only.FAILED, 1)
        await eyes.pilot.pause()
        assert eyes.app.export_screenshot(title="unfolded") == picture(name="unfolded")


class ListeningApp(GridApp):
    """Counts how often map indexes were wanted."""

    wanted = 0

    @on(RunGrid.IndexesWanted)
    def _count(self) -> None:
        self.wanted += 1


@on_screen
async def test_map_indexes_are_wanted_whenever_others_may_be_seen() -> None:
    rows: Rows = [(a_row(number), "ssss", "s" * 12) for number in range(1, 100)]
    rows.append((a_row(100, RunState.FAILED), "suuu", "sf"))
    app = ListeningApp()
    async with looking_at(app) as eyes:
        app.take(a_folding_update(rows))
        app.grid.focus()
        await eyes.press("right", "pagedown")
        assert app.wanted == 0, "nothing is unfolded"

        async def wanted_after(act: Callable[[], object]) -> bool:
            before = app.wanted
            act()
            await eyes.pilot.pause()
            return app.wanted > before

        grid = app.grid
        assert await wanted_after(grid.action_unfold)
        assert await wanted_after(lambda: grid.action_page(1))
        assert await wanted_after(lambda: grid.show_only(Only.FAILED))
        assert await wanted_after(lambda: grid.show_only(Only.ALL))
        changed = a_folding_update([(a_row(1), "ssss", "s" * 11 + "k")], columns=False)
        assert not await wanted_after(lambda: app.take(changed)), "a row that is not seen"
        grid.cursor_row = 0
        await eyes.pilot.pause()
        changed = a_folding_update([(a_row(1), "ssss", "s" * 10 + "kk")], columns=False)
        assert await wanted_after(lambda: app.take(changed))
        assert not await wanted_after(grid.action_fold)


@on_screen
async def test_a_number_that_gets_another_digit_gets_the_room_for_it() -> None:
    async with a_folding_grid([(a_row(1, RunState.RUNNING), "s...", "r" * 9)]) as (eyes, grid):
        assert "▶9 " in eyes.text()
        more = a_folding_update([(a_row(1, RunState.RUNNING), "s...", "r" * 5 + "s" * 995)], columns=False)
        grid.take(grid.store.apply(more), more.read_at)
        await eyes.sees("▶5/1000 ")
