"""The list of backfills: truthful, newest first, and the way to watch one; keys only."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.ui.screens.backfills import BackfillsScreen


def asked(dag_id: str, first: str, last: str) -> BackfillRequest:
    return BackfillRequest(
        dag_id=DagId(dag_id), from_date=instant(first), to_date=instant(last), max_active_runs=4
    )


def launch(world: World, dag_id: str, first: str, last: str, note: str = "") -> None:
    ScriptedGateway(world).launch(Launch(request=asked(dag_id, first, last), note=note))


def four_backfills() -> World:
    """One done, one done with failures, one cancelled, one running."""
    world = World([a_dag("sales_daily"), a_dag("stock_[/red]"), a_dag("web_traffic")])
    launch(world, "sales_daily", "2024-01-01", "2024-01-31")
    world.advance_to_end()
    world.fail("stock_[/red]", "load", "2024-01-03")
    launch(world, "stock_[/red]", "2024-01-01", "2024-01-10")
    world.advance_to_end()
    launch(world, "web_traffic", "2024-03-01", "2024-03-20")
    world.advance(5)
    world.cancel(BackfillId(3))
    world.advance_to_end()
    launch(world, "sales_daily", "2024-02-01", "2024-02-29", note="prices were wrong [/]")
    world.advance(8)
    return world


def two_active(world: World) -> World:
    """The Dag of the running one gets another, which Airflow does not mean to be possible."""
    request = asked("sales_daily", "2024-04-01", "2024-04-05")
    with world.changed:
        world.create(request, ScriptedGateway(world).plan(request).runs)
    return world


async def listing(eyes: Eyes) -> BackfillsScreen:
    await eyes.sees("web_traffic")
    await eyes.press("b")
    await eyes.sees("Range", "Status", "2024-01-01..2024-01-31")
    screen = eyes.app.screen
    assert isinstance(screen, BackfillsScreen)
    return screen


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_list_at_every_size(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    app = an_app(four_backfills())
    async with looking_at(app, size) as eyes:
        await listing(eyes)
        assert await eyes.picture() == picture


@on_screen
async def test_the_newest_is_first_and_each_status_is_read_off_the_runs() -> None:
    async with looking_at(an_app(four_backfills())) as eyes:
        await listing(eyes)
        lines = [line for line in eyes.text().splitlines() if ".." in line]
        assert [line.split()[1 if "▌" in line.split()[0] else 0] for line in lines] == ["4", "3", "2", "1"]
        assert "RUNNING" in lines[0]
        assert "CANCELLED" in lines[1]
        assert "never ran" in lines[1]
        assert "✗ DONE  1 failed" in lines[2]
        assert "stock_[/red]" in lines[2]
        assert "█ DONE" in lines[3]
        assert lines[3].rstrip().endswith("31/31")


@on_screen
async def test_the_list_follows_what_happens() -> None:
    world = four_backfills()
    async with looking_at(an_app(world)) as eyes:
        await listing(eyes)
        world.advance_to_end()
        await eyes.until(lambda: "29/29" in eyes.line_with("2024-02-01"), "the running one to be done")
        assert "█ DONE" in eyes.line_with("2024-02-01")


@on_screen
async def test_enter_watches_the_backfill_under_the_cursor_and_escape_comes_back() -> None:
    async with looking_at(an_app(four_backfills())) as eyes:
        screen = await listing(eyes)
        await eyes.press("down", "down", "enter")
        await eyes.sees("stock_[/red] backfill 2", "DONE: 9 succeeded, 1 failed")
        await eyes.press("escape")
        await eyes.until(lambda: eyes.app.screen is screen, "the list")


@on_screen
async def test_without_a_backfill_it_says_what_to_do() -> None:
    async with looking_at(an_app(World([a_dag("sales_daily")]))) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("b")
        await eyes.sees("No Dag has had a backfill yet")
        await eyes.press("enter")
        assert isinstance(eyes.app.screen, BackfillsScreen)


@on_screen
async def test_a_list_that_can_not_be_read_says_why() -> None:
    gateway = ScriptedGateway(four_backfills())
    time = [0.0]
    async with looking_at(an_app(gateway, clock=lambda: time[0])) as eyes:
        await eyes.sees("web_traffic")
        gateway.fail("backfills", AirflowFailed("The database is locked", remedy="wait a moment"))
        await eyes.press("b")
        await eyes.sees("The database is locked: wait a moment")
        await eyes.sees("2024-01-01..2024-01-31")


@on_screen
async def test_when_backfills_were_created_is_told_in_utc_whatever_clocks_their_dags_have() -> None:
    world = World([a_dag("web_traffic", timezone="America/New_York"), a_dag("sales_daily")])
    launch(world, "sales_daily", "2024-01-01", "2024-01-31")
    launch(world, "web_traffic", "2024-01-01", "2024-01-31")
    async with looking_at(an_app(world), (200, 50)) as eyes:
        await listing(eyes)
        await eyes.press("home")
        await eyes.sees("Created (UTC)", "web_traffic   backfill 2   created 2024-06-15 12:00 UTC by you")
        assert eyes.text().count("2024-06-15 12:00  ") == 2, "one a line"


@on_screen
async def test_the_lines_below_tell_the_rest_of_the_backfill_under_the_cursor() -> None:
    async with looking_at(an_app(four_backfills())) as eyes:
        await listing(eyes)
        await eyes.sees(
            "sales_daily   backfill 4   created 2024-06-15 12:00 UTC by you   8 s so far",
            "▶ RUNNING  4 of 4 slots",
            "Thu 2024-02-01 00:00 to Thu 2024-02-29 00:00  UTC",
            "Missing Runs, at most 4 runs at a time",
            "Note: prices were wrong [/]",
        )
        await eyes.press("down", "down")
        await eyes.sees(
            "stock_[/red]   backfill 2", "✗ DONE  9 succeeded, 1 failed (rerun what failed)", "took"
        )
        assert "Note:" not in eyes.text()


@on_screen
async def test_more_than_one_active_backfill_of_a_dag_is_shown_as_what_it_is(
    picture: SnapshotAssertion,
) -> None:
    app = an_app(two_active(four_backfills()))
    async with looking_at(app) as eyes:
        await listing(eyes)
        await eyes.sees("! 2 active of this Dag: 5 and 4")
        assert "! sales_daily" in eyes.line_with("2024-04-01..2024-04-05")
        assert "2 active" in eyes.line_with("2024-04-01..2024-04-05")
        assert "! sales_daily" in eyes.line_with("2024-02-01..2024-02-29")
        assert "! " not in eyes.line_with("2024-01-01..2024-01-31")
        assert await eyes.picture() == picture


@on_screen
async def test_only_the_backfills_of_one_dag_are_a_key_away_and_all_are_too() -> None:
    async with looking_at(an_app(four_backfills())) as eyes:
        await listing(eyes)
        await eyes.sees("d this Dag")
        await eyes.press("d")
        await eyes.no_longer_sees("web_traffic")
        await eyes.sees("of sales_daily", "2024-01-01..2024-01-31", "d all Dags")
        await eyes.press("d")
        await eyes.sees("web_traffic", "d this Dag")


@pytest.mark.parametrize(("downs", "number"), [(0, "4"), (1, "2"), (2, "3")])
@on_screen
async def test_the_list_opens_at_the_newest_of_the_dag_it_was_opened_from(downs: int, number: str) -> None:
    async with looking_at(an_app(four_backfills())) as eyes:
        await eyes.sees("web_traffic")
        await eyes.press("home", *["down"] * downs, "b")
        await eyes.sees("2024-01-01..2024-01-31")
        await eyes.until(lambda: eyes.line_with("▌").split()[1] == number, f"the cursor on {number}")


@on_screen
async def test_the_list_opens_from_the_plan_and_from_the_watch_screen() -> None:
    async with looking_at(an_app(four_backfills())) as eyes:
        await eyes.sees("web_traffic")
        await eyes.press("end", "enter")
        await eyes.sees("Plan  web_traffic")
        await eyes.press("f10")
        await eyes.until(lambda: eyes.line_with("▌").split()[1] == "3", "the cursor on 3")
        await eyes.press("enter")
        await eyes.sees("web_traffic backfill 3", "CANCELLED")
        await eyes.press("b")
        await eyes.until(lambda: "▌" in eyes.text() and eyes.line_with("▌").split()[1] == "3")
        await eyes.press("escape", "escape", "escape")
        await eyes.sees("Plan  web_traffic")


@on_screen
async def test_a_status_that_has_no_room_loses_whole_parts_and_no_digits() -> None:
    world = World([a_dag("sales_daily")])
    world.fail("sales_daily", "load", *(f"2024-01-{day:02}" for day in range(1, 5)))
    launch(world, "sales_daily", "2024-01-01", "2024-04-30")
    world.advance(3)
    world.cancel(BackfillId(1))
    world.advance_to_end()
    async with looking_at(an_app(world)) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("b")
        await eyes.sees("⊘ CANCELLED  4 failed  ")
        await eyes.sees("117 never ran, 4 failed")
