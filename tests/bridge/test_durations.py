"""What estimates are made of, read from a real Airflow on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.worker import Worker, attached_place, embedded_place, worker_on
from tests.support.world import DAY, instant

from backfill_tui.domain.estimates import Limits, OneByOne, PoolUse, RunDurations
from backfill_tui.domain.instants import SECOND, Microseconds

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("durations")]

FIRST = instant("2024-03-01")
DAGS = {
    "measured.py": """
from datetime import datetime

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

START = datetime(2021, 1, 1, tzinfo=pendulum.UTC)


def a_task(name, **more):
    return BashOperator(task_id=name, bash_command="true", **more)


for dag_id in ("measured", "beside"):
    with DAG(dag_id, schedule="@daily", start_date=START, catchup=False):
        a_task("only")

with DAG("fanned", schedule="@daily", start_date=START, catchup=False, max_active_tasks=3):
    begin, end = EmptyOperator(task_id="begin"), a_task("end", max_active_tis_per_dag=2)
    heavy = [a_task(f"heavy_{number}", pool="narrow", pool_slots=2) for number in range(5)]
    light = a_task("light", pool="narrow")
    begin >> [*heavy, light] >> end
    end >> a_task("elsewhere", pool="nowhere")
    end >> a_task("freely", pool="wide_open")

with DAG("in_turn", schedule="@daily", start_date=START, catchup=False):
    side = [a_task("aside"), a_task("beyond")]
    EmptyOperator(task_id="begin") >> a_task("first", depends_on_past=True) >> side
    a_task("last", wait_for_downstream=True, max_active_tis_per_dag=4)

with DAG("weightless", schedule="@daily", start_date=START, catchup=False):
    EmptyOperator(task_id="only")
