"""The circuit breaker: a backfill is paused when too many of its runs have failed.

Airflow has none for backfills, so whoever watches is the breaker: it works as long as somebody watches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from backfill_tui.domain.watching import BackfillFacts, RunCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Trips once `limit` runs have failed beyond the `accepted` ones; a limit of None never trips.

    Accepted failures are those somebody has seen and resumed the backfill in spite of. A rerun takes failures
    back, and then fewer are accepted.
    """

    limit: int | None = None
    accepted: int = 0

    def trips(self, facts: BackfillFacts, counts: RunCounts) -> bool:
        """Whether the backfill is to be paused now.

        One that is paused or complete already is not, and neither is one without a queued run: that would
        stop nothing, and once its last run has ended it would look cancelled.
        """
        if self.limit is None or facts.is_paused or facts.completed_at is not None or not counts.queued:
            return False
        return counts.failed - self.accepted >= self.limit

    def seen(self, facts: BackfillFacts, counts: RunCounts) -> Breaker:
        """The breaker after a look at the backfill.

        While it is paused every failure is accepted, for whoever resumes it has seen them.
        """
        accepted = counts.failed if facts.is_paused else min(self.accepted, counts.failed)
        return self if accepted == self.accepted else replace(self, accepted=accepted)


def breaker_of(facts: BackfillFacts, limit: int | None = None) -> Breaker:
    """The breaker of a backfill that is beginning to be watched.

    `limit` is what the watcher wants; None takes what was asked for at its launch, 0 means never.
    """
    wanted = facts.stop_after_failures if limit is None else limit
    return Breaker(limit=wanted or None, accepted=facts.failures_accepted)
