from __future__ import annotations

from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedEngine
from tests.support.world import World, a_dag


@on_screen
async def test_an_engine_that_was_stopped_elsewhere_is_named_and_started_by_a_key() -> None:
    world = World([a_dag("sales_daily")])
    engine = ScriptedEngine(world)
    async with looking_at(an_app(world, engine=engine), (120, 36)) as eyes:
        await eyes.sees("1 Dag", "engine starting")
        engine.stop()
        await eyes.sees("engine stopped: ctrl+e starts it", "stopped from elsewhere", "ctrl+e start engine")
        await eyes.press("ctrl+e")
        await eyes.sees("engine starting")
        assert engine.status().running


@on_screen
async def test_a_launch_starts_an_engine_that_was_stopped() -> None:
    world = World([a_dag("sales_daily")])
    engine = ScriptedEngine(world)
    async with looking_at(an_app(world, engine=engine), (120, 36)) as eyes:
        await eyes.sees("1 Dag", "engine starting")
        engine.stop()
        await eyes.press("enter")
        await eyes.sees("Verdict", "create")
        await eyes.press("f5")
        await eyes.sees("Launch a backfill")
        await eyes.press("enter")
        await eyes.sees("Watch  sales_daily")
        await eyes.until(lambda: engine.status().running, "the engine to run")
