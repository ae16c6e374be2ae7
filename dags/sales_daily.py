"""Fails on the 6th and the 7th of every month, until a file beside this one says that it is mended.

    touch dags/sales_daily.mended

Then rerun what failed: only `clean` and what never ran because of it run again.
"""

from datetime import datetime, timezone
from pathlib import Path

from airflow.sdk import dag, task

MENDED = Path(__file__).with_suffix(".mended")
BROKEN_DAYS = {6, 7}


@dag(
    schedule="@daily",
    start_date=datetime(2023, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["example", "sales"],
    description="Breaks on two days of each month until it is mended",
)
def sales_daily():
    @task
    def extract(ds=None):
        print(f"reading the sales of {ds}")

    @task
    def clean(logical_date=None):
        row = (
            {"price": 3}
            if logical_date.day in BROKEN_DAYS and not MENDED.exists()
            else {"price": 3, "sku": 7}
        )
        print(f"cleaning article {row['sku']}")

    @task
    def load(ds=None):
        print(f"loading the sales of {ds}")

    @task
    def check(ds=None):
        print(f"checking the sales of {ds}")

    @task
    def publish(ds=None):
        print(f"publishing the sales of {ds}")

    extract() >> clean() >> load() >> check() >> publish()


sales_daily()
