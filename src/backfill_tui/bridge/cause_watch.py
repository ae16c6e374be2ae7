"""Why a followed backfill waits, read seldom and sent when it is another reason than before."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backfill_tui.bridge.causes import CauseReader
from backfill_tui.domain.causes import Cause
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.progress import what_stops
from backfill_tui.domain.watching import BackfillFacts, GridRows, GridUpdate

if TYPE_CHECKING:
    from backfill_tui.bridge.environment import AirflowEnvironment

READ_SECONDS: Final = 2.0
"""Between two readings: they cost more than a tick, and a person reads no faster."""


class ActiveRows:
    """The rows of one stream whose run is queued or running; true while there are any."""

    def __init__(self) -> None:
        self._ordinals: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._ordinals)

    def note(self, update: GridRows) -> None:
        """Take in what an update says."""
        if update.columns is not None:
            self._ordinals.clear()
        for row in update.rows:
            if row.state is None or row.state.finished:
                self._ordinals.discard(row.ordinal)
            else:
                self._ordinals.add(row.ordinal)


class CauseWatch:
    """Adds the causes to the updates of one stream.

    They are read while a run is queued or running, and at once when somebody pauses, resumes or completes
    what they are about, or the scheduler goes or comes back.
    """

    def __init__(self, airflow: AirflowEnvironment) -> None:
        self._airflow = airflow
        self._reader = CauseReader()
        self._active = ActiveRows()
        self._sent: tuple[Cause, ...] | None = None
        self._read_at = 0.0
        self._read_for: object = None

    def complete(self, update: GridUpdate) -> GridUpdate:
        """The update, with the causes where it ends a reading and they differ from those sent before."""
        self._active.note(update)
        if not update.loaded:
            return update
        causes: tuple[Cause, ...] | None = ()
        if self._active:
            causes = self._read(update) if self._is_due(update.facts, update.read_at) else self._sent
        if causes == self._sent:
            return update
        self._sent = causes
        return replace(update, causes=causes)

    def _is_due(self, facts: BackfillFacts, read_at: Instant) -> bool:
        late = time.monotonic() - self._read_at >= READ_SECONDS
        return late or self._read_for != _decisive(facts, read_at)

    def _read(self, update: GridUpdate) -> tuple[Cause, ...]:
        # Airflow's own rules keep what they read in their session, so each reading has a new one.
        with self._airflow.session() as session:
            causes = self._reader.read(session, update.facts, update.read_at)
        self._read_at, self._read_for = time.monotonic(), _decisive(update.facts, update.read_at)
        return causes


def _decisive(facts: BackfillFacts, now: Instant) -> object:
    stopped = [cause.code for cause in what_stops(facts, now)]
    return (stopped, facts.is_paused, facts.completed_at)
