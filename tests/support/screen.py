"""The screen in tests: opened at a size, driven by keys, read as text, waited for and never slept for."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from textual import events
from textual.app import App
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.strip import Strip

from backfill_tui.domain.looks import Looks
from backfill_tui.gateway.port import Engine
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.themed import PLAIN_LOOKS
from tests.support.scripted import ScriptedGateway
from tests.support.world import NOW, World

PATIENCE_SECONDS = 10.0
FIXED_TIME = NOW / 1_000_000
T = TypeVar("T")


def on_screen(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs an async test; each has an event loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))  # type: ignore[arg-type]  # it is a coroutine

    return run


class Eyes:
    """A person at the terminal: presses keys and reads what is there."""

    def __init__(self, app: App[Any], pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Type a text into the field that has the focus, quickly."""
        for letter in text:
            self.app.post_message(events.Key(_character_to_key(letter), letter))
        await self.pilot.pause()

    def text(self) -> str:
        """What stands on the screen, line by line."""
        return "\n".join(strip.text.rstrip() for strip in self.strips())

    def strips(self) -> list[Strip]:
        """The lines as the terminal gets them, with their styles."""
        return list(self.app.screen._compositor.render_strips())

    async def picture(self) -> str:
        """The screen as an SVG, once nothing moves on it any more.

        A pane may wait a moment before it reads, and reads in a thread: so what is seen has to stand still
        for longer than that, and longer yet while calls are under way.
        """
        seen, still_since = self.text(), time.monotonic()
        given_up = still_since + PATIENCE_SECONDS
        while time.monotonic() < min(given_up, still_since + (1.0 if self._asks() else 0.4)):
            await self.pilot.pause(0.05)
            if seen != self.text():
                seen, still_since = self.text(), time.monotonic()
        return self.app.export_screenshot()

    def _asks(self) -> bool:
        """Whether calls are under way beside the stream, which never ends."""
        return any(worker.is_running and worker.group != "watch" for worker in self.app.workers)

    def line_with(self, words: str) -> str:
        """The first line that has those words."""
        found = [line for line in self.text().splitlines() if words in line]
        assert found, f"{words!r} is not on the screen:\n{self.text()}"
        return found[0]

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until something holds; fail with what the screen shows."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                msg = f"waited in vain for {what or holds}; the screen shows:\n{self.text()}"
                raise AssertionError(msg)
            await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def sees(self, *words: str) -> None:
        """Wait until all those words are on the screen."""
        await self.until(lambda: all(word in self.text() for word in words), f"{words}")

    async def no_longer_sees(self, words: str) -> None:
        """Wait until those words are gone."""
        await self.until(lambda: words not in self.text(), f"{words!r} to go")


@asynccontextmanager
async def looking_at(app: App[Any], size: tuple[int, int] = (80, 24)) -> AsyncGenerator[Eyes, None]:
    """The running program at a terminal size."""
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Eyes(app, pilot)


def an_app(
    gateway: ScriptedGateway | World,
    *,
    engine: Engine | None = None,
    read_only: bool = False,
    clock: Callable[[], float] = lambda: FIXED_TIME,
    looks: Looks = PLAIN_LOOKS,
) -> BackfillApp:
    """The program over a scripted gateway, its clock standing still unless another is given."""
    used = ScriptedGateway(gateway, read_only=read_only) if isinstance(gateway, World) else gateway
    return BackfillApp(
        connect=lambda: used, engine=engine, read_only=read_only, where="dags/", clock=clock, looks=looks
    )
