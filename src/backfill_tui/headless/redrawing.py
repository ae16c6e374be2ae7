"""What is drawn over and over on a terminal that may become narrower meanwhile.

A terminal that fits its lines to a new width makes two rows of a line that has no room in one any more, so
that more rows have to be cleared than lines were drawn. One that cuts its lines has as many as before: there
the line above would be cleared too, which is somebody else's. None can be asked without taking away what is
typed, so only those that are known to fit their lines are counted with.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.live import Live
from rich.live_render import LiveRender
from rich.segment import ControlType, Segment

_FITTING_TERMS: Final = ("tmux", "xterm-kitty", "xterm-ghostty", "foot", "alacritty", "wezterm")
_FITTING_VARIABLES: Final = ("TMUX", "VTE_VERSION", "KITTY_WINDOW_ID")
_FITTING_PROGRAMS: Final = ("iTerm.app", "Apple_Terminal", "vscode", "WezTerm", "ghostty", "tmux")


def fits_lines(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is one that is known to fit what it shows to a new width."""
    if "STY" in environment or ("XTERM_VERSION" in environment and "TMUX" not in environment):
        # GNU screen and xterm cut lines, and have the variables of the terminal that they were started from.
        return False
    return (
        environment.get("TERM", "").startswith(_FITTING_TERMS)
        or environment.get("TERM_PROGRAM", "") in _FITTING_PROGRAMS
        or any(environment.get(name) for name in _FITTING_VARIABLES)
    )


class FittingLive(Live):
    """A live display that clears all rows that its lines have come to take."""

    def __init__(self, *, console: Console, **more: Any) -> None:
        super().__init__(console=console, **more)
        if fits_lines(os.environ):
            self._live_render = _FittingRender(console, self.get_renderable())


class _FittingRender(LiveRender):
    def __init__(self, console: Console, renderable: RenderableType) -> None:
        super().__init__(renderable)
        self._console = console
        self._widths: list[int] = []

    def position_cursor(self) -> Control:
        """To the beginning of what was drawn, all of which is cleared."""
        return _cleared(self._rows() - 1)

    def restore_cursor(self) -> Control:
        """The same, from the line below it."""
        return _cleared(self._rows())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """See rich; how wide each line is, is kept."""
        segments = [each for each in super().__rich_console__(console, options) if isinstance(each, Segment)]
        self._widths = [Segment.get_line_length(line) for line in Segment.split_lines(segments)]
        yield from segments

    def _rows(self) -> int:
        """The rows that the lines take now; none before the first time."""
        width = max(1, self._console.width)
        return sum(max(1, -(-cells // width)) for cells in self._widths)


def _cleared(rows_above: int) -> Control:
    """Up by so many rows, and these and the row it was on are taken out.

    Rows that are only cleared still are parts of one line to a terminal that fits it to another width.
    """
    control = Control(ControlType.CARRIAGE_RETURN)
    if rows_above >= 0:
        up = f"\x1b[{rows_above}A" if rows_above else ""
        control.segment = Segment(f"\r{up}\x1b[{rows_above + 1}M", None, control.segment.control)
    return control
