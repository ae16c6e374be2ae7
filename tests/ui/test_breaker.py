"""The circuit breaker of the watch screen: it pauses a backfill once, says so, and lives with its screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.grids import FACTS
from tests.support.screen import FIXED_TIME, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import watching
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.watching import BackfillFacts, RunCounts
from backfill_tui.ui.breaker import ScreenBreaker
from backfill_tui.ui.screens.stop_after import StopAfterDialog

FIRST = BackfillId(1)
BANNER = "Paused: 3 runs have failed (stops after 3). p resumes"


class Recording(ScriptedGateway):
    """Remembers what was done through it."""

    def __init__(self, world: World, *, read_only: bool = False) -> None:
        super().__init__(world, read_only=read_only)
        self.deeds: list[ControlRequest] = []

    def control(self, request: ControlRequest) -> ControlOutcome:
        self.deeds.append(request)
        return super().control(request)


def a_failing_backfill(*, stop_after: int | None = 3, failing: int = 6) -> World:
    """Twelve dates, one at a time, of which the first ones fail."""
    world = World([a_dag("sales_daily")])
    world.fail("sales_daily", "load", *(f"2024-02-{day:02}" for day in range(1, failing + 1)))
    request = BackfillRequest(
        dag_id=DagId("sales_daily"),
        from_date=instant("2024-02-01"),
        to_date=instant("2024-02-12"),
        max_active_runs=1,
    )
    launch = Launch(request=request, stop_after_failures=stop_after)
    ScriptedGateway(world).launch(launch)
    world.advance(2)
    return world


def let_fail(world: World, number: int) -> None:
    """Go on until so many runs have failed, with another one running."""
    while sum(run.state == "failed" for run in world.runs.values()) < number:
        world.advance()


@on_screen
async def test_too_many_failures_pause_the_backfill_once_and_a_banner_says_so(
    picture: SnapshotAssertion,
) -> None:
    gateway = Recording(a_failing_backfill())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await watching(eyes, "Stops after 3 failures, while it is watched")
        let_fail(gateway.world, 2)
        await eyes.sees("✗ 2 failed")
        assert not gateway.deeds
        let_fail(gateway.world, 3)
        await eyes.sees(BANNER, "‖ PAUSED", "2024-02-01  █ success", "waits: the backfill is paused")
        assert await eyes.picture() == picture
        let_fail(gateway.world, 4)
        await eyes.sees("Paused: 4 runs have failed (stops after 3). p resumes")
    (deed,) = gateway.deeds
    assert (deed.backfill_id, deed.deed) == (FIRST, Deed.PAUSE)
    assert deed.reason == "3 runs have failed (stops after 3)"


@on_screen
async def test_while_the_pause_is_under_way_it_is_not_asked_for_again() -> None:
    gateway = Recording(a_failing_backfill(failing=12))
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "Stops after 3 failures")
        with gateway.hold("control"):
            let_fail(gateway.world, 3)
            await eyes.sees("Pausing: 3 runs have failed (stops after 3)")
            let_fail(gateway.world, 5)
            await eyes.sees("Pausing: 5 runs have failed (stops after 3)")
        await eyes.sees("Paused: 5 runs have failed")
    assert len(gateway.deeds) == 1


@on_screen
async def test_resumed_it_trips_again_only_after_as_many_more_failures() -> None:
    gateway = Recording(a_failing_backfill(failing=12))
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "Stops after 3 failures")
        let_fail(gateway.world, 3)
        await eyes.sees(BANNER)
        await eyes.press("p")
        await eyes.sees("Resume backfill 1")
        await eyes.until(lambda: "queued runs can start" in eyes.text())
        await eyes.press("enter")
        await eyes.no_longer_sees("Paused:")
        await eyes.sees("Stops after 3 more failures, while it is watched")
        accepted = gateway.world.backfills[FIRST].failures_accepted
        let_fail(gateway.world, accepted + 2)
        await eyes.sees(f"✗ {accepted + 2} failed")
        assert "Paused:" not in eyes.text()
        let_fail(gateway.world, accepted + 3)
        await eyes.sees("Paused: 3 more runs have failed (stops after 3). p resumes")
    assert [deed.deed for deed in gateway.deeds] == [Deed.PAUSE, Deed.RESUME, Deed.PAUSE]


@on_screen
async def test_a_pause_that_fails_is_told_and_tried_again_later() -> None:
    gateway = Recording(a_failing_backfill())
    gateway.fail("control", AirflowFailed("The database is locked", remedy="wait [/]"))
    time = [FIXED_TIME]
    async with looking_at(an_app(gateway, clock=lambda: time[0])) as eyes:
        await watching(eyes, "Stops after 3 failures")
        let_fail(gateway.world, 3)
        await eyes.until(lambda: eyes.app._notifications, "a notice")
        (notice,) = eyes.app._notifications
        assert notice.message == (
            "3 runs have failed (stops after 3), but it could not be paused: The database is locked: wait [/]"
        )
        assert not notice.markup
        assert len(gateway.deeds) == 1
        time[0] += 11
        await eyes.sees(BANNER)
    assert len(gateway.deeds) == 2


@on_screen
async def test_a_number_is_set_and_taken_away_while_watching(picture: SnapshotAssertion) -> None:
    gateway = Recording(a_failing_backfill(stop_after=None))
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await watching(eyes, "RUNNING")
        assert "Stops after" not in eyes.text()
        let_fail(gateway.world, 2)
        await eyes.sees("✗ 2 failed")
        await eyes.press("s")
        await eyes.sees("Stop after failures", "Empty means never; 2 runs have failed so far")
        await eyes.write("x")
        await eyes.sees("Write 1 or more, or leave it empty for never")
        await eyes.press("enter")
        assert isinstance(app.screen, StopAfterDialog)
        await eyes.press("backspace")
        await eyes.write("2")
        await eyes.sees("2 runs have failed so far: it is paused at once", "enter set")
        await eyes.sees("2024-02-01  █ success")
        assert await eyes.picture() == picture
        await eyes.press("backspace")
        await eyes.write("3")
        await eyes.press("enter")
        await eyes.sees("Stops after 3 failures, while it is watched")
        await eyes.press("s")
        await eyes.sees("Stop after failures")
        await eyes.press("backspace", "enter")
        await eyes.no_longer_sees("Stops after")
        let_fail(gateway.world, 4)
        await eyes.sees("✗ 4 failed")
    assert not gateway.deeds


@on_screen
async def test_a_number_that_is_reached_already_pauses_at_once() -> None:
    gateway = Recording(a_failing_backfill(stop_after=None))
    let_fail(gateway.world, 2)
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "✗ 2 failed")
        await eyes.press("s")
        await eyes.sees("2 runs have failed so far")
        await eyes.write("1")
        await eyes.press("enter")
        await eyes.sees("Paused: 2 runs have failed (stops after 1). p resumes")
    assert len(gateway.deeds) == 1


@on_screen
async def test_escape_leaves_the_number_as_it_is() -> None:
    async with looking_at(an_app(a_failing_backfill())) as eyes:
        screen = await watching(eyes, "Stops after 3 failures")
        await eyes.press("s")
        await eyes.sees("Stop after failures")
        await eyes.press("backspace", "escape")
        await eyes.until(lambda: eyes.app.screen is screen)
        await eyes.sees("Stops after 3 failures")


@on_screen
async def test_a_read_only_session_is_no_breaker_and_does_not_say_so() -> None:
    gateway = Recording(a_failing_backfill(), read_only=True)
    async with looking_at(an_app(gateway, read_only=True)) as eyes:
        await watching(eyes, "RUNNING")
        let_fail(gateway.world, 3)
        await eyes.sees("✗ 3 failed")
        assert "Stops after" not in eyes.text()
    assert not gateway.deeds


# Without a screen.


RUNNING: BackfillFacts = replace(FACTS, is_paused=False, completed_at=None, stop_after_failures=2)
PAUSED = replace(RUNNING, is_paused=True)


def failed(number: int) -> RunCounts:
    return RunCounts(failed=number, running=1, queued=5)


def test_it_trips_once_and_the_words_follow_the_failures() -> None:
    breaker = ScreenBreaker(lambda: 0.0)
    assert not breaker.look(RUNNING, failed(1))
    assert breaker.look(RUNNING, failed(2))
    assert breaker.banner("p") == "Pausing: 2 runs have failed (stops after 2)"
    assert not breaker.look(RUNNING, failed(3))
    assert not breaker.look(PAUSED, failed(3))
    assert breaker.banner("p") == "Paused: 3 runs have failed (stops after 2). p resumes"


def test_a_backfill_resumed_by_anybody_takes_the_banner_away() -> None:
    breaker = ScreenBreaker(lambda: 0.0)
    breaker.look(RUNNING, failed(2))
    breaker.look(PAUSED, failed(2))
    assert not breaker.look(RUNNING, failed(3))
    assert breaker.banner("p") == ""
    assert breaker.look(RUNNING, failed(4))
    assert breaker.reason() == "2 more runs have failed (stops after 2)"


def test_the_limit_of_the_launch_may_be_known_late_and_gives_way_to_one_set_here() -> None:
    breaker = ScreenBreaker(lambda: 0.0)
    assert not breaker.look(replace(RUNNING, stop_after_failures=None), failed(1))
    assert breaker.armed() == ""
    assert not breaker.look(RUNNING, failed(1))
    assert breaker.armed() == "stops after 2 failures, while it is watched"
    breaker.set(None)
    assert not breaker.look(RUNNING, failed(5))
    assert breaker.armed() == ""


def test_a_backfill_cancelled_after_it_tripped_is_not_said_to_be_paused() -> None:
    breaker = ScreenBreaker(lambda: 0.0)
    breaker.look(RUNNING, failed(2))
    breaker.look(PAUSED, failed(2))
    breaker.look(replace(PAUSED, completed_at=PAUSED.created_at), failed(2))
    assert breaker.banner("p") == ""


@pytest.mark.parametrize(
    ("limit", "words"),
    [(None, ""), (1, "stops after 1 failure, while it is watched")],
)
def test_what_the_header_says(limit: int | None, words: str) -> None:
    breaker = ScreenBreaker(lambda: 0.0)
    breaker.look(replace(RUNNING, stop_after_failures=limit), failed(0))
    assert breaker.armed() == words
