"""Branching: weekdays and weekends take different ways, the other one is skipped."""

from datetime import datetime, timezone

from airflow.sdk import dag, task

SATURDAY = 5


@dag(
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["example", "branching"],
    description="One way on weekdays, another at weekends",
)
def weekend_branch():
    @task.branch
    def which_day(logical_date=None):
        return "rest" if logical_date.weekday() >= SATURDAY else "work"

    @task
    def work():
        print("working")

    @task
    def rest():
        print("resting")

    @task(trigger_rule="none_failed_min_one_success")
    def close_the_day():
        print("the day is done")

    which_day() >> [work(), rest()] >> close_the_day()


weekend_branch()
