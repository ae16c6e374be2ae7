"""Dags and a stage for the tests of a plan's warnings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backfill_tui.domain.planning import PlanWarning
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.worker import Worker, attached_place, embedded_place, worker_on
from tests.support.world import instant

FIRST = instant("2024-03-01")
MARCH: dict[str, Any] = {"from_date": FIRST, "to_date": instant("2024-03-10")}

DAG_FILES = {
    "warned.py": """
from datetime import datetime, timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import (
    DAG, CronDataIntervalTimetable, CronPartitionTimetable, CronTriggerTimetable, DeltaDataIntervalTimetable,
    DeltaTriggerTimetable, Param,
)
from dateutil.relativedelta import relativedelta
from strange_timetables import EndsBadly, GoesBack

UTC, NEW_YORK = pendulum.UTC, pendulum.timezone("America/New_York")
START = datetime(2021, 1, 1, tzinfo=UTC)


def made(dag_id, schedule="@daily", *, tasks=2, start=START, **more):
    arguments = more.pop("arguments", {})
    with DAG(dag_id, schedule=schedule, start_date=start, **{"catchup": False, **more}) as dag:
        previous = None
        for number in range(tasks):
            task = EmptyOperator(task_id=f"t{number}", **arguments)
            if previous is not None:
                previous >> task
            previous = task
    return dag


def worked(dag_id, *, tasks=1, **task):
    with DAG(dag_id, schedule="@daily", start_date=START, catchup=False) as dag:
        for number in range(tasks):
            BashOperator(task_id=f"t{number}", bash_command="true", **task)
    return dag


daily = made("daily")
intervals = made("intervals", CronDataIntervalTimetable("0 6 * * *", timezone="UTC"))
lagging = made("lagging", CronTriggerTimetable("0 6 * * *", timezone="UTC", interval=timedelta(days=1)))
lagging_at_midnight = made("lagging_at_midnight",
    CronTriggerTimetable("0 0 * * *", timezone="UTC", interval=timedelta(days=1)))
ended = made("ended", CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),
    end_date=datetime(2024, 1, 20, tzinfo=UTC))
ended_lagging = made("ended_lagging",
    CronTriggerTimetable("0 6 * * *", timezone="UTC", interval=timedelta(days=1)),
    end_date=datetime(2024, 1, 20, tzinfo=UTC))
not_begun = made("not_begun", start=datetime(2090, 1, 1, tzinfo=UTC))
hourly = made("hourly", "@hourly")
ends_badly = made("ends_badly", EndsBadly())
goes_back = made("goes_back", GoesBack())
with_params = made("with_params", params={"size": Param(1, type="integer", minimum=1)})
no_backfills = made("no_backfills", allowed_run_types=["scheduled", "manual"])
catching_up = made("catching_up", catchup=True, end_date=datetime(2024, 1, 20, tzinfo=UTC))
catching_up_hourly = made("catching_up_hourly", CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    catchup=True, start=pendulum.now("UTC").subtract(hours=30), max_active_runs=1)
catching_up_by_delta = made("catching_up_by_delta", timedelta(hours=2),
    catchup=True, start=pendulum.now("UTC").subtract(hours=21))
catching_up_partitions = made("catching_up_partitions",
    CronPartitionTimetable("0 * * * *", timezone=NEW_YORK),
    catchup=True, start=pendulum.now("UTC").subtract(hours=9))
catching_up_lagging = made("catching_up_lagging",
    CronTriggerTimetable("30 * * * *", timezone=NEW_YORK, interval=timedelta(hours=1)),
    catchup=True, start=pendulum.now("UTC").subtract(hours=7))
catching_up_monthly = made("catching_up_monthly", relativedelta(months=1),
    catchup=True, start=pendulum.now("UTC").subtract(days=200))

six_hours = made("six_hours", timedelta(hours=6))
days_at_six = made("days_at_six", timedelta(days=1), catchup=True, start=datetime(2021, 1, 1, 6, tzinfo=UTC))
days_by_interval = made("days_by_interval", DeltaDataIntervalTimetable(timedelta(days=1)),
    start=datetime(2021, 1, 1, 6, tzinfo=UTC))
days_without_catchup = made("days_without_catchup", timedelta(days=1),
    start=datetime(2021, 1, 1, 6, tzinfo=UTC))
half_days = made("half_days", DeltaTriggerTimetable(timedelta(hours=12), interval=timedelta(hours=12)),
    catchup=True)
monthly = made("monthly", relativedelta(months=1), catchup=True, start=datetime(2021, 1, 31, tzinfo=UTC))

