"""Coming up: what is going on is said, keys work meanwhile, and what fails can be tried again."""

from __future__ import annotations

import threading

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import FIXED_TIME, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.domain.environment import StartupPhase, StartupStep
from backfill_tui.domain.problems import Unreachable
from backfill_tui.gateway.port import Gateway
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.connection import Connection

PARSING = StartupStep(phase=StartupPhase.PARSING, sentence="Parsing Dag files", done=3, total=12)
CREATING = StartupStep(phase=StartupPhase.CREATING_DATABASE, sentence="Creating the database")


@on_screen
async def test_the_first_frame_says_what_is_going_on(picture: SnapshotAssertion) -> None:
    gateway = ScriptedGateway(World([a_dag("sales")]), steps=(PARSING,))
    app = an_app(gateway)
    with gateway.hold("open"):
        async with looking_at(app) as eyes:
            await eyes.sees("Bringing up Airflow", "Parsing Dag files", "3 of 12")
            assert await eyes.picture() == picture


@on_screen
async def test_the_first_start_says_that_it_creates_the_database() -> None:
    gateway = ScriptedGateway(World(), steps=(CREATING,))
    with gateway.hold("open"):
        async with looking_at(an_app(gateway)) as eyes:
            await eyes.sees("Creating the database", "Only the first start creates it")


@on_screen
async def test_seconds_pass_while_airflow_comes_up() -> None:
    gateway, seconds = ScriptedGateway(World()), [FIXED_TIME]
    with gateway.hold("open"):
        async with looking_at(an_app(gateway, clock=lambda: seconds[0])) as eyes:
            await eyes.sees("0 s")
            seconds[0] += 7
            await eyes.sees("7 s")


@on_screen
async def test_help_and_quit_work_while_airflow_comes_up() -> None:
    gateway = ScriptedGateway(World())
    app = an_app(gateway)
    with gateway.hold("open"):
        async with looking_at(app) as eyes:
            await eyes.sees("Bringing up Airflow")
            await eyes.press("f1")
            await eyes.sees("Help: Dags")
            await eyes.press("escape", "q")
            await eyes.until(lambda: not app.is_running, "the end of the program")


@on_screen
async def test_the_engine_is_started_once_airflow_is_up_and_its_state_is_shown() -> None:
    world = World([a_dag("sales")])
    engine, gateway = ScriptedEngine(world), ScriptedGateway(world)
    seconds = [FIXED_TIME]
    app = an_app(gateway, engine=engine, clock=lambda: seconds[0])
    async with looking_at(app) as eyes:
        await eyes.sees("sales", "engine starting")
        engine.ready()
        await eyes.sees("scheduler 0 s")


@on_screen
async def test_an_engine_that_gave_up_says_why() -> None:
    world = World([a_dag("sales")])
    async with looking_at(an_app(world, engine=ScriptedEngine(world, problem="port taken"))) as eyes:
        await eyes.sees("engine stopped: port taken")


@on_screen
async def test_a_read_only_session_starts_no_engine() -> None:
    world = World([a_dag("sales")])
    engine = ScriptedEngine(world)
    async with looking_at(an_app(world, engine=engine, read_only=True)) as eyes:
        await eyes.sees("sales", "read-only")
        await eyes.sees("engine stopped")
    assert not engine.status().running


@on_screen
async def test_a_bridge_that_does_not_come_up_is_explained_and_can_be_tried_again(
    picture: SnapshotAssertion,
) -> None:
    broken, working = (ScriptedGateway(World([a_dag("sales")])) for _ in range(2))
    broken.fail(
        "open",
        Unreachable(
            "The bridge to Airflow ended with exit code 1",
            remedy="look into its log",
            detail="Traceback\nImportError: [/red] no airflow\x1b[31m",
        ),
    )
    gateways: list[Gateway] = [working, broken]
    app = BackfillApp(connect=gateways.pop, where="dags/", clock=lambda: FIXED_TIME)
    async with looking_at(app) as eyes:
        await eyes.sees("ended with exit code 1", "look into its log", "ImportError: [/red] no airflow")
        await eyes.until(lambda: app.connection is Connection.FAILED)
        assert await eyes.picture() == picture
        await eyes.press("ctrl+o")
        await eyes.sees("every day at 00:00")
        await eyes.until(lambda: app.connection is Connection.READY)


