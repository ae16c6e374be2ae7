"""What stands at the foot of a screen can be clicked, and does what its key does."""

from __future__ import annotations

from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.watch_screens import a_backfill, watching
from tests.support.world import World, a_dag
from tests.ui.test_control import a_running_backfill
from tests.ui.test_rerun import a_failed_backfill

from backfill_tui.ui.screens.backfills import BackfillsScreen
from backfill_tui.ui.screens.confirm import ConfirmDialog
from backfill_tui.ui.screens.control import ControlDialog
from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.screens.export import ExportDialog
from backfill_tui.ui.screens.help import HelpDialog
from backfill_tui.ui.screens.plan import PlanScreen
from backfill_tui.ui.screens.rerun import RerunDialog
from backfill_tui.ui.widgets.key_line import KeyLine


async def click(eyes: Eyes, words: str) -> None:
    """Click on some words of the line of keys."""
    line = eyes.app.screen.query_one(KeyLine)
    text = eyes.text().splitlines()[line.region.y]
    at = text.index(words)
    await eyes.pilot.click(offset=(at + 1, line.region.y))


@on_screen
async def test_a_click_on_a_command_carries_it_out() -> None:
    app = an_app(World([a_dag("sales"), a_dag("stock")]))
    async with looking_at(app) as eyes:
        await eyes.sees("enter plan", "? help")
        await click(eyes, "b backfills")
        await eyes.until(lambda: isinstance(app.screen, BackfillsScreen))
        await eyes.sees("esc back")
        await click(eyes, "esc back")
        await eyes.until(lambda: isinstance(app.screen, DagsScreen))
        await click(eyes, "? help")
        await eyes.until(lambda: isinstance(app.screen, HelpDialog))
        await click(eyes, "esc close")
        await eyes.until(lambda: isinstance(app.screen, DagsScreen))
        await click(eyes, "enter plan")
        await eyes.until(lambda: isinstance(app.screen, PlanScreen))


@on_screen
async def test_a_dialog_is_answered_by_a_click_and_the_gaps_do_nothing() -> None:
    world = World([a_dag("sales")])
    app = an_app(world)
    async with looking_at(app) as eyes:
        await eyes.sees("u pause")
        await click(eyes, "u pause")
        await eyes.until(lambda: isinstance(app.screen, ConfirmDialog))
        line = app.screen.query_one(KeyLine)
        await eyes.pilot.click(offset=(line.region.right - 1, line.region.y))
        await eyes.pilot.pause()
        assert isinstance(app.screen, ConfirmDialog)
        await click(eyes, "esc")
        await eyes.until(lambda: isinstance(app.screen, DagsScreen))
        assert not next(iter(world.dags.values())).summary.is_paused


async def click_in_help(eyes: Eyes, typed: str, words: str) -> None:
    """Open the help, find something in it, and click on some words."""
    await eyes.press("f1", "slash")
    await eyes.until(lambda: isinstance(eyes.app.screen, HelpDialog))
    await eyes.write(typed)
    await eyes.sees(words)
    lines = eyes.text().splitlines()
    y = next(number for number, line in enumerate(lines) if words in line)
    await eyes.pilot.click(offset=(lines[y].index(words), y))


@on_screen
async def test_a_command_that_has_no_place_at_the_foot_is_carried_out_by_a_click_in_the_help() -> None:
    app = an_app(a_backfill())
    async with looking_at(app) as eyes:
        screen = await watching(eyes)
        await click_in_help(eyes, "became of", "Write what became of these dates")
        await eyes.until(lambda: isinstance(app.screen, ExportDialog))
        await eyes.press("escape")
        await eyes.until(lambda: app.screen is screen)
        # One of a part of the screen goes to that part.
        screen.inspector.log_view.focus()
        await click_in_help(eyes, "last date", "Go to the last date")
        await eyes.until(
            lambda: screen.grid.has_focus and screen.grid.cursor_row == len(screen.store.rows) - 1
        )


@on_screen
async def test_a_command_that_does_not_apply_says_so_and_the_help_stays() -> None:
    app = an_app(World([a_dag("sales")]))
    async with looking_at(app) as eyes:
        await eyes.sees("sales")
        await click_in_help(eyes, "bridge", "Start the bridge to Airflow again")
        await eyes.sees("It does nothing now")
        assert isinstance(app.screen, HelpDialog)


@on_screen
async def test_a_click_in_the_help_of_a_dialog_is_of_that_dialog() -> None:
    app = an_app(World([a_dag("sales")]))
    async with looking_at(app) as eyes:
        await eyes.sees("u pause")
        await eyes.press("u")
        await eyes.until(lambda: isinstance(app.screen, ConfirmDialog))
        await click_in_help(eyes, "nothing", "Close this and change nothing")
        await eyes.until(lambda: isinstance(app.screen, DagsScreen))


async def point_at(eyes: Eyes, words: str) -> None:
    """Click on some words, wherever they stand."""
    await eyes.sees(words)
    lines = eyes.text().splitlines()
    y = next(number for number, line in enumerate(lines) if words in line)
    await eyes.pilot.click(offset=(lines[y].index(words), y))


@on_screen
async def test_the_choices_of_a_rerun_and_of_a_mark_are_clicked() -> None:
    app = an_app(a_failed_backfill())
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily")
        await eyes.press("w")
        await eyes.sees("DONE: 8 succeeded, 2 failed")
        await eyes.press("a", "r")
        await eyes.sees("(•) failed tasks only")
        await point_at(eyes, "( ) whole run")
        await eyes.sees("(•) whole run", "( ) failed tasks only")
        await point_at(eyes, "( ) failed tasks only")
        await eyes.sees("(•) failed tasks only")
        ticked = "[x]" in eyes.text()
        await point_at(eyes, "on the latest version of the Dag")
        await eyes.sees("[ ]" if ticked else "[x]")
        await point_at(eyes, "(•) failed tasks only")
        assert isinstance(app.screen, RerunDialog), "what is chosen stays chosen, and nothing is done"
        await eyes.press("escape", "m")
        await point_at(eyes, "( ) failed")
        await eyes.sees("(•) failed", "( ) success")
        await point_at(eyes, "( ) success")
        await eyes.sees("(•) success", "( ) failed")


@on_screen
async def test_the_ways_of_a_cancel_are_clicked() -> None:
    app = an_app(a_running_backfill())
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily", "Schedule")
        await eyes.press("w")
        await eyes.sees("RUNNING")
        await eyes.press("x")
        await point_at(eyes, "( ) ")
        await eyes.until(lambda: isinstance(app.screen, ControlDialog) and app.screen.chosen == 1)
        await point_at(eyes, "( ) ")
        await eyes.until(lambda: isinstance(app.screen, ControlDialog) and app.screen.chosen == 0)
