"""What is painted: only what changed, and under a dialog no more than that; counted, not timed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import a_backfill, watching
from tests.support.world import World, a_dag
from textual.renderables.background_screen import BackgroundScreen

from backfill_tui.domain.instants import SECOND, Instant, Microseconds
from backfill_tui.domain.throughput import Pace
from backfill_tui.domain.time_ranges import TimeRange
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.widgets.progress_header import ProgressHeader


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often what lies under a dialog was painted as a whole, and a header was drawn."""
    counts: Counter[str] = Counter()
    behind, header = BackgroundScreen.__rich_console__, ProgressHeader.render

    def count_behind(self: BackgroundScreen, *arguments: Any) -> Any:
        counts["behind"] += 1
        return behind(self, *arguments)

    def count_header(self: ProgressHeader) -> Any:
        counts["header"] += 1
        return header(self)

    monkeypatch.setattr(BackgroundScreen, "__rich_console__", count_behind)
    monkeypatch.setattr(ProgressHeader, "render", count_header)
    monkeypatch.setattr("backfill_tui.ui.app._READ_SECONDS", 3600)
    return counts


@on_screen
async def test_under_a_dialog_nothing_is_painted_that_did_not_change(painted: Counter[str]) -> None:
    gateway = ScriptedGateway(World([a_dag("sales_daily")]))
    app = an_app(gateway)
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily", "scheduler 0 s")
        behind = app.screen
        assert isinstance(behind, PlaceScreen)
        await eyes.press("question_mark")
        await eyes.sees("Help: ")
        for seconds in (2, 3, 4):
            older = gateway.environment()
            app.environment = replace(older, read_at=Instant(older.read_at + seconds * SECOND))
            await eyes.sees(f"scheduler {seconds} s")
        await eyes.pilot.pause(0.05)
        painted.clear()
        for _ in range(20):
            # Every message that a screen gets has it look whether it is to be painted.
            behind.call_later(lambda: None)
            await eyes.pilot.pause(0.02)
        assert not painted
        app.environment = gateway.environment()
        await eyes.sees("scheduler 0 s")
        assert painted["behind"] == 1
        app.environment = gateway.environment()
        await eyes.pilot.pause(0.05)
        assert painted["behind"] == 1, "the same words"
        await eyes.press("escape")
        await eyes.until(lambda: app.screen is behind, "the Dags again")
        await eyes.sees("scheduler 0 s")


@on_screen
async def test_a_pace_that_reads_the_same_is_not_drawn_again(painted: Counter[str]) -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        screen = await watching(eyes)
        left = TimeRange(low=Microseconds(540 * SECOND), high=Microseconds(840 * SECOND))
        screen.header.pace = Pace(ended=(1, 2, 3), per_minute=7.41, left=left)
        await eyes.sees("7.4 runs/min")
        await eyes.pilot.pause(0.05)
        painted.clear()
        screen.header.pace = Pace(ended=(1, 2, 3), per_minute=7.42, left=left)
        await eyes.pilot.pause(0.05)
        assert not painted
        screen.header.pace = Pace(ended=(1, 2, 3), per_minute=7.6, left=left)
        await eyes.sees("7.6 runs/min")
        assert painted["header"] == 1
