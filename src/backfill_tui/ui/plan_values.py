"""What is typed into the plan's form, and the request it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.dates import Span
from backfill_tui.domain.instants import Instant, minute, to_datetime, zone_named
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.planning import DEFAULT_MAX_ACTIVE_RUNS, BackfillRequest, ReprocessBehavior
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.ranges import RangeContext, RangeWords, describe, parse_bounds

MAX_CONF_BYTES: Final = 24 * 1024 * 1024
"""A plan gives its request back beside its dates, and both have to fit into one frame of the bridge."""

_DEFAULT_DAYS = 30
_MOST_DIGITS = 9
"""Airflow keeps max active runs in 32 bits."""


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


def context_of(dag: DagSummary, now: Instant) -> RangeContext:
    """What an expression in the fields means for a Dag at that time."""
    return RangeContext(
        zone=zone_named(dag.timezone), now=now, start=dag.start_date, last_success=dag.last_success
    )


def request_of(values: PlanValues, dag: DagSummary, now: Instant) -> BackfillRequest:
    """The request that the fields mean for a Dag; raises BadRequest with what to write instead.

    With an empty To the text in From is a whole range, else each field is a bound.
    """
    span = parse_bounds(values.from_text, values.to_text, context_of(dag, now))
    limit = values.max_active_runs.strip()
    if not (limit.isascii() and limit.isdigit() and len(limit) <= _MOST_DIGITS and int(limit)):
        raise BadRequest("Max active is not a number of runs", remedy="write 1 or more")
    conf = values.conf.strip()
    if len(conf.encode(errors="replace")) > MAX_CONF_BYTES:
        raise BadRequest(
            f"The conf has {size_words(conf)}, and no more than {MAX_CONF_BYTES >> 20} MB reach Airflow",
            remedy="let the Dag read it from a file that the conf names",
        )
    return BackfillRequest(
        dag_id=dag.dag_id,
        from_date=span.first,
        to_date=span.last,
        reprocess_behavior=values.behavior,
        max_active_runs=int(limit),
        run_backwards=values.run_backwards,
        run_on_latest_version=values.run_on_latest_version,
        conf=conf,
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


def range_words(request: BackfillRequest, timezone: str) -> RangeWords:
    """The range of a request as exact instants, so that what was typed is seen as what it means."""
    return describe(Span(request.from_date, request.to_date), zone_named(timezone), timezone)


def date_words(occurrence: Occurrence, timezone: str) -> str:
    """What one date of a plan is called: its partition key, or its logical date on the Dag's clock."""
    if occurrence.partition_key is not None:
        return occurrence.partition_key
    at = occurrence.logical_date
    if at is None:
        return "no logical date"
    zone = zone_named(timezone)
    return f"{to_datetime(at, zone):%a} {minute(at, zone)}"


def size_words(text: str) -> str:
    """How long a text is that is not shown: `12 kB`, `1.0 MB`."""
    size = len(text.encode(errors="replace"))
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{-(-size // 1000)} kB"  # noqa: PLR2004
