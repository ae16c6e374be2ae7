"""What stands at the foot of a screen can be clicked, and does what its key does."""

from __future__ import annotations

from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.world import World, a_dag

from backfill_tui.ui.screens.backfills import BackfillsScreen
from backfill_tui.ui.screens.confirm import ConfirmDialog
from backfill_tui.ui.screens.dags import DagsScreen
from backfill_tui.ui.screens.help import HelpDialog
from backfill_tui.ui.screens.plan import PlanScreen
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
