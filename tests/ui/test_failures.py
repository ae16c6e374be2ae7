"""The failures of a watched backfill in groups: seen, read, marked and rerun by keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import a_backfill, watching
from tests.support.world import World
from textual.app import ComposeResult

from backfill_tui.domain.failures import (
    Failure,
    FailureKind,
    FailuresFound,
    FailuresQuery,
    FailuresRead,
    grouped,
)
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.repairing import RerunOutcome, RerunProgress, RerunRequest
from backfill_tui.gateway.port import IsCancelled, ignore, never
from backfill_tui.ui.screens.failure_log import FailureLogDialog
from backfill_tui.ui.screens.failures import FailuresDialog
from backfill_tui.ui.screens.watch import WatchScreen
from backfill_tui.ui.themed import ThemedApp
from backfill_tui.ui.widgets.failure_list import FailureList

BEFORE = [f"[2024-06-15T12:00:16] INFO - line {number}" for number in range(60)]
AFTER = [f"[2024-06-15T12:00:18] INFO - tidying up {number}" for number in range(60)]


def run_of(day: int) -> str:
    return f"backfill__2024-02-{day:02}T00:00:00+00:00"


def a_log(world: World, day: int, task: str, error: str) -> None:
    world.add_log(run_of(day), task, *BEFORE, "Traceback (most recent call last):", error, *AFTER)


def three_causes() -> World:
    """Six failed dates: load lost its sku twice, clean has a bad row three times, once load has no log."""
    world = a_backfill()
    world.fail("sales_daily", "load", "2024-02-06", "2024-02-07", "2024-02-12")
    world.fail("sales_daily", "clean", "2024-02-10", "2024-02-11", "2024-02-14")
    for day in (6, 7):
        a_log(world, day, "load", "KeyError: 'sku'")
    for day in (10, 11, 14):
        a_log(world, day, "clean", f"ValueError: row {day} of /data/{day}.csv is bad [/red]")
    world.advance(60)
    return world


async def listing(eyes: Eyes, *words: str) -> WatchScreen:
    """The list of failures over the watch screen."""
    screen = await watching(eyes)
    await eyes.press("e")
    await eyes.sees("Failures: Backfill 1 of sales_daily", *words)
    return screen


class ListApp(ThemedApp):
    """The list alone."""

    def __init__(self, listed: FailureList) -> None:
        super().__init__()
        self.listed = listed

    def compose(self) -> ComposeResult:
        yield self.listed


def marked(screen: WatchScreen) -> list[int]:
    return sorted(row + 1 for row in screen.grid.marks.rows)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_failures_stand_in_groups_at_every_size(
    size: tuple[int, int], picture: SnapshotAssertion
) -> None:
    app = an_app(three_causes())
    async with looking_at(app, size) as eyes:
        await listing(eyes, "6 failures in 3 groups")
        lines = [line.split("│")[1].split() for line in eyes.text().splitlines() if " load  " in line]
        assert eyes.line_with("is bad").split("│")[1].split()[:3] == ["▌", "3", "clean"]
        assert [line[0] for line in lines] == ["2", "1"]
        await eyes.press("space")
        await eyes.sees("3 dates: 2024-02-10 to 2024-02-14, 3 of them marked", "esc back")
        assert await eyes.picture() == picture


@on_screen
async def test_the_dates_of_a_group_are_marked_in_the_grid_and_unmarked_again() -> None:
    async with looking_at(an_app(three_causes())) as eyes:
        screen = await listing(eyes, "3 groups")
        await eyes.press("space")
        await eyes.until(lambda: marked(screen) == [10, 11, 14], "the marks of clean")
        await eyes.press("down", "space")
        await eyes.until(lambda: marked(screen) == [6, 7, 10, 11, 14], "the marks of load too")
        await eyes.press("up", "space")
        await eyes.until(lambda: marked(screen) == [6, 7], "the marks of clean gone")
        await eyes.press("a")
        await eyes.until(lambda: marked(screen) == [6, 7, 10, 11, 12, 14], "all marks")
        await eyes.press("a")
        await eyes.until(lambda: not marked(screen), "no mark")
        await eyes.press("space", "escape")
        await eyes.no_longer_sees("Failures: ")
        assert marked(screen) == [10, 11, 14]


class RememberingGateway(ScriptedGateway):
    """Knows what was rerun."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.rerun_requests: list[RerunRequest] = []

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        self.rerun_requests.append(request)
        return super().rerun(request, on_progress, is_cancelled)


