"""The range of a plan: typed as people say it, shown back exactly, taken by name or from the calendar."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.plan_screens import a_february, fill, planning
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.world import World, a_dag

from backfill_tui.domain.presets import PRESETS
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.ui.screens.presets import PresetsDialog

NEW_YORK = "America/New_York"


async def write_alone(eyes: Eyes, text: str) -> None:
    """Type a range into From and leave To empty."""
    await fill(eyes, text, "")
    await eyes.press("shift+tab")


def fields(screen: PlanScreen) -> tuple[str, str]:
    values = screen.form.values
    return values.from_text, values.to_text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2024-Q1", "Mon 2024-01-01 00:00 to Sun 2024-03-31 24:00  UTC   91 days"),
        ("last 30 days", "Thu 2024-05-16 00:00 to Fri 2024-06-14 24:00  UTC   30 days"),
        ("2024-01-01..2024-02-15", "Mon 2024-01-01 00:00 to Thu 2024-02-15 24:00  UTC   46 days"),
        ("since last success", "after Wed 2024-02-14 00:00 to Sat 2024-06-15 12:00  UTC"),
        ("since start", "Thu 2024-02-01 00:00 to Sat 2024-06-15 12:00  UTC"),
    ],
)
@on_screen
async def test_from_alone_takes_a_whole_range_and_shows_what_it_means(text: str, words: str) -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await planning(eyes)
        await write_alone(eyes, text)
        await eyes.sees(words)


@on_screen
async def test_each_field_takes_any_expression_as_its_bound() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-Q1", "2024-W20")
        await eyes.sees("Mon 2024-01-01 00:00 to Sun 2024-05-19 24:00")


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2024-Q5", "", "there is no quarter 5"),
        ("", "2024-03-01", "The range has no beginning"),
        ("2024-01-01..2024-02-01", "2024-03-01", "is a whole range, with both of its bounds"),
        ("last thirty days", "", "last thirty days"),
    ],
)
@on_screen
async def test_what_is_near_a_range_is_refused_with_the_reason(first: str, last: str, words: str) -> None:
    async with looking_at(an_app(a_february())) as eyes:
        await planning(eyes)
        await fill(eyes, first, last)
        await eyes.sees("✗", words)


@on_screen
async def test_the_clocks_of_the_dag_and_of_utc_are_both_on_80_columns() -> None:
    async with looking_at(an_app(a_february(timezone=NEW_YORK))) as eyes:
        await planning(eyes)
        await fill(eyes, "2024-03-08", "2024-03-12")
        await eyes.sees("Fri 2024-03-08 00:00 to Tue 2024-03-12 24:00  America/New_York   5 days")
        await eyes.sees("2024-03-08 05:00 to 2024-03-13 04:00 UTC", "5 dates")


@on_screen
async def test_a_dag_on_the_clock_of_utc_is_told_it_once() -> None:
    async with looking_at(an_app(a_february(timezone="Etc/UTC"))) as eyes:
        await planning(eyes)
        await eyes.sees("Sat 2024-06-15 12:00  Etc/UTC")
        assert " UTC" not in eyes.text()


@on_screen
async def test_ranges_are_listed_by_name_with_what_each_means_now(picture: SnapshotAssertion) -> None:
    app = an_app(World([a_dag("sales_daily", timezone=NEW_YORK, start_date=None)]))
    async with looking_at(app) as eyes:
        await planning(eyes)
        await eyes.sees("30 create")
        await eyes.press("f2")
        await eyes.sees(
            "Last 30 days            2024-05-16 00:00 to 2024-06-14 24:00",
            "this Dag has never succeeded",
            "this Dag has no start date",
        )
        assert await eyes.picture() == picture


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset[2])
@on_screen
async def test_a_key_takes_a_range_into_the_fields(preset: tuple[str, str, str]) -> None:
    key, _, expression = preset
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f2", key)
        await eyes.until(lambda: eyes.app.screen is screen, "the dialog to close")
        assert fields(screen) == (expression, "")
        await eyes.until(lambda: screen.plan is not None, "the plan")


@on_screen
async def test_the_range_under_the_cursor_is_taken_by_enter_and_one_without_a_span_is_not() -> None:
    async with looking_at(an_app(World([a_dag("sales_daily")]))) as eyes:
        screen = await planning(eyes)
        await eyes.sees("create")
        before = fields(screen)
        await eyes.press("f2", "s")
        await eyes.until(lambda: "▌s  Since the last success  this Dag has never" in eyes.text())
        assert isinstance(eyes.app.screen, PresetsDialog)
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is screen)
        assert fields(screen) == before
        await eyes.press("f2", "j", "enter")
        await eyes.until(lambda: fields(screen) == ("last 7 days", ""), "the second range")


@on_screen
async def test_the_range_from_before_comes_back_step_by_step() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f2", "y")
        await eyes.until(lambda: fields(screen) == ("this year", ""))
        await eyes.press("f2", "M")
        await eyes.until(lambda: fields(screen) == ("last month", ""))
        await eyes.press("ctrl+z")
        await eyes.until(lambda: fields(screen) == ("this year", ""))
        await eyes.press("ctrl+z")
        await eyes.until(lambda: fields(screen) == ("2024-02-15", "now"))
        await eyes.press("ctrl+z")
        await eyes.sees("122 create")
        assert fields(screen) == ("2024-02-15", "now")


@on_screen
async def test_what_is_typed_after_a_range_was_taken_replaces_it() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f2", "M")
        await eyes.until(lambda: fields(screen) == ("last month", ""))
        await eyes.write("2024-04")
        await eyes.sees("30 dates")
        assert fields(screen) == ("2024-04", "")


@on_screen
async def test_a_span_of_the_calendar_becomes_the_range() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-01", "2024-02-20")
        await eyes.sees("20 dates")
        screen.strip.focus()
        await eyes.press("home", "]", "v", "right", "right")
        await eyes.sees("Tue 2024-02-06 00:00 to Thu 2024-02-08 00:00  3 dates")
        await eyes.press("enter")
        await eyes.until(lambda: fields(screen) == ("2024-02-06", "2024-02-08"), "the span")
        await eyes.sees("3 dates")
        await eyes.press("ctrl+z")
        await eyes.sees("20 dates")


@on_screen
async def test_the_calendar_and_the_list_go_together() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-01", "2024-04-20")
        await eyes.sees("80 dates")
        screen.table.focus()
        await eyes.press("G")
        await eyes.until(lambda: screen.strip.cursor_place == 79, "the calendar to follow")
        screen.strip.focus()
        await eyes.press("home")
        await eyes.until(lambda: screen.table.cursor == 0, "the list to follow")
        await eyes.press("right", "right")
        await eyes.until(lambda: eyes.line_with("Sat 2024-02-03 00:00  – skip").startswith("▌"))


@on_screen
async def test_in_a_list_that_runs_backwards_the_calendar_finds_the_same_date() -> None:
    async with looking_at(an_app(a_february())) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-02-01", "2024-02-20")
        screen.form.backwards.on = True
        await eyes.until(lambda: screen.plan is not None and screen.plan.request.run_backwards)
        screen.strip.focus()
        await eyes.press("home", "right")
        await eyes.until(lambda: eyes.line_with("Fri 2024-02-02 00:00  – skip").startswith("▌"))
        assert screen.table.cursor == 18
