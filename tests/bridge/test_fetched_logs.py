"""Logs that are not on this machine: Airflow's own log server of a worker, over HTTP, and a remote store."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.databases import Database, sqlite_database
from tests.support.edits import Edits, editing_on
from tests.support.worker import attached_place

from backfill_tui.domain.failures import Failure, FailureKind, FailuresFound, FailuresQuery
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.tasks import LogQuery, LogSearch, TaskLog
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("fetched_logs")]

_DAG = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("talker", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
    BashOperator(task_id="talk", bash_command="true")
"""
_REMOTE = """
from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG as LOGGING_CONFIG

class Store:
    processors = ()

    def upload(self, path, ti): ...

    def read(self, relative_path, ti):
        import os, sqlite3
        from sqlalchemy.exc import OperationalError
        if os.path.exists("{file}.busy"):
            raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("database is locked"))
        with open("{file}", encoding="utf-8") as file:
            return ["store://" + str(relative_path)], [file.read()]

REMOTE_TASK_LOG = Store()
"""
_SERVER = """
import sys, uvicorn
app = "airflow.utils.serve_logs.log_server:get_app"
uvicorn.run(app, factory=True, host="127.0.0.1", port=int(sys.argv[1]))
"""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An Airflow whose worker is elsewhere: one task instance, and what the worker wrote of it."""

    gateway: BridgeGateway
    edits: Edits
    database: Database
    query: LogQuery
    file: Path
    folder: Path

    def write(self, first: int, last: int) -> None:
        """Let the worker write some lines."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as out:
            for number in range(first, last):
                out.write(json.dumps({"event": f"line {number}", "level": "info"}) + "\n")

    def is_now(self, state: str) -> None:
        """Let the task instance be in a state, on that worker."""
        self.edits.do("task", dag_id="talker", run_id=self.query.key.run_id, task_id="talk", state=state)
        self.database.do("UPDATE task_instance SET hostname = '127.0.0.1'")

    def has_failed(self) -> None:
        """Let the task instance have ended long ago, on that worker."""
        self.is_now("failed")
        self.database.do("UPDATE task_instance SET start_date = '2024-01-01 00:00:00'")
        self.database.do("UPDATE task_instance SET end_date = '2024-01-01 00:01:00'")

    def failures(self) -> list[Failure]:
        """Why what failed has failed."""
        told: list[FailuresFound] = []
        self.gateway.failures(FailuresQuery(about=BackfillId(1)), told.append)
        return [failure for found in told for failure in found.failures]

    def once_it_says(self, query: LogQuery, number: int) -> TaskLog:
        """The page as soon as it ends with that line: a log is not fetched at every reading."""
        deadline = time.monotonic() + 30
        while True:
            log = self.gateway.log(query)
            if log.lines and log.lines[-1] == f"INFO line {number}":
                return log
            assert time.monotonic() < deadline, log
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def _stage(folder: Path, template: Path, **settings: str) -> Iterator[Stage]:
    database = sqlite_database(folder / "airflow.db")
    shutil.copy(template, folder / "airflow.db")
    place = attached_place(folder, {"talker.py": _DAG}, {}, database.url)
    logs = {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "here"), "AIRFLOW__API__SECRET_KEY": "the same"}
    environment = {**place.environment, **logs, **settings}
    with editing_on(environment, folder / "editing.log") as edits:
        edits.do("sync", folder=str(folder / "dags"))
        edits.do("bulk", dag_id="talker", runs=1, running=0)
        (run_id,) = edits.do("runs_of", backfill_id=1)
        words = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"]
        child = BridgeChild(BridgeCommand(words=words, environment=environment, log=folder / "bridge.log"))
        gateway = BridgeGateway(child)
        key = TaskInstanceKey(run_id=RunId(run_id), task_id=TaskId("talk"))
        path = f"dag_id=talker/run_id={run_id}/task_id=talk/attempt=1.log"
        try:
            gateway.open()
            yield Stage(
                gateway=gateway, edits=edits, database=database, folder=folder, file=folder / "worker" / path,
                query=LogQuery(dag_id=DagId("talker"), key=key, try_number=1, max_lines=100),
            )  # fmt: skip
        finally:
            gateway.close()


