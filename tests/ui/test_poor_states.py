"""What each screen shows where there is nothing, not yet, no longer or not at all, at every size."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import NamedTuple

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.plan_screens import a_february
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import a_backfill_under_way
from tests.support.world import World, a_dag

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.problems import AirflowFailed, Problem, Unreachable

SIZES = [(80, 24), (120, 36), (200, 50)]
LOCKED = AirflowFailed("The database is locked", remedy="try again in a moment")
GONE = Unreachable("The bridge has ended", remedy="start it again", detail="Killed")


class Poor(NamedTuple):
    """A state: its world, the way to it from the list of Dags, what is then read, and what is seen.

    `held` is a call that gives no answer, `failing` one that fails with a problem.
    """

    world: Callable[[], World]
    keys: tuple[str, ...]
    seen: tuple[str, ...]
    held: str = ""
    failing: str = ""
    problem: Problem = LOCKED


def only_broken() -> World:
    problem = ImportProblem(
        file="legacy.py", sentence="'schedule_interval' is now 'schedule'", advice="rename it", traceback="t"
    )
    return World([], import_problems=[problem])


STATES: dict[str, Poor] = {
    "no Dag": Poor(lambda: World([]), (), ("There is no Dag in dags/", "ctrl+r")),
    "only a broken file": Poor(only_broken, (), ("legacy.py", "does not import")),
    "the bridge is gone": Poor(
        a_february,
        (),
        ("no bridge: ctrl+o restarts it", "The bridge has ended"),
        failing="environment",
        problem=GONE,
    ),
    "a plan on its way": Poor(a_february, ("enter",), ("Planning",), held="plan"),
    "a plan that fails": Poor(a_february, ("enter",), ("✗ The database is locked",), failing="plan"),
    "no backfill": Poor(a_february, ("b",), ("No Dag has had a backfill yet",)),
    "backfills on their way": Poor(
        a_backfill_under_way, ("b",), ("Reading the backfills ...",), held="backfills"
    ),
    "backfills that can not be read": Poor(
        a_backfill_under_way, ("b",), ("The database is locked: try again",), failing="backfills"
    ),
    "a backfill on its way": Poor(a_backfill_under_way, ("w",), ("Reading the dates ...",), held="watch"),
    "a backfill that can not be read": Poor(
        a_backfill_under_way, ("w",), ("The database is locked", "read again"), failing="watch"
    ),
    "failures on their way": Poor(
        a_backfill_under_way, ("w", "e"), ("Reading the logs ...",), held="failures"
    ),
    "failures that can not be read": Poor(
        a_backfill_under_way, ("w", "e"), ("Failures:", "The database is locked"), failing="failures"
    ),
    "a rerun that is counted": Poor(
        a_backfill_under_way, ("w", "a", "r"), ("counting ...",), held="preview_rerun"
    ),
    "a range without a run": Poor(
        lambda: World([a_dag("sales_daily")]), ("W", "enter"), ("no run has a date in it", "appear here")
    ),
}


async def go(eyes: Eyes, keys: tuple[str, ...]) -> None:
    """Press keys, each where the one before has led to."""
    for key, after in zip(keys, [*keys, ""][1:], strict=True):
        await eyes.press(key)
        if key == "w" and after:
            # What is read of the cell has to be there: a dialog keeps it waiting.
            await eyes.sees("RUNNING", "2024-02-01", "try 1 of 1")
            await eyes.no_longer_sees("Reading ...")
        elif key == "a":
            await eyes.sees("2 dates marked", "✗ failed  try 1 of 1")
            await eyes.no_longer_sees("Reading ...")
        elif key == "W":
            await eyes.sees("Watch dates of")


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("name", STATES)
@on_screen
async def test_a_poor_state_is_told(name: str, size: tuple[int, int], picture: SnapshotAssertion) -> None:
    state = STATES[name]
    world = state.world()
    gateway = ScriptedGateway(world)
    async with looking_at(an_app(gateway), size) as eyes:
        await eyes.sees("Last runs")
        if world.dags:
            await eyes.sees("sales_daily", "every day", " task")
        if state.failing:
            gateway.fail(state.failing, state.problem)
        with gateway.hold(state.held) if state.held else nullcontext():
            await go(eyes, state.keys)
            await eyes.sees(*state.seen)
            assert await eyes.picture() == picture


@on_screen
async def test_a_task_whose_details_can_not_be_read_is_not_said_to_wait_for_its_start() -> None:
    gateway = ScriptedGateway(a_backfill_under_way())
    async with looking_at(an_app(gateway)) as eyes:
        await eyes.sees("sales_daily")
        gateway.fail("cell", LOCKED)
        await eyes.press("w")
        await eyes.sees("2024-02-01", "█ success")
        await eyes.press("enter")
        await eyes.sees("The database is locked: try again in a moment")
        assert "It has not started" not in eyes.text()
        await eyes.press("down")
        await eyes.sees("2024-02-02  █ success  try 1 of 1")
        assert "The database is locked" not in eyes.text()


@on_screen
async def test_a_task_whose_details_are_on_their_way_is_not_said_to_wait_for_its_start() -> None:
    gateway = ScriptedGateway(a_backfill_under_way())
    async with looking_at(an_app(gateway)) as eyes:
        await eyes.sees("sales_daily")
        with gateway.hold("cell"):
            await eyes.press("w")
            await eyes.sees("2024-02-01", "█ success")
            await eyes.press("enter")
            await eyes.sees("Reading ...")
            assert "It has not started" not in eyes.text()
        await eyes.sees("try 1 of 1")
