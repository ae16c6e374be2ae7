"""Retries: the first try of every date fails, the second succeeds."""

from datetime import datetime, timedelta, timezone

from airflow.sdk import dag, get_current_context, task


@dag(
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["example", "retries"],
    description="Fails once a date, then succeeds",
)
def flaky_service():
    @task(retries=2, retry_delay=timedelta(seconds=2))
    def call_service():
        attempt = get_current_context()["ti"].try_number
        if attempt == 1:
            raise ConnectionError("the service hung up on the first try")
        print(f"answered on try {attempt}")

    call_service()


flaky_service()
