"""What is worth calling somebody back to the terminal for: the first failure, and the end of it all."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.dag_range import GridFacts, grid_words
from backfill_tui.domain.progress import Standing
from backfill_tui.domain.watching import RunCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What has been told of a backfill, or stood on the screen when it was first looked at."""

    failure: bool
    end: bool


def news(
    told: Told | None, facts: GridFacts, counts: RunCounts, stands: Standing
) -> tuple[Told, tuple[str, ...]]:
    """What is to be told now, in sentences, and what has been told then; `told` is None at the first look.

    A rerun takes failures and the end back, so what comes after it is told again.
    """
    now = Told(failure=counts.failed > 0, end=stands.status.finished)
    if told is None:
        return now, ()
    name = grid_words(facts)
    if now.end and not told.end:
        # It counts the failed runs too.
        return now, (f"{name} has ended: {stands.sentence}",)
    if now.failure and not told.failure:
        failed = "a run has failed" if counts.failed == 1 else f"{counts.failed:,} runs have failed"
        return now, (f"{name}: {failed}",)
    return now, ()
