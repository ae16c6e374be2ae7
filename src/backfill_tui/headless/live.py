"""What is drawn on stderr while something goes on: one line with a bar, or the progress of a backfill."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TextIO

from rich.console import Group
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from backfill_tui.domain.instants import SECOND, clock
from backfill_tui.domain.text import one_line
from backfill_tui.headless.consoles import TerminalConsole
from backfill_tui.headless.interrupts import uninterrupted
from backfill_tui.headless.progress import Progress
from backfill_tui.headless.progress_lines import Moment, last_line, live_lines, signs_for
from backfill_tui.headless.redrawing import FittingLive

_PER_SECOND: Final = 4
_BAR_PER_SECOND: Final = 10


class LiveActivity:
    """One line with a bar, that goes away when it is over."""

    def __init__(
        self, stream: TextIO, *, ascii_signs: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.console = TerminalConsole(stream, ascii_signs=ascii_signs)
        self._bars = Bars(
            SpinnerColumn("line"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[counted]}", markup=False),
            TextColumn("{task.fields[sentence]}", markup=False),
            _Remaining(now),
            console=self.console,
        )
        self._bars.live = FittingLive(
            console=self.console,
            refresh_per_second=_BAR_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self._bars.get_renderable,
        )
        self._task = self._bars.add_task("", total=None, sentence="", counted="", until=None)

    def start(self) -> None:
        """Begin to draw; whoever calls this can stop it, also when it is interrupted on the way."""
        with uninterrupted():
            self._bars.start()

    def show(self, sentence: str, done: int = 0, total: int = 0, until: float | None = None) -> None:
        """Draw it anew; `until` is when it will be over, by the clock that it was made with."""
        self._bars.update(
            self._task,
            completed=done if total else 0,
            total=total or None,
            sentence=one_line(sentence),
            counted=f"{done:,}/{total:,}" if total else "",
            until=until,
        )

    def stop(self) -> None:
        """Take it away."""
        with uninterrupted():
            self._bars.stop()


class LiveProgress:
    """The progress of what is followed, some lines that are redrawn; at its end one line stays."""

    def __init__(
        self,
        stream: TextIO,
        first: Progress,
        *,
        ascii_signs: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.console = TerminalConsole(stream, ascii_signs=ascii_signs)
        self._signs = signs_for(self.console.encoding)
        self._progress = first
        self._monotonic = monotonic
        self._now = now
        self._began = monotonic()
        self._is_over = False
        self._live = FittingLive(
            console=self.console,
            refresh_per_second=_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self._draw,
        )

    def start(self) -> None:
        """Begin to draw; whoever calls this can stop it, also when it is interrupted on the way."""
        with uninterrupted():
            self._live.start(refresh=True)

    def show(self, progress: Progress) -> None:
        """Draw this from now on."""
        self._progress = progress

    def stop(self) -> None:
        """Leave the last line."""
        self._is_over = True
        with uninterrupted():
            self._live.stop()

    def _draw(self) -> Group:
        width, height = self.console.size
        moment = Moment(waited=int((self._monotonic() - self._began) * SECOND), now=self._now())
        if self._is_over:
            return Group(last_line(self._progress, moment, self._signs, width))
        return Group(*live_lines(self._progress, moment, self._signs, width, height))


class _Remaining(ProgressColumn):
    """How long something that is waited for still takes."""

    max_refresh = None

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._clock = now

    def render(self, task: Task) -> Text:
        """`4:59`, or nothing."""
        until = task.fields["until"]
        if until is None:
            return Text("")
        return Text(clock(int(max(0.0, until - self._clock()) * SECOND)))
