"""Leaving the program: what is running goes on, unless its engine is to stop with it."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.ui import readings
from backfill_tui.ui.connection import Connection
from backfill_tui.ui.hangup import end_at_the_latest, when_input_hangs_up
from backfill_tui.ui.workers import is_busy
from backfill_tui.ui.writes import IN_THE_JOURNAL

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp

_PATIENCE_SECONDS: Final = 10.0
_NOTHING_TO_RESTORE_SECONDS: Final = 3.0


class Leaving:
    """The ways out of the program."""

    def __init__(self, app: BackfillApp) -> None:
        self._app = app

    def follow_signals(self) -> None:
        """Leave when somebody ends the program or the terminal is gone; a backfill goes on.

        The terminal is left as it was found, if that can be done in some seconds.
        """
        if self._app.is_headless:
            return
        loop = asyncio.get_running_loop()

        def end(seconds: float, number: int, _frame: object = None) -> None:
            end_at_the_latest(seconds, self._app.link.close, 128 + number)
            # A loop that is closed was left already.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self.leave, "keep", 128 + number)

        for number in (signal.SIGTERM, signal.SIGHUP):
            # Not the handlers of the loop, which would wait with it for a terminal that stands still.
            signal.signal(number, partial(end, _PATIENCE_SECONDS))
        terminal = sys.__stdin__.fileno() if sys.__stdin__ else 0
        when_input_hangs_up(terminal, partial(end, _NOTHING_TO_RESTORE_SECONDS, signal.SIGHUP))

    def ask(self) -> None:
        """Leave; a backfill that is running on the embedded engine is asked about first."""
        app = self._app
        if app.engine is None or app.read_only:
            self.leave("keep")
        elif app.connection is Connection.READY and not is_busy(app, readings.LEAVING):
            readings.read_active_backfills(app, app.link)
        else:
            self.ask_as_last_read()

    def ask_about(self, active: list[BackfillSummary]) -> None:
        """Leave once it is said what is to become of these backfills, at once when there are none."""
        if active:
            from backfill_tui.ui.screens.quit import QuitDialog

            self._app.push_screen(QuitDialog(active), self.leave)
        else:
            self.leave("keep")

    def ask_as_last_read(self) -> None:
        """Ask about the backfills that were active when the Dags were last read."""
        listing = self._app.listing
        self.ask_about(readings.that_would_run(listing.active.values()) if listing else [])

    def leave(self, choice: str | None, return_code: int = 0) -> None:
        """Leave now, with `stop` the engine ends too; None stays."""
        app = self._app
        if choice == "stop" and app.engine is not None:
            threading.Thread(target=app.engine.stop, name="stop-engine").start()
        if choice is not None:
            # A thread that waits for the bridge would hold the process open.
            threading.Thread(target=app.link.close, name="close-bridge").start()
            from rich.text import Text

            told = ["Stopping the engine"] if choice == "stop" else []
            if app.writes.under_way:
                told.append(f"{app.writes.under_way} was still under way: {IN_THE_JOURNAL}")
            app.exit(return_code=return_code, message=Text("\n".join(told)) if told else None)
