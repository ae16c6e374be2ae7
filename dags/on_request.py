"""A Dag without a periodic schedule: there are no dates a backfill could cover, and the list says so."""

from datetime import datetime, timezone

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    tags=["example"],
    description="Runs only when somebody triggers it",
)
def on_request():
    @task
    def answer():
        print("here I am")

    answer()


on_request()
