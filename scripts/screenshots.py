"""Draws `screenshots/*.svg` from the running program: the real bridge, engine and scheduler, keys as pressed.

python -m scripts.screenshots [FOLDER]

A test draws them into a folder of its own and compares what stands on them.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from textual.pilot import Pilot

from backfill_tui.engine.attendance import attend
from backfill_tui.engine.control import EngineControl
from backfill_tui.engine.home import EmbeddedHome, prepare_home
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from backfill_tui.ui.app import BackfillApp

REPOSITORY: Final = Path(__file__).parents[1]
TARGET: Final = REPOSITORY / "screenshots"
SIZE: Final = (120, 32)
_PATIENCE_SECONDS: Final = 180.0
_LOOK_SECONDS: Final = 0.05
# Textual numbers the styles of a picture anew each time.
_NUMBERED: Final = re.compile(r"terminal-\d+-")
# A picture must not load anything from elsewhere when it is looked at.
_LINKED_FONTS: Final = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)


class Photographer:
    """A person at the terminal with a camera."""

    def __init__(self, app: BackfillApp, pilot: Pilot[Any], hidden: Path, target: Path) -> None:
        self._app = app
        self._pilot = pilot
        self._hidden = str(hidden)
        self._target = target

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self._pilot.press(*keys)

    async def sees(self, *words: str) -> None:
        """Wait until all those words are on the screen."""
        for _ in range(int(_PATIENCE_SECONDS / _LOOK_SECONDS)):
            if all(word in self._text() for word in words):
                return
            await self._pilot.pause(_LOOK_SECONDS)
        sys.exit(f"waited in vain for {words}; the screen shows:\n{self._text()}")

    async def choose(self, dag_id: str) -> None:
        """Put the cursor on a Dag."""
        await self.press("home")
        for _ in range(50):
            if any(line.startswith("▌") and f" {dag_id} " in line for line in self._text().splitlines()):
                return
            await self.press("down")
        sys.exit(f"{dag_id} is not in the list:\n{self._text()}")

    async def plan(self, dag_id: str, first: str, last: str) -> None:
        """Open the plan of a Dag and type a range."""
        await self.choose(dag_id)
        await self.press("enter")
        await self.sees("Plan  ", dag_id, "Verdict")
        for text in (first, last):
            await self.press("home", *["delete"] * 10, *text, "tab")
        await self.sees(f"{last} 24:00")

    async def shoot(self, name: str) -> None:
        """Write a picture of what stands on the screen."""
        await self._pilot.pause()
        svg = self._app.export_screenshot(title="backfill-tui")
        svg = _LINKED_FONTS.sub("", _NUMBERED.sub("terminal-", svg))
        for path in (self._hidden, str(REPOSITORY)):
            svg = svg.replace(path, _stand_in(path))
        (self._target / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(f"{self._target.name}/{name}.svg")

    def _text(self) -> str:
        strips = self._app.screen._compositor.render_strips()  # noqa: SLF001  # the screen as text has no other door
        return "\n".join(strip.text.rstrip() for strip in strips)


def _stand_in(path: str) -> str:
    """A path as long as that one, because a picture gives every text its width."""
    return ("/home/you" + "." * len(path))[: len(path)]


async def tour(eyes: Photographer, dags_folder: Path) -> None:
    """Go through the program as its three uses do."""
    await eyes.sees("Bringing up Airflow")
    await eyes.shoot("startup")
    await eyes.sees("file does not import", "scheduler")
    await eyes.plan("my_backfill_dag", "2021-01-01", "2021-01-20")
    await eyes.press("f5")
    await eyes.sees("Create 20 runs")
    await eyes.shoot("confirm")
    await eyes.press("enter")
    await eyes.sees("Watch  my_backfill_dag", "succeeded", "running")
    await eyes.shoot("watch-running")
    await eyes.sees("DONE: 20 succeeded")
    await eyes.press("escape", "escape")
    await eyes.sees("Last runs")
    await eyes.plan("sales_daily", "2024-02-01", "2024-02-14")
    await eyes.press("f5")
    await eyes.sees("Create 14 runs")
    await eyes.press("enter")
    await eyes.sees("DONE: 12 succeeded, 2 failed")
    await eyes.press("n")
    await eyes.sees("KeyError: 'sku'")
    await eyes.shoot("watch")
    await eyes.press("a", "r")
    await eyes.sees("failed tasks only", "task instances")
    await eyes.shoot("rerun")
    (dags_folder / "sales_daily.mended").touch()
    await eyes.press("escape", "escape", "escape", "escape")
    await eyes.sees("Last runs")
    await eyes.plan("sales_daily", "2024-01-28", "2024-02-17")
    await eyes.press("tab", "right")
    await eyes.sees("2 reprocess", "all 5 run again")
    await eyes.shoot("plan")
    await eyes.press("f2")
    await eyes.sees("Since the last success")
    await eyes.shoot("ranges")
    await eyes.press("escape", "escape")
    await eyes.sees("Last runs")
    await eyes.shoot("dags")
    await eyes.press("question_mark")
    await eyes.sees("enter")
    await eyes.shoot("help")
    await eyes.press("escape")


@contextmanager
def _program(folder: Path) -> Iterator[tuple[BackfillApp, EmbeddedHome]]:
    dags_folder = folder / "dags"
    shutil.copytree(
        REPOSITORY / "dags", dags_folder, ignore=shutil.ignore_patterns("*.mended", "__pycache__")
    )
    home = prepare_home(folder / "home", dags_folder)
    words = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "embedded"]
    command = BridgeCommand(
        words=[*words, "--dags-folder", str(dags_folder)],
        environment=home.environment(os.environ),
        log=home.bridge_log,
    )
    gateway = BridgeGateway(BridgeChild(command))
    engine = EngineControl(home)
    with attend(home):
        try:
            yield BackfillApp(connect=lambda: gateway, engine=engine, where="dags/"), home
        finally:
            gateway.close()
            engine.stop()


async def _run(folder: Path, target: Path) -> None:
    with _program(folder) as (app, home):
        async with app.run_test(size=SIZE) as pilot:
            await tour(Photographer(app, pilot, folder, target), home.dags_folder)


def main() -> None:
    """Draw every picture anew, into `screenshots/` or the folder that is named."""
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    target = Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else TARGET
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        # The Dags are named as they lie from here, so no path of this machine is in the pictures.
        os.chdir(folder)
        asyncio.run(_run(Path.cwd(), target))


if __name__ == "__main__":
    main()
