"""Pausing, resuming, stopping and mending a backfill from the screen: counted first, never assumed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.grids import FACTS
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.watch_screens import watching
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.control import ControlOutcome, Deed
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, Refused
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import BackfillSummary, RunCounts
from backfill_tui.ui.control_words import consequences, done_words
from backfill_tui.ui.screens.backfills import BackfillsScreen
from backfill_tui.ui.screens.dags import DagsScreen

SALES = DagId("sales_daily")
FIRST = BackfillId(1)


def a_running_backfill(*, last: str = "2024-02-10", steps: int = 4) -> World:
    """Ten dates, four at a time, under way."""
    world = World([a_dag("sales_daily", tasks=("extract", "clean", "load"))])
    request = BackfillRequest(
        dag_id=SALES, from_date=instant("2024-02-01"), to_date=instant(last), max_active_runs=4
    )
    ScriptedGateway(world).launch(Launch(request=request))
    world.advance(steps)
    return world


def an_orphaned_backfill() -> World:
    """Airflow counts it as complete, and its runs are not."""
    world = a_running_backfill()
    world.backfills[FIRST].completed_at = world.now
    return world


def an_abandoned_backfill() -> World:
    """Its creation died before it made a run, longer ago than any creation takes."""
    world = World([a_dag("sales_daily")])
    world.add_abandoned("sales_daily")
    return world


async def listing(eyes: Eyes) -> BackfillsScreen:
    """Open the list of backfills."""
    await eyes.sees("sales_daily", "Schedule")
    await eyes.press("b")
    await eyes.sees("Range", "2024-02-01..2024-02-10")
    screen = eyes.app.screen
    assert isinstance(screen, BackfillsScreen)
    return screen


async def told(eyes: Eyes, words: str) -> None:
    """Wait for a notice with those words, which may be folded on the screen."""
    await eyes.until(lambda: words in [notice.message for notice in eyes.app._notifications], words)


# On the watch screen.


@on_screen
async def test_pausing_says_what_goes_on_and_the_stream_says_when_it_is_paused(
    picture: SnapshotAssertion,
) -> None:
    gateway = ScriptedGateway(a_running_backfill())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await watching(eyes, "RUNNING", "p pause", "try 1 of 1")
        await eyes.press("p")
        await eyes.sees(
            "Pause backfill 1 of sales_daily?",
            "No further run starts: 6 queued runs wait until it is resumed",
            "4 running runs go on to their end: pausing stops nothing",
        )
        assert await eyes.picture() == picture
        with gateway.hold("control"):
            await eyes.press("enter")
            await eyes.until(lambda: gateway.asked.get("control"), "the pause to be asked for")
            await eyes.no_longer_sees("Pause backfill 1")
            assert "▶ RUNNING" in eyes.text()
        await eyes.sees("‖ PAUSED: 4 running, 6 queued: no queued run starts", "p resume")
        await told(eyes, "Backfill 1 is paused: 4 running go on to their end")


@on_screen
async def test_a_paused_backfill_is_resumed_by_the_same_key_and_the_engine_started() -> None:
    world = a_running_backfill()
    world.backfills[FIRST].is_paused = True
    engine = ScriptedEngine(world)
    async with looking_at(an_app(world, engine=engine)) as eyes:
        await watching(eyes, "p resume")
        engine.stop()
        await eyes.press("p")
        await eyes.sees("Resume backfill 1 of sales_daily?", "6 queued runs can start, at most 4 at a time")
        await eyes.press("enter")
        await told(eyes, "Backfill 1 is resumed: 6 queued runs can start")
        await eyes.until(lambda: engine.status().running, "the engine to be started")
    assert not world.backfills[FIRST].is_paused


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_cancelling_offers_both_ways_counted(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    app = an_app(a_running_backfill())
    async with looking_at(app, size) as eyes:
        await watching(eyes, "RUNNING", "try 1 of 1")
        if size[0] > 80:
            await eyes.sees("Nothing was written yet")
        await eyes.press("x")
        await eyes.sees(
            "Cancel backfill 1 of sales_daily?",
            "(•) queued runs only",
            "6 queued runs never run",
            "4 running go on to their end",
            "( ) running ones too",
            "4 running runs are marked failed",
            "under way end",
            "can not be resumed",
        )
        assert await eyes.picture() == picture


@on_screen
async def test_the_counts_follow_the_backfill_while_the_question_stands() -> None:
    world = a_running_backfill(steps=0)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "QUEUED")
        await eyes.press("x")
        # That none is running at this moment says nothing of the next: both ways are offered.
        await eyes.sees("10 queued runs never run", "( ) running ones too")
        world.advance()
        await eyes.sees("6 queued runs never run", "4 running go on to their end")


@on_screen
async def test_the_first_choice_lets_the_running_runs_end() -> None:
    world = a_running_backfill()
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "RUNNING")
        await eyes.press("x")
        await eyes.sees("under way end")
        await eyes.press("enter")
        await eyes.sees("RUNNING cancelled: 4 running go on to the end")
        world.advance_to_end()
        await eyes.sees("CANCELLED: 6 never ran, 4 succeeded")
        assert "p resume" not in eyes.text()
        assert "x cancel" not in eyes.text()


@on_screen
async def test_the_second_choice_ends_the_running_runs_too() -> None:
    world = a_running_backfill()
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "RUNNING")
        await eyes.press("x")
        await eyes.sees("under way end")
        await eyes.press("down", "enter")
        await eyes.sees("CANCELLED: 6 never ran, 4 failed")
    assert {run.state for run in world.runs.values()} == {RunState.FAILED}


@on_screen
async def test_escape_changes_nothing() -> None:
    gateway = ScriptedGateway(a_running_backfill())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await watching(eyes, "RUNNING")
        for key in ("p", "x"):
            await eyes.press(key)
            await eyes.sees("backfill 1 of sales_daily?")
            await eyes.press("escape")
            await eyes.until(lambda: eyes.app.screen is screen)
    assert "control" not in gateway.asked


@on_screen
async def test_what_a_cancel_left_running_can_be_stopped_later() -> None:
    world = a_running_backfill()
    world.cancel(FIRST)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "cancelled: 4 running go on to the end", "x cancel")
        await eyes.press("x")
        await eyes.sees("4 running runs are marked failed")
        assert "queued runs only" not in eyes.text()
        await eyes.press("enter")
        await eyes.sees("CANCELLED")


@on_screen
async def test_an_orphaned_backfill_is_reopened(picture: SnapshotAssertion) -> None:
    world = an_orphaned_backfill()
    app = an_app(world)
    async with looking_at(app) as eyes:
        await watching(eyes, "ORPHANED", "o reopen", "try 1 of 1")
        await eyes.press("o")
        await eyes.sees(
            "Reopen backfill 1 of sales_daily?",
            "Airflow counts it as complete, with 4 running and 6 queued",
        )
        assert await eyes.picture() == picture
        await eyes.press("enter")
        await eyes.sees("▶ RUNNING", "Backfill 1 is active again")
        assert "o reopen" not in eyes.text()


@on_screen
async def test_an_abandoned_backfill_is_removed_and_the_screen_left(picture: SnapshotAssertion) -> None:
    world = an_abandoned_backfill()
    app = an_app(world)
    async with looking_at(app) as eyes:
        await watching(eyes, "ABANDONED", "x remove")
        await eyes.press("x")
        await eyes.sees("Remove backfill 1 of sales_daily?", "its creation died before it made one")
        assert await eyes.picture() == picture
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(app.screen, DagsScreen), "the list of Dags")
        await eyes.sees("Backfill 1 is out of the way")
    assert not world.backfills


@on_screen
async def test_a_finished_backfill_offers_nothing() -> None:
    world = a_running_backfill()
    world.advance_to_end()
    gateway = ScriptedGateway(world)
    async with looking_at(an_app(gateway)) as eyes:
        screen = await watching(eyes, "DONE: 10 succeeded")
        for words in ("p pause", "x cancel", "o reopen", "s stop after"):
            assert words not in eyes.text()
        await eyes.press("p", "x", "o", "s")
        assert eyes.app.screen is screen
    assert "preview_control" not in gateway.asked


@on_screen
async def test_a_read_only_session_controls_nothing() -> None:
    gateway = ScriptedGateway(a_running_backfill(), read_only=True)
    async with looking_at(an_app(gateway, read_only=True)) as eyes:
        screen = await watching(eyes, "RUNNING")
        assert "p pause" not in eyes.text()
        assert "x cancel" not in eyes.text()
        await eyes.press("p", "x", "o", "s")
        assert eyes.app.screen is screen
    assert "preview_control" not in gateway.asked


@on_screen
async def test_what_can_not_be_done_any_more_says_so_in_the_question() -> None:
    gateway = ScriptedGateway(a_running_backfill())
    gateway.fail("preview_control", Refused("Backfill 1 is at its end [/]", remedy="look at it again"))
    async with looking_at(an_app(gateway)) as eyes:
        screen = await watching(eyes, "RUNNING")
        await eyes.press("p")
        await eyes.sees("Backfill 1 is at its end [/]: look at it again")
        await eyes.press("enter")
        assert eyes.app.screen is not screen
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is screen)
    assert "control" not in gateway.asked


@on_screen
async def test_a_deed_that_fails_is_shown_and_changes_nothing() -> None:
    gateway = ScriptedGateway(a_running_backfill())
    gateway.fail("control", AirflowFailed("The database is locked", remedy="try again"))
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "RUNNING")
        await eyes.press("p")
        await eyes.sees("No further run")
        await eyes.press("enter")
        await eyes.sees("Problem", "The database is locked", "try again")
        await eyes.press("escape")
        await eyes.sees("▶ RUNNING", "p pause")


# On the list of backfills.


@on_screen
async def test_the_list_controls_the_backfill_under_the_cursor() -> None:
    world = a_running_backfill()
    async with looking_at(an_app(world)) as eyes:
        await listing(eyes)
        await eyes.sees("p pause", "x cancel")
        await eyes.press("p")
        await eyes.sees("Pause backfill 1 of sales_daily?", "6 queued runs wait")
        await eyes.press("enter")
        await eyes.sees("‖ PAUSED 0 %", "p resume")
        await eyes.press("x")
        await eyes.sees("under way end")
        await eyes.press("down", "enter")
        await eyes.sees("⊘ CANCELLED")
        await eyes.no_longer_sees("p resume")


@on_screen
async def test_a_backfill_removed_from_the_list_is_gone() -> None:
    world = an_abandoned_backfill()
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("sales_daily", "Schedule")
        await eyes.press("b")
        await eyes.sees("x ABANDONED", "x remove", "(remove it)")
        assert "so far" not in eyes.text()
        await eyes.press("x")
        await eyes.sees("It has no run")
        await eyes.press("enter")
        await eyes.sees("No Dag has had a backfill yet")


# The words.


def outcome(deed: Deed, **more: object) -> ControlOutcome:
    return ControlOutcome(backfill_id=BackfillId(7), dag_id=SALES, deed=deed, **more)  # type: ignore[arg-type]


SUBJECT = BackfillSummary(facts=FACTS, counts=RunCounts(running=4, queued=28), read_at=FACTS.created_at)


def test_a_cancel_of_both_says_what_ends_what_never_starts_and_what_tears_down() -> None:
    both = outcome(
        Deed.CANCEL_RUNNING,
        stopped_queued=28, stopped_running=4, ended_tasks=6, skipped_tasks=9, teardowns=1,
    )  # fmt: skip
    assert consequences(both, SUBJECT) == [
        "28 queued runs never run",
        "4 running runs are marked failed",
        "6 task instances under way end, 9 never start",
        "1 run ends only after its teardown tasks",
    ]


def test_one_of_each_is_said_in_the_singular() -> None:
    one = outcome(Deed.CANCEL_RUNNING, stopped_queued=1, stopped_running=1, ended_tasks=1, skipped_tasks=1)
    assert consequences(one, SUBJECT) == [
        "1 queued run never runs",
        "1 running run is marked failed",
        "1 task instance under way ends, 1 never starts",
    ]
    assert done_words(outcome(Deed.CANCEL, left_running=1)) == (
        "Backfill 7 is cancelled: 1 running goes on to its end"
    )


def test_remarks_are_told_and_harmless() -> None:
    told = outcome(Deed.PAUSE, remarks=("Its Dag is paused \x1b[2J too",))
    assert "\x1b" not in done_words(told)
    assert consequences(told, SUBJECT)[-1].startswith("Its Dag is paused")


def test_what_was_so_already_is_not_claimed_to_be_done() -> None:
    assert done_words(outcome(Deed.PAUSE, changed=False)) == "Backfill 7 was paused already"
    assert consequences(outcome(Deed.PAUSE, changed=False), SUBJECT) == ["It is paused already"]


def test_a_resume_without_a_queued_run_starts_nothing() -> None:
    assert consequences(outcome(Deed.RESUME), SUBJECT) == ["None of its runs is queued, so none starts"]


@pytest.mark.parametrize("deed", Deed)
def test_every_deed_has_words(deed: Deed) -> None:
    assert consequences(outcome(deed), replace(SUBJECT, counts=RunCounts()))
    assert done_words(outcome(deed)).startswith("Backfill 7 ")
