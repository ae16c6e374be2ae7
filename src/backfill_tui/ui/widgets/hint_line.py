"""A hint above the keys: it covers nothing, goes with its screen, and counts as told once it was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.content import Content
from textual.widgets import Static

_TICK_SECONDS: Final = 1.0
_READ_TICKS: Final = 4
_SHOWN_TICKS: Final = 12
_LEAST_HEIGHT: Final = 20
"""On fewer lines the screen itself has too few."""


class HintLine(Static):
    """Words for somebody who is new, for so long as it takes to read them; a click takes them away.

    The time goes on only while they can be read: not under a dialog, another screen or a message, nor on a
    terminal without room for them.
    `when_read` is called once, as soon as they have stood for long enough. What was left sooner is told
    again the next time.
    """

    DEFAULT_CSS = """
    HintLine {
        height: auto; max-height: 4; padding: 0 1; border-left: thick $accent;
        background: $panel; color: $foreground;
    }
    """

    def __init__(self, words: Content, when_read: Callable[[], object]) -> None:
        super().__init__(Content.assemble(("New here? ", "bold"), words))
        self._when_read = when_read
        self._ticks = 0

    def on_mount(self) -> None:
        """Begin to count."""
        self.display = self.app.size.height >= _LEAST_HEIGHT
        self.set_interval(_TICK_SECONDS, self._tick)

    def on_click(self) -> None:
        """It was read."""
        self._when_read()
        self.remove()

    def _tick(self) -> None:
        self.display = self.app.size.height >= _LEAST_HEIGHT
        if not self.display or not self.screen.is_active or self.screen.query("Toast"):
            return
        self._ticks += 1
        if self._ticks == _READ_TICKS:
            self._when_read()
        if self._ticks >= _SHOWN_TICKS:
            self.remove()
