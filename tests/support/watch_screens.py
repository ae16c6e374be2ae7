"""The watch screen in tests: a backfill of February, the way to its screen, and what a person does there."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.gateway.port import InView, nothing
from backfill_tui.ui.screens.watch import WatchScreen
from tests.support.screen import Eyes
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag, instant

TASKS: Final = ("extract", "clean", "load", "check", "publish")
FAILED_RUN: Final = "backfill__2024-02-06T00:00:00+00:00"
TRACEBACK: Final = (
    "[2024-06-15T12:00:16] INFO - reading s3://sales/2024-02-06.csv [/red]",
    "[2024-06-15T12:00:17] ERROR - Task failed with exception",
    "Traceback (most recent call last):",
    '  File "/dags/sales.py", line 31, in load',
    "KeyError: 'sku'",
)


def a_backfill(dag_id: str = "sales_daily", last: str = "2024-02-20") -> World:
    """A backfill of February with two failing dates and one that exists already."""
    world = World([a_dag(dag_id, tasks=TASKS)])
    world.add_run(dag_id, "2024-02-03", RunState.SUCCESS)
    world.fail(dag_id, "load", "2024-02-06", "2024-02-07")
    request = BackfillRequest(
        dag_id=DagId(dag_id), from_date=instant("2024-02-01"), to_date=instant(last), max_active_runs=4
    )
    ScriptedGateway(world).launch(Launch(request=request))
    world.add_log(FAILED_RUN, "load", *TRACEBACK)
    return world


def a_backfill_under_way() -> World:
    """The same on its way: eight succeeded, two failed, four running, five queued, one skipped."""
    world = a_backfill()
    world.advance(30)
    return world


async def watching(eyes: Eyes, *words: str) -> WatchScreen:
    """The watch screen, opened by the key that a person would press in the list; it shows `words`."""
    await eyes.sees("sales_daily", "Schedule")
    await eyes.press("w")
    await eyes.until(lambda: isinstance(eyes.app.screen, WatchScreen), "the watch screen")
    await eyes.sees(*words or ("2024-02-01",))
    screen = eyes.app.screen
    assert isinstance(screen, WatchScreen)
    return screen


def date_under_cursor(screen: WatchScreen) -> str:
    """The date under the cursor of the grid."""
    return screen.grid.date_of(screen.grid.cursor_row)


async def jump(eyes: Eyes, text: str, key: str = "slash") -> None:
    """Ask for a date and type one, or a task."""
    await eyes.press(key)
    await eyes.sees("Go to a date")
    await eyes.write(text)


class CountingGateway(ScriptedGateway):
    """Knows how many streams are open, and can stall or break the next reading of all of them."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.open_streams = 0
        self.passed_on = 0
        self.flowing = threading.Event()
        self.flowing.set()
        self.stalled = threading.Event()
        self.break_with: Problem | None = None

    def has_passed_on(self, updates: int) -> bool:
        """Whether all streams together have passed on so many updates."""
        return self.passed_on >= updates

    @contextmanager
    def watch(
        self, backfill_id: BackfillId, in_view: InView = nothing
    ) -> Generator[Iterator[GridUpdate], None, None]:
        with super().watch(backfill_id, in_view) as updates:
            self.open_streams += 1
            try:
                yield self._passed_on(updates)
            finally:
                self.open_streams -= 1

    def _passed_on(self, updates: Iterator[GridUpdate]) -> Iterator[GridUpdate]:
        for update in updates:
            yield update
            self.passed_on += 1
            if not self.flowing.is_set():
                self.stalled.set()
                assert self.flowing.wait(20), "a test that stalls a stream lets it flow again"
            if self.break_with is not None:
                raise self.break_with
