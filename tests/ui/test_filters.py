"""`/` on the screens that have a list: some letters are enough, and those that were meant stand out."""

from __future__ import annotations

from tests.support.plan_screens import planning
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.watch_screens import a_backfill_under_way, watching
from tests.support.world import World, a_dag
from tests.ui.test_backfills_screen import four_backfills
from tests.ui.test_backfills_screen import listing as backfills
from tests.ui.test_failures import listing as failures
from tests.ui.test_failures import three_causes
from tests.ui.test_plan_ranges import fields
from textual import events

from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.screens.failures import FailuresDialog
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.ui.screens.presets import PresetList, PresetsDialog
from backfill_tui.ui.widgets.dag_table import DagTable
from backfill_tui.ui.widgets.line_list import LineList
from backfill_tui.ui.widgets.state_list import StateList


def lit_letters(table: LineList, y: int) -> str:
    """The letters of a line that stand out."""
    return "".join(part.text for part in table.render_line(y) if part.style and part.style.underline)


@on_screen
async def test_dags_are_found_by_some_letters_the_best_first_and_enter_takes_it() -> None:
    names = ("archive_sales_yearly", "my_backfill_dag", "sales_daily", "sales_[/red]_daily", "stock")
    app = an_app(World([a_dag(name) for name in names]))
    async with looking_at(app) as eyes:
        await eyes.sees("stock")
        await eyes.press("down", "down", "down", "down", "slash")
        await eyes.write("sldly")
        await eyes.sees("2 of 5 shown")
        table = app.screen.query_one(DagTable)
        assert [row.name for row in table.in_view] == ["sales_daily", "sales_[/red]_daily"]
        assert (lit_letters(table, 1), lit_letters(table, 2)) == ("sldly", "sldly")
        await eyes.write(" red")
        await eyes.sees("1 of 5 shown")
        await eyes.press("enter", "enter")
        await eyes.until(lambda: isinstance(app.screen, PlanScreen))
        await eyes.sees("sales_[/red]_daily")


@on_screen
async def test_the_cursor_stays_on_its_dag_when_all_are_shown_again() -> None:
    app = an_app(World([a_dag(name) for name in ("alpha", "beta", "gamma", "delta")]))
    async with looking_at(app) as eyes:
        await eyes.sees("gamma")
        await eyes.press("slash", *"gm", "enter", "escape")
        await eyes.until(lambda: len(app.screen.query_one(DagTable).in_view) == 4)
        screen = app.screen
        assert isinstance(screen, DagsScreen)
        assert screen.current is not None
        assert screen.current.name == "gamma"
        assert lit_letters(screen.table, 4) == ""


@on_screen
async def test_backfills_are_found_by_number_dag_status_and_user() -> None:
    async with looking_at(an_app(four_backfills())) as eyes:
        screen = await backfills(eyes)
        for typed, numbers in (("2", [2]), ("sls", [4, 1]), ("cancelled", [3]), ("stock done", [2])):
            await eyes.press("slash")
            await eyes.write(typed)
            await eyes.sees(f"{len(numbers)} of 4 backfills")
            shown = [row.summary.facts.backfill_id for row in screen.table._rows]
            assert shown == numbers
            await eyes.press("enter", "escape")
            await eyes.no_longer_sees("of 4 backfills")
        await eyes.press("slash")
        await eyes.write("[/x]")
        await eyes.sees("No backfill here fits '[/x]': esc shows all again")
        await eyes.press("escape")
        await eyes.sees("web_traffic")
        await eyes.press("escape")
        await eyes.until(lambda: isinstance(eyes.app.screen, DagsScreen))


@on_screen
async def test_failures_are_found_by_task_and_error_and_only_those_are_marked() -> None:
    async with looking_at(an_app(three_causes()), (120, 36)) as eyes:
        screen = await failures(eyes, "6 failures in 3 groups")
        await eyes.press("slash")
        await eyes.write("load sku")
        await eyes.sees("1 of 3 groups")
        assert "is bad" not in eyes.text()
        await eyes.press("enter", "a")
        await eyes.until(lambda: sorted(screen.grid.marks.rows) == [5, 6], "its marks")
        await eyes.press("escape")
        await eyes.sees("is bad")
        assert isinstance(eyes.app.screen, FailuresDialog)


