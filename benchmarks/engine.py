"""The embedded engine against `airflow standalone`: how soon it is ready, and how many tasks it runs.

Both sides have a home of their own with a database that already stands and knows the same Dag of two trivial
tasks; both count as ready when the scheduler has its first heartbeat and the API server answers a task. Then
120 runs are created the same way and followed to their end. `airflow standalone` has its stock settings, but
for ports on loopback and no example Dags.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from tests.support.homes import CREATE_BACKFILL, CREATE_DATABASE, SYNC_DAGS, private_home

from backfill_tui.engine.attendance import attend
from backfill_tui.engine.control import EngineControl
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.network import Probe, free_port
from backfill_tui.engine.processes import ProcessId, end_at_once, family

RUNS = 120
TASKS = 2 * RUNS
MAX_ACTIVE_RUNS = 16
READY_RATIO = 0.5
THROUGHPUT_RATIO = 1.25
_FIRST = date(2021, 1, 1)
_LIMIT_SECONDS = 240.0
_DAGS = {
    "trivial.py": """
        from datetime import datetime, timezone
        from airflow.providers.standard.operators.python import PythonOperator
        from airflow.sdk import DAG

        with DAG("trivial", schedule="@daily", start_date=datetime(2021, 1, 1, tzinfo=timezone.utc)):
            first = PythonOperator(task_id="first", python_callable=print)
            first >> PythonOperator(task_id="second", python_callable=print)
    """
}


@dataclass(frozen=True)
class Side:
    """What one side took: seconds until ready, tasks a second, seconds from creation to the last task."""

    ready: float
    tasks_per_second: float
    whole: float


def main() -> None:
    """Measure both sides one after the other and print them with their ratios and the targets."""
    folder = Path(tempfile.mkdtemp(prefix="backfill-tui-bench-"))
    try:
        standalone = _measure_standalone(folder / "standalone")
        embedded = _measure_embedded(folder / "embedded")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _print(standalone, embedded)


def _measure_embedded(folder: Path) -> Side:
    home = private_home(folder, _DAGS)
    environment = home.environment(os.environ)
    _run(environment, CREATE_DATABASE + SYNC_DAGS)
    engine = EngineControl(home)
    with attend(home):
        try:
            began = time.monotonic()
            engine.start()
            _wait(lambda: engine.status().ready)
            ready = time.monotonic() - began
            return _backfill(environment, home.database, ready)
        finally:
            engine.stop()


def _measure_standalone(folder: Path) -> Side:
    home = private_home(folder, _DAGS)
    environment, port = _standalone_environment(home, folder / "airflow")
    _run(environment, CREATE_DATABASE + SYNC_DAGS)
    database = folder / "airflow" / "airflow.db"
    began = time.monotonic()
    with _standalone(environment, folder / "standalone.log"):
        _wait(lambda: _has_scheduler(database) and _answers(port))
        return _backfill(environment, database, time.monotonic() - began)


def _standalone_environment(home: EmbeddedHome, airflow_home: Path) -> tuple[dict[str, str], int]:
    airflow_home.mkdir(parents=True)
    port = free_port()
    scripts = str(Path(sys.executable).parent)
    return home.environment(os.environ) | {
        "PATH": os.pathsep.join((scripts, os.environ.get("PATH", ""))),
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home.dags_folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
    }, port


@contextmanager
def _standalone(environment: Mapping[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("airflow")), "standalone"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    root = ProcessId.of(process.pid)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        time.sleep(1)
        end_at_once(family([root]))
        process.wait()


def _backfill(environment: Mapping[str, str], database: Path, ready: float) -> Side:
    last = _FIRST + timedelta(days=RUNS - 1)
    began = time.monotonic()
    words = ("trivial", _FIRST.isoformat(), last.isoformat(), str(MAX_ACTIVE_RUNS))
    _run(environment, CREATE_BACKFILL, *words)
    backfill = "SELECT count(*) FROM dag_run WHERE run_type = 'backfill' AND state = 'success'"
    _wait(lambda: _ask(database, backfill) == [(RUNS,)])
    whole = time.monotonic() - began
    question = (
        "SELECT min(t.start_date), max(t.end_date), count(*) FROM task_instance t"
        " JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id"
        " WHERE r.run_type = 'backfill' AND t.state = 'success'"
    )
    [(first, end, count)] = _ask(database, question)
    assert count == TASKS
    seconds = (datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(first))).total_seconds()
    return Side(ready, TASKS / seconds, whole)


def _has_scheduler(database: Path) -> bool:
    beats = _ask(database, "SELECT latest_heartbeat FROM job WHERE job_type = 'SchedulerJob'")
    return bool(beats)


def _answers(port: int) -> bool:
    probe = Probe(port)
    _wait(lambda: probe.answered is not None)
    return bool(probe.answered)


def _ask(database: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute(question).fetchall()


def _run(environment: Mapping[str, str], program: str, *words: str) -> None:
    command = [sys.executable, "-c", program, *words]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=_LIMIT_SECONDS)


def _wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            msg = f"not there after {_LIMIT_SECONDS:.0f} s"
            raise TimeoutError(msg)
        time.sleep(0.1)


def _print(standalone: Side, embedded: Side) -> None:
    ready = embedded.ready / standalone.ready
    throughput = embedded.tasks_per_second / standalone.tasks_per_second
    print(f"engine, {RUNS} runs x 2 trivial tasks, max active runs {MAX_ACTIVE_RUNS}, SQLite")
    print(f"  {'':<30} {'airflow standalone':>20} {'embedded engine':>18} {'ratio':>7}")
    for what, theirs, ours, unit in (
        ("ready", standalone.ready, embedded.ready, "s"),
        ("tasks per second", standalone.tasks_per_second, embedded.tasks_per_second, " "),
        ("from creation to the last run", standalone.whole, embedded.whole, "s"),
    ):
        print(f"  {what:<30} {theirs:>18.1f} {unit} {ours:>16.1f} {unit} {ours / theirs:>7.2f}")
    for what, met in (
        (f"ready in at most {READY_RATIO} of the time", ready <= READY_RATIO),
        (f"at least {THROUGHPUT_RATIO} times the tasks", throughput >= THROUGHPUT_RATIO),
    ):
        print(f"  target: {what:<34} {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
