"""The plan screen in tests: a Dag with some runs, the way to its plan, and the fields."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.estimates import Estimate, Limits, RunDurations, estimate
from backfill_tui.domain.instants import SECOND, Microseconds
from backfill_tui.domain.planning import Gravity, PlanWarning
from backfill_tui.domain.states import RunState
from backfill_tui.ui.screens.plan import PlanScreen
from tests.support.screen import Eyes
from tests.support.world import World, a_dag, instant

ESTIMATE: Final[Estimate] = estimate(
    creates=120,
    reprocesses=2,
    tasks_per_run=3,
    max_active_runs=10,
    durations=RunDurations(median=Microseconds(30 * SECOND), p90=Microseconds(60 * SECOND), samples=50),
    limits=Limits(examined=20),
    database="sqlite",
    round_trip=Microseconds(100),
)
"""Of half a minute a run, of which 20 run at a time."""

WARNINGS: Final = (
    PlanWarning(
        code="limits",
        message='At most 3 of 10 runs work at once: the pool "small" has 3 slots',
        remedy="lower Max active",
        gravity=Gravity.TELLS,
    ),
    PlanWarning(
        code="depends_on_past_waits",
        message="A task depends on its past, and 2024-02-08 waits for the run of 2024-02-07, which failed",
        remedy="take the failed runs again, or begin the range after them",
        gravity=Gravity.ASKS,
    ),
)
"""One that is good to know and, after it, one that wants a yes."""


def a_february(**more: object) -> World:
    """Two weeks of runs of a Dag, two of them failed; `more` are fields of its summary."""
    fields: dict[str, object] = {"start_date": instant("2024-02-01"), **more}
    world = World([a_dag("sales_daily", tasks=("extract", "clean", "load"), **fields)])  # type: ignore[arg-type]
    for day in range(1, 15):
        state = RunState.FAILED if day in {6, 7} else RunState.SUCCESS
        world.add_run("sales_daily", f"2024-02-{day:02}", state, failed="clean")
    return world


async def planning(eyes: Eyes) -> PlanScreen:
    """Open the plan of the first Dag."""
    await eyes.sees("Schedule")
    await eyes.press("enter")
    await eyes.sees("Reprocess")
    await eyes.until(lambda: isinstance(eyes.app.screen, PlanScreen))
    screen = eyes.app.screen
    assert isinstance(screen, PlanScreen)
    return screen


async def fill(eyes: Eyes, first: str, last: str) -> None:
    """Type a range, from the From field on."""
    await eyes.press("home", "shift+end", "delete")
    await eyes.write(first)
    await eyes.press("tab", "home", "shift+end", "delete")
    await eyes.write(last)
