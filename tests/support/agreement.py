"""A plan held against Airflow's own dry run and the rows that Airflow's own creation then makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from backfill_tui.domain.instants import Instant, from_datetime, to_datetime
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, PlannedRun
from tests.support.worker import Worker

Asked = Mapping[str, Any]


def by_wall_clock(request: Asked, zone: str) -> dict[str, Any]:
    """The request as Airflow must be given it for a partitioned Dag: the clock of `zone`, called UTC."""
    return {**request, **{name: _wall_clock(request[name], zone) for name in ("from_date", "to_date")}}


def _wall_clock(instant: int, zone: str) -> int:
    moment = to_datetime(Instant(instant))
    return from_datetime(moment.astimezone(ZoneInfo(zone)).replace(tzinfo=moment.tzinfo))


def agreed(worker: Worker, request: Asked, *, zone: str = "UTC") -> BackfillPlan:
    """The plan, which must be what Airflow's dry run says and its creation, which is carried out, makes.

    `zone` is that of a partitioned timetable; of others Airflow takes the instants as they are.
    """
    plan = worker.plan(request)
    theirs = by_wall_clock(request, zone)
    assert [run.occurrence.identity for run in plan.runs if run.verdict.runs] == worker(
        "dry_run", request=theirs
    )
    existed = worker("run_ids", dag_id=request["dag_id"])
    made = worker("stock_outcome", request=theirs)
    if made["refused"]:
        assert plan.blocking, made["refused"]
        return plan
    assert not plan.blocking
    rows = [
        (row["ordinal"], row["partition_key"] or row["date"], _became(row, existed)) for row in made["rows"]
    ]
    assert rows == [_expected(run) for run in plan.runs if run.ordinal is not None]
    return plan


def _expected(run: PlannedRun) -> tuple[int | None, int | str | None, str]:
    beside = run.occurrence.partition_key is not None
    # A partition is taken again by a new run beside the old one.
    verdict = Verdict.CREATE if beside and run.verdict is Verdict.REPROCESS else run.verdict
    return run.ordinal, run.occurrence.partition_key or run.occurrence.logical_date, verdict


def _became(row: Mapping[str, Any], existed: Mapping[str, str]) -> Verdict:
    """What Airflow made of one date."""
    if row["reason"]:
        return Verdict.SKIP_EXISTS if row["reason"] == "already exists" else Verdict.SKIP_IN_FLIGHT
    return Verdict.REPROCESS if row["run_id"] in existed else Verdict.CREATE
