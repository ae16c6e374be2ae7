"""A long watch in short: after hundreds of readings the screen holds no more than after some."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from functools import partial

from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.ui.screens.watch import WatchScreen

TASKS = tuple(f"task_{number:02}" for number in range(24))
ROUND_READINGS = 40
ROUNDS = 3
"""They fill the caches; one more must find them full."""


def a_backfill() -> World:
    """Sixty dates of many tasks, eight at a time."""
    world = World([a_dag("sales_daily", tasks=TASKS)])
    request = BackfillRequest(
        dag_id=DagId("sales_daily"),
        from_date=instant("2024-02-01"),
        to_date=instant("2024-03-31"),
        max_active_runs=8,
    )
    ScriptedGateway(world).launch(Launch(request=request))
    return world


def clear_all(world: World) -> None:
    """Let it begin again."""
    for run in world.runs.values():
        world.clear(run, list(run.tasks))


async def one_round(eyes: Eyes, world: World, screen: WatchScreen) -> Counter[str]:
    """Some readings, each with changes that are drawn; what objects there are then."""
    for _ in range(ROUND_READINGS):
        world.advance()
        await eyes.until(partial(has_read, screen, world))
    with world.changed:
        clear_all(world)
        world.changed.notify_all()
    await eyes.until(lambda: screen.store.counts().queued == len(world.runs))
    await eyes.pilot.pause()
    gc.collect()
    return Counter(type(thing).__name__ for thing in gc.get_objects())


def has_read(screen: WatchScreen, world: World) -> bool:
    """Whether the screen shows the world as it is."""
    return screen.progress is not None and screen.progress.read_at == world.now


@on_screen
async def test_what_the_screen_holds_does_not_grow_with_the_readings() -> None:
    world = a_backfill()
    async with looking_at(an_app(world), size=(120, 36)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("w")
        await eyes.until(lambda: isinstance(eyes.app.screen, WatchScreen))
        screen = eyes.app.screen
        assert isinstance(screen, WatchScreen)
        await eyes.sees("2024-02-01")
        held = [await one_round(eyes, world, screen) for _ in range(ROUNDS)]
        threads = threading.active_count()
        held.append(await one_round(eyes, world, screen))
        assert threading.active_count() <= threads
    before, after = held[-2], held[-1]
    grown = after - before
    assert grown.total() < before.total() // 100, f"{grown.most_common(8)} of {before.total()} objects"
