"""A long watch in short: after hundreds of readings the screen holds no more than after some."""

from __future__ import annotations

import gc
import random
import threading
from collections import Counter
from functools import partial

from rich.segment import Segment
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.states import CODES
from backfill_tui.ui.glyphs import Look
from backfill_tui.ui.screens.watch import WatchScreen
from backfill_tui.ui.themes import DARK
from backfill_tui.ui.widgets.grid_layout import ColumnHead, lay_out
from backfill_tui.ui.widgets.grid_strips import GridPainter, RowLine

TASKS = tuple(f"task_{number:02}" for number in range(24))
COLUMNS = 100
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


def a_painter() -> GridPainter:
    """One for a hundred narrow columns."""
    look = Look({**DARK.to_color_system().generate(), **DARK.variables})
    layout = lay_out([ColumnHead(f"task_{number:03}") for number in range(COLUMNS)], 200, 18)
    return GridPainter(look, layout, 200, ("#000000", "#222222"))


def random_cells(chance: random.Random) -> bytes:
    """A row as a live backfill has them: runs of equal states, long and short."""
    cells = bytearray()
    while len(cells) < COLUMNS:
        cells += bytes([chance.randrange(1, len(CODES))]) * min(COLUMNS, 1 + int(chance.expovariate(1 / 6)))
    return bytes(cells[:COLUMNS])


def test_what_a_painter_keeps_does_not_grow_with_the_rows() -> None:
    painter, chance = a_painter(), random.Random(1)  # noqa: S311  # repeatable, not secret
    held, rows = [], 3_000
    for _ in range(3):
        for _ in range(rows):
            line = RowLine(row=None, date="2024-02-01", sentence="", cursor=None, marked=False)
            painter.row(line, random_cells(chance), 0, Instant(0))
        gc.collect()
        held.append(sum(isinstance(thing, Segment) for thing in gc.get_objects()))
    _, before, after = held
    # A row has dozens of them. What is still new are runs of a length that no row had before.
    assert after - before < rows / 3, f"{held} segments"


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


def own_threads() -> int:
    """How many threads there are; those of the event loop's pool are bounded, and come as they are needed."""
    return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())


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
        threads = own_threads()
        held.append(await one_round(eyes, world, screen))
        # One that has done its work takes a moment to end.
        await eyes.until(lambda: own_threads() <= threads, f"no more than {threads} threads")
    before, after = held[-2], held[-1]
    grown = after - before
    assert grown.total() < before.total() // 100, f"{grown.most_common(8)} of {before.total()} objects"
