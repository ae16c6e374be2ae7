"""The strip: a backfill from far away, with the cursor, the marks and the filter of its grid."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.grids import FACTS, a_row, an_update
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.watch_screens import a_backfill, a_backfill_under_way, date_under_cursor, watching
from tests.support.world import HOUR
from textual.app import App, ComposeResult

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.ui.themes import DARK
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.run_strip import RunStrip


class StripApp(App[None]):
    """A strip, and the grid that it follows, out of sight."""

    def __init__(self) -> None:
        super().__init__()
        self.store = GridStore()
        self.grid = RunGrid(self.store)
        self.strip = RunStrip(self.grid)
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        self.grid.display = False
        yield self.grid
        yield self.strip

    def take(self, update: GridUpdate) -> None:
        self.grid.take(self.store.apply(update), update.read_at)
        self.strip.follow()


@on_screen
async def test_a_key_zooms_out_to_one_cell_a_date_and_in_again() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("end", "z")
        await eyes.sees("2024 Feb ██–██✗✗████▶▶▶▶◔◔◔◔")
        assert screen.strip.has_focus
        assert "extract  clean" not in eyes.text()
        await eyes.press("z")
        await eyes.sees("> 2024-02-20")
        assert screen.grid.has_focus


@on_screen
async def test_the_cursor_moves_in_the_strip_and_enter_opens_its_date() -> None:
    async with looking_at(an_app(a_backfill(last="2024-04-30"))) as eyes:
        screen = await watching(eyes)
        dates = []
        await eyes.press("z")
        for key in ("l", "right", "end", "h", "home", "down", "up"):
            await eyes.press(key)
            dates.append(date_under_cursor(screen)[5:])
        assert dates == ["02-02", "02-03", "04-30", "04-29", "02-01", "04-01", "02-01"]
        await eyes.press("end", "enter")
        await eyes.sees("> 2024-04-30")


@on_screen
async def test_the_keys_of_the_grid_work_in_the_strip() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("z", "n")
        await eyes.sees("load  2024-02-06  ✗ failed")
        await eyes.press("space", "right_curly_bracket")
        await eyes.sees("1 date marked")
        (line,) = [strip for strip in eyes.strips() if "2024 Feb" in strip.text]
        failed = [segment.style for segment in line if segment.text == "✗" and segment.style]
        assert [style.underline for style in failed] == [True, None], "the sign of its state stays"
        assert failed[0].bgcolor != failed[1].bgcolor
        assert date_under_cursor(screen) == "2024-02-12"
        await eyes.press("escape", "escape")
        await eyes.no_longer_sees("1 date marked")
        assert eyes.app.screen is screen


@on_screen
async def test_it_shows_what_the_grid_is_narrowed_to() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        await watching(eyes)
        await eyes.press("z", "f", "l")
        await eyes.sees("only failed: 2 of 20", "2024 Feb      ✗")
        assert "██–██" not in eyes.text()
        await eyes.press("enter")
        await eyes.sees("> 2024-02-07")


@on_screen
async def test_it_changes_while_the_backfill_runs() -> None:
    world = a_backfill_under_way()
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes)
        await eyes.press("end", "z")
        await eyes.sees("▶▶▶▶◔◔◔◔")
        world.advance_to_end()
        await eyes.sees("██–██✗✗████████████")


@on_screen
async def test_it_says_when_no_date_is_in_the_state_that_is_shown() -> None:
    world = a_backfill_under_way()
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes)
        await eyes.press("z", "f", "f")
        await eyes.sees("only running: 4 of 20", "2024 Feb            ")
        world.advance_to_end()
        await eyes.sees("No date is running now")
        await eyes.press("l", "end", "down", "pagedown", "enter")
        await eyes.sees("No date is running now", "extract  clean")
        await eyes.press("escape")
        await eyes.sees("2024-02-12")


@on_screen
async def test_a_click_puts_the_cursor_on_a_date_and_another_one_opens_it() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("z")
        await eyes.sees("2024 Feb")
        await eyes.pilot.click(RunStrip, offset=(2 + 9 + 13, 0))
        await eyes.until(lambda: date_under_cursor(screen) == "2024-02-14", "the cursor to follow")
        await eyes.pilot.click(RunStrip, offset=(2 + 9 + 13, 0))
        await eyes.sees("> 2024-02-14")


@on_screen
async def test_thousands_of_dates_are_on_one_screen() -> None:
    app = StripApp()
    states = (RunState.FAILED, *(RunState.SUCCESS,) * 6)
    async with looking_at(app, (200, 50)) as eyes:
        rows = [(a_row(number, states[number % 7]), ".") for number in range(1, 6_001)]
        app.take(an_update(rows, ("one",)))
        app.strip.focus()
        await eyes.sees("2024", "2040")
        assert sum(map(eyes.text().count, "█✗■")) >= 5_999


@on_screen
async def test_hours_stand_on_the_clock_of_the_dag() -> None:
    app = StripApp()
    async with looking_at(app) as eyes:
        rows = [(a_row(number, period=HOUR), ".") for number in range(1, 49)]
        app.take(an_update(rows, ("one",), facts=replace(FACTS, timezone="America/New_York")))
        app.grid.action_end(-1)
        app.strip.follow()
        await eyes.sees("Wed 31                    █████", "Thu 01 ████████████████████████")


@on_screen
async def test_dates_that_run_backwards_stand_in_the_order_of_the_calendar() -> None:
    app = StripApp()
    async with looking_at(app) as eyes:
        days = [a_row(number) for number in range(1, 4)]
        states = (RunState.SUCCESS, RunState.FAILED, RunState.QUEUED)
        rows = [
            (replace(a_row(ordinal, state), logical_date=day.logical_date), ".")
            for ordinal, (day, state) in enumerate(zip(days[::-1], states, strict=True), 1)
        ]
        app.take(an_update(rows, ("one",)))
        await eyes.sees("2024 Feb ◔✗█")


@on_screen
async def test_partitions_have_no_place_in_it_and_that_is_said() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        screen.store.rows[:] = [
            replace(row, logical_date=None, partition_key="north") if row is not None else None
            for row in screen.store.rows
        ]
        screen.action_zoom()
        await eyes.sees("Only dates have a place")
        assert screen.grid.has_focus


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_strip_as_a_picture(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    world = a_backfill(last="2024-06-30")
    world.advance(90)
    app = an_app(world)
    async with looking_at(app, size) as eyes:
        await watching(eyes)
        await eyes.press("z", "n")
        log = ["KeyError: 'sku'"] if size[0] > 80 else []
        await eyes.sees("load  2024-02-06  ✗ failed  try 1 of 1", "Jun", *log)
        assert await eyes.picture() == picture
