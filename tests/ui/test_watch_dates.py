"""Which dates the watch screen shows, and in which order: a range that is typed, and a key; keys only."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.watch_screens import a_backfill, a_backfill_under_way, date_under_cursor, watching

from backfill_tui.domain.states import RunState
from backfill_tui.ui.widgets.row_view import Only
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.run_strip import RunStrip

SIZES = [(80, 24), (120, 36)]


def dates_shown(eyes: Eyes) -> list[str]:
    lines = [line[2:12] for line in eyes.text().splitlines()]
    return [line[-2:] for line in lines if line.startswith("2024-")]


async def narrow(eyes: Eyes, text: str) -> None:
    await eyes.press("d")
    await eyes.sees("Show only some dates")
    await eyes.write(text)


@on_screen
async def test_only_the_dates_of_a_range_are_shown_and_counted_before() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        await watching(eyes)
        await narrow(eyes, "2024-02-05..2024-02-08")
        await eyes.sees("4 of 20 dates: 2024-02-05 to 2024-02-08")
        await eyes.press("enter")
        await eyes.sees("only 2024-02-05..2024-02-08: 4 of 20")
        assert dates_shown(eyes) == ["05", "06", "07", "08"]


@on_screen
async def test_the_question_counts_with_every_letter_and_takes_nothing_that_no_date_is_in() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        await watching(eyes)
        await narrow(eyes, "")
        await eyes.sees("Empty means all 20 dates. On the clock of the Dag, UTC")
        await eyes.write("2024-02")
        await eyes.sees("20 of 20 dates: 2024-02-01 to 2024-02-20")
        await eyes.write("-1")
        await eyes.sees("1 of 20 dates: 2024-02-01")
        await eyes.write("0")
        await eyes.sees("1 of 20 dates: 2024-02-10")
        await eyes.write("soon")
        await eyes.sees("is not a range of dates")
        await eyes.press("enter")
        await eyes.sees("is not a range of dates")
        await eyes.press(*["backspace"] * 9)
        await eyes.write("03")
        await eyes.press("enter")
        await eyes.sees("No date that is watched lies in it", "Show only some dates")
        await eyes.press("escape")
        await eyes.no_longer_sees("Show only some dates")
        assert "only" not in eyes.text()


@on_screen
async def test_the_last_days_and_an_open_range_are_understood() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        await watching(eyes)
        await narrow(eyes, "..2024-02-03")
        await eyes.press("enter")
        await eyes.sees("only ..2024-02-03: 3 of 20")
        # What stands in the field is selected, so that typing takes its place.
        await narrow(eyes, "last 120 days")
        await eyes.sees("5 of 20 dates: 2024-02-16 to 2024-02-20")
        await eyes.press("enter")
        await eyes.sees("only last 120 days: 5 of 20", "> 2024-02-16")


@on_screen
async def test_a_state_and_dates_narrow_together_and_escape_peels_them_off_one_by_one() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await narrow(eyes, "..2024-02-06")
        await eyes.press("enter", "f")
        await eyes.sees("only failed of ..2024-02-06: 1 of 20")
        assert screen.label_of("watch.back") == "all states"
        assert dates_shown(eyes) == ["06"]
        await narrow(eyes, "")
        await eyes.sees("6 of 20 dates: 2024-02-01 to 2024-02-06, 1 of them failed")
        await eyes.press("escape", "space")
        await eyes.sees("1 date marked")
        await eyes.press("escape")
        await eyes.no_longer_sees("1 date marked")
        await eyes.press("escape")
        await eyes.sees("only ..2024-02-06: 6 of 20")
        assert screen.label_of("watch.back") == "all dates"
        await eyes.press("escape")
        await eyes.no_longer_sees("only")
        assert len(dates_shown(eyes)) > 6
        assert eyes.app.screen is screen
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is not screen, "the screen before")


@on_screen
async def test_an_empty_field_shows_all_dates_again() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        await watching(eyes)
        await narrow(eyes, "2024-02-02")
        await eyes.press("enter")
        await eyes.sees("only 2024-02-02: 1 of 20")
        await narrow(eyes, "")
        await eyes.press("backspace", "enter")
        await eyes.no_longer_sees("only")


@on_screen
async def test_the_next_failed_date_a_jump_and_all_failed_reach_only_the_dates_that_are_shown() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await narrow(eyes, "2024-02-07..")
        await eyes.press("enter")
        await eyes.sees("only 2024-02-07..: 14 of 20")
        await eyes.press("end", "n")
        assert date_under_cursor(screen) == "2024-02-07"
        await eyes.press("n")
        assert date_under_cursor(screen) == "2024-02-07"
        await eyes.press("slash")
        await eyes.write("2024-02-02")
        await eyes.sees("the nearest is 2024-02-07")
        await eyes.press("escape", "a")
        await eyes.sees("1 date marked")
        await narrow(eyes, "..2024-02-05")
        await eyes.press("enter")
        await eyes.sees("only ..2024-02-05: 5 of 20")
        await eyes.no_longer_sees("marked")
        await eyes.press("n")
        await eyes.sees("No date that is shown has failed")


@on_screen
async def test_the_strip_shows_the_dates_of_the_range_in_the_order_of_the_calendar() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await narrow(eyes, "2024-02-05..2024-02-14")
        await eyes.press("enter", "i", "z")
        await eyes.until(lambda: screen.query_one(RunStrip).has_focus, "the strip")
        await eyes.sees("2024 Feb     ■✗✗████▶▶▶")
        await eyes.press("end")
        assert date_under_cursor(screen) == "2024-02-14"


# The order.


@on_screen
async def test_a_key_sorts_by_the_start_of_the_runs_and_says_so_and_the_cursor_keeps_its_date() -> None:
    world = a_backfill(last="2024-02-06")
    world.advance()
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes, "RUNNING")
        world.finish("backfill__2024-02-06T00:00:00+00:00", RunState.SUCCESS)
        world.advance()
        await eyes.sees("1 succeeded")
        await eyes.press("down", "i")
        await eyes.sees("by start")
        assert dates_shown(eyes) == ["01", "02", "04", "05", "06", "03"]
        assert date_under_cursor(screen) == "2024-02-02"
        await eyes.press("i")
        await eyes.no_longer_sees("by start")
        assert dates_shown(eyes) == ["01", "02", "03", "04", "05", "06"]


@on_screen
async def test_a_run_that_starts_takes_its_place_and_the_line_under_the_cursor_stays() -> None:
    world = a_backfill(last="2024-03-31")
    world.advance()
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes, "RUNNING")
        await eyes.press("i", *["pagedown"] * 2)
        line = eyes.text().splitlines().index(eyes.line_with("> 2024-03-06"))
        world.finish("backfill__2024-03-30T00:00:00+00:00", RunState.SUCCESS)
        await eyes.sees("1 succeeded")
        assert eyes.text().splitlines().index(eyes.line_with("> 2024-03-06")) == line
        assert screen.grid.view.position(screen.grid.cursor_row) == 35


@on_screen
async def test_rows_that_leave_above_the_cursor_do_not_move_the_line_under_it() -> None:
    world = a_backfill(last="2024-03-31")
    world.advance()
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes, "RUNNING")
        screen.show_only(Only.QUEUED)
        await eyes.press(*["pagedown"] * 2, "up")
        await eyes.sees("only queued: 55 of 60", "> 2024-03-10")
        line = eyes.text().splitlines().index(eyes.line_with("> 2024-03-10"))
        for day in range(6, 11):
            world.finish(f"backfill__2024-02-{day:02}T00:00:00+00:00", RunState.SUCCESS)
        await eyes.sees("only queued: 50 of 60")
        assert eyes.text().splitlines().index(eyes.line_with("> 2024-03-10")) == line


@on_screen
async def test_a_range_of_marks_by_start_takes_the_rows_that_are_seen_between() -> None:
    world = a_backfill(last="2024-02-06")
    world.advance()
    world.finish("backfill__2024-02-06T00:00:00+00:00", RunState.SUCCESS)
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes, "RUNNING")
        await eyes.press("i", "home", *["down"] * 3)
        await eyes.sees("by start", "> 2024-02-05")
        await eyes.press("v", "down")
        await eyes.sees("2 dates marked")
        marked = [screen.grid.date_of(row) for row in sorted(screen.grid.marks.rows)]
        assert marked == ["2024-02-05", "2024-02-06"]
        await eyes.pilot.click(RunGrid, offset=(4, 1))
        assert date_under_cursor(screen) == "2024-02-01"


@on_screen
async def test_partitions_have_no_dates_to_be_narrowed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        monkeypatch.setattr(type(screen), "has_dates", False)
        await eyes.press("d")
        await eyes.sees("Only dates can be shown alone, and")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_question_for_dates_as_a_picture(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    app = an_app(a_backfill_under_way())
    async with looking_at(app, size) as eyes:
        await watching(eyes)
        await narrow(eyes, "2024-02-05..2024-02-14")
        await eyes.sees("10 of 20 dates")
        assert app.export_screenshot() == picture


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_some_failed_dates_by_start_as_a_picture(
    size: tuple[int, int], picture: SnapshotAssertion
) -> None:
    app = an_app(a_backfill_under_way())
    async with looking_at(app, size) as eyes:
        await watching(eyes)
        await narrow(eyes, "..2024-02-14")
        await eyes.press("enter", "f", "i", "n")
        log = ["Nothing was written yet"] if size[0] > 80 else []
        await eyes.sees("only failed of ..2024-02-14: 2 of 20, by start", "failed  try 1 of 1", *log)
        assert app.export_screenshot() == picture


@on_screen
async def test_the_order_is_told_over_the_dates_of_both_grids() -> None:
    world = a_backfill()
    world.advance(30)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes)
        assert "Date  " in eyes.line_with("Run  extract")
        await eyes.press("i")
        await eyes.sees("By start    Run  extract")
        await eyes.press("T")
        await eyes.until(lambda: "by start" in "\n".join(eyes.text().splitlines()[4:8]), "the order")
        await eyes.press("i", "T")
        await eyes.sees("Date        Run  extract")


@on_screen
async def test_at_80_cells_the_keys_of_a_failing_backfill_are_all_there() -> None:
    world = a_backfill()
    world.advance(30)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "2 failed", "RUNNING")
        await eyes.sees("r rerun  n failed  a all  e why  p pause  x cancel  esc back  ? help  q quit")
        await eyes.press("space")
        await eyes.sees("● 1 date marked", "r rerun", "esc unmark  ? help  q quit")
        await eyes.press("escape")
        await eyes.sees("esc back")


@on_screen
async def test_at_200_cells_there_are_words_for_every_deed() -> None:
    world = a_backfill()
    world.advance(30)
    async with looking_at(an_app(world), (240, 50)) as eyes:
        await watching(eyes)
        await eyes.sees("i order", "* by state", "m set state", "U undo")
