"""The grid of the watch screen by keys and eyes: to a date, to what runs or waits, and one state alone."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import a_backfill, a_backfill_under_way, date_under_cursor, jump, watching

from backfill_tui.domain.control import ControlRequest, Deed
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.repairing import RerunOutcome, RerunRequest
from backfill_tui.gateway.port import IsCancelled, never
from backfill_tui.ui.widgets.row_view import Only
from backfill_tui.ui.widgets.run_grid import RunGrid

# To a date.


@on_screen
async def test_a_typed_date_is_gone_to() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await jump(eyes, "2024-02-17")
        await eyes.sees("Goes to 2024-02-17")
        await eyes.press("enter")
        await eyes.sees("> 2024-02-17")
        for key, date in (("ctrl+g", "2024-02-05"), ("g", "2024-02-09")):
            await jump(eyes, date, key)
            await eyes.press("enter")
            await eyes.sees(f"> {date}")
        assert eyes.app.screen is screen
        assert "nearest" not in eyes.text()
        await eyes.press("home")
        await eyes.sees("> 2024-02-01")
        await eyes.press("G")
        await eyes.sees("> 2024-02-20")


@on_screen
async def test_a_date_that_is_none_of_it_leads_to_the_nearest_and_that_is_said() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await jump(eyes, "2024-03")
        await eyes.sees("No such date here, the nearest is 2024-02-20")
        await eyes.press("enter")
        await eyes.sees("No such date here: 2024-02-20")
        assert date_under_cursor(screen) == "2024-02-20"


@on_screen
async def test_what_is_no_date_stays_in_the_field_with_the_reason_and_escape_changes_nothing() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await jump(eyes, "2024-02-31")
        await eyes.sees("That is not a date: day is out of range")
        await eyes.press("enter")
        await eyes.sees("That is not a date")
        await eyes.press("escape")
        await eyes.no_longer_sees("Go to a date")
        assert date_under_cursor(screen) == "2024-02-01"


@on_screen
async def test_the_question_for_a_date_as_a_picture(picture: SnapshotAssertion) -> None:
    app = an_app(a_backfill_under_way())
    async with looking_at(app) as eyes:
        await watching(eyes)
        await jump(eyes, "2024-03")
        await eyes.sees("the nearest is 2024-02-20")
        assert await eyes.picture() == picture


# To what runs or waits.


@on_screen
async def test_brackets_go_to_the_next_failed_running_and_queued_date_and_back() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        dates = {}
        for key in (
            *("right_square_bracket", "left_square_bracket"),
            *("right_curly_bracket", "left_curly_bracket"),
            *("right_parenthesis", "left_parenthesis"),
        ):
            await eyes.press("home", key)
            dates[key] = date_under_cursor(screen)[-2:]
        assert dates == {
            "right_square_bracket": "06",
            "left_square_bracket": "07",
            "right_curly_bracket": "12",
            "left_curly_bracket": "15",
            "right_parenthesis": "16",
            "left_parenthesis": "20",
        }


# One state alone.


@on_screen
async def test_a_key_shows_one_state_after_the_other_and_then_all_again() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        await watching(eyes)
        for words in (
            "only failed: 2 of 20",
            "only running: 4 of 20",
            "only queued: 5 of 20",
            "only succeeded: 8 of 20",
            "only not run: 1 of 20",
        ):
            await eyes.press("f")
            await eyes.sees(words)
        await eyes.press("f")
        await eyes.no_longer_sees("only")
        await eyes.press("F")
        await eyes.sees("only not run")


@on_screen
async def test_of_the_failed_dates_alone_each_is_seen_and_no_other() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        await watching(eyes)
        await eyes.press("f")
        await eyes.sees("only failed", "> 2024-02-06")
        lines = [line for line in eyes.text().splitlines() if line.lstrip("> ").startswith("2024-")]
        assert [line[2:12] for line in lines] == ["2024-02-06", "2024-02-07"]
        await eyes.press("end")
        await eyes.sees("> 2024-02-07")
        await eyes.press("down", "pagedown", "J")
        await eyes.sees(">●2024-02-07")


@on_screen
async def test_a_click_means_the_date_that_is_seen_there() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("f")
        await eyes.sees("> 2024-02-06")
        await eyes.pilot.click(RunGrid, offset=(4, 2))
        await eyes.sees("> 2024-02-07")
        await eyes.pilot.click(RunGrid, offset=(4, 9))
        assert date_under_cursor(screen) == "2024-02-07", "there is no date so far down"


@on_screen
async def test_escape_shows_all_dates_again_with_the_cursor_where_it_was() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("f", "down", "escape")
        await eyes.no_longer_sees("only")
        await eyes.sees("> 2024-02-07", "  2024-02-08")
        assert eyes.app.screen is screen


@on_screen
async def test_dates_come_and_go_as_their_runs_do() -> None:
    world = a_backfill(last="2024-02-05")
    world.advance(2)
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes, "RUNNING")
        await eyes.press("f")
        await eyes.sees("only running: 4 of 5")
        world.advance_to_end()
        await eyes.sees("only running: 0 of 5", "No date is running now")
        assert screen.grid.row is None
        await eyes.press("space")
        await eyes.sees("This date has no run")
        await eyes.press("escape")
        await eyes.sees("2024-02-05", "DONE")


@on_screen
async def test_a_mark_on_a_date_that_is_no_longer_shown_is_gone() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("space", "n", "space")
        await eyes.sees("2 dates marked")
        await eyes.press("f")
        await eyes.sees("1 date marked", "only failed")
        assert screen.grid.marks.rows == {5}


class Asked(ScriptedGateway):
    """Remembers for which runs a rerun was counted."""

    def preview_rerun(self, request: RerunRequest, is_cancelled: IsCancelled = never) -> RerunOutcome:
        self.last = request
        return super().preview_rerun(request, is_cancelled)


@on_screen
async def test_all_failed_and_a_range_reach_only_what_is_shown() -> None:
    gateway = Asked(a_backfill_under_way())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await watching(eyes)
        screen.show_only(Only.RUNNING)
        await eyes.press("a")
        await eyes.sees("No date that is shown has failed")
        screen.show_only(Only.FAILED)
        await eyes.press("home", "v", "end", "r")
        await eyes.sees("Rerun 2 dates of sales_daily", "task instances")
        assert [run_id[:21] for run_id in gateway.last.run_ids] == [
            "backfill__2024-02-06T",
            "backfill__2024-02-07T",
        ]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_failed_dates_alone_as_a_picture(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    app = an_app(a_backfill_under_way())
    async with looking_at(app, size) as eyes:
        await watching(eyes)
        await eyes.press("f", "n")
        log = ["Nothing was written yet"] if size[0] > 80 else []
        await eyes.sees("only failed: 2 of 20", "failed  try 1 of 1", *log)
        assert await eyes.picture() == picture


# How fast it goes.


@on_screen
async def test_the_header_says_tasks_pace_and_what_is_left_once_a_few_runs_have_ended() -> None:
    world = a_backfill()
    world.advance(2)
    async with looking_at(an_app(world), (120, 36)) as eyes:
        await watching(eyes, "0/19 runs  0/95 tasks")
        assert " left" not in eyes.line_with("RUNNING")
        assert "runs/min" not in eyes.text()
        world.advance(28)
        await eyes.sees("10/19 runs  60/95 tasks", "s left  52 %", "28 runs/min ")
        world.advance_to_end()
        await eyes.sees("DONE", "19/19 runs  95/95 tasks")
        await eyes.no_longer_sees(" left ")
        assert "▄▄" in eyes.line_with("█ 17 succeeded")


@on_screen
async def test_nothing_is_left_to_wait_for_while_it_is_paused() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes, " left ")
        screen.program.gateway.control(ControlRequest(backfill_id=BackfillId(1), deed=Deed.PAUSE))
        await eyes.sees("PAUSED")
        assert " left " not in eyes.text()
