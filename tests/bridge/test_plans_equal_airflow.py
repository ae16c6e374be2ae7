"""Verdicts, order and refusals of a plan are what Airflow's dry run and its own creation then come to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.support.databases import postgresql_database
from tests.support.odd_timetables import ODD_PLUGIN_FILES
from tests.support.schedules import MINUTE, few_per_day, schedules
from tests.support.worker import Worker, attached_place, embedded_place, worker_on
from tests.support.world import DAY, HOUR, instant

from backfill_tui.domain.instants import from_datetime, to_datetime, zone_named
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, PlannedRun
from backfill_tui.domain.problems import BadRequest

pytestmark = [pytest.mark.airflow]

ORACLE = Path(__file__).parents[1] / "support" / "oracle_main.py"
MOST_DATES = 40
STATES = ("success", "failed", "running", "queued")
TYPES = ("scheduled", "manual", "backfill", "asset_triggered")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def oracle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("plans")
    if request.param == "sqlite":
        with worker_on(embedded_place(folder, {}, ODD_PLUGIN_FILES), ORACLE) as worker:
            yield worker
        return
    with (
        postgresql_database() as database,
        worker_on(attached_place(folder, {}, ODD_PLUGIN_FILES, database.url), ORACLE) as worker,
    ):
        yield worker


def existing(plan: BackfillPlan, picks: list[tuple[int, str, str]]) -> list[dict[str, Any]]:
    """Runs for some dates of a plan, and one between two dates, started by hand."""
    runs: dict[int, dict[str, Any]] = {}
    for pick, state, kind in picks:
        if not plan.runs:
            break
        date = plan.runs[pick % len(plan.runs)].occurrence
        if date.identity is not None:
            runs[date.identity] = {"date": date.identity, "partition": date.partition_key} | {
                "state": state, "type": kind, "succeeded": pick % 3,
                "started": None if state == "queued" else date.identity,
            }  # fmt: skip
    return list(runs.values())


def become(row: dict[str, Any], existed: dict[str, str], plan: BackfillPlan) -> Verdict:
    """What Airflow made of one date."""
    if row["reason"]:
        return Verdict.SKIP_EXISTS if row["reason"] == "already exists" else Verdict.SKIP_IN_FLIGHT
    if plan.judged.dates.partitioned:
        # A partition is taken again by a new run beside the old one.
        planned = plan.runs[row["ordinal"] - 1].verdict
        return planned if planned.runs else Verdict.CREATE
    return Verdict.REPROCESS if row["run_id"] in existed else Verdict.CREATE


def as_airflow_means(request: dict[str, Any], schedule: dict[str, Any]) -> dict[str, Any]:
    """The request with the bounds of a partitioned Dag as the wall clock for which Airflow takes them."""
    if schedule["kind"] != "partition":
        return request
    zone = zone_named(schedule["zone"])
    bounds = {
        name: from_datetime(to_datetime(request[name], zone).replace(tzinfo=timezone.utc))
        for name in ("from_date", "to_date")
    }
    return {**request, **bounds}


def found_by(run: PlannedRun) -> int | str | None:
    return run.occurrence.partition_key or run.occurrence.logical_date


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    schedule=schedules(),
    bounds=st.tuples(
        st.sampled_from(["2024-02-25", "2024-03-09T07:00", "2024-10-26T22:30", "2011-12-28"]).map(instant),
        st.sampled_from([0, HOUR, DAY, 5 * DAY + 7 * MINUTE, 20 * DAY]),
    ).map(lambda two: (two[0], two[0] + two[1])),
    how=st.fixed_dictionaries(
        {
            "reprocess_behavior": st.sampled_from(["none", "failed", "completed"]),
            "run_backwards": st.booleans(),
        }
    ),
    picks=st.lists(
        st.tuples(st.integers(0, 99), st.sampled_from(STATES), st.sampled_from(TYPES)), max_size=8
    ),
)
def test_a_plan_is_what_airflows_dry_run_says_and_its_creation_makes(
    oracle: Worker,
    schedule: dict[str, Any],
    bounds: tuple[int, int],
    how: dict[str, Any],
    picks: list[tuple[int, str, str]],
) -> None:
    assume(few_per_day(schedule) or bounds[1] - bounds[0] <= DAY)
    request = {"dag_id": "any", "from_date": bounds[0], "to_date": bounds[1], **how}
    oracle("reset")
    oracle("define", dag_id="any", schedule=schedule, tasks=1)
    assume(len(oracle.plan(request).runs) <= MOST_DATES)
    oracle("add_runs", dag_id="any", runs=existing(oracle.plan(request), picks))

    plan = oracle.plan(request)
    running = [run.occurrence.identity for run in plan.runs if run.verdict.runs]
    clashes = any(outcome.clash for outcome in plan.judged.outcomes)
    # The dry run looks at the runs there are; what a creation makes on its way it can not know.
    assert clashes or running == oracle("dry_run", request=as_airflow_means(request, schedule))
    existed = oracle("run_ids", dag_id="any")
    made = oracle("stock_outcome", request=as_airflow_means(request, schedule))
    if made["refused"]:
        assert plan.blocking, made["refused"]
        return
    rows = [
        (row["ordinal"], row["partition_key"] or row["date"], become(row, existed, plan))
        for row in made["rows"]
    ]
    assert rows == [(run.ordinal, found_by(run), run.verdict) for run in plan.runs if run.ordinal is not None]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"to_date": -DAY},
        {"from_date": "future", "to_date": "future"},
        {"to_date": "future"},
        {"from_date": "future", "to_date": -DAY},
        {"run_backwards": True},
        {"reprocess_behavior": "none"},
        {"conf": '{"size": 0}'},
        {"conf": '{"size": 2}'},
        {"to_date": HOUR, "from_date": HOUR},
    ],
    ids=str,
)
@pytest.mark.parametrize("careful", [False, True])
def test_what_airflow_refuses_the_plan_refuses_and_nothing_else(
    oracle: Worker, change: dict[str, Any], *, careful: bool
) -> None:
    oracle("reset")
    oracle(
        "define", dag_id="any", schedule={"kind": "cron_trigger", "cron": "0 0 * * *", "zone": "UTC"},
        task_arguments={"depends_on_past": careful},
        params={"size": {"default": 1, "type": "integer", "minimum": 1}},
    )  # fmt: skip
    base, future = instant("2024-03-01"), oracle("now") + 100 * DAY
    request: dict[str, Any] = {
        "dag_id": "any", "from_date": base, "to_date": base + 3 * DAY, "reprocess_behavior": "failed"
    }  # fmt: skip
    for name, value in change.items():
        is_date = name.endswith("_date") and value != "future"
        request[name] = base + value if is_date else future if value == "future" else value
    refused = oracle("stock_outcome", request=request)["refused"]
    oracle("reset")
    try:
        plan = oracle.plan(request)
    except BadRequest:
        assert refused
        return
    assert bool(refused) == bool(plan.blocking), (refused, plan.blocking)


@pytest.mark.parametrize(
    "schedule",
    [
        {"kind": "plain", "value": None},
        {"kind": "plain", "value": "@once"},
        {"kind": "plain", "value": "@continuous"},
        {"kind": "asset"},
        {"kind": "asset", "partitioned": True},
    ],
    ids=str,
)
def test_a_schedule_without_periods_is_refused_as_airflow_does(
    oracle: Worker, schedule: dict[str, Any]
) -> None:
    oracle("reset")
    at_once: dict[str, Any] = {"max_active_runs": 1} if schedule.get("value") == "@continuous" else {}
    oracle("define", dag_id="aperiodic", schedule=schedule, **at_once)
    request = {"dag_id": "aperiodic", "from_date": instant("2024-03-01"), "to_date": instant("2024-03-03")}
    assert oracle("stock_outcome", request=request)["refused"] == "DagNonPeriodicScheduleException"
    with pytest.raises(BadRequest, match="can not be backfilled"):
        oracle.plan(request)


def test_a_run_of_another_date_that_has_the_run_id_is_counted_as_in_flight_by_both(oracle: Worker) -> None:
    lagging = {"kind": "cron_trigger", "cron": "0 6 * * *", "zone": "UTC", "interval": 86_400}
    request = {"dag_id": "any", "from_date": instant("2024-03-02"), "to_date": instant("2024-03-05")}
    oracle("reset")
    oracle("define", dag_id="any", schedule={**lagging, "interval": 0})
    assert not oracle("stock_outcome", request=request)["refused"]
    oracle("finish_backfills")
    # Since then the interval was changed: the same ticks now stand for the days before.
    oracle("define", dag_id="any", schedule=lagging)
    plan = oracle.plan({**request, "to_date": instant("2024-03-06T12:00")})
    made = oracle("stock_outcome", request={**request, "to_date": instant("2024-03-06T12:00")})
    # Only the first has no run; the others find that of the day before, which was made for a later tick.
    assert [row["reason"] for row in made["rows"]] == ["in flight", *["already exists"] * 3, None]
    assert [run.verdict for run in plan.runs] == [
        Verdict.SKIP_IN_FLIGHT, *[Verdict.SKIP_EXISTS] * 3, Verdict.CREATE
    ]  # fmt: skip
    assert "already has the run id of 2024-03-02 06:00" in plan.runs[0].reason


@pytest.mark.parametrize("backwards", [False, True])
def test_a_date_that_a_timetable_gives_twice_gets_one_run(oracle: Worker, *, backwards: bool) -> None:
    oracle("reset")
    oracle("define", dag_id="any", schedule={"kind": "odd", "name": "Stutters"})
    request = {
        "dag_id": "any", "from_date": instant("2024-03-01"), "to_date": instant("2024-03-06"),
        "run_backwards": backwards,
    }  # fmt: skip
    plan = oracle.plan(request)
    made = oracle("stock_outcome", request=request)
    rows = [(row["date"], become(row, {}, plan)) for row in made["rows"]]
    assert rows == [(run.occurrence.logical_date, run.verdict) for run in plan.runs]
    twice = [run for run in plan.runs if run.verdict is Verdict.SKIP_IN_FLIGHT]
    assert twice
    assert {run.reason for run in twice} == {"the timetable gives this date twice, and its run is made once"}


def test_a_partition_key_that_no_run_id_may_have_is_refused_by_both(oracle: Worker) -> None:
    request = {"dag_id": "any", "from_date": instant("2024-03-01"), "to_date": instant("2024-03-03")}
    for key_format, refused in (("%Y/%m/%d", "ValueError"), ("%Y-%m-%d", "")):
        oracle("reset")
        schedule = {"kind": "partition", "cron": "0 0 * * *", "zone": "UTC", "key_format": key_format}
        oracle("define", dag_id="any", schedule=schedule)
        blocking = oracle.plan(request).blocking
        assert [warning.code for warning in blocking] == (["run_id_not_allowed"] if refused else [])
        assert oracle("stock_outcome", request=request)["refused"] == refused
    oracle("reset")
