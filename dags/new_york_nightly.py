"""A cron schedule in a zone with daylight saving time: one night a year has no 02:00 in New York."""

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.sdk import dag, task


@dag(
    schedule="0 2 * * *",
    start_date=datetime(2024, 1, 1, tzinfo=ZoneInfo("America/New_York")),
    catchup=False,
    tags=["example", "timezone"],
    description="Every night at two, New York time",
)
def new_york_nightly():
    @task
    def close_books(logical_date=None):
        print(f"closing the books at {logical_date.in_timezone('America/New_York')}")

    close_books()


new_york_nightly()
