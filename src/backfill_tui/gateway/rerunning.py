"""What is known of a rerun that ended early: a rerun commits in parts, so some of it may be done."""

from __future__ import annotations

from collections.abc import Callable

from backfill_tui.domain.problems import Interrupted, Problem
from backfill_tui.domain.repairing import (
    STOPPED_HERE,
    RerunOutcome,
    RerunProgress,
    RerunRequest,
    broken_off,
)


class Gathering:
    """Passes on what is told of a rerun, and keeps it for the case that no answer comes."""

    def __init__(self, request: RerunRequest, on_progress: Callable[[RerunProgress], None]) -> None:
        self._request = request
        self._on_progress = on_progress
        self._told: list[RerunProgress] = []

    def take(self, progress: RerunProgress) -> None:
        """One word of it."""
        self._told.append(progress)
        self._on_progress(progress)

    def ended_by(self, problem: Problem, *, sure: bool) -> RerunOutcome:
        """What was done, and what was not; raises the problem itself when nothing can have been done."""
        last = self._told[-1] if self._told else None
        if last is None or (sure and not last.done):
            raise problem
        why = STOPPED_HERE if isinstance(problem, Interrupted) else str(problem)
        return broken_off(self._request, self._told, why, sure=sure)
