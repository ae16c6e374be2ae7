"""Dags with one schedule each, for the tests of plans and launches."""

from __future__ import annotations

SCHEDULES = """
from datetime import datetime, timedelta

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, CronPartitionTimetable, CronTriggerTimetable, Param
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from dateutil.relativedelta import relativedelta

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
stepped = made(
    "stepped", CronTriggerTimetable("* * * * *", timezone="UTC", interval=relativedelta(months=1))
)
careful = made("careful", "@daily", task_arguments={"depends_on_past": True})
with_params = made("with_params", "@daily", params={"size": Param(1, type="integer", minimum=1)})
no_backfills = made("no_backfills", "@daily", allowed_run_types=["scheduled", "manual"])
with_deadline = made(
    "with_deadline", "@daily",
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=1),
        callback=AsyncCallback("told_of_deadlines.tell"),
    ),
)
"""

TOLD_OF_DEADLINES = '''
async def tell(**arguments):
    """Called by a deadline that is missed."""
'''

DAG_FILES = {"schedules.py": SCHEDULES}
PLUGIN_FILES = {"told_of_deadlines.py": TOLD_OF_DEADLINES}
