"""The header names the key that removes what keeps a backfill from moving, and cuts no sentence unseen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.watch_screens import CountingGateway, a_backfill, a_backfill_under_way, watching
from tests.support.world import World

from backfill_tui.domain.causes import UNPAUSE_DAG, Cause, CauseCode
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.states import RunState

NUMBER = BackfillId(1)
LONG = Cause(
    code=CauseCode.DAG_AUTO_PAUSED,
    sentence="Airflow paused the Dag after 3 failed runs in a row, its max_consecutive_failed_dag_runs",
    remedy=UNPAUSE_DAG,
)


def paused() -> World:
    world = a_backfill()
    world.paused.add(DagId("sales_daily"))
    return world


def backfill_paused() -> World:
    world = a_backfill_under_way()
    world.backfills[NUMBER].is_paused = True
    return world


def orphaned() -> World:
    world = a_backfill_under_way()
    world.backfills[NUMBER].completed_at = world.now
    return world


def failed() -> World:
    world = a_backfill()
    world.advance_to_end()
    return world


def cancelled_then_cleared() -> World:
    """Ten dates ended; the cancel failed five queued ones, of which three were cleared since."""
    world = a_backfill_under_way()
    world.cancel(NUMBER)
    world.mend()
    world.advance(30)
    for run in world.runs_of(world.backfills[NUMBER])[-3:]:
        with world.changed:
            world.clear(run, run.tasks)
    return world


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (paused, "BLOCKED: the Dag is paused, so nothing starts (u: unpause the Dag)"),
        (backfill_paused, "PAUSED: 4 running, 5 queued: no queued run starts (p: resume)"),
        (orphaned, "(o: reopen it, to pause or cancel it again)"),
        (failed, "DONE: 17 succeeded, 2 failed, 1 skipped (a r: rerun what failed)"),
        (cancelled_then_cleared, "so cleared runs stay queued (r: rerun them from here)"),
    ],
)
@on_screen
async def test_what_helps_has_its_key_in_the_header(world: Callable[[], World], words: str) -> None:
    async with looking_at(an_app(world()), (120, 36)) as eyes:
        await watching(eyes, words)


@on_screen
async def test_a_session_that_only_reads_names_no_key() -> None:
    async with looking_at(an_app(paused(), read_only=True)) as eyes:
        await watching(eyes, "BLOCKED: the Dag is paused, so nothing starts (unpause the Dag)")


@on_screen
async def test_a_remedy_that_no_key_carries_out_stands_alone() -> None:
    world = a_backfill()
    world.scheduler_alive = False
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "BLOCKED: no scheduler", "(start a scheduler)")


@on_screen
async def test_a_stream_that_broke_names_the_key_that_reads_on() -> None:
    gateway = CountingGateway(a_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "QUEUED")
        gateway.break_with = AirflowFailed("The database is locked", remedy="try again")
        gateway.world.advance()
        await eyes.sees("! NOT READ, it was", "(ctrl+r: read again)")
        gateway.break_with = None
        await eyes.press("ctrl+r")
        await eyes.no_longer_sees("read again)")


@on_screen
async def test_a_long_reason_is_told_whole_on_two_lines_with_its_key_and_the_grid_gives_way() -> None:
    world = paused()
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes, "BLOCKED")
        world.let_wait(NUMBER, LONG)
        await eyes.sees("max_consecutive_failed_dag_runs (u: unpause the Dag)")
        first, second = eyes.text().splitlines()[1:3]
        assert first.split()[-6:] == ["in", "a", "row,", "its", "0", "%"]
        assert second == "   max_consecutive_failed_dag_runs (u: unpause the Dag)"
        assert "…" in eyes.line_with("waits: Airflow"), "a row that has no room for all says so"
        world.let_wait(NUMBER)
        await eyes.no_longer_sees("max_consecutive")
        assert screen.header.size.height == 3


@on_screen
async def test_a_reason_that_the_filter_hides_is_told_in_the_header() -> None:
    world = a_backfill_under_way()
    for run in world.runs.values():
        if run.state is RunState.RUNNING:
            world.finish(run.run_id, RunState.SUCCESS)
    due = Cause(code=CauseCode.RUN_AFTER, sentence="its next run is due 2024-06-16 12:00")
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes)
        world.let_wait(NUMBER, due)
        await eyes.sees("◔   waits: its next run is due 2024-06-16 12:00")
        assert "waits" not in eyes.text().splitlines()[1]
        await eyes.press("f")
        await eyes.sees("only failed", "0 of 4 slots, waits: its next run is due 2024-06-16 12:00")
        await eyes.press("escape")
        await eyes.no_longer_sees("slots, waits")
        await eyes.press("z")
        await eyes.sees("slots, waits: its next run")


# What a cancel holds back.


@on_screen
async def test_with_nothing_marked_all_that_a_cancel_holds_back_is_offered_for_a_rerun_and_then_runs() -> (
    None
):
    world = cancelled_then_cleared()
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes, "BLOCKED: its backfill was cancelled")
        await eyes.press("r")
        await eyes.sees("Rerun 3 dates of sales_daily", "15 task instances")
        await eyes.press("enter")
        await eyes.sees("RUNNING")
        assert not world.backfills[NUMBER].is_paused
        assert screen.header.keys == ""
        world.advance_to_end()
        await eyes.sees("2 never ran, 15 succeeded, 2 failed")


@on_screen
async def test_a_failed_date_under_the_cursor_is_offered_with_what_a_cancel_holds_back() -> None:
    async with looking_at(an_app(cancelled_then_cleared())) as eyes:
        await watching(eyes, "BLOCKED")
        await eyes.press("n", "r")
        await eyes.sees("Rerun 4 dates of sales_daily")
