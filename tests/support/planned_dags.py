"""Dags with one schedule each, for the tests of plans and launches."""

from __future__ import annotations

SCHEDULES = """
from datetime import datetime, timedelta

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, CronPartitionTimetable, CronTriggerTimetable, Param
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from failing_timetable import EndsBadly

START = datetime(2021, 1, 1, tzinfo=pendulum.UTC)
NEW_YORK = pendulum.timezone("America/New_York")


def made(dag_id, schedule, *, tasks=2, task_arguments=None, start=START, **more):
    with DAG(dag_id, schedule=schedule, start_date=start, **{"catchup": False, **more}) as dag:
        previous = None
        for number in range(tasks):
            task = EmptyOperator(task_id=f"t{number}", **(task_arguments or {}))
            if previous is not None:
                previous >> task
            previous = task
    return dag


daily = made("daily", "@daily")
hourly = made("hourly", "@hourly", tasks=1)
ten_tasks = made("ten_tasks", "@daily", tasks=10)
data_interval = made("data_interval", CronDataIntervalTimetable("0 6 * * *", timezone="UTC"))
lagging = made("lagging", CronTriggerTimetable("0 6 * * *", timezone="UTC", interval=timedelta(days=1)))
in_new_york = made(
    "in_new_york", CronTriggerTimetable("0 2 * * *", timezone=NEW_YORK),
    start=datetime(2021, 1, 1, tzinfo=NEW_YORK),
)
hourly_in_new_york = made(
    "hourly_in_new_york", CronDataIntervalTimetable("30 * * * *", timezone=NEW_YORK),
    start=datetime(2021, 1, 1, tzinfo=NEW_YORK),
)
six_hours = made("six_hours", timedelta(hours=6))
partitioned = made("partitioned", CronPartitionTimetable("0 0 * * *", timezone=NEW_YORK))
by_hand = made("by_hand", None)
every_minute = made("every_minute", "* * * * *")
careful = made("careful", "@daily", task_arguments={"depends_on_past": True})
with_params = made("with_params", "@daily", params={"size": Param(1, type="integer", minimum=1)})
catching_up = made("catching_up", "@daily", catchup=True, end_date=datetime(2024, 1, 20, tzinfo=pendulum.UTC))
no_backfills = made("no_backfills", "@daily", allowed_run_types=["scheduled", "manual"])
with_deadline = made(
    "with_deadline", "@daily",
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=1),
        callback=AsyncCallback("failing_timetable.tell"),
    ),
)
ends_badly = made("ends_badly", EndsBadly())
"""

FAILING_TIMETABLE = '''
"""A timetable that raises on its fourth date."""

from datetime import timedelta

from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, Timetable


async def tell(**arguments):
    """Called by a deadline that is missed."""


class EndsBadly(Timetable):
    def infer_manual_data_interval(self, *, run_after):
        return DagRunInfo.exact(run_after).data_interval

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        if last_automated_data_interval is None:
            return DagRunInfo.exact(restriction.earliest)
        tick = last_automated_data_interval.end + timedelta(days=1)
        if tick.day == 4:
            raise RuntimeError("no [/red] fourth")
        return None if tick > restriction.latest else DagRunInfo.exact(tick)


class Plugin(AirflowPlugin):
    name = "failing_timetable"
    timetables = [EndsBadly]
'''

DAG_FILES = {"schedules.py": SCHEDULES}
PLUGIN_FILES = {"failing_timetable.py": FAILING_TIMETABLE}
