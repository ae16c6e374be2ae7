"""Whether anybody still needs the engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from backfill_tui.engine.attendance import unattended
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.ledger import Ledger

_LOOK_SECONDS: Final = 2.0


class Need:
    """Looks for work and for sessions now and then; times are monotonic."""

    def __init__(self, home: EmbeddedHome, grace_seconds: float) -> None:
        self._home = home
        self._ledger = Ledger(home.database)
        self._grace_seconds = grace_seconds
        self._look_at = 0.0
        self._idle_since: float | None = None

    @contextmanager
    def is_over(self, now: float) -> Iterator[bool]:
        """Whether there has been nothing to do and nobody attached for the grace period.

        While it is true and the context lasts no session can attach: say there that the engine stops, and
        the next session knows that it must start another.
        """
        if now < self._look_at:
            yield False
            return
        self._look_at = now + min(_LOOK_SECONDS, self._grace_seconds / 4)
        with unattended(self._home) as alone:
            if not alone or self._is_active():
                self._idle_since = None
            elif self._idle_since is None:
                self._idle_since = now
            yield self._idle_since is not None and now - self._idle_since >= self._grace_seconds

    def _is_active(self) -> bool:
        try:
            return self._ledger.is_active()
        except sqlite3.Error:
            # Somebody holds the database, so somebody works.
            return True
