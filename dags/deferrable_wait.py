"""A deferrable task: it gives its worker back while it waits, and the triggerer wakes it."""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseOperator


class WaitDeferred(BaseOperator):
    """Waits for some time without holding a worker."""

    def __init__(self, *, delta, **kwargs):
        super().__init__(**kwargs)
        self.delta = delta

    def execute(self, context):  # noqa: ARG002  # what Airflow calls it with
        self.defer(trigger=TimeDeltaTrigger(self.delta), method_name="wake")

    def wake(self, context, event=None):  # noqa: ARG002  # likewise
        print(f"awake again: {event}")


with DAG(
    dag_id="deferrable_wait",
    description="Waits two seconds without holding a worker",
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["example", "deferrable"],
):
    WaitDeferred(task_id="wait", delta=timedelta(seconds=2))
