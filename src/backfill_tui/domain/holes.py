"""The dates of a plan that are missing or failed, and the narrowest ranges that may have just these."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from backfill_tui.domain.dates import Span, day_span
from backfill_tui.domain.instants import Instant, to_datetime, zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.plan_dates import ABSENT
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest

RUNS: Final = (Verdict.CREATE, Verdict.REPROCESS)
"""The verdicts of which a run comes."""


def outline(plan: BackfillPlan, places: Sequence[int]) -> tuple[int, int, int]:
    """How many dates there are at some places, the first of them and the last: enough to know them again."""
    dates = plan.judged.dates.dates
    chosen = [dates[place] for place in places] or [ABSENT]
    return len(places), min(chosen), max(chosen)


def spans_around(plan: BackfillPlan, places: Sequence[int]) -> list[Span]:
    """Ranges that may begin and end with the dates at some places, in the order in which to try them.

    Which of them does only the plan of each can tell. A range bounds the dates themselves, but of a cron
    trigger with an interval the moments of the trigger (Airflow 3.3 timetables/trigger.py,
    `next_dagrun_info`). And cron leaves out a date on which a range begins if a change of the clock skips the
    next one (timetables/_cron.py, `_align_to_next`), so whole days come last. A bound is the end of its day
    where that adds no other date, else an exact instant; none is beyond those of the plan. Empty without any
    date.
    """
    dates, zone = plan.judged.dates, zone_named(plan.timezone)
    found = []
    for bounded in (dates.dates, dates.afters):
        at = [bounded[place] for place in places if bounded[place] != ABSENT]
        if at:
            span = _within(Span(Instant(min(at)), Instant(max(at))), plan.request)
            found.append(_as_days(span, bounded, plan, zone) if dates.ascending else span)
    if found:
        widest = Span(min(span.first for span in found), max(span.last for span in found))
        found.append(_within(_whole_days(widest, zone), plan.request))
    return list(dict.fromkeys(span for span in found if span.first <= span.last))


def _as_days(span: Span, bounded: Sequence[int], plan: BackfillPlan, zone: tzinfo) -> Span:
    """The span with each bound moved to that end of its day, where no other date lies between."""
    days = _whole_days(span, zone)
    before = bisect_left(bounded, days.first) == bisect_left(bounded, span.first)
    after = bisect_right(bounded, days.last) == bisect_right(bounded, span.last)
    return Span(
        days.first if before and days.first >= plan.request.from_date else span.first,
        days.last if after and days.last <= plan.request.to_date else span.last,
    )


def _whole_days(span: Span, zone: tzinfo) -> Span:
    first, last = (day_span(to_datetime(at, zone).date(), zone) for at in (span.first, span.last))
    return Span(first.first, last.last)


def _within(span: Span, request: BackfillRequest) -> Span:
    return Span(max(span.first, request.from_date), min(span.last, request.to_date))
