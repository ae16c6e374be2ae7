"""Still in the syntax of Airflow 2, so it does not import: the list shows why and what to write instead."""

from datetime import datetime, timezone

from airflow.sdk import DAG

with DAG(
    dag_id="sales_legacy",
    schedule_interval="@daily",  # noqa: AIR301  # that is the point of this file
    start_date=datetime(2020, 1, 1, tzinfo=timezone.utc),
):
    pass
