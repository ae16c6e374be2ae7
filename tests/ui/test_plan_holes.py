"""Planning from holes: what is missing or failed, the range drawn close around it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.plan_screens import a_february, fill, planning
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import DAY, HOUR, NOW, World, a_dag, instant

from backfill_tui.domain.holes import RUNS
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.planning import BackfillRequest, ReprocessBehavior
from backfill_tui.domain.ranges import parse_bounds
from backfill_tui.domain.states import RunState
from backfill_tui.ui.holes import first_hole, life_of, no_hole_words, texts_around
from backfill_tui.ui.plan_values import context_of
from backfill_tui.ui.screens.plan import PlanScreen


def a_full_february() -> World:
    """A Dag every date of which has a good run, in its short life of three weeks."""
    world = World(
        [a_dag("sales_daily", start_date=instant("2024-02-01"))], now=Instant(instant("2024-02-20") + HOUR)
    )
    for day in range(1, 21):
        world.add_run("sales_daily", f"2024-02-{day:02}", RunState.SUCCESS)
    return world


def with_holes() -> World:
    """The same, but two dates failed and one is missing."""
    world = a_full_february()
    for run in list(world.runs.values()):
        if run.logical_date in {instant("2024-02-07"), instant("2024-02-13")}:
            run.state = RunState.FAILED
        if run.logical_date == instant("2024-02-09"):
            del world.runs[run.dag_id, run.run_id]
    return world


class ByTrigger(World):
    """A cron trigger with an interval: a range bounds the moment of the trigger, a day after the date."""

    def occurrences(self, request: BackfillRequest) -> list[Occurrence]:
        earlier = replace(
            request,
            from_date=Instant(request.from_date - DAY),
            to_date=Instant(request.to_date - DAY),
        )
        return [
            replace(
                occurrence,
                data_interval_end=Instant(occurrence.run_after + DAY),
                run_after=Instant(occurrence.run_after + DAY),
            )
            for occurrence in super().occurrences(earlier)
        ]


def typed(screen: PlanScreen) -> tuple[str, str]:
    values = screen.form.values
    return values.from_text, values.to_text


@on_screen
async def test_one_key_plans_all_holes_since_the_start_and_shows_them_alone() -> None:
    async with looking_at(an_app(with_holes())) as eyes:
        screen = await planning(eyes)
        await eyes.sees("dates")
        await eyes.press("f3")
        await eyes.sees("7 dates", "1 create", "2 reprocess", "4 skip", "only what runs")
        assert typed(screen) == ("2024-02-07", "2024-02-13")
        assert screen.form.values.behavior is ReprocessBehavior.FAILED
        assert screen.table.row_count == 3
        await eyes.press("ctrl+z")
        await eyes.until(lambda: screen.form.values.behavior is ReprocessBehavior.NONE)
        assert screen.table.only == ""


@on_screen
async def test_one_key_on_the_list_of_dags_opens_the_plan_of_the_holes() -> None:
    app = an_app(with_holes())
    async with looking_at(app) as eyes:
        await eyes.sees("Schedule", "h holes")
        await eyes.press("h")
        await eyes.sees("7 dates", "1 create", "2 reprocess", "only what runs")
        assert isinstance(app.screen, PlanScreen)
        assert app.focused is app.screen.table


@on_screen
async def test_holes_are_looked_for_within_the_range_too() -> None:
    async with looking_at(an_app(with_holes())) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-08", "2024-02-20")
        await eyes.sees("13 dates")
        await eyes.press("f4")
        await eyes.sees("5 dates", "1 create", "1 reprocess")
        assert typed(screen) == ("2024-02-09", "2024-02-13")


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("f3", "Every date since 2024-02-01 has a run that succeeded or is in flight"),
        ("f4", "Every date since 2024-02-03 until 2024-02-10 has a run that succeeded or is in flight"),
    ],
)
@on_screen
async def test_where_there_is_no_hole_one_sentence_says_so(key: str, sentence: str) -> None:
    app = an_app(a_full_february())
    async with looking_at(app, (120, 36)) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-02-03", "2024-02-10")
        await eyes.sees("8 dates")
        await eyes.press(key)
        await eyes.until(lambda: app._notifications, "a notice")
        (notice,) = app._notifications
        assert notice.message == sentence


@on_screen
async def test_a_dag_without_a_start_date_is_searched_since_its_earliest_known_run() -> None:
    world = a_february(start_date=None)
    async with looking_at(an_app(world)) as eyes:
        screen = await planning(eyes)
        await eyes.sees("create")
        await eyes.press("f3")
        await eyes.sees("no start date")
        await eyes.until(lambda: typed(screen)[0] == "2024-02-06", "the first failed date")


@on_screen
async def test_a_dag_without_a_start_date_or_a_run_says_so_and_offers_a_range() -> None:
    app = an_app(World([a_dag("sales_daily", start_date=None)]))
    async with looking_at(app) as eyes:
        await eyes.sees("Schedule")
        await eyes.press("h")
        await eyes.sees("31 create")
        (notice,) = app._notifications
        assert notice.message.startswith('"sales_daily" has no start date and no run to look for holes since')


@on_screen
async def test_a_schedule_that_bounds_the_trigger_loses_no_hole() -> None:
    world = ByTrigger(
        [a_dag("sales_daily", start_date=instant("2024-02-01"))], now=Instant(instant("2024-02-20") + HOUR)
    )
    for day in range(1, 21):
        if day not in {7, 13}:
            world.add_run("sales_daily", f"2024-02-{day:02}", RunState.SUCCESS)
    async with looking_at(an_app(world)) as eyes:
        screen = await planning(eyes)
        await eyes.sees("dates")
        await fill(eyes, "2024-02-03", "2024-02-18")
        await eyes.sees("16 dates")
        await eyes.press("f4")
        await eyes.until(lambda: typed(screen) == ("2024-02-08", "2024-02-14"), "the moments of the triggers")
        await eyes.sees("7 dates", "2 create")


@on_screen
async def test_as_many_other_dates_are_not_taken_for_the_holes() -> None:
    world = ByTrigger(
        [a_dag("sales_daily", start_date=instant("2024-02-01"))], now=Instant(instant("2024-02-20") + HOUR)
    )
    async with looking_at(an_app(world)) as eyes:
        screen = await planning(eyes)
        await eyes.sees("dates")
        await fill(eyes, "2024-02-03", "2024-02-18")
        await eyes.sees("16 dates")
        await eyes.press("f4")
        await eyes.sees("only what runs")
        await eyes.until(lambda: screen.plan is not None, "the plan of the holes")
        assert screen.plan is not None
        assert screen.plan.judged.dates.dates[0] == instant("2024-02-02")
        assert screen.plan.judged.dates.dates[-1] == instant("2024-02-17")


@on_screen
async def test_a_span_of_a_schedule_that_bounds_the_trigger_is_exactly_that_span() -> None:
    world = ByTrigger([a_dag("sales_daily", start_date=instant("2024-02-01"))])
    async with looking_at(an_app(world)) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-03", "2024-02-18")
        await eyes.sees("16 dates")
        screen.strip.focus()
        await eyes.press("home", "right", "v", "right", "right", "enter")
        await eyes.until(lambda: typed(screen) == ("2024-02-04", "2024-02-06"), "the span")
        await eyes.sees("3 dates", "Sat 2024-02-03 00:00", "Mon 2024-02-05 00:00")


@on_screen
async def test_what_is_typed_while_holes_are_looked_for_is_kept() -> None:
    gateway = ScriptedGateway(with_holes())
    async with looking_at(an_app(gateway)) as eyes:
        screen = await planning(eyes)
        await eyes.sees("dates")
        with gateway.hold("plan"):
            await eyes.press("f3")
            await eyes.write("2024-02-11")
            await eyes.until(lambda: gateway.asked["plan"] > 2, "the plan of what is typed")
        await eyes.sees("1 date ")
        assert typed(screen) == ("2024-02-11", "")


# The bounds, without a screen.


def request(first: str, last: str, dag_id: str = "sales") -> BackfillRequest:
    return BackfillRequest(
        dag_id=DagId(dag_id), from_date=instant(first), to_date=instant(last),
        reprocess_behavior=ReprocessBehavior.FAILED,
    )  # fmt: skip


def test_a_bound_is_a_day_only_where_that_adds_no_other_date() -> None:
    world = World([a_dag("sales", period=HOUR)])
    for hour in (*range(5), 8):
        world.add_run("sales", f"2024-01-02T{hour:02}:00", RunState.SUCCESS)
    plan = ScriptedGateway(world).plan(request("2024-01-02", "2024-01-03T23:59"))
    holes = plan.judged.where(*RUNS)
    assert texts_around(plan, holes)[0] == ("2024-01-02T05:00", "2024-01-03T23:00")
    whole_day = ScriptedGateway(world).plan(request("2024-01-01", "2024-01-02"))
    assert texts_around(whole_day, whole_day.judged.where(*RUNS)[:24])[0] == ("2024-01-01", "2024-01-01")
    assert texts_around(plan, []) == []


def test_the_bounds_mean_exactly_the_dates_they_were_made_from() -> None:
    world = World([a_dag("sales", period=HOUR, timezone="America/Havana")])
    summary = world.dags[DagId("sales")].summary
    plan = ScriptedGateway(world).plan(request("2024-03-09", "2024-03-12"))
    for first in range(0, len(plan.judged), 5):
        for last in range(first, len(plan.judged), 7):
            from_text, to_text = texts_around(plan, (first, last))[0]
            span = parse_bounds(from_text, to_text, context_of(summary, NOW))
            inside = [date for date in plan.judged.dates.dates if span.first <= date <= span.last]
            assert inside == list(plan.judged.dates.dates[first : last + 1])


def test_holes_begin_at_the_start_of_a_dag_else_at_its_earliest_run() -> None:
    world = a_february()
    (dag,) = world.dag_list().dags
    assert life_of(dag, NOW) == ("since start", "")
    assert life_of(replace(dag, start_date=None), NOW) == ("since 2024-02-01", "")
    assert life_of(replace(dag, start_date=None, recent_runs=()), NOW) is None


def test_after_the_end_of_a_dag_nothing_is_missing() -> None:
    (dag,) = a_february(end_date=instant("2024-02-20T02:00")).dag_list().dags
    assert life_of(dag, NOW) == ("since start", "2024-02-20T02:00")
    assert life_of(dag, instant("2024-02-10")) == ("since start", "")
    span = parse_bounds("since start", "2024-02-20T02:00", context_of(dag, NOW))
    assert (span.first, span.last) == (dag.start_date, dag.end_date)


def test_a_range_of_which_nothing_is_due_is_told_from_one_without_holes() -> None:
    world = World([a_dag("sales")])
    plan = ScriptedGateway(world).plan(request("2024-07-01", "2024-07-03"))
    assert no_hole_words(plan).startswith("No date of the schedule is due from Mon 2024-07-01 00:00")
    assert first_hole(plan) is None
