"""What becomes of a launch that meets a fault, with Airflow's own creation and with ours.

Each fault of the list hits the creation of twelve dates, on four of which runs exist. Beside the list, on
SQLite: twenty creations while another process writes every two milliseconds and a scheduler is alive, which
runs what was created; with Airflow's stock settings but for the scheduler's idle sleep of 0.1 s.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.databases import sqlite_database
from tests.support.launch_stage import FAULT_MAIN, FIRST, Stage, a_request, some_runs
from tests.support.worker import Worker, attached_place, worker_on
from tests.support.world import DAY

from backfill_tui.domain.problems import Problem

DATES: Final = 12
MIDDLE: Final = 6
CREATIONS: Final = 20
RUNS: Final = 100
EXISTING: Final = 20
_PATIENCE_SECONDS: Final = 60
_CREATING: Final = {"reprocess_behavior": "none"}
_REPROCESSING: Final = {"reprocess_behavior": "completed"}

# Tasks that Airflow's scheduler itself brings to their end, so that no worker is needed.
_DAGS: Final = f"""\
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for number in range({CREATIONS}):
    with DAG(
        f"beside_{{number:02}}", schedule="@daily", start_date=datetime(2021, 1, 1, tzinfo=timezone.utc),
        catchup=False,
    ):
        EmptyOperator(task_id="first") >> EmptyOperator(task_id="second")
