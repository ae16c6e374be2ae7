"""The dates of a plan that are missing or failed, and the texts of the narrowest range around some dates."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.dates import Span, day_span
from backfill_tui.domain.instants import SECOND, Instant, to_datetime, zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.plan_dates import ABSENT
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.ranges import describe, shortest

RUNS: Final = (Verdict.CREATE, Verdict.REPROCESS)
"""The verdicts of which a run comes."""

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
    """The bounds of the narrowest range that has the dates at some places, in two readings.

    A range bounds the dates themselves, except of a cron trigger with an interval, where it bounds the
    moments of the trigger (Airflow 3.3 timetables/trigger.py): which of the two it is, the plan of that range
    tells. A bound is a day where that adds no other date, else an exact instant. Empty without any date.
    """
    dates = plan.judged.dates
    found = [_around(plan, column, places) for column in (dates.dates, dates.afters)]
    return list(dict.fromkeys(texts for texts in found if texts is not None))


def outline(plan: BackfillPlan, places: Sequence[int]) -> tuple[int, int, int]:
    """How many dates there are at some places, the first of them and the last: enough to know them again."""
    dates = plan.judged.dates.dates
    chosen = [dates[place] for place in places] or [ABSENT]
    return len(places), min(chosen), max(chosen)


def _around(plan: BackfillPlan, bounded: Sequence[int], places: Sequence[int]) -> tuple[str, str] | None:
    at = [bounded[place] for place in places if bounded[place] != ABSENT]
    if not at:
        return None
    span, zone = Span(Instant(min(at)), Instant(max(at))), zone_named(plan.timezone)
    if plan.judged.dates.ascending:
        span = _as_days(span, bounded, plan, zone)
    return shortest(span, zone)


def life_of(dag: DagSummary, now: Instant) -> tuple[str, str] | None:
    """What the fields say for all the time in which holes are looked for.

    From the Dag's start, else from its earliest known run; until now, or until its end where that is past.
    None when it has neither a start nor a run.
    """
    zone = zone_named(dag.timezone)
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


def _as_days(span: Span, bounded: Sequence[int], plan: BackfillPlan, zone: tzinfo) -> Span:
    """The span with each bound moved to that end of its day, where no other date lies between."""
    first = day_span(to_datetime(span.first, zone).date(), zone).first
    last = day_span(to_datetime(span.last, zone).date(), zone).last
    before = bisect_left(bounded, first) == bisect_left(bounded, span.first)
    after = bisect_right(bounded, last) == bisect_right(bounded, span.last)
    return Span(
        first if before and first >= plan.request.from_date else span.first,
        last if after and last <= plan.request.to_date else span.last,
    )
