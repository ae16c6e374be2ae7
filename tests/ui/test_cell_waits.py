"""Why the task under the cursor waits, in the pane about it."""

from __future__ import annotations

import pytest
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import a_backfill, watching

from backfill_tui.domain.causes import Cause, CauseCode

UPSTREAM = Cause(code=CauseCode.UPSTREAM, sentence='trigger rule all_success is not met: "clean" (running)')
FULL = Cause(code=CauseCode.POOL_FULL, sentence="pool [/red] is full", remedy="give the pool more slots")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
@on_screen
async def test_a_waiting_cell_says_its_own_reason_and_follows_it(size: tuple[int, int]) -> None:
    world = a_backfill()
    world.advance(30)
    gateway = ScriptedGateway(world)
    gateway.waits = (UPSTREAM,)
    async with looking_at(an_app(gateway), size) as eyes:
        await watching(eyes)
        await eyes.press("n", "left")
        await eyes.sees("clean  2024-02-06")
        assert "waits: trigger" not in eyes.text()
        await eyes.press("right", *["down"] * 8)
        await eyes.sees("load  2024-02-14", "waits: trigger rule all_success")
        gateway.waits = (FULL,)
        await eyes.sees("waits: pool [/red] is full: give the pool")
        await eyes.no_longer_sees("trigger rule")
        gateway.waits = ()
        await eyes.no_longer_sees("waits: pool")
