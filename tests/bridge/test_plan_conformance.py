"""The cases that Airflow tests its own backfills by, set up anew: the plan says of them what Airflow does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.agreement import agreed, by_wall_clock
from tests.support.databases import postgresql_database
from tests.support.schedules import MINUTE
from tests.support.worker import Worker, attached_place, embedded_place, worker_on
from tests.support.world import DAY, HOUR, instant

from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import BadRequest

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("plan_conformance")]

ORACLE = Path(__file__).parents[1] / "support" / "oracle_main.py"
FIRST = instant("2024-05-01")
KATHMANDU, NEW_YORK, TAIPEI = "Asia/Kathmandu", "America/New_York", "Asia/Taipei"
DAILY = {"kind": "cron_trigger", "cron": "0 0 * * *", "zone": "UTC"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_worker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("conformance")
    if request.param == "sqlite":
        with worker_on(embedded_place(folder, {}, {}), ORACLE) as worker:
            yield worker
        return
    with (
        postgresql_database() as database,
        worker_on(attached_place(folder, {}, {}, database.url), ORACLE) as worker,
    ):
        yield worker


@pytest.fixture
def worker(shared_worker: Worker) -> Worker:
    shared_worker("reset")
    return shared_worker


def partitions(zone: str, cron: str = "0 0 * * *", **more: Any) -> dict[str, Any]:
    return {"kind": "partition", "cron": cron, "zone": zone, **more}


def a_request(first: int, last: int, **more: Any) -> dict[str, Any]:
    return {"dag_id": "any", "from_date": first, "to_date": last, **more}


def days_from(first: int, *runs: dict[str, Any]) -> list[dict[str, Any]]:
    """A run for each day, an empty one for days without."""
    return [{"date": first + place * DAY, **run} for place, run in enumerate(runs) if run]


def keys(plan: BackfillPlan) -> list[str | None]:
    return [run.occurrence.partition_key for run in plan.runs]


def verdicts(plan: BackfillPlan) -> list[Verdict]:
    return [run.verdict for run in plan.runs]


def midnights(zone_offset: str, first: str, days: int) -> list[int]:
    """Midnights of a zone whose clock does not change in these days, as instants."""
    return [instant(f"{first}T00:00{zone_offset}") + day * DAY for day in range(days)]


NONE: dict[str, Any] = {}
SUCCEEDED: dict[str, Any] = {"state": "success", "succeeded": 9}
FAILED: dict[str, Any] = {"state": "failed", "succeeded": 1}


@pytest.mark.parametrize("there_are_runs", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_simple_backfill_makes_what_is_missing_in_the_order_asked_for(
    worker: Worker, *, backwards: bool, there_are_runs: bool
) -> None:
    worker("define", dag_id="any", schedule=DAILY)
    if there_are_runs:
        worker("add_runs", dag_id="any", runs=days_from(FIRST, NONE, SUCCEEDED, NONE, FAILED, NONE))
    plan = agreed(worker, a_request(FIRST, FIRST + 4 * DAY, run_backwards=backwards))
    there = {FIRST + DAY: "already succeeded", FIRST + 3 * DAY: "already failed, and failed runs are left"}
    days = [FIRST + day * DAY for day in range(5)]
    assert [(run.ordinal, run.occurrence.logical_date, run.reason) for run in plan.runs] == [
        (place, day, there.get(day, "no run exists") if there_are_runs else "no run exists")
        for place, day in enumerate(reversed(days) if backwards else days, start=1)
    ]


REPROCESSED = {
    "none": ("already failed, and failed runs are left", "already succeeded"),
    "failed": ("failed, 1 of 2 tasks succeeded: all 2 run again", "already succeeded"),
    "completed": (
        "failed, 1 of 2 tasks succeeded: all 2 run again",
        "succeeded, 2 of 2 tasks succeeded: all 2 run again",
    ),
}


@pytest.mark.parametrize(("behavior", "runs"), [("none", 4), ("failed", 5), ("completed", 6)])
def test_each_reprocess_behavior_takes_the_runs_it_names_and_says_why(
    worker: Worker, behavior: str, runs: int
) -> None:
    worker("define", dag_id="any", schedule=DAILY)
    states = [NONE, FAILED, NONE, SUCCEEDED, NONE, {"state": "running"}, {"state": "queued"}, NONE]
    worker("add_runs", dag_id="any", runs=days_from(FIRST, *states))
    plan = agreed(worker, a_request(FIRST, FIRST + 7 * DAY, reprocess_behavior=behavior))
    assert plan.run_count == runs
    failed, succeeded = REPROCESSED[behavior]
    assert [run.reason for run in plan.runs] == [
        "no run exists", failed, "no run exists", succeeded, "no run exists",
        "its scheduled run is running", "its scheduled run is queued", "no run exists",
    ]  # fmt: skip
    assert [run.ordinal for run in plan.runs] == list(range(1, 9))


@pytest.mark.parametrize(
    ("behavior", "days"), [("none", [0, 5]), ("failed", [0, 1, 3, 5]), ("completed", [0, 1, 2, 3, 5])]
)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_dry_run_of_each_behavior_lists_the_dates_that_the_plan_runs(
    worker: Worker, behavior: str, days: list[int], *, backwards: bool
) -> None:
    worker("define", dag_id="any", schedule=DAILY)
    states = [NONE, FAILED, SUCCEEDED, FAILED, {"state": "queued"}, NONE]
    worker("add_runs", dag_id="any", runs=days_from(FIRST, *states))
    request = a_request(
        FIRST, FIRST + 5 * DAY, reprocess_behavior=behavior, run_backwards=backwards, conf='{"a": 1}'
    )
    listed = [FIRST + day * DAY for day in days]
    assert worker("dry_run", request=request) == (listed[::-1] if backwards else listed)
    agreed(worker, request)


@pytest.mark.parametrize("backwards", [False, True])
def test_a_partitioned_dag_gets_one_run_for_each_missing_partition(
    worker: Worker, *, backwards: bool
) -> None:
    worker("define", dag_id="any", schedule=partitions("UTC", key_format="day-%Y-%m-%d"))
    worker("add_runs", dag_id="any", runs=[{"date": FIRST + DAY, "partition": "day-2024-05-02", **SUCCEEDED}])
    plan = agreed(worker, a_request(FIRST, FIRST + 3 * DAY, run_backwards=backwards))
    expected = [(f"day-2024-05-0{day}", "no run exists") for day in range(1, 5)]
    expected[1] = ("day-2024-05-02", "already succeeded")
    found = [(run.occurrence.partition_key, run.reason) for run in plan.runs]
    assert found == (expected[::-1] if backwards else expected)
    assert [run.occurrence.logical_date for run in plan.runs] == [None] * 4
    assert [run.ordinal for run in plan.runs] == [1, 2, 3, 4]


def test_a_partition_is_named_on_the_clock_of_its_timetable(worker: Worker) -> None:
    worker("define", dag_id="any", schedule=partitions(KATHMANDU))
    days = midnights("+05:45", "2024-05-01", 2)
    plan = agreed(worker, a_request(days[0], days[1]), zone=KATHMANDU)
    assert keys(plan) == ["2024-05-01T00:00:00", "2024-05-02T00:00:00"]
    assert [run.occurrence.partition_date for run in plan.runs] == days


def test_a_run_that_was_once_named_in_utc_is_the_run_of_its_partition(worker: Worker) -> None:
    worker("define", dag_id="any", schedule=partitions(KATHMANDU))
    days = midnights("+05:45", "2024-05-01", 3)
    worker("add_runs", dag_id="any", runs=[{"date": days[1], "partition": "2024-05-01T18:15:00", **FAILED}])
    plan = agreed(worker, a_request(days[0], days[2]), zone=KATHMANDU)
    assert verdicts(plan) == [Verdict.CREATE, Verdict.SKIP_EXISTS, Verdict.CREATE]


def test_a_run_of_another_date_with_the_same_key_is_not_the_run_of_the_partition(worker: Worker) -> None:
    worker("define", dag_id="any", schedule=partitions("UTC"))
    # Once the timetable was New York's, where this key named an instant four hours later.
    stranger = {"date": FIRST + 4 * HOUR, "partition": "2024-05-01T00:00:00", **SUCCEEDED}
    worker("add_runs", dag_id="any", runs=[stranger])
    assert verdicts(agreed(worker, a_request(FIRST, FIRST))) == [Verdict.CREATE]


@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        ([("success", 1), ("failed", 2)], Verdict.REPROCESS),
        ([("failed", 1), ("success", 2)], Verdict.SKIP_EXISTS),
        ([("success", 2), ("failed", 1)], Verdict.SKIP_EXISTS),
        ([("running", 3), ("failed", 2), ("success", 1)], Verdict.SKIP_IN_FLIGHT),
        # One that has not started yet counts only where no other has.
        ([("queued", None), ("failed", 1)], Verdict.REPROCESS),
        ([("queued", None)], Verdict.SKIP_IN_FLIGHT),
    ],
    ids=str,
)
def test_of_several_runs_of_a_partition_the_one_started_last_decides(
    worker: Worker, runs: list[tuple[str, int | None]], verdict: Verdict
) -> None:
    worker("define", dag_id="any", schedule=partitions(NEW_YORK))
    day = instant("2024-05-01T04:00")
    there = [
        {"date": day, "partition": "2024-05-01T00:00:00", "state": state, "type": "manual"}
        | {"started": None if hour is None else day + hour * HOUR}
        for state, hour in runs
    ]
    worker("add_runs", dag_id="any", runs=there)
    plan = agreed(worker, a_request(day, day, reprocess_behavior="failed"), zone=NEW_YORK)
    assert verdicts(plan) == [verdict]


@pytest.mark.parametrize("schedule", [DAILY, partitions("UTC"), partitions(TAIPEI)], ids=str)
def test_a_range_that_ends_before_it_begins_is_refused_by_both(
    worker: Worker, schedule: dict[str, Any]
) -> None:
    worker("define", dag_id="any", schedule=schedule)
    request = a_request(FIRST + DAY, FIRST)
    with pytest.raises(BadRequest, match="ends before it begins"):
        worker.plan(request)
    assert worker("stock_outcome", request=request)["refused"] == "InvalidBackfillDateRange"
    assert worker("totals") == {"backfills": 0, "entries": 0, "runs": 0, "task_instances": 0}


@pytest.mark.parametrize(("zone", "offset"), [("UTC", "+00:00"), (NEW_YORK, "-04:00"), (TAIPEI, "+08:00")])
def test_both_bounds_of_a_window_of_partitions_belong_to_it(worker: Worker, zone: str, offset: str) -> None:
    worker("define", dag_id="any", schedule=partitions(zone))
    days = midnights(offset, "2024-05-10", 4)
    whole = [f"2024-05-{day}T00:00:00" for day in range(10, 14)]
    assert keys(agreed(worker, a_request(days[0], days[3]), zone=zone)) == whole
    for first, last, expected in [
        (days[0] + 1, days[3], whole[1:]),
        (days[0], days[3] - 1, whole[:-1]),
        (days[0] + 1, days[1] - 1, []),
        (days[2], days[2], whole[2:3]),
        (days[0] - DAY + 1, days[0], whole[:1]),
    ]:
        worker("reset")
        assert keys(agreed(worker, a_request(first, last), zone=zone)) == expected


def test_a_window_of_hours_is_not_widened_to_days(worker: Worker) -> None:
    worker("define", dag_id="any", schedule=partitions(TAIPEI, "0 * * * *"))
    eight = instant("2024-05-10T08:00+08:00")
    hours = keys(agreed(worker, a_request(eight, eight + HOUR), zone=TAIPEI))
    assert hours == ["2024-05-10T08:00:00", "2024-05-10T09:00:00"]
    worker("reset")
    between = a_request(eight + MINUTE, eight + 59 * MINUTE)
    assert [warning.code for warning in agreed(worker, between, zone=TAIPEI).blocking] == ["no_dates"]


@pytest.mark.parametrize("offset", [0, 1, 2, -1, -2])
@pytest.mark.parametrize(("zone", "hours"), [("UTC", "+00:00"), (NEW_YORK, "-04:00")])
def test_a_run_offset_moves_no_partition_of_a_window(
    worker: Worker, zone: str, hours: str, offset: int
) -> None:
    worker("define", dag_id="any", schedule=partitions(zone, offset=offset))
    days = midnights(hours, "2024-05-10", 5)
    whole = agreed(worker, a_request(days[0], days[4]), zone=zone)
    assert keys(whole) == [f"2024-05-{day}T00:00:00" for day in range(10, 15)]
    assert [run.occurrence.run_after for run in whole.runs] == days
    worker("reset")
    one = agreed(worker, a_request(days[1], days[1]), zone=zone)
    assert [(run.occurrence.partition_date, run.occurrence.run_after) for run in one.runs] == [
        (days[1], days[1])
    ]


def test_a_partition_that_failed_gets_a_new_run_beside_the_old_one(worker: Worker) -> None:
    worker("define", dag_id="any", schedule=partitions(NEW_YORK))
    days = midnights("-04:00", "2024-05-10", 3)
    there = [
        {"date": day, "partition": f"2024-05-{10 + place}T00:00:00", "type": "scheduled", **run}
        for place, (day, run) in enumerate(zip(days, (FAILED, SUCCEEDED, FAILED), strict=True))
    ]
    worker("add_runs", dag_id="any", runs=there)
    before = worker("run_ids", dag_id="any")
    plan = agreed(worker, a_request(days[0], days[2], reprocess_behavior="failed"), zone=NEW_YORK)
    assert [run.reason for run in plan.runs] == [
        "failed, 1 of 2 tasks succeeded: a new run is created beside it",
        "already succeeded",
        "failed, 1 of 2 tasks succeeded: a new run is created beside it",
    ]
    after = worker("run_ids", dag_id="any")
    assert {run_id: after[run_id] for run_id in before} == before
    assert len(after) == 5


def test_bounds_are_instants_here_and_wall_clocks_to_airflow(worker: Worker) -> None:
    worker("define", dag_id="any", schedule=partitions(NEW_YORK, "0 */6 * * *"))
    # Over the night in which New York's clocks go forward.
    request = a_request(instant("2024-03-09T17:00"), instant("2024-03-10T14:00"))
    plan = agreed(worker, request, zone=NEW_YORK)
    inside = ["2024-03-09T17:00", "2024-03-09T23:00", "2024-03-10T05:00", "2024-03-10T10:00"]
    assert [run.occurrence.partition_date for run in plan.runs] == [instant(at) for at in inside]
    assert [key[5:13] for key in keys(plan) if key] == ["03-09T12", "03-09T18", "03-10T00", "03-10T06"]
    worker("reset")
    # To Airflow the same numbers are times of New York, which are five hours later, then four.
    theirs = worker("dry_run", request=request)
    assert theirs == [instant(at) for at in (*inside[1:], "2024-03-10T16:00")]


def test_a_bound_in_the_hour_that_comes_twice_means_the_second_as_airflow_takes_it(worker: Worker) -> None:
    worker("define", dag_id="any", schedule=partitions(NEW_YORK, "0 * * * *"))
    # 01:30 comes at 05:30 and at 06:30; no wall clock means the first of them.
    early, late = instant("2024-11-03T05:30"), instant("2024-11-03T06:30")
    plans = [agreed_anew(worker, a_request(first, late + 2 * HOUR), NEW_YORK) for first in (early, late)]
    assert keys(plans[0]) == keys(plans[1]) == ["2024-11-03T02:00:00", "2024-11-03T03:00:00"]


def agreed_anew(worker: Worker, request: dict[str, Any], zone: str) -> BackfillPlan:
    worker("reset")
    return agreed(worker, request, zone=zone)


UNITED = [
    {"kind": "cron_trigger", "cron": "30 */5 * * *", "zone": "Europe/Zurich"},
    {"kind": "cron_trigger", "cron": "0 2 * * *", "zone": NEW_YORK, "interval": 86_400},
    {"kind": "cron_trigger", "cron": "15 * * * *", "zone": "Australia/Lord_Howe"},
    {"kind": "cron_interval", "cron": "0 3 * * 1-5", "zone": "Europe/Zurich"},
    {"kind": "multiple", "crons": ["0 2 * * *", "30 14 * * 6"], "zone": NEW_YORK},
    partitions(KATHMANDU, "0 */8 * * *"),
]
"""Crons, and zones with gaps, folds and none; a timedelta counts from the begin of its range instead."""


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    schedule=st.sampled_from(UNITED),
    first=st.sampled_from(["2024-03-01", "2024-03-29T05:00", "2024-10-20"]).map(instant),
    pieces=st.lists(st.integers(1, 20 * 24 * 60), min_size=2, max_size=5),
)
def test_ranges_that_follow_each_other_have_together_the_dates_of_the_whole(
    shared_worker: Worker, schedule: dict[str, Any], first: int, pieces: list[int]
) -> None:
    found: list[dict[str, Any]] = []
    begin = first
    for minutes in pieces:
        end = begin + minutes * MINUTE
        part = shared_worker("dates", schedule=schedule, from_date=begin, to_date=end - 1)
        assert part["ours"] == part["airflows"]
        found += part["ours"]
        begin = end
    whole = shared_worker("dates", schedule=schedule, from_date=first, to_date=begin - 1)
    assert whole["ours"] == found


@pytest.mark.parametrize("schedule", [DAILY, partitions(NEW_YORK)], ids=lambda schedule: schedule["kind"])
def test_after_a_launch_there_is_nothing_left_to_create(worker: Worker, schedule: dict[str, Any]) -> None:
    worker("define", dag_id="any", schedule=schedule)
    request = a_request(FIRST, FIRST + 6 * DAY)
    first = worker.plan(request)
    worker("launch", request=request, fingerprint=first.fingerprint)
    at_once = worker.plan(request)
    assert verdicts(at_once) == [Verdict.SKIP_IN_FLIGHT] * len(first.runs)
    worker("finish_backfills")
    later = worker.plan(request)
    assert verdicts(later) == [Verdict.SKIP_EXISTS] * len(first.runs)
    for plan in (at_once, later):
        assert plan.run_count == 0
        assert "nothing_to_do" in [warning.code for warning in plan.warnings]
    assert worker("dry_run", request=by_wall_clock(request, schedule["zone"])) == []