@contextmanager
def _log_server(stage: Stage, port: int, key: str = "the same") -> Iterator[None]:
    """Airflow's own, over the logs of the worker."""
    environment = {
        **attached_place(stage.folder, {}, {}, stage.database.url).environment,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(stage.folder / "worker"),
        "AIRFLOW__API__SECRET_KEY": key,
    }
    with (stage.folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(port)], env=environment, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (stage.folder / "server.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()


def test_the_log_of_another_machine_is_fetched_once_followed_searched_and_missed(
    database_template: Path, tmp_path: Path
) -> None:
    port = _free_port()
    with _stage(tmp_path, database_template, AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(port)) as stage:
        stage.is_now("running")
        stage.write(0, 3_000)
        with _log_server(stage, port):
            log = stage.gateway.log(stage.query)
            assert log.lines == tuple(f"INFO line {number}" for number in range(2_900, 3_000))
            assert log.truncated
            assert log.begins is not None
            assert not log.begins.in_file
            match = stage.gateway.find_in_log(LogSearch(query=stage.query, words="line 17"))
            assert match.log is not None
            assert match.log.lines[match.line] == "INFO line 17"
            stage.write(3_000, 3_005)
            since = stage.once_it_says(replace(stage.query, after=log.ends), 3_004)
            assert since.begins == log.ends
            assert len(since.lines) == 5
            stage.is_now("success")
            assert stage.once_it_says(stage.query, 3_004).lines[0] == "INFO line 2905"
        # What was fetched of a try that has ended is not fetched again for a page of it.
        assert stage.gateway.log(replace(stage.query, before=log.begins)).lines[-1] == "INFO line 2899"


def test_a_worker_that_does_not_answer_is_named(database_template: Path, tmp_path: Path) -> None:
    port = _free_port()
    with _stage(tmp_path, database_template, AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(port)) as stage:
        # What runs there is no log that nothing was written to yet.
        for state in ("running", "success"):
            stage.is_now(state)
            for _ in range(2):
                with pytest.raises(AirflowFailed, match=r"log of try 1 of talk .* does not answer") as lost:
                    stage.gateway.log(stage.query)
                assert str(port) in lost.value.detail


def test_a_worker_with_another_secret_refuses_and_that_is_said(
    database_template: Path, tmp_path: Path
) -> None:
    port = _free_port()
    with _stage(tmp_path, database_template, AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(port)) as stage:
        stage.is_now("success")
        stage.write(0, 3)
        with (
            _log_server(stage, port, key="another"),
            pytest.raises(AirflowFailed, match="refuses to give it") as refused,
        ):
            stage.gateway.log(stage.query)
        assert "secret_key" in refused.value.remedy


def test_what_failed_is_asked_again_once_its_worker_answers(database_template: Path, tmp_path: Path) -> None:
    port = _free_port()
    with _stage(tmp_path, database_template, AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(port)) as stage:
        stage.has_failed()
        stage.write(0, 3)
        (failure,) = stage.failures()
        assert failure.kind is FailureKind.NO_LOG
        assert failure.error.startswith("The log of try 1 of talk ")
        with _log_server(stage, port):
            assert [one.kind for one in stage.failures()] == [FailureKind.NO_ERROR]


def test_a_database_that_is_busy_says_nothing_of_a_log(database_template: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "config"
    plugin.mkdir()
    (plugin / "remote_logs.py").write_text(_REMOTE.replace("{file}", str(tmp_path / "stored.log")))
    settings = {
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "remote_logs.LOGGING_CONFIG",
        "PYTHONPATH": str(plugin),
    }
    with _stage(tmp_path, database_template, **settings) as stage:
        stage.has_failed()
        (tmp_path / "stored.log.busy").touch()
        with pytest.raises(AirflowFailed, match="database is locked"):
            stage.failures()
        (tmp_path / "stored.log.busy").unlink()
        (tmp_path / "stored.log").write_text("KeyError: 'sku'", encoding="utf-8")
        assert [one.error for one in stage.failures()] == ["KeyError: 'sku'"]


def test_a_log_in_a_remote_store_is_read_by_pages(database_template: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "config"
    plugin.mkdir()
    (plugin / "remote_logs.py").write_text(_REMOTE.replace("{file}", str(tmp_path / "stored.log")))
    settings = {
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "remote_logs.LOGGING_CONFIG",
        "PYTHONPATH": str(plugin),
    }
    with _stage(tmp_path, database_template, **settings) as stage:
        stage.is_now("failed")
        lines = [json.dumps({"event": f"line {number}", "level": "info"}) for number in range(1_000)]
        (tmp_path / "stored.log").write_text("\n".join(lines), encoding="utf-8")
        page = stage.gateway.log(stage.query)
        read = list(page.lines)
        while page.truncated:
            page = stage.gateway.log(replace(stage.query, before=page.begins))
            read = [*page.lines, *read]
        assert read == [f"INFO line {number}" for number in range(1_000)]
