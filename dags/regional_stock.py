"""Task groups within each other, and a mapped task in one: the grid folds and unfolds them."""

from datetime import datetime, timezone

from airflow.sdk import dag, task, task_group

REGIONS = [
    "north", "east", "south", "west", "islands", "overseas",
    "north-east", "south-east", "south-west", "north-west", "airports", "online",
]  # fmt: skip


@dag(
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["example", "mapped", "groups"],
    description="Counts the stock of every region that is open that day; on Sundays the islands fail",
)
def regional_stock():
    @task
    def open_regions(logical_date=None):
        return REGIONS[: 6 + logical_date.day % 7]

    @task_group
    def stock(regions):
        @task
        def count(region, logical_date=None):
            if region == "islands" and f"{logical_date:%a}" == "Sun":
                message = f"no ferry to the {region} on {logical_date:%Y-%m-%d}"
                raise RuntimeError(message)
            return len(region) * logical_date.day

        @task_group
        def check(counted):
            @task
            def compare(counts):
                return sum(counts)

            @task
            def report(total):
                print(f"{total} in stock")

            report(compare(counted))

        check(count.expand(region=regions))

    @task
    def publish():
        print("published")

    stock(open_regions()) >> publish()


regional_stock()
