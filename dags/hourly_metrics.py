"""An hourly Dag: a bare date as a bound means that whole day."""

from datetime import datetime, timezone

from airflow.sdk import dag, task


@dag(
    schedule="@hourly",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["example"],
    description="Every hour",
)
def hourly_metrics():
    @task
    def gather(data_interval_end=None):
        print(f"gathering the metrics up to {data_interval_end}")

    gather()


hourly_metrics()
