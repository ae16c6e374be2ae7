"""catchup=True: on a scheduler that schedules, every date since the start would run by itself.

A backfill of later dates makes such a scheduler skip the earlier ones; attached to an Airflow that
schedules, the plan warns of it. The embedded engine never schedules, so there is nothing to lose there.
"""

from datetime import datetime, timezone

from airflow.sdk import dag, task


@dag(
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=True,
    max_active_runs=4,
    tags=["example", "catchup"],
    description="Catches up by itself where the scheduler schedules",
)
def catchup_orders():
    @task
    def copy_orders(ds=None):
        print(f"copying the orders of {ds}")

    copy_orders()


catchup_orders()
