"""Counts what Airflow has created so far, and stops it when nobody wants it any more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from backfill_tui.bridge.server import Call
from backfill_tui.domain.launching import CreationProgress

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_EVENT_SECONDS: Final = 0.05


class CreationCounter:
    """Counts the dates Airflow has dealt with, as its session writes them; stops it when cancelled."""

    def __init__(self, call: Call[CreationProgress], *, total: int) -> None:
        self._call = call
        self._total = total
        self._done = 0
        self._told_at = 0.0
        self.new_run_ids: set[int] = set()
        """Ids of the Dag runs that were inserted, as opposed to those that were cleared."""

    def listen_to(self, session: Session) -> None:
        """Be told of every flush: Airflow flushes once or twice for each date."""
        from sqlalchemy import event

        event.listen(session, "after_flush", self._after_flush)

    def tell_end(self) -> None:
        """All dates are dealt with."""
        self._call.mention(CreationProgress(done=self._total, total=self._total))

    def _after_flush(self, session: Session, _context: object) -> None:
        from airflow.models.backfill import BackfillDagRun
        from airflow.models.dagrun import DagRun

        self._call.check()
        for thing in session.new:
            if isinstance(thing, BackfillDagRun):
                self._done += 1
            elif isinstance(thing, DagRun):
                self.new_run_ids.add(thing.id)
        now = time.monotonic()
        if now - self._told_at >= _EVENT_SECONDS:
            self._told_at = now
            self._call.mention(CreationProgress(done=min(self._done, self._total), total=self._total))
