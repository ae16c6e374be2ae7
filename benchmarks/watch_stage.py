"""Where watching is measured: an Airflow's database with two filled backfills, and who writes to it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.edits import Edits, editing_on
from tests.support.worker import Place, attached_place

from benchmarks import watch_fill

TASKS: Final = 100
RUNS: Final = {"100k": 1_000, "1M": 10_000}
CHANGES_A_SECOND: Final = 500
CYCLE_SECONDS: Final = 80
"""Longer than the slow lane takes to go through 10,000 runs."""

_DAGS: Final = f"""\
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for name in {tuple(RUNS)!r}:
    with DAG(f"wide_{{name}}", schedule="@hourly", start_date=datetime(2000, 1, 1, tzinfo=timezone.utc)):
        before = None
        for number in range({TASKS}):
            task = EmptyOperator(task_id=f"task_{{number:03}}")
            if before is not None:
                before >> task
            before = task
"""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A filled database, the Airflow on it, and its backfills by name: each of the Dag `wide_NAME`."""

    database: Database
    place: Place
    backfills: dict[str, int]

    @contextmanager
    def writer(self, name: str, seconds: int) -> Iterator[subprocess.Popen[str]]:
        """A process that changes a backfill for some seconds and then tells what it did (`watch_side`)."""
        numbers = (self.backfills[name], seconds, CHANGES_A_SECOND)
        words = [self.database.kind, self.database.address, *map(str, numbers)]
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.watch_side", *words], stdout=subprocess.PIPE, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def stage(kind: str, folder: Path, runs: dict[str, int] = RUNS) -> Iterator[Stage]:
    """Fill a database in that folder with backfills of so many runs."""
    with _database(kind, folder) as database:
        place = attached_place(folder, {"wide.py": _DAGS}, {}, database.url)
        began = time.monotonic()
        with editing_on(place.environment, folder / "editing.log") as edits:
            edits.do("create_database")
            edits.do("sync", folder=str(folder / "dags"))
            edits.do("beat", seconds_ago=-36_000)
            backfills = {name: _one_run(edits, f"wide_{name}") for name in runs}
        for name, number in runs.items():
            watch_fill.fill(database, f"wide_{name}", backfills[name], number)
        print(f"  {database.kind}, filled in {time.monotonic() - began:.0f} s", flush=True)
        yield Stage(database=database, place=place, backfills=backfills)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[Database]:
    if kind == "sqlite":
        yield sqlite_database(folder / "airflow.db")
        return
    with postgresql_database() as database:
        yield database


def _one_run(edits: Edits, dag_id: str) -> int:
    """A backfill of one run, which is the pattern of all others."""
    edits.do("pause_dag", dag_id=dag_id, is_paused=False)
    number: int = edits.do("bulk", dag_id=dag_id, runs=1, running=0)
    return number
