"""Holes in the words of the fields: where they are looked for, and the narrowest range around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.dates import Span
from backfill_tui.domain.holes import spans_around
from backfill_tui.domain.instants import SECOND, Instant, to_datetime, zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.plan_dates import ABSENT
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.ranges import describe, shortest

_JUST_NOW: Final = 60 * SECOND


def first_hole(plan: BackfillPlan) -> str | None:
    """The day of the earliest date that has no run; None when every date has one."""
    dates = plan.judged.dates
    found = [dates.dates[place] for place in plan.judged.where(Verdict.CREATE)]
    earliest = min((date for date in found if date != ABSENT), default=None)
    if dates.partitioned or earliest is None:
        return None
    return to_datetime(Instant(earliest), zone_named(plan.timezone)).date().isoformat()


def texts_around(plan: BackfillPlan, places: Sequence[int]) -> list[tuple[str, str]]:
    """What the fields say for each of `spans_around`."""
    zone = zone_named(plan.timezone)
    return list(dict.fromkeys(shortest(span, zone) for span in spans_around(plan, places)))


def life_of(dag: DagSummary, now: Instant) -> tuple[str, str] | None:
    """What the fields say for all the time in which holes are looked for.

    From the Dag's start, else from its earliest known run; until now, or until its end where that is past.
    None when it has neither a start nor a run.
    """
    zone = zone_named(dag.clock)
    known = [run.logical_date for run in dag.recent_runs if run.logical_date is not None]
    if dag.start_date is None and not known:
        return None
    first = "since start"
    if dag.start_date is None:
        earliest = Instant(min(known))
        first = f"since {shortest(Span(earliest, earliest), zone)[0]}"
    if dag.end_date is not None and dag.end_date < now:
        return first, shortest(Span(dag.end_date, dag.end_date), zone)[1]
    return first, ""


def no_hole_words(plan: BackfillPlan) -> str:
    """Why there is nothing to fill, in one sentence."""
    request, zone = plan.request, zone_named(plan.timezone)
    span = Span(request.from_date, request.to_date)
    if not plan.judged.due:
        return f"No date of the schedule is due from {describe(span, zone, plan.timezone).local}"
    until = "" if request.to_date >= plan.planned_at - _JUST_NOW else f" until {shortest(span, zone)[1]}"
    return f"Every date since {shortest(span, zone)[0]}{until} has a run that succeeded or is in flight"
