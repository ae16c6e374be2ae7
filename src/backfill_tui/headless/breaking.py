"""Pausing a followed backfill when too many of its runs have failed: whoever follows it is its breaker."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from backfill_tui.domain.breaker import Breaker, breaker_of
from backfill_tui.domain.control import ControlRequest, Deed
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.watching import BackfillFacts, RunCounts
from backfill_tui.headless.remedies import sentence_of
from backfill_tui.headless.session import Session

_AGAIN_SECONDS: Final = 10.0
"""So long after a pause that failed the next one is tried."""


class FailureStop:
    """Pauses one backfill, once each time that its breaker trips.

    `limit` is what the watcher wants; None takes what was asked for at the launch, 0 means never. It is to be
    looked at only with the counts of all rows.
    """

    def __init__(
        self,
        session: Session,
        backfill_id: BackfillId,
        limit: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._backfill_id = backfill_id
        self._limit = limit
        self._clock = clock
        self._breaker: Breaker | None = None
        self._seen_paused = False
        self._not_before = 0.0
        self.stopped = False
        """Whether it has paused the backfill, and nobody has resumed it since."""

    def look(self, facts: BackfillFacts, counts: RunCounts) -> None:
        """Pause the backfill if it is time, and say so."""
        if self._breaker is None:
            self._breaker = breaker_of(facts, self._limit)
            self._tell_limit(facts, counts)
        self._breaker = self._breaker.seen(facts, counts)
        if self.stopped:
            # A reading may still be from before the pause; only one after it can tell that it was lifted.
            self.stopped = facts.is_paused or not self._seen_paused
            self._seen_paused = self._seen_paused or facts.is_paused
        if self.stopped or self._session.read_only or not self._breaker.trips(facts, counts):
            return
        if self._clock() >= self._not_before:
            self._pause(counts.failed - self._breaker.accepted)

    def is_over(self, counts: RunCounts) -> bool:
        """Whether nothing is left to follow: it was stopped, and what was running has ended."""
        return self.stopped and self._seen_paused and not counts.running

    def _tell_limit(self, facts: BackfillFacts, counts: RunCounts) -> None:
        limit = None if self._breaker is None else self._breaker.limit
        if limit is None or not counts.active or facts.completed_at is not None:
            return
        if self._session.read_only:
            self._session.voice.say(
                "This session is read-only, so it can not pause the backfill, however many of its runs fail"
            )
            return
        more = "more failed run" if self._breaker and self._breaker.accepted else "failed run"
        self._session.voice.say(f"It is paused after {counted(limit, more)}, as long as it is watched")

    def _pause(self, failed: int) -> None:
        more = "more run" if self._breaker and self._breaker.accepted else "run"
        have_failed = f"{counted(failed, more)} {'has' if failed == 1 else 'have'} failed"
        request = ControlRequest(backfill_id=self._backfill_id, deed=Deed.PAUSE, reason=have_failed)
        try:
            self._session.gateway.control(request)
        except Problem as problem:
            self._not_before = self._clock() + _AGAIN_SECONDS
            self._session.voice.problem(f"{have_failed}, but it is not paused: {sentence_of(problem)}")
            return
        self.stopped, self._seen_paused = True, False
        resuming = self._session.how_to_resume(self._backfill_id)
        self._session.voice.say(f"{have_failed}, the backfill is paused: {resuming}")
