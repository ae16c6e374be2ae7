"""The part of a plan that has something to run: from its first hole to its last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backfill_tui.domain.holes import RUNS, spans_around
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.domain.spans import Span


def narrowed(wide: BackfillPlan, plan: Callable[[BackfillRequest], BackfillPlan]) -> BackfillPlan:
    """The plan from the first date that runs to the last; `wide` itself when that can not be had.

    No date that runs is lost or added. A plan without a date that runs stays as it is.
    """
    wanted = _running(wide)
    for span in spans_around(wide, wide.judged.where(*RUNS)):
        if span == Span(wide.request.from_date, wide.request.to_date):
            return wide
        shorter = plan(replace(wide.request, from_date=span.first, to_date=span.last))
        if _running(shorter) == wanted:
            return shorter
    return wide


def _running(plan: BackfillPlan) -> list[int]:
    dates = plan.judged.dates.dates
    return [dates[place] for place in plan.judged.where(*RUNS)]
