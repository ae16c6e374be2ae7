"""The preview: slow timetables as far as they have come, and nothing made for a date that is not seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.plan_screens import a_february, fill, planning
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import HOUR, World, a_dag, instant
from textual import events

from backfill_tui.domain.judging import decide
from backfill_tui.domain.outcomes import JudgedDates, runs_at
from backfill_tui.domain.plan_dates import columns_of
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, PlannedRun, PlannedRuns
from backfill_tui.gateway.port import IsCancelled, ignore, never
from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.ui.widgets.plan_table import PlanTable


class Piecemeal(ScriptedGateway):
    """Tells the first dates of a plan of March, and the rest when it is told to go on."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.begun, self.go, self.cancelled = threading.Event(), threading.Event(), threading.Event()

    def plan(
        self,
        request: BackfillRequest,
        is_cancelled: IsCancelled = never,
        on_partial: Callable[[BackfillPlan], None] = ignore,
    ) -> BackfillPlan:
        plan = super().plan(request, is_cancelled)
        if request.from_date != instant("2024-03-01"):
            return plan
        for number in (5, 12):
            on_partial(self.beginning(plan, number))
        self.begun.set()
        while not self.go.wait(0.01):
            if is_cancelled():
                self.cancelled.set()
                break
        return plan

    def beginning(self, plan: BackfillPlan, number: int) -> BackfillPlan:
        dates = columns_of(
            plan.judged.dates.occurrence(place) for place in range(min(number, len(plan.judged)))
        )
        judged: JudgedDates = decide(
            dates, runs_at(dates, {}), behavior=plan.request.reprocess_behavior, now=self.world.now,
            run_backwards=False,
        )  # fmt: skip
        return replace(plan, judged=judged, warnings=(), estimate=None, fingerprint="", complete=False)


@on_screen
async def test_the_dates_found_so_far_are_shown_muted_until_the_plan_is_whole() -> None:
    gateway = Piecemeal(a_february())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        await fill(eyes, "2024-03-01", "2024-03-31")
        await eyes.sees("12 dates so far", "planning", "Tue 2024-03-12 00:00")
        assert screen.table.has_class("-stale")
        assert screen.plan is None
        gateway.go.set()
        await eyes.sees("31 dates", "31 create")
        assert not screen.table.has_class("-stale")
        assert "so far" not in eyes.text()


@on_screen
async def test_a_launch_waits_for_the_whole_plan() -> None:
    gateway = Piecemeal(a_february())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        await fill(eyes, "2024-03-01", "2024-03-31")
        await eyes.sees("so far")
        await eyes.press("f5")
        await eyes.sees("Still planning")
        assert app.screen is screen
        gateway.go.set()
        await eyes.sees("Create 31 runs")


@on_screen
async def test_a_launch_asked_for_right_behind_the_last_letter_is_of_all_letters() -> None:
    app = an_app(a_february())
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        screen.form.to_field.focus()
        await eyes.pilot.pause()
        for letter in "2024-02-29":
            app.post_message(events.Key(letter if letter != "-" else "minus", letter))
        app.post_message(events.Key("f5", None))
        await eyes.sees("Create 15 runs")


@on_screen
async def test_escape_gives_up_the_launch_that_waits_before_it_leaves_the_plan() -> None:
    gateway = Piecemeal(a_february())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        await fill(eyes, "2024-03-01", "2024-03-31")
        await eyes.sees("so far")
        await eyes.press("f5", "escape")
        gateway.go.set()
        await eyes.sees("31 create")
        assert app.screen is screen
        await eyes.press("escape")
        await eyes.until(lambda: isinstance(app.screen, DagsScreen))


@on_screen
async def test_another_key_stops_the_enumeration_and_the_launch_that_waits_for_it() -> None:
    gateway = Piecemeal(a_february())
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        await fill(eyes, "2024-03-01", "2024-03-31")
        await eyes.sees("so far")
        await eyes.press("f5")
        await eyes.press("shift+tab")
        await fill(eyes, "2024-04-01", "2024-04-02")
        await eyes.until(gateway.cancelled.is_set, "the enumeration to stop")
        await eyes.sees("2 dates")
        await eyes.pilot.pause()
        assert app.screen is screen, "no confirmation"


@on_screen
async def test_nothing_is_made_for_dates_that_are_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    one = PlannedRuns._run

    def counted(runs: PlannedRuns, row: int) -> PlannedRun:
        made.append(row)
        return one(runs, row)

    world = World([a_dag("hourly", period=HOUR, start_date=instant("2013-01-01"))])
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("Schedule")
        monkeypatch.setattr(PlannedRuns, "_run", counted)
        await eyes.press("enter")
        await eyes.until(lambda: getattr(eyes.app.screen, "plan", None) is not None, "the plan")
        screen = eyes.app.screen
        assert isinstance(screen, PlanScreen)
        assert screen.query_one(PlanTable).row_count > 100_000
        screen.table.focus()
        await eyes.press("5", "G", "k", "k", "1", "0", "g")
        await eyes.press("f5")
        await eyes.sees("Create 100,")
    # Each time no more than the lines of the screen.
    assert len(made) < 200


@on_screen
async def test_a_filter_keeps_the_order_of_execution() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-05", "2024-06-20")
        screen.form.behavior.chosen = 1
        screen.form.backwards.on = True
        await eyes.sees("137 dates", "2 reprocess")
        screen.table.focus()
        await eyes.press("2")
        await eyes.sees("only reprocess")
        later, earlier = (eyes.text().index(f"2024-02-0{day} 00:00  ↻") for day in (7, 6))
        assert later < earlier
        await eyes.press("5")
        await eyes.sees("only what runs")
        assert screen.table.row_count == 124
        await eyes.press("4")
        await eyes.sees("only not yet")
        assert screen.table.row_count == 5
        await eyes.press("0")
        assert screen.table.row_count == 137


@on_screen
async def test_the_cursor_stays_on_its_date_when_the_filter_changes() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-01", "2024-02-29")
        screen.form.behavior.chosen = 1
        await eyes.sees("29 dates", "2 reprocess")
        screen.table.focus()
        await eyes.press("2", "j")
        await eyes.until(lambda: eyes.line_with("Wed 2024-02-07 00:00").startswith("▌"))
        await eyes.press("0")
        await eyes.until(lambda: eyes.line_with("Wed 2024-02-07 00:00").startswith("▌"))


@on_screen
async def test_what_is_typed_is_painted_before_it_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    app = an_app(a_february())
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        monkeypatch.setattr("backfill_tui.ui.screens.plan_preview._DEBOUNCE_SECONDS", 3600)
        field = screen.form.to_field
        field.focus()
        await eyes.until(lambda: field.has_focus)
        # What the screen holds is there at once; here it counts what the terminal is given.
        painted: list[str] = []
        monkeypatch.setattr(app, "_display", lambda *_: painted.append(field.value))
        await eyes.write("2")
        await eyes.until(lambda: "2" in painted, "the letter to be painted")
        assert screen.plan is not None, "nothing was planned for it"