@on_screen
async def test_keys_that_come_in_one_burst_are_done_in_their_order_and_a_book_is_not_looked_for() -> None:
    app = an_app(World([a_dag(name) for name in ("alpha", "beta", "gamma", "delta")]))
    async with looking_at(app) as eyes:
        await eyes.sees("gamma")
        await eyes.press("slash")
        for key, letter in (("x", "x"), ("backspace", None), ("g", "g"), ("m", "m")):
            app.post_message(events.Key(key, letter))
        screen = app.screen
        assert isinstance(screen, DagsScreen)
        await eyes.until(lambda: screen.head.wanted == "gm", "gm")
        screen.head.field.post_message(events.Paste("x" * 100_000))
        await eyes.pilot.pause()
        assert len(screen.head.wanted) <= 200


@on_screen
async def test_where_no_failure_fits_it_is_not_said_that_nothing_has_failed() -> None:
    async with looking_at(an_app(three_causes()), (120, 36)) as eyes:
        await failures(eyes, "6 failures in 3 groups")
        await eyes.press("slash")
        await eyes.write("[/x]")
        await eyes.sees("0 of 3 groups", "No group here fits '[/x]': esc shows all again")
        assert "Nothing has failed" not in eyes.text()
        await eyes.press("escape")
        await eyes.sees("is bad")


@on_screen
async def test_ranges_are_found_by_some_letters_and_their_keys_work_among_those_that_are_left() -> None:
    async with looking_at(an_app(World([a_dag("sales_daily")]))) as eyes:
        screen = await planning(eyes)
        await eyes.sees("create")
        await eyes.press("f2", "slash")
        await eyes.write("lst mnth")
        await eyes.sees("1 of 11 ranges")
        shown = eyes.app.screen.query_one(PresetList)
        assert lit_letters(shown, 1) == "Lstmnth"
        await eyes.press("enter", "enter")
        await eyes.until(lambda: fields(screen) == ("last month", ""), "the range that was left")
        await eyes.press("f2", "slash")
        await eyes.write("[/x]")
        await eyes.sees("No range here fits '[/x]': esc shows all again")
        await eyes.press("enter", "enter", "s")
        await eyes.until(lambda: "▌s  Since the last success  this Dag has never" in eyes.text())
        assert isinstance(eyes.app.screen, PresetsDialog), "what can not be taken is shown among all again"
        assert "of 11 ranges" not in eyes.text()
        await eyes.press("slash", "y", "escape")
        await eyes.no_longer_sees("of 11 ranges")
        assert isinstance(eyes.app.screen, PresetsDialog), "the first esc shows all"
        await eyes.press("q")
        await eyes.until(lambda: eyes.app.screen is screen)
        assert fields(screen) == ("last month", "")


@on_screen
async def test_states_are_found_by_some_letters_and_stay_found_while_they_are_counted_again() -> None:
    world = a_backfill_under_way()
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes)
        await eyes.press("asterisk", "slash")
        await eyes.write("run rnng")
        await eyes.sees("▌ run   ▶ running")
        found = eyes.app.screen.query_one(StateList)
        assert found.row_count == 2, "of runs and of tasks"
        assert lit_letters(found, 1) == "runnng"
        before = found.current
        world.advance(3)
        await eyes.until(lambda: found.current != before, "another number of running dates")
        assert all("running" in found.render_line(1 + row).text for row in range(found.row_count))
        await eyes.press("enter", "enter")
        await eyes.until(lambda: eyes.app.screen is screen)
        assert found.current is not None
        assert screen.grid.marks.rows == found.current.rows
        await eyes.press("asterisk", "slash")
        await eyes.write("[/x]")
        await eyes.sees("No state here fits '[/x]': esc shows all again")
        await eyes.press("escape", "escape")
        await eyes.until(lambda: eyes.app.screen is screen)
