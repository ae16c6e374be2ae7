"""Dags and a stage for the tests of control: an Airflow on either database, and a worker that controls it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from backfill_tui.domain.control import ControlOutcome, Deed
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.worker import Place, Worker, attached_place, embedded_place, worker_on
from tests.support.world import DAY, instant

MAIN = Path(__file__).with_name("worker_control.py")
FIRST = instant("2024-03-01")

DAG_FILES = {
    "controlled.py": """
from datetime import datetime, timedelta

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronPartitionTimetable, CronTriggerTimetable

START = datetime(2021, 1, 1, tzinfo=pendulum.UTC)
STATES = (
    "running", "deferred", "up_for_reschedule", "awaiting_input", "up_for_retry", "restarting", "scheduled",
    "queued", "none", "success", "failed",
)


def made(dag_id, schedule="@daily"):
    return DAG(dag_id, schedule=schedule, start_date=START, catchup=False)


for dag_id in ("chain", "twin"):
    with made(dag_id):
        EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")

for dag_id in ("wide", "wide_twin"):
    with made(dag_id):
        for state in STATES:
            EmptyOperator(task_id=state)

for dag_id in ("torn", "torn_twin"):
    with made(dag_id):
        up = EmptyOperator(task_id="up").as_setup()
        work, more = EmptyOperator(task_id="work"), EmptyOperator(task_id="more")
        down = EmptyOperator(task_id="down").as_teardown(setups=up)
        up >> work >> more >> down

lagging = CronTriggerTimetable("0 6 * * *", timezone="UTC", interval=timedelta(days=1))
for dag_id in ("lagging", "lagging_twin"):
    with made(dag_id, lagging):
        EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")

for dag_id in ("gone", "lost", "unread", "unread_failed", "unread_whole_run"):
    with made(dag_id):
        EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")

with made("partitioned", CronPartitionTimetable("0 0 * * *", timezone="America/New_York")):
    EmptyOperator(task_id="a")
"""
}

PLUGIN_FILES = {
    "listening.py": """
import os
from pathlib import Path

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


def tell(*words):
    with (Path(os.environ["AIRFLOW_HOME"]) / "heard").open("a") as file:
        print(*words, file=file)


class Listening:
    @hookimpl
    def on_task_instance_failed(self, previous_state, task_instance, error):
        tell("task", task_instance.task_id, task_instance.state)

    @hookimpl
    def on_task_instance_success(self, previous_state, task_instance):
        tell("task", task_instance.task_id, task_instance.state)

    @hookimpl
    def on_dag_run_success(self, dag_run, msg):
        tell("run", dag_run.dag_id, dag_run.state)

    @hookimpl
    def on_dag_run_failed(self, dag_run, msg):
        tell("run", dag_run.dag_id, dag_run.state)
        raise RuntimeError("a listener that breaks")


class Plugin(AirflowPlugin):
    name = "listening"
    listeners = [Listening()]
"""
}


@dataclass(frozen=True)
class Stage:
    """An Airflow with the Dags above, and a worker on it."""

    place: Place
    database: Database
    worker: Worker

    def backfill(self, dag_id: str, days: int = 5, *, first: int = FIRST, **more: Any) -> int:
        """A backfill that Airflow made; its number."""
        request = {"dag_id": dag_id, "from_date": first, "to_date": first + (days - 1) * DAY, **more}
        return int(self.worker("stock_create", request=request)["backfill_id"])

    def run_ids(self, backfill_id: int) -> list[str]:
        return [row["run_id"] for row in self.worker("rows", backfill_id=backfill_id)]

    def control(self, deed: Deed, backfill_id: int, *, reason: str = "", **more: Any) -> ControlOutcome:
        """Carry it out, by another worker when one is given as `by`."""
        worker = more.pop("by", self.worker)
        params = {"backfill_id": backfill_id, "deed": str(deed), "reason": reason}
        return msgspec.convert(worker("ask", method="control", params=params, **more), ControlOutcome)

    def preview(self, deed: Deed, backfill_id: int) -> ControlOutcome:
        params = {"backfill_id": backfill_id, "deed": str(deed)}
        return msgspec.convert(self.worker("ask", method="preview_control", params=params), ControlOutcome)

    def run(self, dag_id: str, run_id: str, state: str = "running", **tasks: str | None) -> None:
        """Bring a run and some of its task instances to a state."""
        self.worker("set_run", dag_id=dag_id, run_id=run_id, state=state, tasks=tasks)

    def states(self, backfill_id: int) -> list[str]:
        return [row["state"] for row in self.worker("rows", backfill_id=backfill_id)]

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        return {
            row[3]: row[5]
            for row in self.worker("picture")
            if row[0] == "task" and row[1:3] == [dag_id, run_id]
        }

    def picture_of(self, dag_id: str, named: str) -> list[Any]:
        """All there is of one Dag, called by another name, without the numbers of its backfills."""
        found = self.worker("picture")
        numbers = [row[1] for row in found if row[0] == "backfill" and row[2] == dag_id]
        rows = []
        for kind, whose, *rest in found:
            if kind == "backfill" and whose in numbers:
                rows.append([kind, named, *rest[1:]])
            elif kind == "entry" and whose in numbers:
                rows.append([kind, named, *rest])
            elif whose == dag_id:
                rows.append([kind, named, *(rest if kind == "task" else [*rest[:2], *rest[3:]])])
        return rows

    def audit(self) -> list[tuple[str, str, str | None, dict[str, Any]]]:
        return [(event, dag, run, json.loads(extra)) for event, dag, run, extra in self.worker("logged")]


@contextmanager
def stage_on(kind: str, folder: Path, main: Path = MAIN) -> Iterator[Stage]:
    """A stage on `sqlite` or `postgresql`; `main` is a worker's file that adds to what it can do."""
    if kind == "sqlite":
        place = embedded_place(folder, DAG_FILES, PLUGIN_FILES)
        with worker_on(place, main) as worker:
            yield Stage(place, sqlite_database(place.home / "airflow.db"), worker)
        return
    with postgresql_database() as database:
        place = attached_place(folder, DAG_FILES, PLUGIN_FILES, database.url)
        with worker_on(place, main) as worker:
            yield Stage(place, database, worker)


def forget(stage: Stage) -> Stage:
    """The same stage without any run, backfill or line in the audit log, and nobody heard of."""
    stage.worker("reset")
    stage.worker("heartbeat", age_seconds=0)
    stage.database.do("DELETE FROM log")
    stage.database.do("UPDATE dag SET is_paused = false")
    (stage.place.home / "heard").unlink(missing_ok=True)
    return stage
