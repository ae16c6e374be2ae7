"""Every screen there is, walked through with plain signs: no other character comes from the program."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from tests.support.plan_screens import a_february, fill, planning
from tests.support.screen import FIXED_TIME, Eyes, looking_at, on_screen
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.watch_screens import a_backfill_under_way
from tests.support.world import World, a_dag
from tests.ui.test_rerunning import SteppingGateway, many_failed, rerun_all

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.looks import Looks, ThemeChoice
from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.domain.profiles import Profile
from backfill_tui.gateway.port import IsCancelled, ignore, never
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.messages import ProblemArose
from backfill_tui.ui.producing import asking_on
from backfill_tui.ui.screens.base import Dialog, PlaceScreen

PLAIN = Looks(theme=ThemeChoice.ANSI, ascii_signs=True, charset="ANSI_X3.4-1968", in_colour=False)
SIZES = [(80, 24), (120, 36), (200, 50)]
PROD = Profile(name="prod", production=True)

WALKED: set[str] = set()
"""The screens that the walks of this process have come to."""


class SlowToLaunch(ScriptedGateway):
    """Stops halfway through a creation until it may go on."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.may_go_on = threading.Event()

    def launch(
        self,
        launch: Launch,
        on_progress: Callable[[CreationProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> Launched:
        def tell(progress: CreationProgress) -> None:
            on_progress(progress)
            self.may_go_on.wait(20)

        return super().launch(launch, tell, is_cancelled)


class Walker:
    """Presses keys, and looks after each whether all that is seen is ASCII."""

    def __init__(self, eyes: Eyes) -> None:
        self.eyes = eyes

    async def sees(self, *words: str) -> None:
        await self.eyes.sees(*words)
        self.look()

    async def press(self, key: str, *words: str) -> None:
        await self.eyes.press(key)
        await self.sees(*words)

    async def page_down_to(self, words: str) -> None:
        self.look()
        while words not in self.eyes.text():
            before = self.eyes.text()
            await self.eyes.press("pagedown")
            await self.eyes.until(lambda seen=before: self.eyes.text() != seen, f"{words!r} further down")  # type: ignore[misc]
            self.look()

    def look(self) -> None:
        WALKED.update(type(screen).__name__ for screen in self.eyes.app.screen_stack)
        for line in self.eyes.text().splitlines():
            assert line.isascii(), line


@asynccontextmanager
async def walking(
    gateway: ScriptedGateway, size: tuple[int, int] = (80, 24), **more: object
) -> AsyncGenerator[Walker, None]:
    app = BackfillApp(
        connect=lambda: gateway, where="dags/", clock=lambda: FIXED_TIME, looks=PLAIN, **more  # type: ignore[arg-type]
    )  # fmt: skip
    async with looking_at(app, size) as eyes:
        yield Walker(eyes)


def screens_of(parent: type[object]) -> Iterator[type[object]]:
    """The screens that are opened: those of which no other one is made."""
    below: list[type[object]] = type.__subclasses__(parent)
    children = [child for child in below if child.__module__.startswith("backfill_tui.")]
    if not children:
        yield parent
    for child in children:
        yield from screens_of(child)


async def walk_the_dags(size: tuple[int, int]) -> None:
    world = a_backfill_under_way()
    world.import_problems = (ImportProblem(file="legacy.py", sentence="s", advice="a", traceback="t"),)
    async with walking(ScriptedGateway(world), size, engine=ScriptedEngine(world)) as walker:
        await walker.sees("sales_daily", "backfill 1")
        await walker.press("ctrl+t", "Theme dark")
        await walker.press("question_mark", "Help: Dags")
        await walker.page_down_to("upstream failed")
        await walker.press("escape", "Last runs")
        await walker.press("ctrl+p", "A command, a Dag, a backfill or a date")
        await walker.press("escape", "Last runs")
        await walker.press("W", "Watch dates of")
        await walker.press("escape", "Last runs")
        await walker.press("u", "Pause sales_daily")
        await walker.press("escape", "Last runs")
        await walker.press("b", "! BLOCKED", "> 1   sales_daily")
        await walker.press("x", "Cancel")
        await walker.press("escape", "! BLOCKED")
        await walker.press("escape", "Last runs")
        walker.eyes.app.post_message(ProblemArose(Problem("It broke", remedy="mend it", detail="line")))
        await walker.sees("It broke", "> mend it")
        await walker.press("escape", "Last runs")
        await walker.press("q", "not done yet")


async def walk_the_plan(size: tuple[int, int]) -> None:
    gateway = SlowToLaunch(a_february())
    async with walking(gateway, size) as walker:
        await planning(walker.eyes)
        await fill(walker.eyes, "2024-02-01", "2024-03-31")
        await walker.sees("60 dates", "+ 46 create", "#####XX####", "- skip")
        await walker.press("f2", "Ranges")
        await walker.press("escape", "60 dates")
        await walker.press("f8", "As a command")
        await walker.press("escape", "60 dates")
        await walker.press("f7", "The plan of sales_daily")
        await walker.press("escape", "60 dates")
        await walker.press("f1", "Help: Plan")
        await walker.page_down_to("Verdicts")
        await walker.press("escape", "60 dates")
        await walker.press("f5", "Launch a backfill of")
        await walker.press("enter", "Launching sales_daily", "---")
        gateway.may_go_on.set()
        await walker.sees("Watch  sales_daily", "QUEUED")


async def walk_the_watching(size: tuple[int, int]) -> None:
    async with walking(ScriptedGateway(a_backfill_under_way()), size) as walker:
        await walker.sees("sales_daily")
        await walker.press("w", "RUNNING", "o 5 queued", "X 2 failed")
        await walker.press("n", "X failed  try 1 of 1")
        if size == SIZES[0]:
            # Where there is room for it the log stands beside the grid by itself.
            await walker.eyes.press("enter")
        await walker.sees("Traceback")
        await walker.press("T", "> load")
        await walker.press("T", "> 2024-02-06")
        await walker.press("z", "2024 Feb ##-##XX")
        await walker.press("z", "> 2024-02-06")
        await walker.press("slash", "Go to a date")
        await walker.press("escape", "RUNNING")
        await walker.press("d", "dates")
        await walker.press("escape", "RUNNING")
        await walker.press("asterisk", "Mark the dates in a state")
        await walker.press("escape", "RUNNING")
        await walker.press("s", "Stop after failures")
        await walker.press("escape", "RUNNING")
        await walker.press("p", "Pause backfill 1")
        await walker.press("escape", "RUNNING")
        await walker.press("a", "* 2 dates marked")
        await walker.press("r", "(*) failed tasks")
        await walker.press("escape", "RUNNING")
        await walker.press("m", "Set state", "(*)")
        await walker.press("escape", "RUNNING")
        await walker.press("E", "Export")
        await walker.press("escape", "RUNNING")
        await walker.press("e", "Failures:", "KeyError")
        await walker.press("enter", "KeyError: 'sku' ---")
        await walker.press("escape", "Failures:")
        await walker.press("escape", "RUNNING")


async def walk_a_rerun(size: tuple[int, int]) -> None:
    gateway = SteppingGateway(many_failed())
    async with walking(gateway, size) as walker:
        await rerun_all(walker.eyes)
        await walker.sees("Rerunning sales_daily", "50 of 120 runs", "===", "---")
        gateway.may_go_on.set()
        await walker.sees("120 task instances of 120")


async def walk_production(size: tuple[int, int]) -> None:
    async with walking(ScriptedGateway(World([a_dag("sales")])), size, profile=PROD) as walker:
        app = walker.eyes.app
        assert isinstance(app, BackfillApp)
        await walker.sees("sales", "prod")
        asked = threading.Thread(
            target=asking_on(app), args=(PROD, "launch a backfill of sales"), daemon=True
        )
        asked.start()
        await walker.sees("Type prod to launch")
        await walker.eyes.press("escape")
        await walker.eyes.until(lambda: not asked.is_alive(), "the answer")


async def walk_the_start(size: tuple[int, int]) -> None:
    gateway = ScriptedGateway(World([a_dag("sales")]))
    gateway.fail("open", Unreachable("The bridge does not start", remedy="look at its log", detail="x"))
    async with walking(gateway, size) as walker:
        await walker.sees("The bridge does not start")


WALKS = [walk_the_start, walk_the_dags, walk_the_plan, walk_the_watching, walk_a_rerun, walk_production]


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@on_screen
async def test_no_screen_draws_anything_that_is_not_ascii(size: tuple[int, int]) -> None:
    WALKED.clear()
    for walk in WALKS:
        await walk(size)
    there_are = {screen.__name__ for parent in (PlaceScreen, Dialog) for screen in screens_of(parent)}
    assert there_are - WALKED == set(), "a walk is to come to every screen"
