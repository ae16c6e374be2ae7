"""The log of one failure: of that very task instance and try, and followed as long as it grows."""

from __future__ import annotations

import pytest
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.watch_screens import a_backfill
from tests.support.world import World
from tests.ui.test_failures import a_log, listing, run_of, three_causes

from backfill_tui.domain.failures import Failure, FailureGroup, FailureKind
from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.states import TaskState
from backfill_tui.ui.screens.failure_log import FailureLogDialog

DAG, RUN, TASK = DagId("sales_daily"), RunId(run_of(6)), TaskId("load")


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backfill_tui.ui.screens.watch_inspector._FOLLOW_SECONDS", 0.05)
    monkeypatch.setattr("backfill_tui.ui.screens.watch_inspector._SLOW_SECONDS", 0.05)


def two_map_indexes() -> World:
    """One run in which two map indexes of a task failed, each with a log of its own."""
    world = a_backfill()
    world.advance(60)
    world.expand(RUN, TASK, [TaskState.FAILED, TaskState.SUCCESS, TaskState.FAILED])
    for index in (0, 2):
        key = TaskInstanceKey(run_id=RUN, task_id=TASK, map_index=index)
        world.logs[key] = ("begin", f"ValueError: bad row {index}")
    return world


def of_index(map_index: int) -> Failure:
    return Failure(
        ordinal=6, logical_date=Instant(0), partition_key=None, run_id=RUN, task_id=TASK,
        map_index=map_index, try_number=1, kind=FailureKind.ERROR, error="ValueError: bad row",
    )  # fmt: skip


async def reading(eyes: Eyes, *failures: Failure) -> None:
    group = FailureGroup(task_id=TASK, kind=FailureKind.ERROR, error="ValueError", failures=failures)
    await eyes.sees("sales_daily", "Schedule")
    await eyes.app.push_screen(FailureLogDialog(DAG, group, lambda _: "2024-02-06", Instant(0)))


@on_screen
async def test_two_map_indexes_of_one_run_have_a_log_each() -> None:
    async with looking_at(an_app(two_map_indexes())) as eyes:
        await reading(eyes, of_index(0), of_index(2))
        await eyes.sees("1 of 2 failures", "load[0]", "ValueError: bad row 0")
        await eyes.press("right_square_bracket")
        await eyes.sees("2 of 2 failures", "load[2]", "ValueError: bad row 2")
        assert "bad row 0" not in eyes.text()
        await eyes.press("left_square_bracket")
        await eyes.sees("load[0]", "ValueError: bad row 0")


@on_screen
async def test_a_log_that_still_grows_is_followed_in_the_dialog() -> None:
    world = three_causes()
    async with looking_at(an_app(world)) as eyes:
        await listing(eyes, "3 groups")
        await eyes.press("down", "enter")
        await eyes.sees("of 2 failures", "load  2024-02-06")
        await eyes.press("G")
        with world.changed:
            key = TaskInstanceKey(run_id=RUN, task_id=TASK)
            world.logs[key] = (*world.logs[key], "the last words came late")
        await eyes.sees("the last words came late")


@on_screen
async def test_the_try_that_failed_stays_when_the_task_runs_again() -> None:
    world = three_causes()
    async with looking_at(an_app(world)) as eyes:
        await listing(eyes, "3 groups")
        await eyes.press("down", "enter")
        await eyes.sees("load  2024-02-06", "✗ failed  try 1 of 1")
        assert "try before" not in eyes.text()
        with world.changed:
            run = world.runs[DAG, RUN]
            run.tries[TASK], run.tasks[TASK] = 2, TaskState.RUNNING
        await eyes.sees("load  2024-02-06", "▶ running  try 1 of 2 (latest 2)", "t try before")
        a_log(world, 6, "load", "RuntimeError: the second")
        await eyes.press("t")
        await eyes.sees("try 2 of 2")
