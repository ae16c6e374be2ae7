"""The dates of a Dag in a range, whatever made their runs: looked at and repaired as a backfill is."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant, to_datetime, zone_named
from backfill_tui.domain.watching import BackfillFacts, GridRows


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRange:
    """Which runs: those of a Dag whose logical date, or partition's date, is in the range, both ends too."""

    dag_id: DagId
    from_date: Instant
    to_date: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeFacts:
    """A Dag, and what around it decides whether its runs move; there is nothing in it of a backfill."""

    dag_id: DagId
    timezone: str
    from_date: Instant
    to_date: Instant
    dag_is_paused: bool
    dag_is_stale: bool
    scheduler_heartbeat: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeUpdate(GridRows):
    """What changed of a range since the update before.

    Its rows are in the order of their dates as of the first reading; a run that came later has the next
    ordinal, so that no row ever gets another one.
    """

    facts: RangeFacts


GridFacts = BackfillFacts | RangeFacts
"""What a grid is about."""

Watchable = BackfillId | DagRange
"""What a grid is asked for: a backfill by its number, or a range."""


def range_words(facts: GridFacts) -> str:
    """`2024-01-01..2024-01-31`: the first and the last day of the range in the Dag's timezone."""
    zone = zone_named(facts.timezone)

    def day(instant: Instant) -> str:
        return to_datetime(instant, zone).date().isoformat()

    return f"{day(facts.from_date)}..{day(facts.to_date)}"


def grid_words(facts: GridFacts) -> str:
    """What a grid is about, in words: `Backfill 7 of sales`, `sales 2024-01-01..2024-01-31`."""
    if isinstance(facts, BackfillFacts):
        return f"Backfill {facts.backfill_id} of {facts.dag_id}"
    return f"{facts.dag_id} {range_words(facts)}"
