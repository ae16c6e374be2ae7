"""Why 1,000 task instances failed, beside reading their logs whole with Airflow's own reader.

Each has a log of 400 lines in a file of this machine, which ends in an error. Both sides run in the same
process on the same SQLite database and must find the same errors. Ours is what the bridge does for the list
of failures: which tasks failed, the ends of their logs, and the encoded answer; then the grouping, which the
screen does; and the list once more, as it is read every two seconds while it is open.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support.worker import embedded_place, worker_on
from tests.support.world import instant

RUNS: Final = 1_000
LINES: Final = 400
ROUNDS: Final = 3
TARGET_RATIO: Final = 10
_SIDE: Final = Path(__file__).with_name("failures_side.py")
_DAGS: Final = """\
from datetime import datetime, timezone
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

with DAG("failing", schedule="@hourly", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), catchup=False):
    PythonOperator(task_id="extract", python_callable=print) >> PythonOperator(
        task_id="load", python_callable=print
    )
"""


def main() -> int:
    """Measure both some times, print the best of each and the ratio; 1 when they find other errors."""
    with tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder:
        place = embedded_place(Path(folder), {"failing.py": _DAGS}, {})
        with worker_on(place, _SIDE) as worker:
            begin = instant("2024-01-01")
            hour = 3_600_000_000
            request = {"dag_id": "failing", "from_date": begin, "to_date": begin + (RUNS - 1) * hour}
            number = worker("launch", request=request)["backfill_id"]
            size = worker("fill", backfill_id=number, lines=LINES)["bytes"]
            own = [worker("ours", backfill_id=number) for _ in range(ROUNDS)]
            stock = [worker("stock") for _ in range(ROUNDS)]
    ours, theirs = (min(rounds, key=lambda one: one["cpu"]) for rounds in (own, stock))
    ratio = theirs["cpu"] / ours["cpu"]
    print(f"  {len(ours['errors']):,} failed task instances, logs of {size / 1e6:.0f} MB in all, SQLite")
    print(f"  ours {ours['seconds']:.2f} s ({ours['cpu']:.2f} s of CPU), grouped in {ours['grouping']:.3f} s")
    print(f"  again, every log known {ours['again']:.3f} s")
    print(f"  Airflow's reader, every log whole {theirs['seconds']:.2f} s ({theirs['cpu']:.2f} s of CPU)")
    verdict = "reached" if ratio >= TARGET_RATIO else "MISSED"
    print(f"  {ratio:.0f} times less CPU, target {TARGET_RATIO} times: {verdict}; groups: {ours['groups']}")
    same = ours["errors"] == theirs["errors"]
    print("  the same errors" if same else "  OTHER ERRORS")
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
