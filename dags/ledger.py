"""depends_on_past: each date waits for the one before.

A backfill of it runs forwards only, and needs a reprocess behavior.
"""

from datetime import datetime, timezone

from airflow.sdk import dag, task


@dag(
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["example", "depends_on_past"],
    description="Each day builds on the day before",
)
def ledger():
    @task(depends_on_past=True)
    def carry_balance(ds=None):
        print(f"carrying the balance into {ds}")

    carry_balance()


ledger()
