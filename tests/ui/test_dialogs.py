"""Leaving, the palette, themes, and problems that no screen expects."""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.world import World, a_dag, instant
from textual.command import CommandPalette

from backfill_tui.domain.environment import EngineStatus
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, Unreachable
from backfill_tui.domain.states import RunState
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.messages import ProblemArose
from backfill_tui.ui.palette import palette
from backfill_tui.ui.screens.plan import PlanScreen


class WatchedEngine(ScriptedEngine):
    """Remembers that it was told to stop."""

    stopped = False

    def stop(self, timeout_seconds: float = 30) -> EngineStatus:
        self.stopped = True
        return super().stop(timeout_seconds)


def a_running_backfill() -> tuple[World, WatchedEngine]:
    world = World([a_dag("sales_daily")])
    request = BackfillRequest(
        dag_id=DagId("sales_daily"), from_date=instant("2024-01-01"), to_date=instant("2024-01-10")
    )
    ScriptedGateway(world).launch(Launch(request=request))
    world.finish("backfill__2024-01-01T00:00:00+00:00", RunState.SUCCESS)
    return world, WatchedEngine(world)


async def ends(app: BackfillApp, *keys: str) -> None:
    """Press those keys on the Dag list, and see the program end."""
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press(*keys)
        await eyes.until(lambda: not app.is_running, "the end of the program")


@on_screen
async def test_quitting_while_a_backfill_runs_asks_about_the_engine(picture: SnapshotAssertion) -> None:
    world, engine = a_running_backfill()
    app = an_app(world, engine=engine)
    async with looking_at(app) as eyes:
        await eyes.sees("backfill 1")
        await eyes.press("q")
        await eyes.sees("A backfill is not done yet", "sales_daily: backfill 1, 1 of 10 runs, 10 %")
        assert await eyes.picture() == picture
        await eyes.press("escape")
        await eyes.no_longer_sees("not done yet")
        assert app.is_running


@on_screen
async def test_quitting_says_which_backfill_is_paused() -> None:
    world, engine = a_running_backfill()
    world.backfills[BackfillId(1)].is_paused = True
    async with looking_at(an_app(world, engine=engine)) as eyes:
        await eyes.sees("backfill 1")
        engine.ready()
        await eyes.press("q")
        await eyes.sees("‖ sales_daily: backfill 1, paused, 1 of 10 runs, 10 %")


@on_screen
async def test_nothing_is_asked_when_all_there_is_has_no_run() -> None:
    world = World([a_dag("sales_daily")])
    world.add_abandoned("sales_daily")
    engine = WatchedEngine(world)
    await ends(an_app(world, engine=engine), "q")
    assert not engine.stopped


@on_screen
async def test_enter_quits_and_the_engine_goes_on() -> None:
    world, engine = a_running_backfill()
    await ends(an_app(world, engine=engine), "q", "enter")
    assert not engine.stopped


@on_screen
async def test_the_engine_is_stopped_only_on_purpose() -> None:
    world, engine = a_running_backfill()
    await ends(an_app(world, engine=engine), "q", "s")
    assert engine.stopped


@on_screen
async def test_nothing_is_asked_when_nothing_runs() -> None:
    world = World([a_dag("sales_daily")])
    engine = WatchedEngine(world)
    await ends(an_app(world, engine=engine), "q")
    assert not engine.stopped


@on_screen
async def test_nothing_is_asked_when_the_engine_is_not_ours() -> None:
    world, _ = a_running_backfill()
    await ends(an_app(world), "q")


@on_screen
async def test_quitting_works_while_typing() -> None:
    app = an_app(World([a_dag("sales_daily")]))
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(app.screen, PlanScreen))
        await eyes.press("q")
        assert app.is_running
        await eyes.press("ctrl+q")
        await eyes.until(lambda: not app.is_running, "the end of the program")


@on_screen
async def test_the_palette_has_the_commands_of_the_screen() -> None:
    app = an_app(World([a_dag("sales_daily")]))
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("ctrl+p")
        await eyes.until(lambda: isinstance(app.screen, CommandPalette))
        await eyes.write("plan a backfill")
        await eyes.sees("Plan a backfill of this Dag")
        await eyes.press("enter")
        await eyes.press("enter")
        await eyes.until(lambda: isinstance(app.screen, PlanScreen), "the plan")


@on_screen
async def test_a_problem_nobody_expected_is_shown_literally() -> None:
    app = an_app(World([a_dag("sales_daily")]))
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily")
        problem = AirflowFailed(
            "Airflow broke: [/red]\x1b[2J", remedy="look at [bold]this", detail="line [/]\n" * 100
        )
        app.post_message(ProblemArose(problem))
        await eyes.sees("Airflow broke: [/red]", "look at [bold]this", "line [/]")
        await eyes.press("end", "escape")
        await eyes.no_longer_sees("Airflow broke")


@on_screen
async def test_the_palette_asks_the_program_whether_its_own_commands_apply() -> None:
    gateway = ScriptedGateway(World([a_dag("sales_daily")]))
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily")
        assert not offered(app, "Start the bridge to Airflow again after it ended")
        assert offered(app, "Leave the program; asks first while a backfill is running")
        gateway.fail("environment", Unreachable("The bridge has ended"))
        await eyes.sees("The bridge has ended")
        await eyes.press("escape")
        await eyes.until(lambda: offered(app, "Start the bridge to Airflow again after it ended"))


def offered(app: BackfillApp, words: str) -> bool:
    """Whether the palette has a command now."""
    return words in [command.title for command in palette(app, app.screen)]
