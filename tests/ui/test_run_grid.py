"""The grid: every line of it as plain text, its cursor and its marks; keys only."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.grids import TASKS, a_mixed_backfill, a_row, an_update
from tests.support.screen import Eyes, looking_at, on_screen
from tests.support.world import HOUR, NOW
from textual import events
from textual.app import ComposeResult

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.looks import Looks
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import GridUpdate, TaskColumn
from backfill_tui.ui.themed import PLAIN_LOOKS, ThemedApp
from backfill_tui.ui.themes import LIGHT
from backfill_tui.ui.widgets.row_view import Only, Order
from backfill_tui.ui.widgets.run_grid import RunGrid


class GridApp(ThemedApp):
    """Nothing but a grid."""

    def __init__(self, *, looks: Looks = PLAIN_LOOKS) -> None:
        super().__init__(looks=looks)
        self.store = GridStore()
        self.grid = RunGrid(self.store)

    def compose(self) -> ComposeResult:
        yield self.grid

    def take(self, update: GridUpdate) -> None:
        self.grid.take(self.store.apply(update), update.read_at)


@asynccontextmanager
async def a_grid(
    update: GridUpdate, size: tuple[int, int] = (80, 24), *, ascii_only: bool = False
) -> AsyncGenerator[tuple[Eyes, RunGrid], None]:
    app = GridApp(looks=Looks(ascii_signs=ascii_only))
    async with looking_at(app, size) as eyes:
        app.take(update)
        app.grid.focus()
        await eyes.pilot.pause()
        yield eyes, app.grid


def many(rows: int, **more: object) -> GridUpdate:
    return an_update([(a_row(number, **more), "sssss") for number in range(1, rows + 1)])  # type: ignore[arg-type]


def cursor(grid: RunGrid) -> tuple[int, int]:
    return grid.cursor_row, grid.cursor_column


MIXED = """\
  Date        Run  extract  clean  load  check  publish       Took
