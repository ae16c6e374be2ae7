"""Whether what runs also works: heartbeats in the database, and an API server that answers."""

from __future__ import annotations

import sqlite3
from typing import Final

from backfill_tui.engine.component import JOB_TYPES, Component
from backfill_tui.engine.ledger import Ledger
from backfill_tui.engine.network import Probe

START_SECONDS: Final = 180.0
"""How long a component may take to give its first sign; a cold disk and a busy machine are slow."""

_SILENCE_SECONDS: Final = 90.0
_AFTER_WRITING_SECONDS: Final = 30.0
"""How long a component may take to write its heartbeat once nobody else writes any more."""
_PROBE_SECONDS: Final = 20.0
_RETRY_SECONDS: Final = 0.25
_UNANSWERED_LIMIT: Final = 3


def heartbeat_trouble(component: Component, ledger: Ledger, now: float) -> str:
    """What is wrong with a component that writes heartbeats, empty when nothing is; notes its latest."""
    run = component.run
    if run is None:
        return ""
    try:
        beat = ledger.heartbeat(JOB_TYPES[component.name], run.began)
    except sqlite3.Error:
        # Busy for longer than a reading may take; the next look asks again.
        return ""
    if beat is not None and beat != run.beat:
        run.beat, run.beat_at = beat, now
    patience = _SILENCE_SECONDS if run.beat else START_SECONDS
    if now - run.beat_at <= patience:
        return ""
    if _is_held(ledger):
        # A launch of thousands of runs is one transaction: while it lasts no heartbeat can be written.
        run.beat_at = now - patience + _AFTER_WRITING_SECONDS
        return ""
    return f"gave no sign for {patience:.0f} s"


def _is_held(ledger: Ledger) -> bool:
    try:
        return ledger.is_held()
    except sqlite3.Error:
        return False


class AnswerCheck:
    """Asks one life of the API server whether it answers, over and over, without waiting for it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._probe: Probe | None = None
        self._ask_at = 0.0
        self._unanswered = 0

    def trouble(self, component: Component, now: float) -> str:
        """What is wrong with the API server, empty when nothing is; notes its latest answer."""
        run = component.run
        if run is None:
            return ""
        if self._probe is None and now >= self._ask_at:
            self._probe = Probe(self._port)
        if self._probe is None or self._probe.answered is None:
            return ""
        answered, self._probe = self._probe.answered, None
        if answered:
            run.beat, run.beat_at = "answered", now
            self._ask_at, self._unanswered = now + _PROBE_SECONDS, 0
            return ""
        self._ask_at = now + _RETRY_SECONDS
        self._unanswered += 1
        # Before its first answer nobody listens yet, which is no failure.
        too_often = bool(run.beat) and self._unanswered >= _UNANSWERED_LIMIT
        too_late = not run.beat and now - run.began_at > START_SECONDS
        return "does not answer" if too_often or too_late else ""