"""


def compare(stage: Stage, name: str) -> None:
    """Print what each fault leaves behind, on the database of a stage."""
    faults: dict[str, tuple[str, dict[str, Any]]] = {
        "killed at a run, creating": ("launch_killed", {"at": MIDDLE, "more": _CREATING}),
        "killed at a run, reprocessing": ("launch_killed", {"at": MIDDLE, "more": _REPROCESSING}),
        "lock error at a run, creating": ("launch_failing", {"at": MIDDLE, "how": "lock", "more": _CREATING}),
        "lock error at a run, reprocessing": (
            "launch_failing", {"at": MIDDLE, "how": "lock", "more": _REPROCESSING}
        ),
        "exception at a run, reprocessing": (
            "launch_failing", {"at": MIDDLE, "how": "bug", "more": _REPROCESSING}
        ),
        "two at once": ("launch_twice_at_once", {"more": _CREATING}),
        "completed by the scheduler meanwhile": (
            "launch_beside_completions", {"more": _REPROCESSING, "days": 100}
        ),
    }  # fmt: skip
    if stage.database.kind == "sqlite":
        without_room = {"pages": 20, "more": _REPROCESSING, "days": 100}
        faults["disk full"] = ("launch_without_room", without_room)
    print(f"  {name}, what is left of four runs and twelve dates after")
    for title, (deed, more) in faults.items():
        for side in ("Airflow's", "ours"):
            print(f"    {title:<38} {side:<10} {_left_by(stage, deed, side == 'ours', **more)}", flush=True)
    if stage.database.kind == "sqlite":
        _beside_others()


def _left_by(stage: Stage, deed: str, ours: bool, *, more: Any, days: int = DATES, **fault: Any) -> str:
    stage.worker("reset")
    stage.worker("heartbeat", age_seconds=0)
    stage.worker("add_runs", dag_id="daily", runs=some_runs())
    if stage.database.kind == "sqlite":
        # Without the pages that were left free, so that every side has the same room.
        stage.database.do("VACUUM")
    before = _run_ids(stage)
    request = a_request("daily", days=days, **more)
    _attempt(lambda: stage.worker(deed, request=request, stock=not ours, **fault))
    found = _differences(stage, before, days)
    if "active" not in found and "complete" not in found:
        again = "launch" if ours else "stock_create"
        found += "" if _attempt(lambda: stage.worker(again, request=request)) else "; the next one is refused"
    return found


def _attempt(create: Callable[[], Any]) -> bool:
    try:
        create()
    except (Problem, AssertionError):
        # A worker tells what is no problem of ours as a failed assertion.
        return False
    return True


def _differences(stage: Stage, before: set[str], days: int) -> str:
    lost = before - _run_ids(stage)
    words = [f"{len(lost)} of {len(before)} RUNS LOST"] if lost else []
    backfills = stage.ask(
        "SELECT b.id, b.completed_at IS NULL, (SELECT count(*) FROM backfill_dag_run e "
        "WHERE e.backfill_id = b.id), (SELECT count(*) FROM dag_run r WHERE r.backfill_id = b.id "
        "AND r.state IN ('queued', 'running')) FROM backfill b"
    )
    for _, is_active, entries, unfinished in backfills:
        if not is_active and unfinished:
            words.append(f"complete with {unfinished} runs unfinished")
        elif entries < days:
            words.append(f"an active backfill with {entries} of {days} dates")
    if len(backfills) > 1:
        words.append(f"{len(backfills)} active backfills of one Dag")
    return "; ".join(words) or ("a whole backfill, active" if backfills else "as before")


def _run_ids(stage: Stage) -> set[str]:
    return {row[0] for row in stage.ask("SELECT run_id FROM dag_run")}


@dataclass
class _Beside:
    """What became of the creations beside others."""

    succeeded: int = 0
    lost: int = 0
    half: int = 0
    alive: bool = False
    seconds: float = 0.0


def _beside_others() -> None:
    print(
        f"  SQLite, {CREATIONS} creations of {RUNS} runs, {EXISTING} of which exist, "
        "beside a writer every 2 ms and a live scheduler"
    )
    for side in ("Airflow's", "ours"):
        found = _creations_beside(ours=side == "ours")
        print(
            f"    {side:<10} {found.succeeded} of {CREATIONS} succeeded, {found.lost} runs lost, "
            f"{found.half} backfills left half-made, scheduler {'alive' if found.alive else 'DEAD'}, "
            f"{found.seconds:.0f} s",
            flush=True,
        )


def _creations_beside(*, ours: bool) -> _Beside:
    found = _Beside()
    with tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder:
        path = Path(folder)
        place = attached_place(path, {"beside.py": _DAGS}, {}, f"sqlite:///{path / 'airflow.db'}")
        database = sqlite_database(path / "airflow.db")
        with worker_on(place, FAULT_MAIN) as worker:
            stage = Stage(place, database, worker)
            old = [{"date": FIRST + number * DAY, "state": "success"} for number in range(EXISTING)]
            for number in range(CREATIONS):
                worker("add_runs", dag_id=_dag(number), runs=old)
                worker("change_dag", dag_id=_dag(number), values={"is_paused": False})
            before = _run_ids(stage)
            with _scheduler(dict(place.environment), path) as scheduler, _busy_writer(path / "airflow.db"):
                _wait_for_heartbeat(stage)
                began = time.monotonic()
                for number in range(CREATIONS):
                    found.succeeded += _attempt(lambda: _create(worker, _dag(number), ours=ours))  # noqa: B023  # called at once
                found.seconds = time.monotonic() - began
                found.alive = scheduler.poll() is None
            found.lost = len(before - _run_ids(stage))
            found.half = len(
                stage.ask(
                    "SELECT backfill_id FROM backfill_dag_run GROUP BY backfill_id "  # noqa: S608  # ours
                    f"HAVING count(*) < {RUNS}"
                )
            )
    return found


def _create(worker: Worker, dag_id: str, *, ours: bool) -> None:
    request = a_request(dag_id, days=RUNS, reprocess_behavior="completed")
    worker("launch" if ours else "stock_create", request=request)


def _dag(number: int) -> str:
    return f"beside_{number:02}"


@contextmanager
def _scheduler(environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    airflow = Path(sys.executable).with_name("airflow")
    environment |= {
        "PATH": os.pathsep.join((str(airflow.parent), environment.get("PATH", ""))),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    }
    with (folder / "scheduler.log").open("wb") as log:
        process = subprocess.Popen(
            [str(airflow), "scheduler"], env=environment, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            # With the executor's own processes.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _busy_writer(database: Path) -> Iterator[None]:
    ended = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(database, isolation_level=None, timeout=60)) as connection:
            connection.execute("CREATE TABLE scribble (words TEXT)")
            while not ended.wait(0.002):
                connection.execute("INSERT INTO scribble VALUES ('busy')")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


def _wait_for_heartbeat(stage: Stage) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while stage.ask("SELECT count(*) FROM job WHERE job_type = 'SchedulerJob' AND state = 'running'") == [
        (0,)
    ]:
        if time.monotonic() > end:
            msg = f"no scheduler after {_PATIENCE_SECONDS} s"
            raise TimeoutError(msg)
        time.sleep(0.1)
