"""The circuit breaker of a backfill that is watched on the screen: it lives as long as its screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from backfill_tui.domain.breaker import Breaker, breaker_of
from backfill_tui.domain.watching import BackfillFacts, RunCounts
from backfill_tui.ui.text import count

_AGAIN_SECONDS: Final = 10.0
"""So long after a pause that failed the next one is tried."""


class ScreenBreaker:
    """Decides when to pause, once for each time that it trips, and says how it stands.

    `clock` gives seconds. It is to be looked at only with the counts of all rows.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._breaker: Breaker | None = None
        self._is_set_here = False
        self._failed = 0
        self._tripped: Breaker | None = None
        self._was_paused = False
        self._is_over = False
        self._not_before = 0.0

    @property
    def limit(self) -> int | None:
        """How many failed runs pause the backfill; None means never, or not known yet."""
        return self._breaker.limit if self._breaker else None

    @property
    def failed(self) -> int:
        """The failed runs that count, as of the last look."""
        return self._failed - self._breaker.accepted if self._breaker else 0

    def set(self, limit: int | None) -> None:
        """Take another limit from now on."""
        self._breaker, self._is_set_here = replace(self._breaker or Breaker(), limit=limit), True

    def look(self, facts: BackfillFacts, counts: RunCounts) -> bool:
        """Whether the backfill is to be paused now."""
        breaker = (self._breaker or breaker_of(facts)).seen(facts, counts)
        if not self._is_set_here:
            # What was asked for at the launch may be known only after the first reading.
            breaker = replace(breaker, limit=breaker_of(facts).limit)
        self._breaker, self._failed = breaker, counts.failed
        self._is_over = facts.completed_at is not None
        if self._tripped is not None:
            self._was_paused = self._was_paused or facts.is_paused
            if self._is_over or (self._was_paused and not facts.is_paused):
                self._tripped = None
        if self._tripped is not None or self._clock() < self._not_before or not breaker.trips(facts, counts):
            return False
        self._tripped, self._was_paused = breaker, False
        return True

    def failed_to_pause(self) -> None:
        """The pause did not come about: it is tried again after a while."""
        self._tripped, self._not_before = None, self._clock() + _AGAIN_SECONDS

    def reason(self) -> str:
        """Why it paused, or pauses: `3 runs have failed (stops after 3)`; empty unless it has tripped."""
        tripped = self._tripped
        if tripped is None:
            return ""
        failed = self._failed - tripped.accepted
        more = "more " if tripped.accepted else ""
        have = "has" if failed == 1 else "have"
        return f"{count(failed, f'{more}run')} {have} failed (stops after {tripped.limit:,})"

    def banner(self, resume_key: str) -> str:
        """What stands over the grid while the backfill is paused by it, or about to be."""
        reason = self.reason()
        if not reason:
            return ""
        return f"Paused: {reason}. {resume_key} resumes" if self._was_paused else f"Pausing: {reason}"

    def armed(self) -> str:
        """That it is on: `stops after 3 failures, while it is watched`; empty when it is not."""
        breaker = self._breaker
        if breaker is None or breaker.limit is None or self._is_over:
            return ""
        more = "more " if breaker.accepted else ""
        return f"stops after {count(breaker.limit, f'{more}failure')}, while it is watched"
