"""A list of very many Dags on the screen: what is in view is read in detail."""

from __future__ import annotations

from dataclasses import replace

from tests.support.screen import FIXED_TIME, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.domain.dags import DagList
from backfill_tui.domain.ids import DagId
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.readings import DETAILS
from backfill_tui.ui.screens.help import HelpDialog
from backfill_tui.ui.workers import is_busy

NUMBER = 300


class ManyDags(ScriptedGateway):
    """Tells of all Dags what a list of very many has, and in detail those that it is asked for."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.detailed: list[tuple[DagId, ...]] = []

    def dags(self, only: tuple[DagId, ...] | None = None) -> DagList:
        listed = super().dags(only)
        if only is not None:
            self.detailed.append(only)
            return listed
        lean = tuple(
            replace(dag, schedule="0 0 * * *", task_ids=(), recent_runs=(), detailed=False)
            for dag in listed.dags
        )
        return replace(listed, dags=lean, detailed=False)

    def names_asked_for(self) -> set[str]:
        """The Dags that were read in detail."""
        return {dag_id for asked in self.detailed for dag_id in asked}


def an_app(*more: str) -> tuple[BackfillApp, ManyDags]:
    world = World([a_dag(f"sales_{number:03}") for number in range(NUMBER)] + [a_dag(name) for name in more])
    gateway = ManyDags(world)
    return BackfillApp(connect=lambda: gateway, where="dags/", clock=lambda: FIXED_TIME), gateway


@on_screen
async def test_only_what_is_in_view_is_read_in_detail() -> None:
    app, gateway = an_app()
    async with looking_at(app) as eyes:
        await eyes.sees("sales_000", "every day at 00:00", "2 tasks")
        await eyes.no_longer_sees("0 0 * * *")
        first = gateway.names_asked_for()
        assert len(first) < 30
        await eyes.press("end")
        await eyes.sees("sales_299", "every day at 00:00")
        await eyes.no_longer_sees("0 0 * * *")
        assert gateway.names_asked_for() - first <= {f"sales_{number:03}" for number in range(270, NUMBER)}
        # One that was seen keeps what was read of it.
        await eyes.press("home")
        await eyes.sees("sales_000", "every day at 00:00", "2 tasks")


@on_screen
async def test_a_plan_is_opened_with_the_dag_in_detail_however_soon_the_key_comes() -> None:
    app, gateway = an_app()
    async with looking_at(app) as eyes:
        await eyes.sees("sales_000")
        await eyes.press("end", "enter")
        await eyes.sees("Plan", "sales_299")
        assert "sales_299" in gateway.names_asked_for()


@on_screen
async def test_the_filter_finds_among_all_and_its_finds_are_read_in_detail() -> None:
    app, _ = an_app("[/red]last")
    async with looking_at(app) as eyes:
        await eyes.sees("sales_000", "2 tasks")
        await eyes.press("slash", *"_29")
        await eyes.sees("21 of 301 shown", "sales_290", "every day at 00:00")
        await eyes.press("enter", "down", "down", "down", "enter")
        await eyes.sees("Plan", "sales_293")


@on_screen
async def test_a_dag_that_is_gone_is_asked_for_once() -> None:
    app, gateway = an_app()
    async with looking_at(app) as eyes:
        await eyes.sees("sales_000", "2 tasks")
        with gateway.world.changed:
            del gateway.world.dags[DagId("sales_299")]
        await eyes.press("end")
        await eyes.sees("sales_298", "every day at 00:00")
        await eyes.press("up")
        await eyes.sees("every day at 00:00", "2 tasks")
        assert sum("sales_299" in asked for asked in gateway.detailed) == 1


@on_screen
async def test_a_plan_whose_dag_is_read_late_takes_nobody_away_from_what_was_opened_meanwhile() -> None:
    app, gateway = an_app()
    async with looking_at(app) as eyes:
        await eyes.sees("sales_000", "2 tasks")
        dags = app.screen
        with gateway.hold("dags"):
            await eyes.press("end", "enter", "question_mark")
            await eyes.sees("Help: Dags")
        await eyes.until(lambda: "sales_299" in gateway.names_asked_for())
        await eyes.until(lambda: not is_busy(dags, DETAILS), "its details")
        assert isinstance(app.screen, HelpDialog)


@on_screen
async def test_an_older_wish_does_not_come_true_after_a_newer_one() -> None:
    app, gateway = an_app()
    async with looking_at(app) as eyes:
        await eyes.sees("sales_000", "2 tasks")
        dags = app.screen
        with gateway.hold("dags"):
            await eyes.press("end", "enter", "home", "enter")
            await eyes.sees("Plan  sales_000")
            await eyes.press("escape")
            await eyes.until(lambda: app.screen is dags)
        await eyes.until(lambda: "sales_299" in gateway.names_asked_for())
        await eyes.until(lambda: not is_busy(dags, DETAILS), "its details")
        assert app.screen is dags