"""
}


@dataclass(frozen=True)
class Stage:
    """An Airflow, and its database as a stranger reaches it."""

    worker: Worker
    database: Database

    def durations(self, dag_id: str = "measured", *, most: int = 200) -> RunDurations | None:
        found = self.worker("durations", dag_id=dag_id, most=most)["durations"]
        return None if found is None else msgspec.convert(found, RunDurations)

    def limits(self, dag_id: str) -> Limits:
        return msgspec.convert(self.worker("durations", dag_id=dag_id)["limits"], Limits)

    def past_runs(
        self, *seconds: float | None, dag_id: str = "measured", state: str = "success", cleared: int = 0
    ) -> None:
        """Runs that took so long, the oldest first; one that never started for None."""
        before = self.database.ask("SELECT count(*) FROM dag_run")
        runs = [{"date": FIRST + (before + place) * DAY, "state": state} for place in range(len(seconds))]
        self.worker("add_runs", dag_id=dag_id, runs=runs)
        first = self.database.ask("SELECT max(id) FROM dag_run") - len(seconds) + 1
        for place, took in enumerate(seconds):
            start = "NULL" if took is None else "'2024-05-01 06:00:00.250000'"
            # Minutes and seconds: what both databases read the same way.
            minute, second = divmod(took or 0, 60)
            end = f"'2024-05-01 06:{int(minute):02}:{second + 0.25:09.6f}'"
            self.database.do(
                f"UPDATE dag_run SET start_date = {start}, end_date = {end}, clear_number = {cleared} "  # noqa: S608
                f"WHERE id = {first + place}"
            )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("durations")
    if request.param == "sqlite":
        place = embedded_place(folder, DAGS, {})
        with worker_on(place) as worker:
            yield Stage(worker, sqlite_database(place.home / "airflow.db"))
        return
    with (
        postgresql_database() as database,
        worker_on(attached_place(folder, DAGS, {}, database.url)) as worker,
    ):
        yield Stage(worker, database)


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    shared_stage.worker("reset")
    shared_stage.database.do("DELETE FROM slot_pool WHERE pool <> 'default_pool'")
    return shared_stage


def durations(median: float, p90: float, samples: int) -> RunDurations:
    return RunDurations(
        median=Microseconds(int(median * SECOND)), p90=Microseconds(int(p90 * SECOND)), samples=samples
    )


def test_a_dag_without_runs_has_no_durations(stage: Stage) -> None:
    assert stage.durations() is None


def test_durations_are_those_of_successful_runs_of_this_dag(stage: Stage) -> None:
    stage.past_runs(10, 20.5, 90)
    stage.past_runs(500, state="failed")
    stage.past_runs(600, dag_id="beside")
    assert stage.durations() == durations(20.5, 90, 3)


def test_a_run_marked_by_hand_before_it_started_tells_nothing(stage: Stage) -> None:
    stage.past_runs(None, None)
    assert stage.durations() is None
    stage.past_runs(0)
    assert stage.durations() is None
    stage.past_runs(7)
    assert stage.durations() == durations(7, 7, 1)


def test_the_newest_runs_count(stage: Stage) -> None:
    stage.past_runs(600, 600, 10, 20, 30)
    assert stage.durations(most=3) == durations(20, 30, 3)


def test_cleared_runs_count_only_while_there_are_no_others(stage: Stage) -> None:
    stage.past_runs(1, 1, cleared=1)
    assert stage.durations() == durations(1, 1, 2)
    stage.past_runs(60)
    assert stage.durations() == durations(60, 60, 1)


def test_the_database_answers_within_a_time(stage: Stage) -> None:
    assert 0 < stage.worker("durations", dag_id="measured")["round_trip"] < SECOND


def test_limits_are_those_of_the_configuration_and_the_pools_as_the_dag_uses_them(stage: Stage) -> None:
    for name, slots in (("narrow", 6), ("wide_open", -1), ("unused", 1)):
        stage.database.do(
            f"INSERT INTO slot_pool (pool, slots, include_deferred) VALUES ('{name}', {slots}, "  # noqa: S608
            f"{'false' if stage.database.kind == 'postgresql' else 0})"
        )
    found = stage.limits("fanned")
    assert found.examined == 20
    assert found.parallelism
    assert found.parallelism > 0
    assert (found.max_active_tasks, found.width, found.tasks, found.task_limits) == (3, 3, 9, (2,))
    assert found.pools == (
        PoolUse(name="default_pool", slots=128),
        # Three tasks of a run at once, for that is its max_active_tasks.
        PoolUse(name="narrow", slots=6, lightest=1, heaviest=2, wanted=6),
        PoolUse(name="nowhere", slots=0, missing=True),
        PoolUse(name="wide_open", slots=None),
    )
    assert found.stuck_in == found.pools[2]
    assert found.at_least(10) == 1


def test_the_limits_follow_what_is_set_on_the_dag_since(stage: Stage) -> None:
    stage.worker("change_dag", dag_id="fanned", values={"max_active_tasks": 4})
    try:
        assert stage.limits("fanned").width == 4
    finally:
        stage.worker("change_dag", dag_id="fanned", values={"max_active_tasks": 3})


def test_tasks_that_no_worker_runs_take_no_place(stage: Stage) -> None:
    found = stage.limits("weightless")
    assert (found.pools, found.tasks, found.width) == ((), 0, 1)
    assert found.at_least(10) == found.at_most(10) == 10


def test_tasks_that_wait_for_their_last_run_are_in_one_run_at_a_time(stage: Stage) -> None:
    found = stage.limits("in_turn")
    assert found.task_limits == (1, 1)
    assert found.one_by_one == OneByOne()
    assert found.at_least(10) == 1
    assert stage.limits("measured").one_by_one is None


def test_what_such_runs_worked_leaves_their_waiting_out(stage: Stage) -> None:
    stage.past_runs(50, 50, 50, dag_id="in_turn")
    stage.past_runs(50, dag_id="in_turn", state="failed")
    for task_id, took in (("first", 4), ("aside", 9), ("beyond", 2), ("last", 6)):
        stage.database.do(
            "UPDATE task_instance SET state = 'success', start_date = '2024-05-01 06:00:10.000000', "  # noqa: S608
            f"end_date = '2024-05-01 06:00:{10 + took}.000000' WHERE task_id = '{task_id}'"
        )
    found = stage.limits("in_turn").one_by_one
    # `begin` takes no time and `last` runs beside it; of the two at the end the longer one counts.
    assert found == OneByOne(work=durations(19, 19, 3), slowest=durations(6, 6, 3))
