"""Launches beside the scheduler of a real engine and another busy writer, all on one SQLite database."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest
from tests.support.homes import create_database_with_dags, private_home, rows, wait_until
from tests.support.launch_stage import FIRST, a_request
from tests.support.worker import Place, Worker, worker_on
from tests.support.world import DAY

from backfill_tui.domain.environment import STALE_HEARTBEAT_SECONDS
from backfill_tui.engine.attendance import attend
from backfill_tui.engine.component import Name
from backfill_tui.engine.control import EngineControl
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.processes import ProcessId
from backfill_tui.engine.state import EngineState, read_state

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine"), pytest.mark.timeout(240)]

LAUNCHES = 20
RUNS = 200
EXISTING = 20
DAGS = {
    "beside.py": f"""
        from datetime import datetime, timezone
        from airflow.providers.standard.operators.empty import EmptyOperator
        from airflow.providers.standard.operators.python import PythonOperator
        from airflow.sdk import DAG

        start = datetime(2021, 1, 1, tzinfo=timezone.utc)
        for number in range({LAUNCHES}):
            with DAG(f"waiting_{{number:02}}", schedule="@daily", start_date=start, catchup=False):
                EmptyOperator(task_id="first") >> EmptyOperator(task_id="second")
        for dag_id in ("lively", "interrupted"):
            with DAG(dag_id, schedule="@daily", start_date=start, catchup=False):
                PythonOperator(task_id="only", python_callable=print)
    """
}


@dataclass(frozen=True)
class Running:
    """An engine that runs, and a worker that launches on its home."""

    home: EmbeddedHome
    control: EngineControl
    worker: Worker

    @property
    def scheduler(self) -> ProcessId:
        return self._state().components[Name.SCHEDULER]

    @property
    def restarts(self) -> int:
        return self._state().restarts

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        return rows(self.home, question, *values)

    def runs(self, dag_id: str, state: str) -> int:
        question = "SELECT count(*) FROM dag_run WHERE dag_id = ? AND state = ?"
        return int(self.ask(question, dag_id, state)[0][0])

    def wait(self, holds: Any, seconds: float = 90) -> None:
        wait_until(holds, lambda: f"{self.control.status()}\n{self.control.log_tail('scheduler')}", seconds)

    def heartbeat_age(self) -> float:
        question = (
            "SELECT max(latest_heartbeat) FROM job WHERE job_type = 'SchedulerJob' AND state = 'running'"
        )
        beat = datetime.fromisoformat(self.ask(question)[0][0]).replace(tzinfo=timezone.utc)
        return time.time() - beat.timestamp()

    def _state(self) -> EngineState:
        state = read_state(self.home)
        assert state is not None
        return state


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = private_home(tmp_path_factory.mktemp("beside"), DAGS)
    create_database_with_dags(home)
    control = EngineControl(home, grace_seconds=1.0)
    place = Place(home=home.path, environment=home.environment(os.environ))
    with attend(home), worker_on(place) as worker:
        control.start()
        wait_until(lambda: control.status().ready, lambda: control.log_tail("scheduler"))
        try:
            yield Running(home, control, worker)
        finally:
            control.stop()


@contextmanager
def busy_writer(home: EmbeddedHome) -> Iterator[list[int]]:
    """Someone who commits every two milliseconds; how often, as the only number of the list."""
    written, ended = [0], threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(home.database, isolation_level=None, timeout=60)) as connection:
            connection.execute("CREATE TABLE scribble (words TEXT)")
            while not ended.wait(0.002):
                connection.execute("INSERT INTO scribble VALUES ('busy')")
                written[0] += 1
            connection.execute("DROP TABLE scribble")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield written
    finally:
        ended.set()
        writer.join()


def test_beside_a_live_scheduler_and_a_busy_writer_every_launch_succeeds_and_no_run_is_lost(
    running: Running,
) -> None:
    old = [{"date": FIRST + place * DAY, "state": "success"} for place in range(EXISTING)]
    for number in range(LAUNCHES):
        running.worker("add_runs", dag_id=f"waiting_{number:02}", runs=old)
    before = {row[0] for row in running.ask("SELECT run_id FROM dag_run")}
    scheduler, restarts = running.scheduler, running.restarts
    with busy_writer(running.home) as written:
        running.worker("launch", request=a_request("lively", days=10, max_active_runs=4))
        for number in range(LAUNCHES):
            request = a_request(f"waiting_{number:02}", days=RUNS, reprocess_behavior="completed")
            launched = running.worker("launch", request=request, paused=True)
            assert (launched["created"], launched["reprocessed"]) == (RUNS - EXISTING, EXISTING)
            assert launched["remarks"] == []
        running.wait(lambda: running.runs("lively", "success") == 10)
    assert written[0] > LAUNCHES
    after = {row[0] for row in running.ask("SELECT run_id FROM dag_run")}
    assert before <= after
    assert running.ask("SELECT count(*) FROM dag_run WHERE dag_id LIKE 'waiting%'") == [(LAUNCHES * RUNS,)]
    assert running.ask("SELECT count(DISTINCT dag_run_id) FROM backfill_dag_run WHERE dag_run_id > 0") == [
        (LAUNCHES * RUNS + 10,)
    ]
    assert running.ask("SELECT count(*) FROM backfill WHERE is_paused AND completed_at IS NULL") == [
        (LAUNCHES,)
    ]
    assert (running.scheduler, running.restarts) == (scheduler, restarts)
    assert running.scheduler.alive
    running.wait(lambda: running.heartbeat_age() < STALE_HEARTBEAT_SECONDS)


def test_a_scheduler_killed_in_the_middle_of_a_backfill_is_started_again_and_everything_finishes(
    running: Running,
) -> None:
    running.worker("launch", request=a_request("interrupted", days=20, max_active_runs=4))
    running.wait(lambda: running.runs("interrupted", "success") >= 2)
    restarts = running.restarts
    os.kill(running.scheduler.pid, signal.SIGKILL)
    assert running.runs("interrupted", "success") < 20
    running.wait(lambda: running.restarts == restarts + 1)
    running.wait(lambda: running.runs("interrupted", "success") == 20)
    assert running.ask("SELECT count(*) FROM task_instance WHERE dag_id = 'interrupted'") == [(20,)]
    question = "SELECT count(*) FROM backfill WHERE dag_id = 'interrupted' AND completed_at IS NULL"
    running.wait(lambda: running.ask(question) == [(0,)])
