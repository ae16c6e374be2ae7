"""An Airflow with Dags and a worker on it, on either database, for the tests of launches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.planned_dags import DAG_FILES, PLUGIN_FILES
from tests.support.worker import Place, Worker, attached_place, embedded_place, worker_on
from tests.support.world import DAY, instant

FIRST = instant("2024-03-01")
FAULT_MAIN = Path(__file__).with_name("fault_main.py")
TABLES = (
    "backfill", "backfill_dag_run", "dag_run", "dag_run_note", "task_instance", "task_instance_history",
    "dag", "log",
)  # fmt: skip
"""Everything that a launch may touch."""


@dataclass(frozen=True)
class Stage:
    """An Airflow with Dags, and a worker on it that also knows the faults of `fault_main`."""

    place: Place
    database: Database
    worker: Worker

    def dump(self, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the tables, by a stranger; of all that a launch may touch when none is named."""
        found = {}
        with self.database.stranger() as connection, closing(connection.cursor()) as cursor:
            for table in tables or TABLES:
                cursor.execute(f"SELECT * FROM {table}")  # noqa: S608  # the names are ours
                found[table] = sorted(cursor.fetchall(), key=repr)
        return found

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of an answer, read by a stranger."""
        with self.database.stranger() as connection, closing(connection.cursor()) as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


@contextmanager
def launch_stage(kind: str, folder: Path, main: Path = FAULT_MAIN) -> Iterator[Stage]:
    """A stage on `sqlite` or `postgresql` (skipped where there is no server)."""
    if kind == "sqlite":
        place = embedded_place(folder, DAG_FILES, PLUGIN_FILES)
        with worker_on(place, main) as worker:
            yield Stage(place, sqlite_database(place.home / "airflow.db"), worker)
        return
    with postgresql_database() as database:
        place = attached_place(folder, DAG_FILES, PLUGIN_FILES, database.url)
        with worker_on(place, main) as worker:
            yield Stage(place, database, worker)


def a_request(dag_id: str, *, days: int = 10, first: int = FIRST, **more: Any) -> dict[str, Any]:
    """So many days of a Dag."""
    return {"dag_id": dag_id, "from_date": first, "to_date": first + (days - 1) * DAY, **more}


def some_runs(first: int = FIRST) -> list[dict[str, Any]]:
    """A run of each state on the first four days, started by hand by alice."""
    states = ["success", "failed", "running", "queued"]
    return [
        {"date": first + place * DAY, "state": state, "type": "manual", "user": "alice", "succeeded": 1}
        for place, state in enumerate(states)
    ]
