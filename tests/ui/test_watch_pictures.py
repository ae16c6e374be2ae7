"""The watch screen as a picture in every state that a backfill can be in, and in what else can befall it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import FIXED_TIME, Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.watch_screens import TASKS, CountingGateway, a_backfill, a_backfill_under_way
from tests.support.world import World, a_dag, instant
from tests.ui.test_watch_lift import (
    LONG,
    NUMBER,
    backfill_paused,
    cancelled_then_cleared,
    failed,
    orphaned,
    paused,
)

from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, NotThere, Problem
from backfill_tui.domain.progress import BackfillStatus
from backfill_tui.ui import opening
from backfill_tui.ui.program import program_of
from backfill_tui.ui.screens.watch import WatchScreen

DAG = DagId("sales_daily")
SMALL, LARGE = (80, 24), (120, 36)


def without_dates(*, completed: bool = False) -> World:
    world = World([a_dag("sales_daily", tasks=TASKS)])
    request = BackfillRequest(dag_id=DAG, from_date=instant("2024-02-01"), to_date=instant("2024-02-20"))
    with world.changed:
        backfill = world.create(request, ())
    backfill.completed_at = world.now if completed else None
    return world


def abandoned() -> World:
    world = World([a_dag("sales_daily", tasks=TASKS)])
    world.add_abandoned(DAG)
    return world


def mended() -> World:
    world = a_backfill()
    world.mend()
    world.advance_to_end()
    return world


def nothing_needed() -> World:
    world = a_backfill(last="2024-02-03")
    backfill = world.backfills[NUMBER]
    existing = backfill.entries[2][1]
    backfill.entries = [(date, existing, None) for date, _, _ in backfill.entries]
    return world


def cancelled() -> World:
    world = a_backfill_under_way()
    world.cancel(NUMBER)
    world.advance(30)
    return world


def cancelled_and_running() -> World:
    world = a_backfill_under_way()
    world.cancel(NUMBER)
    return world


def gone_from_its_file() -> World:
    world = a_backfill_under_way()
    dag = world.dags[DAG]
    dag.summary = replace(dag.summary, is_stale=True)
    return world


def without_scheduler() -> World:
    world = a_backfill()
    world.scheduler_alive = False
    return world


def auto_paused() -> World:
    world = paused()
    world.let_wait(NUMBER, LONG)
    return world


def without_its_pool() -> World:
    world = a_backfill_under_way()
    sentence, remedy = 'there is no pool "north"', "create the pool, or change the task"
    world.let_wait(NUMBER, Cause(code=CauseCode.NO_POOL, sentence=sentence, remedy=remedy))
    return world


def not_due() -> World:
    world = a_backfill()
    world.let_wait(NUMBER, Cause(code=CauseCode.RUN_AFTER, sentence="its next run is due 2024-06-16 12:00"))
    return world


def robbed() -> World:
    """One run was deleted, one taken over by another backfill."""
    world = a_backfill_under_way()
    runs = world.runs_of(world.backfills[NUMBER])
    del world.runs[DAG, runs[0].run_id]
    runs[1].backfill_id = BackfillId(99)
    return world


def noted() -> World:
    world = a_backfill_under_way()
    world.backfills[NUMBER].note = "ticket 4711: prices of February were wrong [/red]"
    world.backfills[NUMBER].stop_after_failures = 5
    return world


class Scene(NamedTuple):
    """A world, and what is seen of it; `status` is None where the scene is no status of its own."""

    world: Callable[[], World]
    status: BackfillStatus | None
    words: tuple[str, ...]


SCENES = {
    "creating": Scene(without_dates, BackfillStatus.CREATING, ("CREATING: its runs are being created",)),
    "abandoned": Scene(abandoned, BackfillStatus.ABANDONED, ("ABANDONED", "(x: remove it)")),
    "creation failed": Scene(
        lambda: without_dates(completed=True),
        BackfillStatus.DONE_WITH_FAILURES,
        ("its creation failed, it has no runs (launch it again)",),
    ),
    "queued": Scene(a_backfill, BackfillStatus.QUEUED, ("QUEUED 19 queued",)),
    "queued, not due": Scene(not_due, BackfillStatus.QUEUED, ("waits: its next run is due",)),
    "running": Scene(a_backfill_under_way, BackfillStatus.RUNNING, ("RUNNING 4 of 4 slots",)),
    "running, no pool": Scene(without_its_pool, BackfillStatus.RUNNING, ('there is no pool "north"',)),
    "running, noted": Scene(noted, BackfillStatus.RUNNING, ("Note: ticket 4711",)),
    "running, robbed": Scene(robbed, BackfillStatus.RUNNING, ("its run was deleted", "taken over")),
    "paused": Scene(backfill_paused, BackfillStatus.PAUSED, ("(p: resume)",)),
    "blocked, Dag paused": Scene(paused, BackfillStatus.BLOCKED, ("(u: unpause the Dag)",)),
    "blocked, Dag auto-paused": Scene(auto_paused, BackfillStatus.BLOCKED, ("3 failed runs in a row",)),
    "blocked, Dag gone": Scene(gone_from_its_file, BackfillStatus.BLOCKED, ("(restore the Dag and parse",)),
    "blocked, no scheduler": Scene(without_scheduler, BackfillStatus.BLOCKED, ("(start a scheduler)",)),
    "blocked, cleared": Scene(cancelled_then_cleared, BackfillStatus.BLOCKED, ("(r: rerun them from here)",)),
    "orphaned": Scene(orphaned, BackfillStatus.ORPHANED, ("(o: reopen it",)),
    "cancelled": Scene(cancelled, BackfillStatus.CANCELLED, ("CANCELLED: 5 never ran",)),
    "cancelled, running": Scene(
        cancelled_and_running, BackfillStatus.RUNNING, ("cancelled: 4 running go on to the end",)
    ),
    "done": Scene(mended, BackfillStatus.DONE, ("DONE: 19 succeeded, 1 skipped",)),
    "done, nothing needed": Scene(nothing_needed, BackfillStatus.DONE, ("no run was needed",)),
    "done, failed": Scene(failed, BackfillStatus.DONE_WITH_FAILURES, ("(a r: rerun what failed)",)),
}
AT_BOTH_SIZES = ("creating", "running, no pool", "blocked, Dag auto-paused", "cancelled", "done, failed")


async def opened(eyes: Eyes, *words: str) -> WatchScreen:
    await eyes.sees("sales_daily")
    opening.watch(program_of(eyes.app.screen), NUMBER)
    await eyes.sees("backfill 1", *words)
    screen = eyes.app.screen
    assert isinstance(screen, WatchScreen)
    return screen


async def settled(eyes: Eyes, screen: WatchScreen) -> None:
    """What the pane says of the cell under the cursor is read."""
    run = screen.grid.row is not None and screen.grid.row.run_id is not None and screen.store.columns
    if run:
        cell = screen.inspector
        await eyes.until(lambda: cell.cell is not None and cell.cell.instances, "the task under the cursor")
    if run and cell.log_view.display:
        await eyes.until(lambda: "Reading ..." not in eyes.text(), "its log")


@pytest.mark.parametrize(
    ("name", "size"),
    [*[(name, SMALL) for name in SCENES], *[(name, LARGE) for name in AT_BOTH_SIZES]],
    ids=lambda given: given if isinstance(given, str) else f"{given[0]}x{given[1]}",
)
@on_screen
async def test_every_state(name: str, size: tuple[int, int], picture: SnapshotAssertion) -> None:
    scene = SCENES[name]
    app = an_app(scene.world())
    async with looking_at(app, size) as eyes:
        screen = await opened(eyes, *scene.words)
        assert screen.progress is not None
        assert screen.progress.standing.status is scene.status
        await settled(eyes, screen)
        assert app.export_screenshot() == picture


def test_no_state_is_without_a_picture() -> None:
    assert {scene.status for scene in SCENES.values()} == set(BackfillStatus)


@on_screen
async def test_one_that_is_still_read(picture: SnapshotAssertion) -> None:
    gateway = ScriptedGateway(a_backfill_under_way())
    app = an_app(gateway)
    with gateway.hold("watch"):
        async with looking_at(app) as eyes:
            await opened(eyes, "Reading the dates ...")
            assert app.export_screenshot() == picture


@pytest.mark.parametrize(
    "problem",
    [
        AirflowFailed("The database is locked", remedy="try again"),
        NotThere("There is no backfill 1", remedy="look at the list of backfills"),
    ],
    ids=["failed", "gone"],
)
@on_screen
async def test_one_whose_stream_broke(problem: Problem, picture: SnapshotAssertion) -> None:
    gateway = CountingGateway(a_backfill_under_way())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        screen = await opened(eyes, "RUNNING")
        await settled(eyes, screen)
        gateway.break_with = problem
        gateway.world.let_wait(NUMBER)
        await eyes.sees("! NOT READ, it was", "(ctrl+r: read again)")
        assert app.export_screenshot() == picture


@on_screen
async def test_one_that_is_stale(picture: SnapshotAssertion) -> None:
    now = [FIXED_TIME]
    gateway = CountingGateway(a_backfill_under_way())
    app = an_app(gateway, clock=lambda: now[0])
    async with looking_at(app) as eyes:
        screen = await opened(eyes, "RUNNING")
        await settled(eyes, screen)
        gateway.flowing.clear()
        await eyes.until(gateway.stalled.is_set, "the stream to stall")
        try:
            now[0] += 42
            screen.header.look_at_clock()
            await eyes.sees("! STALE 42 s, it was")
            assert app.export_screenshot() == picture
        finally:
            gateway.flowing.set()


@pytest.mark.parametrize("name", ["blocked, Dag paused", "running", "done, failed"])
@on_screen
async def test_a_session_that_only_reads(name: str, picture: SnapshotAssertion) -> None:
    app = an_app(SCENES[name].world(), read_only=True)
    async with looking_at(app) as eyes:
        screen = await opened(eyes, "read-only")
        await settled(eyes, screen)
        assert app.export_screenshot() == picture


@pytest.mark.parametrize("state", ["starting", "stopped"])
@on_screen
async def test_an_engine_that_is_not_up(state: str, picture: SnapshotAssertion) -> None:
    world = a_backfill()
    engine = ScriptedEngine(world)
    app = an_app(world, engine=engine)
    async with looking_at(app) as eyes:
        screen = await opened(eyes, "the engine is starting")
        if state == "stopped":
            engine.stop()
            app._read()
            world.let_wait(NUMBER)
            await eyes.sees("BLOCKED: the engine is not running (ctrl+e: start the engine)")
        await settled(eyes, screen)
        assert app.export_screenshot() == picture


@on_screen
async def test_one_of_which_no_date_is_shown(picture: SnapshotAssertion) -> None:
    world = a_backfill(last="2024-02-05")
    world.advance(2)
    app = an_app(world)
    async with looking_at(app) as eyes:
        await opened(eyes, "RUNNING")
        await eyes.press("f")
        await eyes.sees("only running: 4 of 5")
        world.advance_to_end()
        await eyes.sees("No date is running now")
        assert app.export_screenshot() == picture
