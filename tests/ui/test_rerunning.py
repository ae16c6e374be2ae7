"""A rerun under way: its progress, stopping it halfway, and going on; keys only."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import FIXED_TIME, Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import DAY, World, a_dag, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant, iso
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.domain.repairing import RerunOutcome, RerunProgress, RerunRequest
from backfill_tui.domain.states import RunState
from backfill_tui.gateway.port import Gateway, IsCancelled, ignore, never
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.connection import Connection
from backfill_tui.ui.screens.problem import ProblemDialog
from backfill_tui.ui.screens.rerunning import RerunningDialog
from backfill_tui.ui.screens.watch import WatchScreen

RUNS = 120


class SteppingGateway(ScriptedGateway):
    """Waits after the first part of a rerun until it may go on; `silent` ends one before any word of it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.may_go_on = threading.Event()
        self.reruns: list[RerunRequest] = []
        self.silent: list[Problem] = []

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        def tell(progress: RerunProgress) -> None:
            on_progress(progress)
            if progress.done:
                self.may_go_on.wait(20)

        self.reruns.append(request)
        if self.silent:
            raise self.silent.pop()
        return super().rerun(request, tell, is_cancelled)

    def queued(self) -> int:
        return sum(run.state is RunState.QUEUED for run in self.world.runs.values())


def many_failed() -> World:
    world = World([a_dag("sales_daily")])
    first = instant("2024-01-01")
    world.fail("sales_daily", "load", *(iso(Instant(first + number * DAY)) for number in range(RUNS)))
    request = BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=first, to_date=Instant(first + (RUNS - 1) * DAY),
        max_active_runs=RUNS,
    )  # fmt: skip
    ScriptedGateway(world).launch(Launch(request=request))
    world.advance_to_end()
    world.scheduler_alive = False
    return world


async def rerun_all(eyes: Eyes) -> WatchScreen:
    await eyes.sees("sales_daily")
    await eyes.press("w")
    await eyes.sees("120 failed")
    screen = eyes.app.screen
    assert isinstance(screen, WatchScreen)
    await eyes.press("a", "r")
    await eyes.sees("120 task instances in 120 runs")
    await eyes.press("enter")
    return screen


@on_screen
async def test_the_screen_says_how_many_runs_are_cleared_and_closes_by_itself() -> None:
    gateway = SteppingGateway(many_failed())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await rerun_all(eyes)
        await eyes.sees("Rerunning sales_daily", "50 of 120 runs", "esc stop")
        assert "go on" not in eyes.text()
        gateway.may_go_on.set()
        await eyes.sees("120 task instances of 120")
        assert eyes.app.screen is screen
        assert not screen.grid.marks.rows
        assert gateway.queued() == RUNS


@on_screen
async def test_stopped_halfway_it_says_what_is_done_and_goes_on_with_one_key(
    picture: SnapshotAssertion,
) -> None:
    gateway = SteppingGateway(many_failed())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await rerun_all(eyes)
        await eyes.sees("50 of 120 runs")
        await eyes.press("escape")
        await eyes.sees("Stopping after the runs that are being cleared")
        gateway.may_go_on.set()
        await eyes.sees("Stopped: you stopped it", "Done: 50 task instances in 50 runs", "Not done: 70 runs")
        await eyes.sees("enter go on", "esc close")
        assert gateway.queued() == 50
        assert app.export_screenshot() == picture
        await eyes.press("enter")
        await eyes.sees("120 task instances of 120")
        assert gateway.queued() == RUNS
        assert [len(request.run_ids) for request in gateway.reruns] == [120, 70]


@on_screen
async def test_closed_halfway_it_keeps_what_is_done_and_the_marks() -> None:
    gateway = SteppingGateway(many_failed())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await rerun_all(eyes)
        await eyes.sees("50 of 120 runs")
        await eyes.press("escape")
        gateway.may_go_on.set()
        await eyes.sees("Not done: 70 runs")
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is screen, "the dialog to close")
        await eyes.sees("70 runs not done", "120 dates marked")
        assert gateway.queued() == 50


def an_app_with_bridges(*gateways: SteppingGateway) -> BackfillApp:
    """The program, whose bridge can end: each time it is brought up the next gateway is there."""
    following = iter(gateways)
    return BackfillApp(connect=lambda: next(following), where="dags/", clock=lambda: FIXED_TIME)


