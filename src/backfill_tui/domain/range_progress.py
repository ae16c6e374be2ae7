"""What the dates of a Dag in a range are doing, in words: nothing here is about a backfill."""

from __future__ import annotations

from backfill_tui.domain.causes import RERUN_FAILED
from backfill_tui.domain.dag_range import RangeFacts
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.progress import BackfillStatus, Standing, outcome_words, what_blocks
from backfill_tui.domain.watching import RunCounts


def range_standing(facts: RangeFacts, counts: RunCounts, now: Instant) -> Standing:
    """Where these dates stand, read off their runs and off what decides whether they move.

    `now` is the database's clock. A range has no end of its own: once none of its runs is unfinished it is
    done, though a scheduler may make another one.
    """
    if counts.active:
        left = f"{counts.running:,} running, {counts.queued:,} queued"
        status = BackfillStatus.RUNNING if counts.running else BackfillStatus.QUEUED
        return what_blocks(facts, now) or Standing(status=status, sentence=left)
    words = [*outcome_words(counts), *([f"{counts.cancelled:,} never ran"] if counts.cancelled else [])]
    if counts.failed:
        return Standing(
            status=BackfillStatus.DONE_WITH_FAILURES, sentence=", ".join(words), remedy=RERUN_FAILED
        )
    if counts.cancelled:
        return Standing(status=BackfillStatus.DONE_WITH_FAILURES, sentence=", ".join(words))
    return Standing(status=BackfillStatus.DONE, sentence=", ".join(words) or "no run has a date in it")
