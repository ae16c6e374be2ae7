"""The part of a plan that has something to run: from its first hole to its last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from backfill_tui.domain.instants import Instant, to_datetime, zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.domain.spans import Span, day_span


def narrowed(wide: BackfillPlan, plan: Callable[[BackfillRequest], BackfillPlan]) -> BackfillPlan:
    """The plan from the first date that runs to the last; `wide` itself when that can not be had.

    No date that runs is lost or added. Where bounds that are these two dates give others, longer ranges are
    tried. A plan without a date that runs stays as it is.
    """
    wanted = _running(wide)
    for span in _spans(wide):
        if span == Span(wide.request.from_date, wide.request.to_date):
            return wide
        shorter = plan(replace(wide.request, from_date=span.first, to_date=span.last))
        if _running(shorter) == wanted:
            return shorter
    return wide


def _running(plan: BackfillPlan) -> list[int]:
    dates = plan.judged.dates.dates
    return [dates[place] for place in plan.judged.where(Verdict.CREATE, Verdict.REPROCESS)]


def _spans(wide: BackfillPlan) -> Iterator[Span]:
    """What to try, the shortest first, all within the bounds there are.

    A cron trigger with an interval takes bounds for the time at which runs start (Airflow 3.3
    timetables/trigger.py, `next_dagrun_info`). And cron leaves out the very first date if a change of the
    clock skips the next one (timetables/_cron.py, `_align_to_next`), so the last try is whole days.
    """
    running = _running(wide)
    if not running:
        return
    afters = wide.judged.dates.afters
    started = max(afters[place] for place in wide.judged.where(Verdict.CREATE, Verdict.REPROCESS))
    request = wide.request
    first = max(Instant(min(running)), request.from_date)
    last = min(Instant(max(running)), request.to_date)
    latest = min(max(last, Instant(started)), request.to_date)
    days = _whole_days(first, latest, wide.timezone)
    yield Span(first, last)
    yield Span(first, latest)
    yield Span(max(days.first, request.from_date), min(days.last, request.to_date))


def _whole_days(first: Instant, last: Instant, timezone: str) -> Span:
    zone = zone_named(timezone)
    days = [day_span(to_datetime(at, zone).date(), zone) for at in (first, last)]
    return Span(days[0].first, days[1].last)
