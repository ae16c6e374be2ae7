"""From a keystroke to the preview it means, in a real terminal, and what a long list costs the screen.

The keystrokes change the end of a range of a year of days; each is timed until the count of its dates stands
on the terminal, the pause that waits for more typing included. Beside it Airflow's own dry run of that year.
The list of 100,000 dates is drawn beside a `DataTable` of the same cells: CPU seconds of the process until it
is on the screen, and for one page down.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from rich.text import Text
from tests.support.screen import an_app
from tests.support.scripted import ScriptedGateway
from tests.support.terminal import Terminal
from tests.support.world import HOUR, World, a_dag, instant
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.engine.control import EngineControl
from backfill_tui.engine.home import EmbeddedHome, prepare_home
from backfill_tui.ui.widgets.plan_table import PlanTable

KEYSTROKES: Final = 24
TARGET_MS: Final = 150
ROWS: Final = 100_000
_DAGS: Final = Path(__file__).parents[1] / "dags"
_AFTER: Final = {"backspace": "337 dates", "0": "364 dates", "1": "365 dates"}
"""How many dates the range from 2023-01-01 to 2023-12-3… has after each key."""


def main() -> None:
    """Measure both and print them."""
    with tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder:
        home = prepare_home(Path(folder) / "home", _DAGS)
        try:
            taken = _keystrokes(home)
            airflow = _dry_run(home)
        finally:
            EngineControl(home).stop()
    p50, p95 = statistics.median(taken) * 1000, sorted(taken)[int(len(taken) * 0.95)] * 1000
    print(f"keystroke to shown preview, a year of days, {len(taken)} keystrokes in a terminal of 80x24")
    print(f"  p50 {p50:.0f} ms, p95 {p95:.0f} ms; airflow backfill create --dry-run {airflow:.1f} s")
    print(f"  ratio {airflow * 1000 / p50:.0f} times faster")
    print(f"  target: {TARGET_MS} ms at p50{'':<21} {'met' if p50 <= TARGET_MS else 'MISSED'}")
    asyncio.run(_long_list())


def _keystrokes(home: EmbeddedHome) -> list[float]:
    program = [sys.executable, "-m", "backfill_tui", "--dags-folder", str(_DAGS), "--home", str(home.path)]
    taken = []
    with Terminal(program, environment={**os.environ, "TEXTUAL_ANIMATIONS": "none"}) as terminal:
        terminal.wait_for("ledger", "my_backfill_dag", seconds=120)
        terminal.press("/", "my_backfill_dag", "enter")
        terminal.wait_for("1 of")
        terminal.press("enter")
        terminal.wait_for("Reprocess")
        terminal.press("2023-01-01", "tab", "2023-12-31")
        terminal.wait_for("365 dates", "Sun 2023-12-31 24:00")
        for number in range(KEYSTROKES):
            key = "backspace" if number % 2 == 0 else ("0" if number % 4 == 1 else "1")
            began = time.perf_counter()
            terminal.press(key)
            terminal.wait_for(_AFTER[key])
            taken.append(time.perf_counter() - began)
        terminal.press("escape")
        terminal.wait_for("Last runs")
        terminal.press("ctrl+c")
        terminal.wait_for_exit()
    return taken


def _dry_run(home: EmbeddedHome) -> float:
    words = ["backfill", "create", "--dag-id", "my_backfill_dag", "--from-date", "2023-01-01",
             "--to-date", "2023-12-31", "--dry-run"]  # fmt: skip
    began = time.perf_counter()
    subprocess.run(
        [str(Path(sys.executable).with_name("airflow")), *words],
        env=home.environment(os.environ), capture_output=True, check=True, timeout=300,
    )  # fmt: skip
    return time.perf_counter() - began


async def _long_list() -> None:
    plan = _long_plan()
    ours = await _drawn(_TableApp(plan))
    theirs = await _drawn(_DataTableApp(plan))
    print(f"a list of {ROWS:,} dates, CPU of the process")
    for what, (first, page) in (("ours, Line API", ours), ("DataTable", theirs)):
        print(f"  {what:<16} on the screen {first * 1000:>7.0f} ms, page down {page * 1000:>6.1f} ms")
    print(f"  ratio {theirs[0] / ours[0]:.0f} and {theirs[1] / ours[1]:.0f} times less")


def _long_plan() -> BackfillPlan:
    world = World([a_dag("long", period=HOUR)])
    first = instant("2010-01-01")
    request = BackfillRequest(
        dag_id=next(iter(world.dags)), from_date=first, to_date=type(first)(first + (ROWS - 1) * HOUR)
    )
    return ScriptedGateway(world).plan(request)


class _TableApp(App[None]):
    """Our list, alone."""

    def __init__(self, plan: BackfillPlan) -> None:
        super().__init__()
        self.plan = plan
        for theme in an_app(World([])).available_themes.values():
            self.register_theme(theme)
        self.theme = an_app(World([])).theme

    def compose(self) -> ComposeResult:
        yield PlanTable()

    def fill(self) -> None:
        self.query_one(PlanTable).show(self.plan)
        self.query_one(PlanTable).focus()


class _DataTableApp(App[None]):
    """The same cells in a `DataTable`."""

    def __init__(self, plan: BackfillPlan) -> None:
        super().__init__()
        self.plan = plan

    def compose(self) -> ComposeResult:
        yield DataTable()

    def fill(self) -> None:
        table: DataTable[Any] = self.query_one(DataTable)
        table.add_columns("#", "Logical date", "Verdict", "Why")
        table.add_rows(
            (
                str(run.ordinal),
                Text(str(run.occurrence.logical_date)),
                Text(run.verdict.label),
                Text(run.reason),
            )
            for run in self.plan.runs
        )
        table.focus()


async def _drawn(app: _TableApp | _DataTableApp) -> tuple[float, float]:
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        began = time.process_time()
        app.fill()
        await pilot.pause()
        first = time.process_time() - began
        pages = []
        for _ in range(10):
            began = time.process_time()
            await pilot.press("pagedown")
            pages.append(time.process_time() - began)
        return first, statistics.median(pages)


if __name__ == "__main__":
    main()
