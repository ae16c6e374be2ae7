"""What is hidden reads nothing from Airflow, a dialog hides nothing, and what is seen again reads at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.watch_screens import CountingGateway, a_backfill_under_way, watching
from tests.support.world import World

from backfill_tui.ui.screens.backfills import BackfillsScreen
from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.screens.plan import PlanScreen

_LONG_ENOUGH = 5
"""So many readings of the environment, which never stop: each would have come with one of the rest."""


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backfill_tui.ui.app._READ_SECONDS", 0.05)
    monkeypatch.setattr("backfill_tui.ui.screens.backfills._READ_SECONDS", 0.05)
    monkeypatch.setattr("backfill_tui.ui.screens.watch_inspector._FOLLOW_SECONDS", 0.05)


def hurried() -> Callable[[], float]:
    """A clock by which everything is due whenever it is looked at."""
    seconds = itertools.count(1_718_452_800, 60)
    return lambda: float(next(seconds))


class Reads:
    """What a gateway was asked for, and what of that is asked for again."""

    def __init__(self, eyes: Eyes, gateway: CountingGateway) -> None:
        self._eyes = eyes
        self._gateway = gateway

    async def settle(self) -> None:
        """Let what is under way come to its end, and a while go by."""
        enough = self._gateway.asked.get("environment", 0) + _LONG_ENOUGH
        await self._eyes.until(lambda: self._gateway.asked.get("environment", 0) >= enough, "a while")

    def so_far(self) -> dict[str, int]:
        """How often each was asked for."""
        return dict(self._gateway.asked)

    async def go_on(self, *methods: str, since: dict[str, int] | None = None) -> None:
        """Each of these is asked for again."""
        before = self.so_far() if since is None else since
        more = lambda: all(self._gateway.asked.get(one, 0) > before.get(one, 0) for one in methods)  # noqa: E731
        await self._eyes.until(more, f"{methods} to be read again")

    async def rest(self, *methods: str) -> None:
        """None of these is asked for any more."""
        await self.settle()
        before = self.so_far()
        await self.settle()
        asked = {one: self._gateway.asked.get(one, 0) - before.get(one, 0) for one in methods}
        assert not any(asked.values()), asked


def the_world() -> tuple[World, CountingGateway]:
    world = a_backfill_under_way()
    return world, CountingGateway(world)


@on_screen
async def test_the_dags_are_read_as_long_as_they_are_seen_also_under_a_dialog() -> None:
    _, gateway = the_world()
    async with looking_at(an_app(gateway, clock=hurried())) as eyes:
        reads = Reads(eyes, gateway)
        await eyes.sees("sales_daily")
        await reads.go_on("dags")
        await eyes.press("question_mark")
        await eyes.until(lambda: not isinstance(eyes.app.screen, DagsScreen), "the help")
        await reads.go_on("dags")


@on_screen
async def test_under_the_watch_screen_no_list_is_read_and_back_on_it_it_is_read_at_once() -> None:
    _, gateway = the_world()
    async with looking_at(an_app(gateway, clock=hurried())) as eyes:
        reads = Reads(eyes, gateway)
        await watching(eyes)
        await reads.rest("dags", "backfills")
        await eyes.press("escape")
        await reads.go_on("dags")


@on_screen
async def test_a_watch_screen_under_the_backfills_leaves_its_stream_and_its_log() -> None:
    _, gateway = the_world()
    async with looking_at(an_app(gateway, clock=hurried()), (120, 36)) as eyes:
        reads = Reads(eyes, gateway)
        screen = await watching(eyes)
        await eyes.press("right_curly_bracket")
        await eyes.sees("▶ running  try 1 of 1")
        await reads.go_on("cell", "log")
        await eyes.press("question_mark")
        await eyes.until(lambda: eyes.app.screen is not screen, "the help")
        await reads.go_on("cell", "log")
        assert gateway.open_streams == 1
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is screen, "the watch screen again")
        await eyes.press("b")
        await eyes.until(lambda: isinstance(eyes.app.screen, BackfillsScreen), "the backfills")
        await eyes.until(lambda: not gateway.open_streams, "the stream to be left")
        await reads.rest("cell", "log", "dags")
        await reads.go_on("backfills")
        await eyes.press("escape")
        await reads.go_on("cell", "log")
        assert gateway.open_streams == 1


@on_screen
async def test_the_backfills_are_read_under_a_dialog_and_not_under_the_watch_screen() -> None:
    _, gateway = the_world()
    async with looking_at(an_app(gateway, clock=hurried())) as eyes:
        reads = Reads(eyes, gateway)
        await eyes.sees("sales_daily")
        await eyes.press("b")
        await eyes.sees("RUNNING")
        await eyes.press("p")
        await eyes.sees("Pause backfill 1")
        await reads.go_on("backfills")
        await eyes.press("escape", "enter")
        await eyes.sees("2024-02-01")
        await reads.rest("backfills", "dags")
        await eyes.press("escape")
        await reads.go_on("backfills")


@on_screen
async def test_a_plan_under_the_watch_screen_plans_nothing_and_plans_again_when_it_is_seen() -> None:
    _, gateway = the_world()
    async with looking_at(an_app(gateway, clock=hurried())) as eyes:
        reads = Reads(eyes, gateway)
        await eyes.sees("sales_daily")
        await eyes.press("enter")
        await eyes.sees("Backfill 1 of this Dag is active")
        await reads.go_on("dags")
        await eyes.press("f9")
        await eyes.until(lambda: not isinstance(eyes.app.screen, PlanScreen), "the watch screen")
        await eyes.sees("2024-02-01")
        await reads.rest("plan", "dags", "backfills")
        before = reads.so_far()
        await eyes.press("escape")
        await reads.go_on("plan", "dags", since=before)


@on_screen
async def test_a_reading_that_is_due_when_the_last_screen_is_gone_is_left_out() -> None:
    _, gateway = the_world()
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily")
    assert not app.screen_stack
    app._read()
