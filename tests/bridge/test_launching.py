"""Launches on SQLite and PostgreSQL: exactly the plan, all at once, or nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.odd_timetables import ODD_PLUGIN_FILES
from tests.support.planned_dags import DAG_FILES, PLUGIN_FILES
from tests.support.strangers import (
    broken_at_ordinal,
    duplicate_task_at_run,
    launch_held_up,
    strangers_at_work,
)
from tests.support.worker import Place, Worker, attached_place, embedded_place, worker_on
from tests.support.world import DAY, instant

from backfill_tui.domain.instants import SECOND, Instant, iso, to_datetime
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import (
    AirflowFailed,
    BadRequest,
    Interrupted,
    PlanChanged,
    Problem,
    Refused,
    Unreachable,
)

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("launching")]

FIRST = instant("2024-03-01")
NOTHING = {"backfills": 0, "entries": 0, "runs": 0, "task_instances": 0}
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Stage:
    """An Airflow with Dags, and a worker on it."""

    place: Place
    database: Database
    worker: Worker


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("launching")
    if request.param == "sqlite":
        place = embedded_place(folder, DAG_FILES, PLUGIN_FILES)
        with worker_on(place) as worker:
            yield Stage(place, sqlite_database(place.home / "airflow.db"), worker)
        return
    with postgresql_database() as database:
        place = attached_place(folder, DAG_FILES, PLUGIN_FILES, database.url)
        with worker_on(place) as worker:
            yield Stage(place, database, worker)


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    shared_stage.worker("reset")
    shared_stage.worker("heartbeat", age_seconds=0)
    return shared_stage


def a_request(dag_id: str, *, days: int = 10, first: int = FIRST, **more: Any) -> dict[str, Any]:
    return {"dag_id": dag_id, "from_date": first, "to_date": first + (days - 1) * DAY, **more}


def some_runs(first: int = FIRST) -> list[dict[str, Any]]:
    states = ["success", "failed", "running", "queued"]
    return [
        {"date": first + place * DAY, "state": state, "type": "manual", "user": "alice", "succeeded": 1}
        for place, state in enumerate(states)
    ]


def become(row: dict[str, Any], existed: set[str]) -> Verdict:
    if row["run_id"] is None:
        return Verdict.SKIP_EXISTS if row["reason"] == "already exists" else Verdict.SKIP_IN_FLIGHT
    return Verdict.REPROCESS if row["run_id"] in existed else Verdict.CREATE


@pytest.mark.parametrize("behavior", ["none", "failed", "completed"])
@pytest.mark.parametrize(
    ("dag_id", "first", "backwards"),
    [
        ("daily", FIRST, False),
        ("daily", FIRST, True),
        ("data_interval", instant("2024-03-01T06:00"), False),
        ("lagging", instant("2024-02-29T06:00"), True),
        ("six_hours", FIRST, True),
        ("in_new_york", instant("2024-03-01T07:00"), False),
    ],
)
def test_airflow_creates_exactly_the_plan(
    stage: Stage, dag_id: str, first: int, behavior: str, *, backwards: bool
) -> None:
    stage.worker("add_runs", dag_id=dag_id, runs=some_runs(first))
    request = a_request(dag_id, days=12, first=FIRST, reprocess_behavior=behavior, run_backwards=backwards)
    plan = stage.worker.plan(request)
    existed = {row[0] for row in state_of_runs(stage.database)}
    launched = stage.worker("launch", request=request, fingerprint=plan.fingerprint)
    rows = stage.worker("rows", backfill_id=launched["backfill_id"])
    assert [(row["ordinal"], row["date"], become(row, existed)) for row in rows] == [
        (run.ordinal, run.occurrence.logical_date, run.verdict) for run in plan.runs
    ]
    assert len(existed) == sum(run.existing is not None for run in plan.runs) == 4
    assert {row["state"] for row in rows} == {"queued", None}
    assert {row["run_type"] for row in rows} == {"backfill", None}
    assert (launched["created"], launched["reprocessed"], launched["skipped"]) == counted(plan)


def counted(plan: BackfillPlan) -> tuple[int, int, int]:
    return (
        plan.count(Verdict.CREATE),
        plan.count(Verdict.REPROCESS),
        plan.count(Verdict.SKIP_EXISTS, Verdict.SKIP_IN_FLIGHT),
    )


@pytest.mark.parametrize("behavior", ["none", "failed"])
def test_a_partition_that_is_reprocessed_gets_a_run_beside_the_old_one(stage: Stage, behavior: str) -> None:
    date = instant("2024-03-02T05:00")
    old = {"date": date, "partition": "2024-03-02T00:00:00", "state": "failed", "type": "manual"}
    stage.worker("add_runs", dag_id="partitioned", runs=[old])
    request = a_request("partitioned", days=4, first=instant("2024-03-01T05:00"), reprocess_behavior=behavior)
    plan = stage.worker.plan(request)
    launched = stage.worker("launch", request=request, fingerprint=plan.fingerprint)
    rows = stage.worker("rows", backfill_id=launched["backfill_id"])
    assert [row["partition_key"] for row in rows] == [run.occurrence.partition_key for run in plan.runs]
    assert (launched["created"], launched["reprocessed"], launched["skipped"]) == counted(plan)
    assert stage.worker("totals")["runs"] == 1 + plan.run_count


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("behavior", ["none", "completed"])
def test_where_another_date_has_the_run_id_airflow_notes_in_flight_as_planned(
    stage: Stage, behavior: str, *, backwards: bool
) -> None:
    # Left by a schedule whose runs were due when their dates begin; now they are due a day later.
    older = instant("2024-03-05T06:00")
    old = {"date": older, "state": "success", "type": "backfill", "bare": True}
    stage.worker("add_runs", dag_id="lagging", runs=[old])
    stage.database.do("UPDATE dag_run SET run_id = 'backfill__2024-03-05T06:00:00+00:00'")
    request = a_request("lagging", days=6, reprocess_behavior=behavior, run_backwards=backwards)
    plan = stage.worker.plan(request)
    (taken,) = [run for run in plan.runs if run.verdict is Verdict.SKIP_IN_FLIGHT]
    assert (taken.occurrence.logical_date, taken.existing) == (older - DAY, None)
    assert taken.reason.startswith("a run of another date already has the run id of 2024-03-05 06:00 UTC")
    existed = {row[0] for row in state_of_runs(stage.database)}
    launched = stage.worker("launch", request=request, fingerprint=plan.fingerprint)
    rows = stage.worker("rows", backfill_id=launched["backfill_id"])
    assert [(row["date"], become(row, existed)) for row in rows] == [
        (run.occurrence.logical_date, run.verdict) for run in plan.runs
    ]
    assert (launched["created"], launched["reprocessed"], launched["skipped"]) == counted(plan)


def test_a_run_id_that_was_taken_since_the_plan_is_said_and_nothing_created(stage: Stage) -> None:
    request = a_request("lagging", days=6)
    plan = stage.worker.plan(request)
    # Of a date outside the range, so that none of its own dates has a run.
    old = {"date": FIRST - 90 * DAY, "state": "success", "type": "backfill", "bare": True}
    stage.worker("add_runs", dag_id="lagging", runs=[old])
    after = plan.runs[2].occurrence.run_after
    run_id, run_after = f"'backfill__{iso(after)}'", when(stage, after)
    stage.database.do(f"UPDATE dag_run SET run_id = {run_id}, run_after = {run_after}")  # noqa: S608  # ours
    with pytest.raises(PlanChanged, match="1 date has a run id that is taken"):
        stage.worker("launch", request=request, fingerprint=plan.fingerprint)
    assert stage.worker("totals")["backfills"] == 0


def when(stage: Stage, at: Instant) -> str:
    """An instant as a literal of that database, in the form Airflow writes."""
    text = to_datetime(at).strftime("%Y-%m-%d %H:%M:%S.%f")
    return f"'{text}'" if stage.database.kind == "sqlite" else f"'{text}+00'"


def test_a_range_of_which_the_end_is_not_due_creates_what_is(stage: Stage) -> None:
    today = int(time.time()) * SECOND // DAY * DAY
    request = a_request("data_interval", days=7, first=today - 3 * DAY)
    plan = stage.worker.plan(request)
    waiting = plan.count(Verdict.NOT_YET)
    assert 0 < waiting < len(plan.runs)
    launched = stage.worker("launch", request=request, fingerprint=plan.fingerprint)
    rows = stage.worker("rows", backfill_id=launched["backfill_id"])
    assert [row["date"] for row in rows] == [
        run.occurrence.logical_date for run in plan.runs[: plan.judged.due]
    ]
    assert launched["created"] == len(plan.runs) - waiting


def test_the_runs_carry_the_conf_and_the_user(stage: Stage) -> None:
    request = a_request("with_params", days=2, conf='{"size": 3}')
    launched = stage.worker("launch", request=request)
    rows = stage.worker("rows", backfill_id=launched["backfill_id"])
    assert [row["conf"] for row in rows] == [{"size": 3}] * 2
    assert all(row["user"] for row in rows)


@pytest.mark.parametrize("behavior", ["none", "completed"])
def test_everything_goes_through_one_connection(stage: Stage, behavior: str) -> None:
    # On SQLite a second one that writes would wait for the launch, which waits for it.
    stage.worker("add_runs", dag_id="with_deadline", runs=some_runs())
    request = a_request("with_deadline", reprocess_behavior=behavior)
    for_the_plan, for_the_launch, for_the_look_after_it = 1, 1, 1
    taken = stage.worker("connections", request=request)
    assert taken == for_the_plan + for_the_launch + for_the_look_after_it
    assert stage.database.ask("SELECT count(*) FROM deadline") > 0


@pytest.mark.parametrize("dag_id", ["daily", "partitioned"])
def test_a_run_whose_tasks_can_not_be_inserted_makes_the_launch_fail(stage: Stage, dag_id: str) -> None:
    # Airflow rolls back all runs before it, and with partitions it goes on after that.
    with (
        duplicate_task_at_run(stage.database, "backfill__2024-03-05"),
        pytest.raises(AirflowFailed) as failure,
    ):
        stage.worker("launch", request=a_request(dag_id))
    assert "nothing of it is left" in failure.value.remedy
    assert stage.worker("totals") == NOTHING


def test_progress_counts_every_date_and_never_goes_back(stage: Stage) -> None:
    events: list[dict[str, Any]] = []
    began = time.monotonic()
    stage.worker("launch", request=a_request("daily", days=200), on_event=events.append)
    seconds = time.monotonic() - began
    done = [event["done"] for event in events]
    assert done == sorted(done)
    assert done[-1] == 200
    assert {event["total"] for event in events} == {200}
    assert 3 <= len(events) <= 3 + seconds * 21


def test_what_happened_since_the_plan_was_shown_is_said_and_nothing_created(stage: Stage) -> None:
    request = a_request("daily")
    plan = stage.worker.plan(request)
    runs = [
        {"date": FIRST + 2 * DAY, "state": "success"},
        {"date": FIRST + 4 * DAY, "state": "success"},
        {"date": FIRST + 6 * DAY, "state": "running"},
    ]
    stage.worker("add_runs", dag_id="daily", runs=runs)
    before = stage.worker("totals")
    with pytest.raises(PlanChanged, match="2 dates now succeeded, 1 is running") as refusal:
        stage.worker("launch", request=request, fingerprint=plan.fingerprint)
    assert refusal.value.remedy == "look at it again, then launch"
    assert stage.worker("totals") == before


@pytest.mark.parametrize(
    ("request_", "kind", "sentence"),
    [
        (a_request("careful", reprocess_behavior="none"), Refused, "depends on its past"),
        (a_request("careful", reprocess_behavior="failed", run_backwards=True), Refused, "backwards"),
        (a_request("no_backfills"), Refused, "does not allow backfill runs"),
        (a_request("daily", days=0), BadRequest, "ends before it begins"),
        (a_request("with_params", conf='{"size": "x"}'), Refused, "does not fit the params"),
        (a_request("by_hand"), BadRequest, "only when triggered"),
    ],
)
def test_what_can_not_be_launched_is_refused_and_leaves_nothing(
    stage: Stage, request_: dict[str, Any], kind: type[Problem], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        stage.worker("launch", request=request_)
    assert stage.worker("totals") == NOTHING


def test_a_launch_that_would_create_nothing_is_refused(stage: Stage) -> None:
    stage.worker("add_runs", dag_id="daily", runs=some_runs())
    with pytest.raises(Refused, match="no run to create"):
        stage.worker("launch", request=a_request("daily", days=4))
    assert stage.worker("totals")["backfills"] == 0


def test_a_read_only_session_launches_nothing(stage: Stage) -> None:
    with pytest.raises(Refused, match="Read-only"):
        stage.worker("launch", request=a_request("daily"), read_only=True)
    assert stage.worker("totals") == NOTHING


def test_a_cancelled_launch_leaves_nothing(stage: Stage) -> None:
    stage.worker("add_runs", dag_id="ten_tasks", runs=some_runs())
    before = stage.worker("totals")
    request = a_request("ten_tasks", days=300, reprocess_behavior="completed")
    with pytest.raises(Interrupted):
        stage.worker("launch", request=request, cancel_at=20)
    assert stage.worker("totals") == before
    assert stage.worker("launch", request=request)["created"] == 296


def test_a_failure_in_the_middle_leaves_nothing_and_the_existing_runs_as_they_were(stage: Stage) -> None:
    stage.worker("add_runs", dag_id="daily", runs=some_runs())
    before = stage.worker("totals"), state_of_runs(stage.database)
    with broken_at_ordinal(stage.database, 6), pytest.raises(AirflowFailed, match="no more room") as failure:
        stage.worker("launch", request=a_request("daily", reprocess_behavior="completed"))
    assert "nothing of it is left" in failure.value.remedy
    assert (stage.worker("totals"), state_of_runs(stage.database)) == before


def state_of_runs(database: Database) -> Any:
    with database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute(
            "SELECT run_id, state, run_type, backfill_id, clear_number FROM dag_run ORDER BY run_id"
        )
        return cursor.fetchall()


def test_beside_a_busy_writer_a_launch_succeeds_and_nothing_is_visible_midway(stage: Stage) -> None:
    with strangers_at_work(stage.database) as observed:
        wait_until(lambda: observed.writes > 20)
        for number in range(1, 4):
            request = a_request("daily", days=100, first=FIRST - number * 200 * DAY)
            launched = stage.worker("launch", request=request)
            assert launched["created"] == 100
            stage.database.do("UPDATE backfill SET completed_at = created_at")
        wait_until(lambda: 300 in observed.runs)
    assert observed.runs == {0, 100, 200, 300}
    assert observed.backfills == {0, 1, 2, 3}


def test_a_process_killed_in_the_middle_leaves_nothing(stage: Stage) -> None:
    stage.worker("add_runs", dag_id="daily", runs=some_runs())
    before = stage.worker("totals"), state_of_runs(stage.database)
    request = a_request("daily", days=300, reprocess_behavior="completed")
    with worker_on(stage.place) as doomed:

        def kill(event: dict[str, Any]) -> None:
            if event["done"] >= 20:
                doomed.process.kill()

        with pytest.raises(AssertionError, match="the worker ended"):
            doomed("launch", request=request, on_event=kill)
    assert (stage.worker("totals"), state_of_runs(stage.database)) == before
    # PostgreSQL lets go of the dead process' locks as soon as it notices; the launch waits for that.
    assert stage.worker("launch", request=request)["created"] == 296


def test_two_launches_at_once_make_one_backfill_and_one_clear_refusal(stage: Stage) -> None:
    request = a_request("daily", days=150)
    outcomes: list[Any] = []

    def launch(worker: Worker, after: threading.Barrier) -> None:
        after.wait()
        try:
            outcomes.append(worker("launch", request=request))
        except Problem as problem:
            outcomes.append(problem)

    with worker_on(stage.place) as other:
        barrier = threading.Barrier(2)
        threads = [threading.Thread(target=launch, args=(w, barrier)) for w in (stage.worker, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    (refusal,) = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    (launched,) = [outcome for outcome in outcomes if isinstance(outcome, dict)]
    assert isinstance(refusal, Refused)
    assert f"Backfill {launched['backfill_id']} of this Dag is active" in refusal.message
    totals = stage.worker("totals")
    assert (totals["backfills"], totals["runs"]) == (1, 150)


def test_a_launch_says_that_it_waits_and_gives_up_after_a_while(stage: Stage) -> None:
    events: list[dict[str, Any]] = []
    with launch_held_up(stage.database), pytest.raises(Unreachable, match="writing to Airflow's database"):
        stage.worker("launch", request=a_request("daily"), busy_seconds=0.5, on_event=events.append)
    assert {event["waiting"] for event in events} == {True}
    assert stage.worker("totals") == NOTHING


def test_a_launch_that_waits_can_be_cancelled(stage: Stage) -> None:
    with launch_held_up(stage.database), pytest.raises(Interrupted):
        stage.worker("launch", request=a_request("daily"), cancel_when_waiting=True)
    assert stage.worker("totals") == NOTHING


def test_a_launch_that_waits_begins_once_the_way_is_free(stage: Stage) -> None:
    waiting = threading.Event()
    launched: list[Any] = []

    def launch() -> None:
        launched.append(
            stage.worker("launch", request=a_request("daily"), on_event=lambda _event: waiting.set())
        )

    thread = threading.Thread(target=launch)
    with launch_held_up(stage.database):
        thread.start()
        assert waiting.wait(PATIENCE_SECONDS)
    thread.join()
    assert launched[0]["created"] == 10


def wait_until(predicate: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not predicate():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)


STUTTERING = """
import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from odd_plugin import Stutters, Swaps
from pairs_plugin import InPairs

