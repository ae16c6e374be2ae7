"""A log of a million lines: its end, a page in the middle, a search in all of it, beside Airflow's reader.

The bridge answers all of it with one file of this machine, as its client sees it. What Airflow offers is the
whole log, message by message, whatever one wants of it (`TaskLogReader`); it is timed in a process of its
own, and what it takes to read the log once is what each of these would take.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import psutil
from tests.support.databases import sqlite_database
from tests.support.edits import editing_on
from tests.support.worker import attached_place

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.tasks import LogPlace, LogQuery, LogSearch
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand

LINES: Final = 1_000_000
TIMES: Final = 5
_MEGA: Final = 1 << 20
_DAG: Final = """\
from datetime import datetime, timezone
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("talker", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
    BashOperator(task_id="talk", bash_command="true")
"""


def main() -> int:
    """Write the log, ask for it, and let Airflow read it."""
    with tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as name:
        folder = Path(name)
        place = attached_place(folder, {"talker.py": _DAG}, {}, sqlite_database(folder / "airflow.db").url)
        logs = {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs")}
        place = replace(place, environment={**place.environment, **logs})
        with editing_on(place.environment, folder / "editing.log") as edits:
            edits.do("create_database")
            edits.do("sync", folder=str(folder / "dags"))
            edits.do("bulk", dag_id="talker", runs=1, running=0)
            (run_id,) = edits.do("runs_of", backfill_id=1)
            edits.do("task", dag_id="talker", run_id=run_id, task_id="talk", state="success")
        file = _write(folder / "logs", run_id)
        print(f"  a log of {LINES:,} lines, {file.stat().st_size / _MEGA:.0f} MB")
        key = TaskInstanceKey(run_id=RunId(run_id), task_id=TaskId("talk"))
        query = LogQuery(dag_id=DagId("talker"), key=key, try_number=1)
        command = BridgeCommand(
            words=[sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"],
            environment=place.environment,
            log=folder / "bridge.log",
        )
        _ask(command, query, file.stat().st_size)
        words = [sys.executable, "-m", "benchmarks.logs_side", "talker", run_id, "talk"]
        side = subprocess.run(words, env=place.environment, check=True, capture_output=True, text=True)
        taken = json.loads(side.stdout.splitlines()[-1])
        print(
            f"    Airflow's own reader, to the end: {taken['seconds'] * 1000:,.0f} ms, "
            f"{taken['grown_mb']:.0f} MB more memory for {taken['messages']:,} messages that are let go"
        )
    return 0


def _ask(command: BridgeCommand, query: LogQuery, size: int) -> None:
    child = BridgeChild(command)
    gateway = BridgeGateway(child)
    try:
        gateway.open()
        gateway.log(query)
        process = psutil.Process(child.pid)
        before = process.memory_info().rss
        middle = replace(query, before=LogPlace(at=size // 2, in_file=True))
        _time("its end, 5,000 lines", lambda: gateway.log(query))
        _time("a page in the middle", lambda: gateway.log(middle))
        for title, words in (
            ("a word that stands in it once, found", "needle"),
            ("a word that nothing has, looked for", "nowhere"),
            ("a number, found", f"row {LINES - 1}"),
            ("the first line of an error, found", ""),
        ):
            search = LogSearch(query=query, words=words)
            _time(title, lambda search=search: gateway.find_in_log(search))  # type: ignore[misc]
        once = LogSearch(query=query, words="needle")
        _time("a word that stands in it once, counted", lambda: gateway.count_in_log(once))
        grown = (process.memory_info().rss - before) / _MEGA
        print(f"    memory of the bridge: {grown:.0f} MB more than after the first page", flush=True)
    finally:
        gateway.close()


def _time(title: str, call: Callable[[], object]) -> None:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    print(f"    {title:<42}{statistics.median(took):>9,.0f} ms", flush=True)


def _write(logs: Path, run_id: str) -> Path:
    """The log as a worker writes it; one line near the end has a word, one an error."""
    file = logs / "dag_id=talker" / f"run_id={run_id}" / "task_id=talk" / "attempt=1.log"
    file.parent.mkdir(parents=True)
    with file.open("w", encoding="utf-8") as out:
        for number in range(LINES):
            message = {
                "timestamp": f"2024-02-06T02:{number // 60 % 60:02}:{number % 60:02}.{number:06}Z",
                "level": "error" if number == LINES * 9 // 10 else "info",
                "event": f"row {number} of orders was {'needled' if number == LINES * 8 // 10 else 'read'}",
                "logger": "task.stdout",
            }
            out.write(json.dumps(message) + "\n")
    return file


if __name__ == "__main__":
    sys.exit(main())
