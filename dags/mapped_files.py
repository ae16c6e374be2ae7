"""Dynamic task mapping: as many loads as there are files that day."""

from datetime import datetime, timezone

from airflow.sdk import dag, task


@dag(
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["example", "mapped"],
    description="One task instance for each file of the day",
)
def mapped_files():
    @task
    def list_files(logical_date=None):
        return [f"part-{number}.csv" for number in range(1 + logical_date.day % 4)]

    @task
    def load(name):
        print(f"loading {name}")
        return len(name)

    @task
    def total(sizes):
        print(f"{sum(sizes)} bytes in all")

    total(load.expand(name=list_files()))


mapped_files()