@on_screen
async def test_a_rerun_from_the_list_is_of_the_dates_of_the_group_and_of_no_other() -> None:
    gateway = RememberingGateway(three_causes())
    async with looking_at(an_app(gateway)) as eyes:
        await listing(eyes, "3 groups")
        await eyes.press("down", "r")
        await eyes.sees("Rerun 2 dates of sales_daily", "6 task instances")
        await eyes.press("enter")
        await eyes.until(lambda: gateway.rerun_requests, "the rerun")
        (request,) = gateway.rerun_requests
        assert request.run_ids == (run_of(6), run_of(7))


@on_screen
async def test_a_rerun_is_of_what_is_marked_where_something_is() -> None:
    async with looking_at(an_app(three_causes())) as eyes:
        await listing(eyes, "3 groups")
        await eyes.press("space", "down", "space", "down", "r")
        await eyes.sees("Rerun 5 dates of sales_daily")


@on_screen
async def test_the_log_of_a_failure_opens_at_its_error_and_the_next_is_a_key_away() -> None:
    async with looking_at(an_app(three_causes())) as eyes:
        await listing(eyes, "3 groups")
        await eyes.press("enter")
        await eyes.sees("1 of 3 failures", "clean  2024-02-10")
        await eyes.until(
            lambda: eyes.text().count("row 10 of /data/10.csv is bad [/red]") == 2,
            "the error in the details and in the log",
        )
        assert "Traceback" in eyes.text()
        assert "tidying up 0" in eyes.text()
        assert "tidying up 59" not in eyes.text()
        await eyes.press("right_square_bracket")
        await eyes.sees("2 of 3 failures", "clean  2024-02-11")
        await eyes.until(lambda: eyes.text().count("row 11 of /data/11.csv is bad") == 2, "the next error")
        await eyes.press("left_square_bracket", "left_square_bracket")
        await eyes.sees("3 of 3 failures", "clean  2024-02-14")
        await eyes.press("escape")
        await eyes.no_longer_sees("of 3 failures")
        assert isinstance(eyes.app.screen, FailuresDialog)


@on_screen
async def test_the_log_of_a_failure_as_a_picture(picture: SnapshotAssertion) -> None:
    app = an_app(three_causes())
    async with looking_at(app) as eyes:
        await listing(eyes, "3 groups")
        await eyes.press("enter")
        await eyes.until(lambda: eyes.text().count("row 10 of /data/10.csv is bad [/red]") == 2, "the error")
        assert isinstance(app.screen, FailureLogDialog)
        assert await eyes.picture() == picture


@on_screen
async def test_a_key_goes_to_the_first_date_of_the_group_and_to_its_task() -> None:
    async with looking_at(an_app(three_causes())) as eyes:
        screen = await listing(eyes, "3 groups")
        await eyes.press("down", "d")
        await eyes.no_longer_sees("Failures: ")
        await eyes.sees("> 2024-02-06", "load  2024-02-06")
        assert screen.grid.cursor_column == 2


@on_screen
async def test_dates_that_are_not_shown_are_not_marked_and_that_is_said() -> None:
    world = three_causes()
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes)
        await eyes.press("f", "f")
        await eyes.sees("only succeeded")
        await eyes.press("e")
        await eyes.sees("3 groups")
        await eyes.press("space")
        await eyes.sees("3 dates not shown in the grid")
        assert marked(screen) == []
        await eyes.press("d")
        await eyes.sees("> 2024-02-10")