for name, schedule in (("stutters", Stutters()), ("swaps", Swaps()), ("in_pairs", InPairs())):
    with DAG(name, schedule=schedule, start_date=pendulum.datetime(2021, 1, 1, tz="UTC"), catchup=False):
        EmptyOperator(task_id="only")
"""


IN_PAIRS = """
from datetime import timedelta

from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable


class InPairs(Timetable):
    'Days in pairs, both due on the second: their runs have the same id.'

    def infer_manual_data_interval(self, *, run_after):
        return DataInterval.exact(run_after)

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        last = last_automated_data_interval
        tick = restriction.earliest if last is None else last.end + timedelta(days=1)
        if tick > restriction.latest:
            return None
        due = tick + timedelta(days=tick.day % 2)
        return DagRunInfo(
            run_after=due, data_interval=DataInterval.exact(tick), partition_date=None, partition_key=None
        )


class Plugin(AirflowPlugin):
    name = "in_pairs"
    timetables = [InPairs]
"""


@pytest.fixture(scope="module")
def odd_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    plugins = {**ODD_PLUGIN_FILES, "pairs_plugin.py": IN_PAIRS}
    place = embedded_place(tmp_path_factory.mktemp("odd"), {"odd.py": STUTTERING}, plugins)
    with worker_on(place) as worker:
        yield Stage(place, sqlite_database(place.home / "airflow.db"), worker)


@pytest.mark.parametrize("dag_id", ["stutters", "swaps"])
@pytest.mark.parametrize("behavior", ["none", "failed", "completed"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_timetable_out_of_order_makes_exactly_the_plan_too(
    odd_stage: Stage, dag_id: str, behavior: str, *, backwards: bool
) -> None:
    odd_stage.worker("reset")
    odd_stage.worker("add_runs", dag_id=dag_id, runs=some_runs())
    request = a_request(dag_id, days=10, reprocess_behavior=behavior, run_backwards=backwards)
    plan = odd_stage.worker.plan(request)
    existed = {row[0] for row in state_of_runs(odd_stage.database)}
    launched = odd_stage.worker("launch", request=request, fingerprint=plan.fingerprint)
    rows = odd_stage.worker("rows", backfill_id=launched["backfill_id"])
    assert [(row["ordinal"], row["date"], become(row, existed)) for row in rows] == [
        (run.ordinal, run.occurrence.logical_date, run.verdict) for run in plan.runs
    ]
    dates = [row["date"] for row in rows]
    assert dates != sorted(set(dates), reverse=backwards)
    assert (launched["created"], launched["reprocessed"], launched["skipped"]) == counted(plan)


@pytest.mark.parametrize("backwards", [False, True])
def test_of_dates_that_share_a_run_id_only_one_ever_gets_a_run(odd_stage: Stage, *, backwards: bool) -> None:
    odd_stage.worker("reset")
    request = a_request("in_pairs", days=6, run_backwards=backwards)
    assert odd_stage.worker("launch", request=request)["created"] == 3
    odd_stage.database.do("UPDATE dag_run SET state = 'success'")
    odd_stage.database.do("UPDATE backfill SET completed_at = created_at")
    longer = {**request, "to_date": request["to_date"] + 2 * DAY, "run_backwards": not backwards}
    plan = odd_stage.worker.plan(longer)
    assert (plan.count(Verdict.CREATE), plan.count(Verdict.SKIP_EXISTS)) == (1, 3)
    launched = odd_stage.worker("launch", request=longer, fingerprint=plan.fingerprint)
    assert (launched["created"], launched["reprocessed"], launched["skipped"]) == counted(plan)
