"""The story this program comes from: a daily Dag since 2021, to be run from its first date on."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG


def count_visitors(ds):
    print(f"counting the visitors of {ds}")


def write_report(ds):
    print(f"writing the report of {ds}")


with DAG(
    dag_id="my_backfill_dag",
    description="Two Python tasks, one after the other, every day since 2021",
    schedule="@daily",
    start_date=datetime(2021, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["example"],
):
    count = PythonOperator(task_id="count", python_callable=count_visitors)
    report = PythonOperator(task_id="report", python_callable=write_report)
    count >> report
