"""The dates of any Dag in a range, on the screen: asked for, watched, repaired; keys only."""

from __future__ import annotations

from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.world import World, a_dag

from backfill_tui.domain.dag_range import DagRange
from backfill_tui.domain.states import RunState
from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.screens.narrow import NarrowDialog
from backfill_tui.ui.screens.watch import WatchScreen
from backfill_tui.ui.widgets.row_view import Only
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.run_strip import RunStrip
from backfill_tui.ui.widgets.task_grid import TaskGrid

TASKS = ("extract", "load")


def a_scheduled_dag() -> World:
    """Three scheduled runs and a manual one in the last 30 days, two of which failed; one long ago."""
    world = World([a_dag("sales_daily", tasks=TASKS)])
    world.add_run("sales_daily", "2024-01-05", RunState.FAILED)
    world.add_run("sales_daily", "2024-06-10", RunState.SUCCESS)
    world.add_run("sales_daily", "2024-06-11", RunState.FAILED, failed="load")
    world.add_run("sales_daily", "2024-06-12", RunState.FAILED, run_type="manual", failed="load")
    world.add_run("sales_daily", "2024-06-13", RunState.RUNNING)
    return world


async def watching_the_last_days(eyes: Eyes) -> None:
    """The dates that are offered at first."""
    await eyes.sees("sales_daily")
    await eyes.press("W")
    await eyes.sees("Watch dates of sales_daily", "last 30 days")
    await eyes.sees("Thu 2024-05-16 00:00 to Fri 2024-06-14 24:00 UTC, 30 days")
    await eyes.press("enter")
    await eyes.sees("sales_daily 2024-05-16..2024-06-14", "2024-06-10", "2024-06-13")


@on_screen
async def test_the_last_thirty_days_are_offered_and_watched_whatever_made_their_runs() -> None:
    world = a_scheduled_dag()
    async with looking_at(an_app(world)) as eyes:
        await watching_the_last_days(eyes)
        await eyes.sees("RUNNING 1 running, 0 queued", "3/4 runs", "✗ 2 failed")
        assert "2024-01-05" not in eyes.text()
        world.add_run("sales_daily", "2024-06-14", RunState.QUEUED)
        await eyes.sees("2024-06-14", "3/5 runs")


@on_screen
async def test_what_is_of_a_backfill_is_not_offered() -> None:
    async with looking_at(an_app(a_scheduled_dag()), (200, 50)) as eyes:
        await watching_the_last_days(eyes)
        foot = eyes.text().splitlines()[-1]
        assert "r rerun" in foot
        assert not [word for word in ("pause", "cancel", "stop after") if word in foot]
        await eyes.press("p", "x", "s")
        assert isinstance(eyes.app.screen, WatchScreen)
        assert isinstance(eyes.app.screen.watched, DagRange)


@on_screen
async def test_what_failed_on_the_dates_is_listed_in_groups_and_marked() -> None:
    world = a_scheduled_dag()
    for run in world.runs.values():
        if run.state is RunState.FAILED:
            world.add_log(run.run_id, "load", "KeyError: 'sku'")
    async with looking_at(an_app(world)) as eyes:
        await watching_the_last_days(eyes)
        await eyes.press("e")
        await eyes.sees("Failures: sales_daily 2024-05-16..2024-06-14", "2 failures in 1 group", "KeyError")
        await eyes.sees("2 dates: 2024-06-11 to 2024-06-12")
        await eyes.press("space")
        await eyes.sees("2 of them marked")
        await eyes.press("d")
        await eyes.no_longer_sees("Failures: ")
        await eyes.sees(">●2024-06-11", " ●2024-06-12", "● 2 dates marked")


@on_screen
async def test_failed_scheduled_and_manual_runs_are_rerun_together() -> None:
    world = a_scheduled_dag()
    async with looking_at(an_app(world)) as eyes:
        await watching_the_last_days(eyes)
        await eyes.press("a", "r")
        await eyes.sees("Rerun 2 dates of sales_daily", "2 task instances")
        await eyes.press("enter")
        await eyes.sees("2 queued")
        states = {run.logical_date: run.state for run in world.runs.values()}
        assert list(states.values()).count(RunState.QUEUED) == 2


@on_screen
async def test_failed_runs_are_marked_and_that_is_undone() -> None:
    async with looking_at(an_app(a_scheduled_dag())) as eyes:
        await watching_the_last_days(eyes)
        await eyes.press("a", "m")
        await eyes.sees("2 task instances of 2 runs")
        await eyes.press("enter")
        await eyes.sees("3 succeeded")
        await eyes.press("U")
        await eyes.sees("Undo the last deed on sales_daily?")
        await eyes.press("enter")
        await eyes.sees("✗ 2 failed")


@on_screen
async def test_a_range_that_is_none_is_said_and_not_taken() -> None:
    async with looking_at(an_app(a_scheduled_dag())) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("W")
        await eyes.sees("last 30 days")
        await eyes.press("ctrl+u")
        await eyes.write("soon")
        await eyes.sees("soon", "is not a")
        await eyes.press("enter")
        await eyes.sees("Watch dates of sales_daily")
        await eyes.press("escape")
        await eyes.until(lambda: isinstance(eyes.app.screen, DagsScreen))


@on_screen
async def test_a_range_without_a_run_says_so() -> None:
    async with looking_at(an_app(a_scheduled_dag())) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("W")
        await eyes.sees("last 30 days")
        await eyes.press("ctrl+u")
        await eyes.write("2024-03")
        await eyes.sees("2024-03-01 00:00")
        await eyes.press("enter")
        await eyes.sees("sales_daily 2024-03-01..2024-03-31", "DONE: no run has a date in it")


@on_screen
async def test_the_words_about_a_range_speak_of_no_backfill() -> None:
    async with looking_at(an_app(a_scheduled_dag())) as eyes:
        await watching_the_last_days(eyes)
        eyes.app.screen.query_one(RunGrid).go_to_next(Only.QUEUED, 1)
        await eyes.sees("No date that is watched is queued")
        await eyes.press("d")
        await eyes.sees("Show only some dates")
        await eyes.press("ctrl+u")
        await eyes.write("2023")
        await eyes.sees("No date that is watched lies in it")
        assert isinstance(eyes.app.screen, NarrowDialog)
    for words in (RunGrid.HELP, TaskGrid.HELP, RunStrip.HELP, NarrowDialog.HELP):
        assert "of the backfill" not in words
        assert "this backfill" not in words