> 2024-02-01   █     [█]      █      █     █       █          1:01
  2024-02-02   █      █       █      █     █       █          1:02
  2024-02-03       skipped: a run already existed
  2024-02-04   ✗      █       █      ✗     △       △          1:04
  2024-02-05   █      █       █      █     █       –          1:05
  2024-02-06   ✗      █       ✗      △     △       △          1:06
  2024-02-07       taken over by a later backfill
  2024-02-08   ▶      █       ▶      ↻     ·       ·          1:30
  2024-02-09   ▶      █       ◇      ·     ·       ·          1:30
  2024-02-10   ⊘   never started: its backfill was cancelled
  2024-02-11   ◔   waits: 4 of 4 active runs of this backfill
  2024-02-12   ◔      ·       ·      ·     ·       ·"""


@on_screen
async def test_every_row_says_what_it_is() -> None:
    async with a_grid(a_mixed_backfill()) as (eyes, grid):
        grid.waiting_because = "4 of 4 active runs of this backfill"
        await eyes.pilot.pause()
        assert eyes.text().rstrip() == MIXED


@on_screen
async def test_a_wide_terminal_shows_the_word_of_the_run() -> None:
    async with a_grid(a_mixed_backfill(), (120, 36)) as (eyes, _):
        assert "2024-02-04   ✗ failed" in eyes.text()
        assert "2024-02-08   ▶ running" in eyes.text()
        assert "2024-02-10   ⊘ cancelled" in eyes.text()


@on_screen
async def test_plain_letters_stand_in_for_the_signs() -> None:
    async with a_grid(a_mixed_backfill(), ascii_only=True) as (eyes, _):
        assert eyes.text().isascii()
        assert "2024-02-04   X      #       #      X     ^       ^" in eyes.text()


@on_screen
async def test_hours_are_shown_once_a_date_does_not_begin_a_day() -> None:
    async with a_grid(many(3)) as (eyes, grid):
        assert "2024-02-01   █" in eyes.text()
        hourly = an_update([(a_row(4, period=HOUR), "sssss")], None, total_rows=4)
        grid.take(grid.store.apply(hourly), hourly.read_at)
        await eyes.sees("2024-02-01 00:00   █", "2024-02-01 03:00   █")


@on_screen
async def test_a_partition_key_stands_where_there_is_no_date() -> None:
    row = a_row(1, logical_date=None, partition_key="north[/red]")
    async with a_grid(an_update([(row, "sssss")])) as (eyes, _):
        await eyes.sees("north[/red]")


@on_screen
async def test_a_row_that_is_not_read_yet_says_so() -> None:
    async with a_grid(an_update([(a_row(1), "sssss")], total_rows=3)) as (eyes, grid):
        assert eyes.text().count("reading ...") == 2
        await eyes.press("down")
        assert grid.row is None


@on_screen
async def test_names_from_outside_are_shown_literally() -> None:
    tasks = ("[/red]", "a\x1b[31mb", "日本")
    async with a_grid(an_update([(a_row(1), "sss")], tasks)) as (eyes, _):
        await eyes.sees("[/red]", "ab", "日本")
        assert "\x1b" not in eyes.text()


@on_screen
async def test_only_the_rows_that_changed_are_drawn_again() -> None:
    async with a_grid(many(20)) as (eyes, grid):
        drawn: list[int] = []
        render = grid.render_line

        def noted(y: int) -> object:
            drawn.append(y)
            return render(y)

        grid.render_line = noted  # type: ignore[method-assign,assignment]
        change = an_update([(a_row(5, RunState.FAILED), "sfuuu"), (a_row(6), "sssss")], None, total_rows=20)
        grid.take(grid.store.apply(change), change.read_at)
        await eyes.until(lambda: drawn, "the row to be drawn")
        assert set(drawn) == {5}
        await eyes.sees("2024-02-05   ✗")


@on_screen
async def test_a_change_out_of_sight_draws_nothing() -> None:
    async with a_grid(many(100)) as (eyes, grid):
        drawn: list[int] = []
        grid.render_line = drawn.append  # type: ignore[method-assign,assignment]
        change = an_update([(a_row(90, RunState.FAILED), "sfuuu")], None, total_rows=100)
        grid.take(grid.store.apply(change), change.read_at)
        await eyes.pilot.pause()
        assert drawn == []


@on_screen
async def test_another_theme_draws_everything_anew() -> None:
    async with a_grid(a_mixed_backfill()) as (eyes, grid):
        before = grid.render_line(4)
        eyes.app.theme = LIGHT.name
        await eyes.pilot.pause()
        after = grid.render_line(4)
        assert after.text == before.text
        assert [segment.style for segment in after] != [segment.style for segment in before]


@on_screen
async def test_without_colours_nothing_is_lost() -> None:
    app = GridApp(looks=Looks(in_colour=False))
    async with looking_at(app) as eyes:
        app.take(a_mixed_backfill())
        await eyes.sees("[█]", "✗")
        styles = [segment.style for strip in eyes.strips() for segment in strip if segment.style]
        assert styles
        assert not [style for style in styles if style.color or style.bgcolor]


# The cursor.


@on_screen
async def test_the_cursor_moves_by_arrows_and_letters() -> None:
    async with a_grid(many(30)) as (eyes, grid):
        await eyes.press("down", "j", "right", "l", "up", "h")
        assert cursor(grid) == (1, 1)
        await eyes.press("k", "k", "k", "left", "left", "left")
        assert cursor(grid) == (0, 0), "the edges hold"


@on_screen
async def test_the_cursor_goes_by_pages_and_to_the_ends_and_is_always_seen() -> None:
    async with a_grid(many(100)) as (eyes, grid):
        await eyes.press("pagedown")
        assert cursor(grid) == (23, 0)
        await eyes.sees("> 2024-02-24")
        await eyes.press("end", "dollar_sign")
        assert cursor(grid) == (99, 4)
        await eyes.sees("> 2024-05-10")
        await eyes.press("home", "0")
        assert cursor(grid) == (0, 0)
        await eyes.sees("> 2024-02-01")


@on_screen
async def test_tasks_that_do_not_fit_scroll_sideways_under_numbers() -> None:
    tasks = [f"section.task_{number}" for number in range(1, 101)]
    async with a_grid(an_update([(a_row(1), "s" * 99 + "f")], tasks)) as (eyes, _):
        assert "1       5         10" in eyes.text()
        assert "✗" not in eyes.text()
        await eyes.press("dollar_sign")
        await eyes.sees("✗◂", "95", "> 2024-02-01   █")


@on_screen
async def test_a_click_puts_the_cursor_there() -> None:
    async with a_grid(a_mixed_backfill()) as (eyes, grid):
        await eyes.pilot.click(RunGrid, offset=(37, 4))
        assert cursor(grid) == (3, 2)


@on_screen
async def test_the_wheel_scrolls_and_the_cursor_stays() -> None:
    async with a_grid(many(100)) as (eyes, grid):
        for _ in range(3):
            wheel = events.MouseScrollDown(grid, 10, 10, 0, 1, button=0, shift=False, meta=False, ctrl=False)
            eyes.app.screen._forward_event(wheel)
        await eyes.no_longer_sees("2024-02-01")
        assert cursor(grid) == (0, 0)
        await eyes.press("down")
        await eyes.sees("> 2024-02-02")


@on_screen
async def test_the_next_failed_date_is_found_around_the_end_at_its_failed_task() -> None:
    async with a_grid(a_mixed_backfill()) as (_, grid):
        places = []
        for step in (1, 1, 1, -1):
            grid.go_to_next(Only.FAILED, step)
            places.append(cursor(grid))
        assert places == [(3, 2), (5, 1), (3, 2), (5, 1)], "the cancelled run is none of them"


@on_screen
async def test_a_backfill_without_failures_says_so() -> None:
    async with a_grid(many(3)) as (eyes, grid):
        grid.go_to_next(Only.FAILED, 1)
        await eyes.sees("No date that is watched has failed")
        assert cursor(grid) == (0, 0)


# Marks.


@on_screen
async def test_a_marked_date_shows_its_mark_and_loses_it_again() -> None:
    async with a_grid(a_mixed_backfill()) as (eyes, grid):
        grid.action_mark()
        await eyes.sees(">●2024-02-01")
        grid.action_mark()
        await eyes.no_longer_sees("●")


@on_screen
async def test_a_date_without_a_run_can_not_be_marked() -> None:
    async with a_grid(a_mixed_backfill()) as (eyes, grid):
        await eyes.press("down", "down")
        grid.action_mark()
        await eyes.sees("This date has no run")
        assert not grid.marks.rows


@on_screen
async def test_a_range_follows_the_cursor_both_ways_and_leaves_out_dates_without_a_run() -> None:
    async with a_grid(a_mixed_backfill()) as (eyes, grid):
        await eyes.press("down")
        grid.action_mark_range()
        await eyes.press("down", "down", "down")
        assert grid.marks.rows == {1, 3, 4}
        await eyes.press("up")
        assert grid.marks.rows == {1, 3}
        grid.action_mark_range()
        await eyes.press("end")
        assert grid.marks.rows == {1, 3}, "an ended range stays as it is"


@on_screen
@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("only", [Only.ALL, Only.SUCCEEDED])
async def test_a_grid_that_begins_anew_with_fewer_rows_shows_no_other(only: Only, order: Order) -> None:
    async with a_grid(many(12)) as (eyes, grid):
        grid.show_only(only)
        grid.sort(order)
        grid.mark([2, 9])
        grid.action_end(-1)
        assert grid.cursor_row == 11
        grid.take(grid.store.apply(many(4)), NOW)
        await eyes.pilot.pause()
        assert (list(grid.view.rows), grid.cursor_row) == ([0, 1, 2, 3], 3)
        assert grid.marks.rows == {2}
        assert "> 2024-02-04" in eyes.text()
        assert "2024-02-05" not in eyes.text()
        grid.take(grid.store.apply(many(0)), NOW)
        await eyes.pilot.pause()
        assert (grid.row, grid.marks.rows) == (None, frozenset())


@on_screen
async def test_shift_and_an_arrow_mark_as_they_go() -> None:
    async with a_grid(a_mixed_backfill()) as (eyes, grid):
        await eyes.press("shift+down", "shift+down")
        assert grid.marks.rows == {0, 1}
        assert cursor(grid) == (2, 0)


# Much of it.


@on_screen
async def test_ten_thousand_dates_of_a_hundred_tasks_arrive_in_parts_and_are_all_there() -> None:
    columns = [TaskColumn(task_id=f"task_{number}") for number in range(100)]  # type: ignore[arg-type]
    app = GridApp()
    async with looking_at(app, (200, 50)) as eyes:
        for first in range(1, 10_001, 1_000):
            rows = [(a_row(number, period=HOUR), "s" * 100) for number in range(first, first + 1_000)]
            app.take(an_update(rows, columns if first == 1 else None, total_rows=10_000))
        app.grid.focus()
        await eyes.press("end")
        await eyes.sees("> 2025-03-23 15:00")
        assert app.store.counts().success == 10_000


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_grid_as_a_picture(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    async with a_grid(a_mixed_backfill(), size) as (eyes, grid):
        grid.waiting_because = "4 of 4 active runs of this backfill"
        grid.go_to_next(Only.FAILED, 1)
        grid.action_mark()
        await eyes.pilot.pause()
        assert eyes.app.export_screenshot(title=" ".join(TASKS)) == picture
