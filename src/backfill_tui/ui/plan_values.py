"""What is typed into the plan's form, and the request it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.dates import Side, parse_bound
from backfill_tui.domain.instants import Instant, minute, to_datetime, zone_named
from backfill_tui.domain.planning import (
    DEFAULT_MAX_ACTIVE_RUNS,
    BackfillPlan,
    BackfillRequest,
    Occurrence,
    ReprocessBehavior,
    Verdict,
)
from backfill_tui.domain.problems import BadRequest

_DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanValues:
    """The fields as they stand."""

    from_text: str
    to_text: str
    behavior: ReprocessBehavior = ReprocessBehavior.NONE
    max_active_runs: str = str(DEFAULT_MAX_ACTIVE_RUNS)
    run_backwards: bool = False
    run_on_latest_version: bool = True
    conf: str = ""


def request_of(values: PlanValues, dag: DagSummary) -> BackfillRequest:
    """The request that the fields mean for a Dag; raises BadRequest with what to write instead."""
    zone = zone_named(dag.timezone)
    from_date = parse_bound(values.from_text, Side.FROM, zone)
    to_date = parse_bound(values.to_text, Side.TO, zone)
    if from_date > to_date:
        raise BadRequest("The range ends before it begins", remedy="make From the earlier one")
    limit = values.max_active_runs.strip()
    if not limit.isascii() or not limit.isdigit() or int(limit) < 1:
        raise BadRequest("Max active is not a number of runs", remedy="write 1 or more")
    return BackfillRequest(
        dag_id=dag.dag_id,
        from_date=from_date,
        to_date=to_date,
        reprocess_behavior=values.behavior,
        max_active_runs=int(limit),
        run_backwards=values.run_backwards,
        run_on_latest_version=values.run_on_latest_version,
        conf=values.conf.strip(),
    )


def first_range(dag: DagSummary, now: Instant) -> tuple[str, str]:
    """From the Dag's start, else a month ago, to yesterday, as days of its timezone."""
    zone = zone_named(dag.timezone)
    today = to_datetime(now, zone).date()
    yesterday = today - timedelta(days=1)
    if dag.start_date is None:
        return (today - timedelta(days=_DEFAULT_DAYS)).isoformat(), yesterday.isoformat()
    start = to_datetime(dag.start_date, zone).date()
    end = yesterday if dag.end_date is None else min(yesterday, to_datetime(dag.end_date, zone).date())
    return start.isoformat(), max(start, end).isoformat()


def first_hole(plan: BackfillPlan) -> str | None:
    """The day of the earliest date that has no run; None when every date has one."""
    zone = zone_named(plan.timezone)
    dates = [
        run.occurrence.logical_date
        for run in plan.runs
        if run.verdict is Verdict.CREATE and run.occurrence.logical_date is not None
    ]
    return to_datetime(min(dates), zone).date().isoformat() if dates else None


def range_words(request: BackfillRequest, timezone: str) -> str:
    """The two instants of a request on the Dag's clock, so that what was typed is seen as what it means."""
    zone = zone_named(timezone)
    first, last = (to_datetime(at, zone) for at in (request.from_date, request.to_date))
    return (
        f"{first:%a} {_clock(request.from_date, timezone)} to {last:%a} {_clock(request.to_date, timezone)}"
    )


def date_words(occurrence: Occurrence, timezone: str) -> str:
    """What one date of a plan is called: its partition key, or its logical date on the Dag's clock."""
    if occurrence.partition_key is not None:
        return occurrence.partition_key
    at = occurrence.logical_date
    if at is None:
        return "no logical date"
    zone = zone_named(timezone)
    return f"{to_datetime(at, zone):%a} {minute(at, zone)}"


def _clock(at: Instant, timezone: str) -> str:
    words = minute(at, zone_named(timezone))
    return words.replace(" 23:59:59.999999", " 24:00")
