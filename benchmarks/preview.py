"""Plans of ten years beside Airflow's own dry run: daily and hourly, triggers and data intervals, two zones.

One date in five has a run. Both are asked in the same process on the same database, SQLite and then
PostgreSQL, and must give the same list of dates that run, in the same order. Ours is what the bridge does for
a preview: dates, existing runs, verdicts, warnings, estimate and the encoded answer; the best of some rounds.
Airflow's is made once, for it takes up to a minute.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.databases import postgresql_database
from tests.support.worker import Place, Worker, attached_place, embedded_place, worker_on
from tests.support.world import instant

SHARE: Final = 5
ROUNDS: Final = 5
TARGETS_MS: Final = {"UTC": 100, "America/New_York": 200}
TARGET_RATIO: Final = 300
_SIDE: Final = Path(__file__).with_name("preview_side.py")
_ZONES: Final = ("UTC", "America/New_York")
_SCHEDULES: Final = {"daily": "0 2 * * *", "hourly": "0 * * * *"}
_TIMETABLES: Final = {"trigger": "CronTriggerTimetable", "interval": "CronDataIntervalTimetable"}
_DAGS: Final = """\
import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, CronTriggerTimetable

for zone in {zones!r}:
    for often, cron in {schedules!r}.items():
        for kind, timetable in {timetables!r}.items():
            with DAG(
                f"{{often}}-{{kind}}-{{zone.split('/')[-1]}}",
                schedule=globals()[timetable](cron, timezone=zone),
                start_date=pendulum.datetime(2014, 1, 1, tz=zone),
                catchup=False,
            ) as dag:
                EmptyOperator(task_id="only")
            globals()[dag.dag_id.replace("-", "_")] = dag
"""


def main() -> int:
    """Measure each, print what it took and the ratio; 1 when a list differs."""
    chosen = sys.argv[1:]
    heads = ("ten years, one date in five exists", "dates", "ours", "CPU", "dry run")
    print("  {:<44} {:>7} {:>9} {:>9} {:>10} ratio".format(*heads))
    different = 0
    for database, worker in _workers():
        for zone in _ZONES:
            for often in _SCHEDULES:
                for kind in _TIMETABLES:
                    name = f"{often}-{kind}-{zone.rsplit('/', maxsplit=1)[-1]}"
                    if not chosen or any(word in f"{database} {name}" for word in chosen):
                        different += _measure(worker, database, name, zone)
    return int(different > 0)


def _measure(worker: Worker, database: str, dag_id: str, zone: str) -> int:
    request = {"dag_id": dag_id, "from_date": instant("2015-01-01"), "to_date": instant("2024-12-31T23:59")}
    worker("fill", dag_id=dag_id, request=request, share=SHARE)
    ours = worker("ours", request=request, rounds=ROUNDS)
    theirs = worker("airflows", request=request)
    same = ours["dates"] == theirs["dates"]
    ratio = theirs["cpu"] / ours["cpu"]
    print(
        f"  {database + ' ' + dag_id:<44} {ours['all']:>7,} {ours['wall'] * 1000:>6.0f} ms "
        f"{ours['cpu'] * 1000:>6.0f} ms {theirs['wall']:>8.1f} s {ratio:>5.0f}"
        f"{'' if same else '   THE LISTS DIFFER'}",
        flush=True,
    )
    if dag_id.startswith("hourly"):
        _targets(zone, ours["cpu"] * 1000, ratio)
    return not same


def _targets(zone: str, milliseconds: float, ratio: float) -> None:
    target = TARGETS_MS[zone]
    words = [f"{target} ms: {'met' if milliseconds <= target else 'MISSED'}"]
    if zone == "UTC":
        words.append(f"{TARGET_RATIO} times: {'met' if ratio >= TARGET_RATIO else 'MISSED'}")
    print(f"    target {', '.join(words)}", flush=True)


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder:
        yield Path(folder)


def _workers() -> Iterator[tuple[str, Worker]]:
    """A worker on SQLite, then one on PostgreSQL where there is a server."""
    source = _DAGS.format(zones=_ZONES, schedules=_SCHEDULES, timetables=_TIMETABLES)
    with _home() as folder, worker_on(_quiet(embedded_place(folder, {"d.py": source}, {})), _SIDE) as worker:
        yield "SQLite", worker
    with _home() as folder, postgresql_database() as database:
        place = attached_place(folder, {"d.py": source}, {}, database.url)
        with worker_on(_quiet(place), _SIDE) as worker:
            yield "PostgreSQL", worker


def _quiet(place: Place) -> Place:
    return Place(
        home=place.home,
        environment={**place.environment, "PYTHONPATH": os.pathsep.join(sys.path[:1])},
    )


if __name__ == "__main__":
    sys.exit(main())