@on_screen
async def test_the_list_follows_while_it_is_open_and_the_cursor_stays_on_its_group() -> None:
    world = three_causes()
    async with looking_at(an_app(world)) as eyes:
        await listing(eyes, "6 failures in 3 groups")
        await eyes.press("down")
        await eyes.sees("2 dates: 2024-02-06 to 2024-02-07")
        a_log(world, 12, "load", "KeyError: 'sku'")
        await eyes.sees("6 failures in 2 groups", "3 dates: 2024-02-06 to 2024-02-12")
        world.mend()
        with world.changed:
            for day in (10, 11, 14):
                run = world.runs[next(key for key in world.runs if key[1] == run_of(day))]
                world.clear(run, [task for task, state in run.tasks.items() if state.finished])
        await eyes.sees("3 failures in 1 group")
        assert eyes.line_with("KeyError").split("│")[1].split()[0] == "▌"


class SlowLogs(ScriptedGateway):
    """Tells the failures one by one, as a test lets it."""

    def failures(
        self,
        query: FailuresQuery,
        on_found: Callable[[FailuresFound], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> FailuresRead:
        def told(part: FailuresFound) -> None:
            on_found(part)
            self._enter("one log", is_cancelled)

        return super().failures(query, told, is_cancelled)


@on_screen
async def test_groups_come_while_the_logs_are_read() -> None:
    gateway = SlowLogs(three_causes())
    async with looking_at(an_app(gateway)) as eyes:
        with gateway.hold("one log"):
            await listing(eyes, "1 of 6 logs", "KeyError: 'sku'")
        await eyes.sees("6 failures in 3 groups")


@on_screen
async def test_what_can_not_be_read_is_said_and_read_again_by_itself() -> None:
    gateway = ScriptedGateway(three_causes())
    gateway.fail("failures", AirflowFailed("The logs are gone [/red]", remedy="look for them"))
    async with looking_at(an_app(gateway)) as eyes:
        await listing(eyes, "The logs are gone [/red]")
        await eyes.sees("6 failures in 3 groups")


@on_screen
async def test_in_a_read_only_session_failures_are_read_and_nothing_is_marked() -> None:
    async with looking_at(an_app(three_causes(), read_only=True)) as eyes:
        screen = await listing(eyes, "3 groups")
        await eyes.press("space", "a", "r")
        await eyes.press("enter")
        await eyes.sees("1 of 3 failures")
        assert marked(screen) == []


@on_screen
async def test_where_nothing_has_failed_there_is_no_key_for_it() -> None:
    world = a_backfill()
    world.mend()
    world.advance(60)
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes, "DONE")
        await eyes.press("e")
        await eyes.pilot.pause()
        assert eyes.app.screen is screen
        assert "failures" not in eyes.text().splitlines()[-1]


@on_screen
async def test_a_line_is_drawn_without_looking_at_all_groups() -> None:
    looked_at: list[int] = []

    def date_of(failure: Failure) -> str:
        looked_at.append(failure.ordinal)
        return "2024-02-06"

    failures = [
        Failure(
            ordinal=number, logical_date=None, partition_key=None, run_id=RunId(f"r{number}"),
            task_id=TaskId(f"task_{number}"), map_index=-1, try_number=1, kind=FailureKind.NO_ERROR,
        )
        for number in range(500)
    ]  # fmt: skip
    app = ListApp(FailureList(date_of))
    async with looking_at(app, (120, 40)) as eyes:
        app.listed.show(grouped(failures), frozenset())
        await eyes.sees("task_0", "task_30", "2024-02-06")
        # The first and the last of each group for the width, and of those that are drawn once more.
        assert len(looked_at) <= 2 * 500 + 2 * 80
