"""The JSON of a plan, in three parts: what stands before its dates, the dates, and what stands after them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from backfill_tui.domain.as_command import Commands
from backfill_tui.domain.estimates import Estimate
from backfill_tui.domain.instants import SECOND, iso
from backfill_tui.domain.outcomes import ExistingRun, Verdict
from backfill_tui.domain.planning import BackfillPlan, PlannedRun, PlanWarning
from backfill_tui.forms.encode import JsonObject, when

RemedyOf = Callable[[PlanWarning], str]
"""What to do about a warning, in the words of whoever is told."""

RUNS: Final = "runs"
"""The key of the dates."""


def before_the_runs(planned: BackfillPlan) -> JsonObject:
    """What was asked for."""
    request = planned.request
    return {
        "dag_id": request.dag_id,
        "timezone": planned.timezone,
        "from_date": iso(request.from_date),
        "to_date": iso(request.to_date),
        "reprocess_behavior": str(request.reprocess_behavior),
    }


def planned_run(run: PlannedRun) -> JsonObject:
    """One date."""
    date = run.occurrence
    return {
        "logical_date": when(date.logical_date),
        "data_interval_start": when(date.data_interval_start),
        "data_interval_end": when(date.data_interval_end),
        "run_after": iso(date.run_after),
        "partition_key": date.partition_key,
        "partition_date": when(date.partition_date),
        "verdict": str(run.verdict),
        "reason": run.reason,
        "existing_state": None if run.existing is None else str(run.existing.state),
        "existing": None if run.existing is None else _existing(run.existing),
        "ordinal": run.ordinal,
    }


def after_the_runs(planned: BackfillPlan, commands: Commands | None, remedy_of: RemedyOf) -> JsonObject:
    """What is to be said of all dates together; `commands` is None where no command can name the Dag."""
    request = planned.request
    return {
        "totals": totals(planned),
        "warnings": warnings(planned, remedy_of),
        "max_active_runs": request.max_active_runs,
        "run_backwards": request.run_backwards,
        "run_on_latest_version": request.run_on_latest_version,
        "conf": json.loads(planned.shown_conf) if planned.shown_conf else None,
        "planned_at": iso(planned.planned_at),
        "dag_start": when(planned.bounds.start),
        "dag_end": when(planned.bounds.end),
        "partition_zone": planned.partition_zone or None,
        "estimate": None if planned.estimate is None else _estimate(planned.estimate),
        "commands": None
        if commands is None
        else {"airflow": commands.airflow, "own": commands.own, "rest": commands.rest},
        "blocked": bool(planned.blocking),
        "fingerprint": planned.fingerprint,
    }


def totals(planned: BackfillPlan) -> JsonObject:
    """How many dates have each verdict."""
    return {str(verdict): planned.count(verdict) for verdict in Verdict}


def warnings(planned: BackfillPlan, remedy_of: RemedyOf) -> list[JsonObject]:
    """The warnings about the plan as a whole, each remedy as one would type it in this session."""
    return [
        {
            "code": each.code,
            "message": each.message,
            "remedy": remedy_of(each),
            "blocks": each.blocks,
            "gravity": str(each.gravity),
        }
        for each in planned.warnings
    ]


def _existing(run: ExistingRun) -> JsonObject:
    return {
        "state": str(run.state),
        "run_type": run.run_type,
        "triggering_user": run.triggering_user,
        "backfill_id": run.backfill_id,
        "backfill_cancelled": run.backfill_cancelled,
        "task_counts": {str(state): count for state, count in run.task_counts},
    }


def _estimate(estimate: Estimate) -> JsonObject:
    past = estimate.durations
    return {
        "runs": estimate.runs,
        "creation": {"low": _seconds(estimate.creation.low), "high": _seconds(estimate.creation.high)},
        "durations": None
        if past is None
        else {"median": _seconds(past.median), "p90": _seconds(past.p90), "samples": past.samples},
        "at": [
            {
                "max_active_runs": pace.max_active_runs,
                "low": None if pace.time is None else _seconds(pace.time.low),
                "high": None if pace.time is None else _seconds(pace.time.high),
                "capped": pace.capped,
            }
            for pace in estimate.at
        ],
        "useful_max_active_runs": estimate.useful,
        "stuck_in_pool": estimate.stuck_in or None,
    }


def _seconds(microseconds: int) -> float:
    return microseconds / SECOND
