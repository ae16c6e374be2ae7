from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.homes import create_backfill, private_home

from backfill_tui.engine.component import Component, Name, Run
from backfill_tui.engine.health import heartbeat_trouble
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.ledger import SCHEDULER_JOB, Ledger
from backfill_tui.engine.processes import ProcessId

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]


class Database:
    """A copy of a real metadata database with a backfill of two runs, changed by hand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger = Ledger(path)

    def do(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="module")
def original(home_with_dags: EmbeddedHome) -> str:
    """A copy of the tests' database with nothing in it but a queued backfill of the Dag `held_back`."""
    copy = home_with_dags.path / "copy.db"
    backfill = create_backfill(home_with_dags, "held_back", "2021-01-01", "2021-01-02")
    with closing(sqlite3.connect(home_with_dags.database, timeout=30)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM job")
        connection.execute("DELETE FROM task_instance WHERE dag_id != 'held_back'")
        connection.execute("DELETE FROM dag_run WHERE dag_id != 'held_back'")
        connection.execute("DELETE FROM backfill WHERE id != ?", (backfill,))
    return str(copy)


@pytest.fixture
def database(original: str, tmp_path: Path) -> Database:
    copy = tmp_path / "airflow.db"
    shutil.copy(original, copy)
    return Database(copy)


def test_an_empty_file_is_no_database_yet(tmp_path: Path) -> None:
    assert not Ledger(tmp_path / "airflow.db").is_there()
    (tmp_path / "airflow.db").touch()
    assert not Ledger(tmp_path / "airflow.db").is_there()


def test_a_database_is_found_also_under_a_strange_path(database: Database, tmp_path: Path) -> None:
    strange = tmp_path / "50% off #1?"
    strange.mkdir()
    assert Ledger(Path(shutil.copy(database.path, strange))).is_there()


def test_queued_runs_are_work(database: Database) -> None:
    assert database.ledger.is_active()


@pytest.mark.parametrize(
    "held_back",
    [
        "UPDATE dag SET is_paused = 1 WHERE dag_id = 'held_back'",
        "UPDATE dag SET is_stale = 1 WHERE dag_id = 'held_back'",
        "UPDATE backfill SET is_paused = 1",
    ],
)
def test_runs_that_nothing_would_start_are_no_work(database: Database, held_back: str) -> None:
    database.do(held_back)
    assert not database.ledger.is_active()


def test_a_running_run_of_a_paused_backfill_is_work(database: Database) -> None:
    database.do("UPDATE backfill SET is_paused = 1", "UPDATE dag_run SET state = 'running'")
    assert database.ledger.is_active()


def test_a_task_under_way_is_work_whatever_is_paused(database: Database) -> None:
    database.do(
        "UPDATE dag SET is_paused = 1",
        "UPDATE task_instance SET state = 'running' WHERE task_id = 'extract'",
    )
    assert database.ledger.is_active()


def test_a_finished_backfill_is_work_until_the_scheduler_has_marked_it(database: Database) -> None:
    database.do("UPDATE dag_run SET state = 'success'")
    assert database.ledger.is_active()
    database.do("UPDATE backfill SET completed_at = '2026-01-01'")
    assert not database.ledger.is_active()


def test_a_deferred_task_asks_for_a_triggerer(database: Database) -> None:
    assert not database.ledger.has_deferred()
    database.do("UPDATE task_instance SET state = 'deferred' WHERE task_id = 'extract'")
    assert database.ledger.has_deferred()


def test_the_heartbeat_of_a_job_before_ours_does_not_count(database: Database) -> None:
    database.do(
        "INSERT INTO job (job_type, state, start_date, latest_heartbeat) VALUES "
        "('SchedulerJob', 'running', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:05.000000')",
    )
    new_year = 1_767_225_600.0
    assert database.ledger.heartbeat(SCHEDULER_JOB, new_year) == "2026-01-01 00:00:05.000000"
    assert database.ledger.heartbeat(SCHEDULER_JOB, new_year + 1) is None


def test_jobs_whose_processes_are_gone_are_marked_as_failed(database: Database) -> None:
    database.do(
        "INSERT INTO job (job_type, state) VALUES ('SchedulerJob', 'running')",
        "INSERT INTO job (job_type, state) VALUES ('SchedulerJob', 'success')",
        "INSERT INTO job (job_type, state) VALUES ('TriggererJob', 'running')",
    )
    before = time.time()
    database.ledger.fail_jobs(SCHEDULER_JOB)
    with closing(sqlite3.connect(database.path)) as connection:
        states = connection.execute("SELECT job_type, state FROM job ORDER BY id").fetchall()
        ends = connection.execute("SELECT end_date FROM job WHERE state = 'failed'").fetchall()
    assert states == [("SchedulerJob", "failed"), ("SchedulerJob", "success"), ("TriggererJob", "running")]
    assert ends[0][0] >= time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(before))


def test_a_database_is_held_while_somebody_writes(database: Database) -> None:
    assert not database.ledger.is_held()
    with closing(sqlite3.connect(database.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert database.ledger.is_held()
        assert database.ledger.is_active(), "reading goes on"
        writer.execute("COMMIT")
        assert not database.ledger.is_held()


def test_that_it_is_held_is_not_said_of_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "airflow.db").write_text("no database at all, but long enough to be looked at")
    with pytest.raises(sqlite3.DatabaseError):
        Ledger(tmp_path / "airflow.db").is_held()


def test_looking_whether_it_is_held_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Ledger(tmp_path / "airflow.db").is_held()
    assert list(tmp_path.iterdir()) == []


def test_a_silent_scheduler_is_waited_for_while_a_launch_holds_the_database(database: Database) -> None:
    database.do("PRAGMA journal_mode=WAL")
    scheduler = Component(Name.SCHEDULER, private_home(database.path.parent / "home"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = ProcessId.of(process.pid)
        scheduler.run = Run(process, identity, began=0.0, began_at=0.0, beat_at=0.0, beat="before")
        with closing(sqlite3.connect(database.path, isolation_level=None)) as launch:
            launch.execute("BEGIN IMMEDIATE")
            for now in (80.0, 100.0, 500.0):
                assert heartbeat_trouble(scheduler, database.ledger, now) == ""
            launch.execute("ROLLBACK")
        assert heartbeat_trouble(scheduler, database.ledger, 520.0) == "", "it has time to write again"
        assert heartbeat_trouble(scheduler, database.ledger, 540.0) == "gave no sign for 90 s"
        process.kill()