async def until_the_bridge_has_ended(eyes: Eyes, gateway: SteppingGateway) -> None:
    await eyes.sees("50 of 120 runs")
    gateway.close()
    gateway.may_go_on.set()
    await eyes.sees("The connection to the bridge was closed", "esc close")
    await eyes.until(lambda: isinstance(eyes.app.screen, ProblemDialog), "the problem")
    await eyes.press("escape")
    await eyes.sees("Not done: 20 runs", "Not known: 50 runs", "Stopped: The connection to the bridge")


@on_screen
async def test_when_the_bridge_ends_halfway_the_runs_in_doubt_are_counted_and_going_on_brings_it_up() -> None:
    world = many_failed()
    first, second = SteppingGateway(world), SteppingGateway(world)
    second.may_go_on.set()
    app = an_app_with_bridges(first, second)
    async with looking_at(app) as eyes:
        await rerun_all(eyes)
        await until_the_bridge_has_ended(eyes, first)
        assert first.queued() == 50
        await eyes.press("enter")
        await eyes.sees("120 task instances of 120")
        assert app.connection is Connection.READY
        assert second.queued() == RUNS
        assert [request.not_since for request in second.reruns] == [world.now]


@on_screen
async def test_a_bridge_that_does_not_come_up_again_leaves_the_rest_to_be_gone_on_with() -> None:
    world = many_failed()
    first, second, third = SteppingGateway(world), SteppingGateway(world), SteppingGateway(world)
    second.fail("open", Unreachable("It does not start"))
    third.may_go_on.set()
    app = an_app_with_bridges(first, second, third)
    async with looking_at(app) as eyes:
        await rerun_all(eyes)
        await until_the_bridge_has_ended(eyes, first)
        await eyes.press("enter")
        await eyes.sees("It does not start")
        await eyes.press("escape")
        await eyes.until(lambda: isinstance(app.screen, RerunningDialog), "the rerun to be seen again")
        await eyes.sees("Not done: 20 runs", "enter go on")
        await eyes.press("enter")
        await eyes.sees("120 task instances of 120")
        assert third.queued() == RUNS


@on_screen
async def test_a_rerun_without_a_word_from_the_bridge_is_in_doubt_and_not_called_undone() -> None:
    gateway = SteppingGateway(many_failed())
    gateway.silent.append(Unreachable("The connection to the bridge was closed"))
    async with looking_at(an_app(gateway)) as eyes:
        screen = await rerun_all(eyes)
        await eyes.sees(
            "Stopped: The connection to the bridge was closed",
            "Not known: 120 runs, which may be cleared or not",
            "backfill-tui journal tells",
            "esc close",
        )
        assert "go on" not in eyes.text(), "it could clear again what runs already"
        await eyes.press("enter")
        assert len(gateway.reruns) == 1
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is screen, "the dialog to close")
        (notice,) = eyes.app._notifications
        assert notice.message.startswith("It is not known what was rerun, 120 runs cleared or not: ")


@on_screen
async def test_the_rest_in_doubt_is_told_apart_by_when_the_rerun_began() -> None:
    world = many_failed()
    first, second = SteppingGateway(world), SteppingGateway(world)
    second.silent.append(Unreachable("It was lost again"))
    second.may_go_on.set()
    app = an_app_with_bridges(first, second)
    async with looking_at(app) as eyes:
        await rerun_all(eyes)
        await until_the_bridge_has_ended(eyes, first)
        await eyes.press("enter")
        await eyes.sees("Stopped: It was lost again", "Not known: 70 runs", "enter go on")
        await eyes.press("enter")
        await eyes.sees("120 task instances of 120")
        assert [len(request.run_ids) for request in second.reruns] == [70, 70]
        assert [request.not_since for request in second.reruns] == [world.now, world.now]


@on_screen
async def test_without_a_bridge_nothing_is_rerun_and_the_program_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backfill_tui.ui.app._READ_SECONDS", 3600)
    gateway = SteppingGateway(many_failed())
    bridges: list[Gateway] = [gateway]

    def connect() -> Gateway:
        if not bridges:
            raise Unreachable("There is no interpreter [/]")
        return bridges.pop()

    app = BackfillApp(connect=connect, where="dags/", clock=lambda: FIXED_TIME)
    async with looking_at(app) as eyes:
        await rerun_all(eyes)
        await eyes.sees("50 of 120 runs")
        await eyes.press("escape")
        gateway.may_go_on.set()
        await eyes.sees("Not done: 70 runs")
        # As when one that was to take its place did not come up.
        app.link._gateway = None
        await eyes.press("enter")
        await eyes.sees("Stopped: There is no interpreter [/]")
        await eyes.press("escape")
        await eyes.no_longer_sees("Rerunning")
        await eyes.press("r")
        await eyes.sees("Rerun 120 dates", "not counted", "There is no interpreter [/]")