@on_screen
async def test_a_lost_connection_to_a_bridge_elsewhere_is_made_again_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backfill_tui.ui.reconnecting.WAITS", (0.3, 0.01, 0.01, 0.01))
    gone = Unreachable("The connection to the bridge was ended by signal 9", detail="last words")
    worlds = [
        World([a_dag("later")]),
        World([a_dag("never")]),
        World([a_dag("never")]),
        World([a_dag("sales")]),
    ]
    left = [ScriptedGateway(world) for world in worlds]
    first = left[3]
    for one in left[1:3]:
        one.fail("open", gone)
    following: list[Gateway] = list(left)
    app = BackfillApp(connect=following.pop, where="dags/", clock=lambda: FIXED_TIME, reconnects=True)
    async with looking_at(app) as eyes:
        await eyes.sees("sales")
        first.fail("environment", gone)
        await eyes.sees("connection lost: trying again")
        await eyes.sees("Connected again")
        await eyes.sees("later")
        assert following == []
        assert app.connection is Connection.READY
        assert "last words" not in eyes.text()


@on_screen
async def test_a_connection_that_stays_away_is_left_to_a_key_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backfill_tui.ui.reconnecting.WAITS", (0.01, 0.01))
    gateways = [ScriptedGateway(World([a_dag("sales")])) for _ in range(4)]
    gone = Unreachable("The bridge command ended with exit code 255 before a bridge answered")
    for one in gateways[1:3]:
        one.fail("open", gone)
    following: list[Gateway] = list(gateways)
    app = BackfillApp(connect=following.pop, where="dags/", clock=lambda: FIXED_TIME, reconnects=True)
    async with looking_at(app) as eyes:
        await eyes.sees("sales")
        gateways[3].fail("environment", gone)
        await eyes.sees("exit code 255", "close this and press ctrl+o")
        await eyes.press("escape")
        await eyes.sees("sales", "no bridge: ctrl+o restarts it")
        await eyes.press("ctrl+o")
        await eyes.sees("scheduler 0 s")
        assert following == []


@on_screen
async def test_a_lost_bridge_keeps_the_last_state_and_is_started_again_by_key() -> None:
    worlds = [World([a_dag("sales"), a_dag("later")]), World([a_dag("sales")])]
    gateways = [ScriptedGateway(world) for world in worlds]
    left: list[Gateway] = list(gateways)
    app = BackfillApp(connect=left.pop, where="dags/", clock=lambda: FIXED_TIME)
    async with looking_at(app) as eyes:
        await eyes.sees("sales")
        gateways[1].fail(
            "environment", Unreachable("The bridge to Airflow was ended by signal 9", detail="last words")
        )
        await eyes.sees("was ended by signal 9", "last words")
        await eyes.press("escape")
        await eyes.sees("sales", "no bridge: ctrl+o restarts it", "ctrl+o restart bridge")
        await eyes.press("ctrl+o")
        await eyes.sees("later")
        await eyes.no_longer_sees("no bridge")


@on_screen
async def test_a_bridge_that_no_longer_answers_is_not_passed_off_as_the_truth() -> None:
    gateway, seconds = ScriptedGateway(World([a_dag("sales")])), [FIXED_TIME]
    async with looking_at(an_app(gateway, clock=lambda: seconds[0])) as eyes:
        await eyes.sees("scheduler 0 s")
        with gateway.hold("environment"):
            seconds[0] += 12
            await eyes.sees("no answer for 12 s")
        await eyes.sees("scheduler 0 s")


@on_screen
async def test_leaving_wakes_every_call_that_waits() -> None:
    gateway = ScriptedGateway(World([a_dag("sales")]))
    app = an_app(gateway)
    with gateway.hold("open"):
        async with looking_at(app) as eyes:
            await eyes.until(lambda: gateway.asked.get("open"))
            await eyes.press("q")
            await eyes.until(lambda: not app.is_running, "the end of the program")
            await eyes.until(
                lambda: not [t for t in threading.enumerate() if t.name == "close-bridge"],
                "the gateway closed",
            )


@on_screen
async def test_a_long_step_of_wide_letters_leaves_its_number_in_view() -> None:
    step = StartupStep(phase=StartupPhase.PARSING, sentence="解析" * 20, done=1_200, total=12_000)
    gateway = ScriptedGateway(World([a_dag("sales")]), steps=(step,))
    with gateway.hold("open"):
        async with looking_at(an_app(gateway)) as eyes:
            await eyes.sees("解析")
            assert "…" in eyes.line_with("解析")
            assert eyes.line_with("解析").rstrip().endswith("1,200 of 12,000")
