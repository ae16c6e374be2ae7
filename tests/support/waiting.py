"""Dags and a stage for the tests of why runs wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from backfill_tui.domain.causes import Cause
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.worker import Worker, attached_place, embedded_place, worker_on
from tests.support.world import DAY, instant

MAIN = Path(__file__).with_name("worker_causes.py")
FIRST = instant("2024-03-01")
PARALLELISM = 30

DAG_FILES = {
    "waiting.py": """
from datetime import datetime, timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.sdk import DAG

START = datetime(2021, 1, 1, tzinfo=pendulum.UTC)


def made(dag_id, *names, chained=False, **more):
    arguments = more.pop("arguments", {})
    with DAG(dag_id, schedule="@daily", start_date=START, catchup=False, **more):
        tasks = [BashOperator(task_id=name, bash_command="true", **arguments) for name in names]
        for before, after in zip(tasks, tasks[1:]):
            if chained:
                before >> after


made("plain", "a", "b", chained=True)
made("other", "x")
made("two", "a", "b", max_active_tasks=1)
made("pooled", "a", arguments={"pool": "narrow", "pool_slots": 2})
made("neighbour", "x", arguments={"pool": "narrow"})
made("careful", "a", "b", chained=True, arguments={"depends_on_past": True})
made("stubborn", "a", arguments={"retries": 3, "retry_delay": timedelta(hours=1)})
made("alone", "a", arguments={"max_active_tis_per_dag": 1})
made("wide", "a", "b", "c", arguments={"max_active_tis_per_dagrun": 1})
made("frail", "a", max_consecutive_failed_dag_runs=2)

with DAG("looking", schedule="@daily", start_date=START, catchup=False):
    BashSensor(task_id="file", bash_command="true", mode="reschedule")

with DAG("ruled", schedule="@daily", start_date=START, catchup=False):
    names = ("first", "second", "third", "fourth")
    before = [BashOperator(task_id=name, bash_command="true") for name in names]
    before >> BashOperator(task_id="last", bash_command="true", trigger_rule="one_success")
    before[:2] >> BashOperator(task_id="all", bash_command="true")

with DAG("mapped", schedule="@daily", start_date=START, catchup=False):
    each = BashOperator.partial(task_id="each").expand(bash_command=["true", "true", "true"])
    each >> BashOperator(task_id="total", bash_command="true")

with DAG("broad", schedule="@daily", start_date=START, catchup=False):
    each = BashOperator.partial(task_id="each").expand(bash_command=["true"] * 2_100)
    for rule in ("one_success", "one_failed", "one_done", "always", "all_done", "all_success"):
        each >> BashOperator(task_id=rule, bash_command="true", trigger_rule=rule)

with DAG("torn", schedule="@daily", start_date=START, catchup=False):
    up, a, b, down = [BashOperator(task_id=name, bash_command="true") for name in ("up", "a", "b", "down")]
    up >> a >> b >> down.as_teardown(setups=up.as_setup())
"""
}


@dataclass(frozen=True)
class Stage:
    """An Airflow with the Dags above, and a worker on it."""

    database: Database
    worker: Worker

    def backfill(self, dag_id: str, days: int = 3, **more: Any) -> int:
        """A backfill that Airflow made; its number."""
        request = {"dag_id": dag_id, "from_date": FIRST, "to_date": FIRST + (days - 1) * DAY, **more}
        return int(self.worker("stock_create", request=request)["backfill_id"])

    def run_ids(self, backfill_id: int) -> list[str]:
        return [row["run_id"] for row in self.worker("rows", backfill_id=backfill_id)]

    def states(self, backfill_id: int) -> list[str]:
        return [row["state"] for row in self.worker("rows", backfill_id=backfill_id)]

    def causes(self, backfill_id: int) -> list[Cause]:
        return msgspec.convert(self.worker("causes", backfill_id=backfill_id), list[Cause])

    def waits(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> list[Cause]:
        """What the bridge says of one task instance."""
        params = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
        instances = self.worker("ask", method="cell", params=params)["instances"]
        (asked,) = [one for one in instances if one["key"]["map_index"] == map_index]
        return msgspec.convert(asked["waits"], list[Cause])

    def loop(self, count: int = 3) -> dict[tuple[str, str], str | None]:
        """Let the scheduler do its best: the state of each task instance by run and task."""
        return {(run_id, task): state for run_id, task, state in self.worker("loop", count=count)}

    def bring(self, dag_id: str, run_id: str, **tasks: Any) -> None:
        self.worker("bring", dag_id=dag_id, run_id=run_id, **tasks)

    def reset(self) -> Stage:
        """The same stage without any run, backfill, pool of ours or line in the audit log."""
        self.worker("forget")
        # Fresh for as long as a test takes, on a machine however busy.
        self.worker("heartbeat", age_seconds=-3600)
        self.database.do("DELETE FROM log")
        self.database.do("DELETE FROM slot_pool WHERE pool = 'narrow'")
        self.database.do("UPDATE dag SET is_stale = false")
        return self

    def pool(self, slots: int) -> None:
        self.database.do(
            f"INSERT INTO slot_pool (pool, slots, include_deferred) VALUES ('narrow', {slots}, false)"  # noqa: S608
        )


@contextmanager
def stage_on(kind: str, folder: Path) -> Iterator[Stage]:
    """A stage on `sqlite` or `postgresql`."""
    limit = {"AIRFLOW__CORE__PARALLELISM": str(PARALLELISM)}
    if kind == "sqlite":
        place = embedded_place(folder, DAG_FILES, {})
        place = replace(place, environment={**place.environment, **limit})
        with worker_on(place, MAIN) as worker:
            yield Stage(sqlite_database(place.home / "airflow.db"), worker)
        return
    with postgresql_database() as database:
        place = attached_place(folder, DAG_FILES, {}, database.url)
        place = replace(place, environment={**place.environment, **limit})
        with worker_on(place, MAIN) as worker:
            yield Stage(database, worker)
