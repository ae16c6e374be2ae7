"""Plans against Airflow's own dry run, its refusals and its silences."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.planned_dags import DAG_FILES, PLUGIN_FILES
from tests.support.worker import Event, Worker, embedded_place, worker_on
from tests.support.world import DAY, HOUR, instant

from backfill_tui.domain.instants import SECOND, iso
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import BadRequest, Interrupted, NotThere

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("planning")]

MARCH = {"from_date": instant("2024-03-01"), "to_date": instant("2024-03-10")}


@pytest.fixture(scope="module")
def shared_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with worker_on(embedded_place(tmp_path_factory.mktemp("planning"), DAG_FILES, PLUGIN_FILES)) as worker:
        yield worker


@pytest.fixture
def worker(shared_worker: Worker) -> Worker:
    shared_worker("reset")
    shared_worker("heartbeat", age_seconds=0)
    return shared_worker


def a_request(dag_id: str, **more: Any) -> dict[str, Any]:
    return {"dag_id": dag_id, **MARCH, **more}


def dates_that_run(plan: BackfillPlan) -> list[int | None]:
    return [run.occurrence.identity for run in plan.runs if run.verdict.runs]


def every_kind_of_run(first: int) -> list[dict[str, Any]]:
    states = ["success", "failed", "running", "queued"]
    kinds = ["scheduled", "manual", "backfill", "asset_triggered"]
    return [
        {"date": first + place * DAY, "state": state, "type": kinds[place % 4], "succeeded": place % 3}
        for place, state in enumerate(states * 2)
    ]


@pytest.mark.parametrize("behavior", ["none", "failed", "completed"])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("dag_id", "first"),
    [
        ("daily", "2024-03-01"),
        ("data_interval", "2024-03-01T06:00"),
        ("lagging", "2024-02-29T06:00"),
        ("six_hours", "2024-03-01"),
        ("in_new_york", "2024-03-01T07:00"),
        ("hourly_in_new_york", "2024-03-09T05:30"),
    ],
)
def test_a_plan_runs_the_dates_of_airflows_dry_run(
    worker: Worker, dag_id: str, first: str, behavior: str, *, backwards: bool
) -> None:
    worker("add_runs", dag_id=dag_id, runs=every_kind_of_run(instant(first)))
    request = a_request(dag_id, reprocess_behavior=behavior, run_backwards=backwards)
    # Across the night in which New York's clocks go forward.
    request["to_date"] = instant("2024-03-12T23:00")
    plan = worker.plan(request)
    assert dates_that_run(plan) == worker("dry_run", request=request)
    assert {run.verdict for run in plan.runs if run.existing} > {Verdict.SKIP_IN_FLIGHT}


def test_dates_whose_interval_is_not_over_are_shown_as_not_yet(worker: Worker) -> None:
    now = int(time.time()) * SECOND
    request = a_request("data_interval", from_date=now - 3 * DAY, to_date=now + 3 * DAY)
    plan = worker.plan(request)
    waiting = [run for run in plan.runs if run.verdict is Verdict.NOT_YET]
    assert len(plan.runs) == 6
    assert dates_that_run(plan) == worker("dry_run", request=request)
    assert len(waiting) >= 3
    end = waiting[0].occurrence.data_interval_end
    assert end is not None
    assert waiting[0].reason == f"its data interval ends {iso(end)[:16].replace('T', ' ')} UTC"
    assert [run.ordinal for run in waiting] == [None] * len(waiting)


def test_a_partitioned_dag_takes_the_partitions_between_the_two_instants(worker: Worker) -> None:
    # Midnight of 2024-03-02 in New York is 05:00 UTC; that of 2024-03-11, after the change, 04:00 UTC.
    request = a_request(
        "partitioned", from_date=instant("2024-03-02T05:00"), to_date=instant("2024-03-11T03:59")
    )
    keys = [run.occurrence.partition_key for run in worker.plan(request).runs]
    assert keys == [f"2024-03-{day:02}T00:00:00" for day in range(2, 11)]


def test_the_latest_run_of_a_partition_decides(worker: Worker) -> None:
    date, started = instant("2024-03-02T05:00"), instant("2024-05-01")
    runs: list[dict[str, Any]] = [
        {"state": "queued", "started": None},
        {"state": "success", "started": started},
        {"state": "failed", "started": started + HOUR, "succeeded": 1},
        {"state": "success", "started": started - HOUR},
    ]
    for run in runs:
        run |= {"date": date, "partition": "2024-03-02T00:00:00", "type": "manual"}
    worker("add_runs", dag_id="partitioned", runs=runs)
    request = a_request("partitioned", from_date=date, to_date=date, reprocess_behavior="failed")
    (planned,) = worker.plan(request).runs
    assert planned.verdict is Verdict.REPROCESS
    assert planned.reason == "failed, 1 of 2 tasks succeeded: a new run is created beside it"


def test_the_reasons_say_what_is_overwritten(worker: Worker) -> None:
    first = MARCH["from_date"]
    runs: list[dict[str, Any]] = [
        {"state": "failed", "succeeded": 1},
        {"state": "success", "succeeded": 2, "type": "manual", "user": "alice"},
        {"state": "running"},
        {"state": "success", "bare": True},
    ]
    worker("add_runs", dag_id="daily", runs=[run | {"date": first + n * DAY} for n, run in enumerate(runs)])
    plan = worker.plan(a_request("daily", reprocess_behavior="completed", to_date=first + 4 * DAY))
    assert [run.reason for run in plan.runs] == [
        "failed, 1 of 2 tasks succeeded: all 2 run again",
        "succeeded, 2 of 2 tasks succeeded: all 2 run again; manual run by alice is taken over with its conf",
        "its scheduled run is running",
        "succeeded without any task, so Airflow counts it in but runs nothing",
        "no run exists",
    ]


def test_a_conf_that_replaces_those_of_runs_is_said_and_airflow_replaces_them(worker: Worker) -> None:
    first = MARCH["from_date"]
    runs: list[dict[str, Any]] = [{"type": "manual", "user": "alice"}, {"type": "scheduled"}]
    runs = [run | {"state": "success", "succeeded": 2, "date": first + n * DAY} for n, run in enumerate(runs)]
    worker("add_runs", dag_id="daily", runs=runs)
    conf = '{"size": 3}'
    request = a_request("daily", reprocess_behavior="completed", to_date=first + 2 * DAY, conf=conf)
    assert [run.reason for run in worker.plan(request).runs] == [
        (
            "succeeded, 2 of 2 tasks succeeded: all 2 run again; "
            "manual run by alice is taken over; its conf is replaced"
        ),
        "succeeded, 2 of 2 tasks succeeded: all 2 run again; its conf is replaced",
        "no run exists",
    ]
    number = worker("stock_create", request=request)["backfill_id"]
    assert [row["conf"] for row in worker("rows", backfill_id=number)] == [{"size": 3}] * 3


def test_a_long_plan_takes_no_more_statements_than_a_short_one(worker: Worker) -> None:
    worker("add_runs", dag_id="daily", runs=every_kind_of_run(MARCH["from_date"]))
    short = worker("statements", request=a_request("daily"))
    long = worker("statements", request=a_request("daily", from_date=instant("2021-01-01")))
    assert short == long < 15


def test_two_plans_of_one_world_have_one_fingerprint(worker: Worker) -> None:
    first = worker.plan(a_request("daily"))
    assert worker.plan(a_request("daily")).fingerprint == first.fingerprint
    worker("add_runs", dag_id="daily", runs=[{"date": MARCH["from_date"], "state": "success"}])
    assert worker.plan(a_request("daily")).fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (a_request("daily", to_date=instant("2024-02-01")), "ends before it begins"),
        (a_request("daily", from_date=instant("2090-01-01"), to_date=instant("2090-02-01")), "in the future"),
        (a_request("by_hand"), "can not be backfilled: it runs only when triggered"),
        (a_request("daily", max_active_runs=0), "no run would ever start"),
        (a_request("daily", conf="{size: 1}"), "not JSON"),
        (a_request("daily", conf='{"size": NaN}'), "not JSON"),
        (a_request("daily", conf="[1]"), "not a JSON object"),
        (a_request("every_minute", from_date=instant("2010-01-01")), "about 7,.00,000 dates"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_the_next_step(
    worker: Worker, request_: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence) as refusal:
        worker.plan(request_)
    assert refusal.value.remedy


def test_an_unknown_dag_gets_the_nearest_name(worker: Worker) -> None:
    with pytest.raises(NotThere, match='no Dag "dayly"') as refusal:
        worker.plan(a_request("dayly"))
    assert refusal.value.remedy == 'the nearest name is "daily"'


def test_an_enumeration_that_takes_long_tells_how_far_it_is_and_can_be_cancelled(worker: Worker) -> None:
    events: list[Event] = []
    request = a_request("stepped", to_date=instant("2024-06-01"))
    with pytest.raises(Interrupted):
        worker("plan", request=request, cancel_after_seconds=0.6, on_event=events.append)
    assert events
    assert {event["complete"] for event in events} == {False}
    assert len(worker.plan(a_request("daily")).runs) == 10