careful = made("careful", arguments={"depends_on_past": True})
careful_catching_up = made("careful_catching_up", arguments={"depends_on_past": True}, catchup=True)
patient = made("patient", tasks=1)
with patient:
    patient.get_task("t0").depends_on_past = True
    patient.get_task("t0").wait_for_downstream = True
    patient.get_task("t0") >> EmptyOperator(task_id="below")
lenient = made("lenient", arguments={"depends_on_past": True, "ignore_first_depends_on_past": True})

partitioned = made("partitioned", CronPartitionTimetable("0 0 * * *", timezone=NEW_YORK))
partitioned_utc = made("partitioned_utc", CronPartitionTimetable("0 0 * * *", timezone=UTC))

narrow = worked("narrow", pool="narrow")
narrow_wide_runs = worked("narrow_wide_runs", tasks=3, pool="narrow")
homeless = worked("homeless", pool="nowhere")
heavy = worked("heavy", pool="narrow", pool_slots=9)
"""
}
PLUGIN_FILES = {
    "strange_timetables.py": '''
"""One timetable that raises on its fourth date, and one that goes back and repeats itself."""

from datetime import timedelta

from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable


class Strange(Timetable):
    def infer_manual_data_interval(self, *, run_after):
        return DagRunInfo.exact(run_after).data_interval

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        raise NotImplementedError


class EndsBadly(Strange):
    def next_dagrun_info_v2(self, *, last_dagrun_info, restriction):
        if last_dagrun_info is None:
            return DagRunInfo.exact(restriction.earliest)
        tick = last_dagrun_info.data_interval.end + timedelta(days=1)
        if tick.day == 4:
            raise RuntimeError("no [/red] fourth")
        return None if tick > restriction.latest else DagRunInfo.exact(tick)


class GoesBack(Strange):
    def next_dagrun_info_v2(self, *, last_dagrun_info, restriction):
        days = [0, 2, 1, 2]
        first = restriction.earliest
        last = first + timedelta(days=8) if last_dagrun_info is None else last_dagrun_info.run_after
        gone = (last - first).days - 8
        if gone == len(days):
            return None
        date = first + timedelta(days=days[gone])
        return DagRunInfo(
            run_after=first + timedelta(days=9 + gone), data_interval=DataInterval(start=date, end=date),
            partition_date=None, partition_key=None,
        )


class Plugin(AirflowPlugin):
    name = "strange_timetables"
    timetables = [EndsBadly, GoesBack]
'''
}


@dataclass(frozen=True)
class Stage:
    """An Airflow, and its database as a stranger reaches it."""

    worker: Worker
    database: Database

    def warnings(self, dag_id: str, *, mode: str = "attached", **more: Any) -> dict[str, PlanWarning]:
        found = self.worker.plan(a_request(dag_id, **more), mode=mode).warnings
        assert len({warning.code for warning in found}) == len(found)
        return {warning.code: warning for warning in found}

    def add_runs(self, dag_id: str, *runs: dict[str, Any]) -> None:
        self.worker("add_runs", dag_id=dag_id, runs=runs)

    def reset(self) -> Stage:
        """No runs, no pools, a live scheduler and Dags that run."""
        self.worker("reset")
        self.worker("heartbeat", age_seconds=0)
        for column in ("is_paused", "is_stale", "has_import_errors"):
            self.database.do(f"UPDATE dag SET {column} = {self.false}")  # noqa: S608
        self.database.do("DELETE FROM slot_pool WHERE pool <> 'default_pool'")
        return self

    @property
    def false(self) -> str:
        return "0" if self.database.kind == "sqlite" else "false"

    def pool(self, name: str, slots: int) -> None:
        self.database.do(
            "INSERT INTO slot_pool (pool, slots, include_deferred) "  # noqa: S608
            f"VALUES ('{name}', {slots}, {self.false})"
        )


@contextmanager
def staged(kind: str, folder: Path) -> Iterator[Stage]:
    """A stage on a kind of database."""
    if kind == "sqlite":
        place = embedded_place(folder, DAG_FILES, PLUGIN_FILES)
        with worker_on(place) as worker:
            yield Stage(worker, sqlite_database(place.home / "airflow.db"))
        return
    with (
        postgresql_database() as database,
        worker_on(attached_place(folder, DAG_FILES, PLUGIN_FILES, database.url)) as worker,
    ):
        yield Stage(worker, database)


def a_request(dag_id: str, **more: Any) -> dict[str, Any]:
    return {"dag_id": dag_id, **MARCH, **more}


def a_run(date: int, state: str = "success", **more: Any) -> dict[str, Any]:
    return {"date": date, "state": state, "succeeded": 9 if state == "success" else 0, **more}
