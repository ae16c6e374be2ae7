"""What is typed into the plan's form, and the request it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.dates import Span, day_span
from backfill_tui.domain.instants import Instant, minute, to_datetime, zone_named
from backfill_tui.domain.plan_dates import ABSENT, Occurrence
from backfill_tui.domain.planning import (
    DEFAULT_MAX_ACTIVE_RUNS,
    BackfillPlan,
    BackfillRequest,
    PlanWarning,
    ReprocessBehavior,
)
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.ranges import RangeContext, RangeWords, describe, parse_bounds
from backfill_tui.domain.spans import is_unambiguous
from backfill_tui.domain.text import one_line

MAX_CONF_BYTES: Final = 24 * 1024 * 1024
"""A plan gives its request back beside its dates, and both have to fit into one frame of the bridge."""

ACTIVE_BACKFILL: Final = "active_backfill"
DAG_PAUSED: Final = "dag_paused"
"""Codes of warnings that have a key of their own."""

_WEEKDAY: Final = re.compile(r"\b[A-Z][a-z]{2} ")
_DEFAULT_DAYS = 30
_NOW: Final = "now"
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
    stop_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wanted of a launch beside what is planned."""

    stop_after_failures: int | None = None
    note: str = ""


def context_of(dag: DagSummary, now: Instant) -> RangeContext:
    """What an expression in the fields means for a Dag at that time."""
    return RangeContext(
        zone=zone_named(dag.clock), now=now, start=dag.start_date, last_success=dag.last_success
    )


def request_of(values: PlanValues, dag: DagSummary, now: Instant) -> BackfillRequest:
    """The request that the fields mean for a Dag; raises BadRequest with what to write instead.

    With an empty To the text in From is a whole range, else each field is a bound.
    """
    span = parse_bounds(values.from_text, values.to_text, context_of(dag, now))
    limit = number_of(values.max_active_runs)
    if limit is None:
        raise BadRequest("Max active is not a number of runs", remedy="write 1 or more")
    stop_after_of(values.stop_after)
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
        max_active_runs=limit,
        run_backwards=values.run_backwards,
        run_on_latest_version=values.run_on_latest_version,
        conf=conf,
    )


def number_of(text: str) -> int | None:
    """A whole number of 1 or more, None for anything else."""
    digits = text.strip()
    return (
        int(digits) or None if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None
    )


def stop_after_of(text: str) -> int | None:
    """How many failed runs pause the backfill; empty means never. Raises BadRequest for what is no number."""
    limit = number_of(text)
    if limit is None and text.strip():
        raise BadRequest(
            "Stop after is not a number of failed runs", remedy="write 1 or more, or leave it empty for never"
        )
    return limit


def first_range(dag: DagSummary, now: Instant) -> tuple[str, str]:
    """From the Dag's start, else a month ago, until now; days are those of its clock.

    It ends with the Dag's end where that is past, and is one day long where the start is yet to come.
    """
    zone = zone_named(dag.clock)
    today = to_datetime(now, zone).date()
    if dag.start_date is None:
        return (today - timedelta(days=_DEFAULT_DAYS)).isoformat(), _NOW
    start = to_datetime(dag.start_date, zone).date()
    end = today if dag.end_date is None else min(today, to_datetime(dag.end_date, zone).date())
    last = max(start, end)
    return start.isoformat(), _NOW if last == today else last.isoformat()


def first_behavior(dag: DagSummary) -> ReprocessBehavior:
    """What is chosen first: a Dag that depends on its past can not be launched with Missing Runs."""
    return ReprocessBehavior.FAILED if dag.depends_on_past else ReprocessBehavior.NONE


def first_end(plan: BackfillPlan, dag: DagSummary, now: Instant, text: str) -> str:
    """Where the first range ends, which is planned until now: yesterday, when no date of today is due yet."""
    if text != _NOW:
        return text
    zone, judged = zone_named(dag.clock), plan.judged
    today = to_datetime(now, zone).date()
    begins_today = dag.start_date is not None and to_datetime(dag.start_date, zone).date() == today
    latest = max(judged.dates.dates[: judged.due], default=ABSENT)
    if begins_today or latest >= day_span(today, zone).first:
        return text
    return (today - timedelta(days=1)).isoformat()


def warning_of(plan: BackfillPlan, code: str) -> PlanWarning | None:
    """The warning of that code, None when there is none."""
    return next((warning for warning in plan.warnings if warning.code == code), None)


def released_words(plan: BackfillPlan) -> str:
    """What unpausing the Dag would start besides this plan, as its warning says it; empty for nothing."""
    warning = warning_of(plan, DAG_PAUSED)
    words = one_line(warning.message).partition("; ")[2] if warning else ""
    return words[:1].upper() + words[1:]


def range_words(request: BackfillRequest, timezone: str) -> RangeWords:
    """The range of a request as exact instants, so that what was typed is seen as what it means."""
    return describe(Span(request.from_date, request.to_date), zone_named(timezone), timezone)


def without_weekdays(words: str) -> str:
    """`range_words` of fewer cells."""
    return _WEEKDAY.sub("", words)


def date_words(occurrence: Occurrence, timezone: str) -> str:
    """What one date of a plan is called: its partition key, or its logical date on the Dag's clock.

    The weekday gives way to what tells a time apart that the clock says twice: `2024-11-03 01:00 EDT`.
    """
    if occurrence.partition_key is not None:
        return occurrence.partition_key
    at = occurrence.logical_date
    if at is None:
        return "no logical date"
    zone = zone_named(timezone)
    local, words = to_datetime(at, zone), minute(at, zone)
    return f"{local:%a} {words}" if is_unambiguous(local.replace(tzinfo=None), zone) else words


def size_words(text: str) -> str:
    """How long a text is that is not shown: `12 kB`, `1.0 MB`."""
    size = len(text.encode(errors="replace"))
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{-(-size // 1000)} kB"  # noqa: PLR2004
