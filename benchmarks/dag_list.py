"""The list of 10,000 Dags of a metadata database: read, on the screen, and filtered.

The Dags are copies of one with 16 runs each, on SQLite and on PostgreSQL, and the bridge is ready. Beside it,
the other way to make such a list: loading every serialized Dag, as `SerializedDagModel.read_all_dags` does.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support import many_dags
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.edits import editing_on
from tests.support.screen import looking_at
from tests.support.worker import Place, attached_place

from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from backfill_tui.ui.app import BackfillApp

DAGS: Final = 10_000
ROUNDS: Final = 5
TARGET_MS: Final = 300
_DAG: Final = """\
import pendulum
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG("pattern", schedule="30 5 * * *", start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
         catchup=False, tags=["report"], default_args={"owner": "sales"}):
    before = None
    for number in range(10):
        task = EmptyOperator(task_id=f"task_{number}")
        before = task if before is None else before >> task
"""
_EVERY_SERIALIZED_DAG: Final = """\
import time
from airflow.models.serialized_dag import SerializedDagModel
began = time.perf_counter()
found = SerializedDagModel.read_all_dags()
print(len(found), (time.perf_counter() - began) * 1000)
"""


def main() -> None:
    """Measure on both databases and print the figures."""
    for kind in ("sqlite", "postgresql"):
        with (
            tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder,
            _filled(kind, Path(folder)) as place,
        ):
            _measure(kind, place, Path(folder))


@contextmanager
def _filled(kind: str, folder: Path) -> Iterator[Place]:
    with _database(kind, folder) as database:
        place = attached_place(folder, {"pattern.py": _DAG}, {}, database.url)
        with editing_on(place.environment, folder / "editing.log") as edits:
            edits.do("create_database")
            edits.do("sync", folder=str(folder / "dags"))
            edits.do("bulk", dag_id="pattern", runs=16, running=0)
        many_dags.fill(database, "pattern", DAGS)
        yield place


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[Database]:
    if kind == "sqlite":
        yield sqlite_database(folder / "airflow.db")
        return
    with postgresql_database() as database:
        yield database


def _measure(kind: str, place: Place, folder: Path) -> None:
    words = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"]
    child = BridgeChild(BridgeCommand(words=words, environment=place.environment, log=folder / "bridge.log"))
    gateway = BridgeGateway(child)
    try:
        gateway.open()
        first = _milliseconds(gateway.dags)
        read = statistics.median(_milliseconds(gateway.dags) for _ in range(ROUNDS))
        screen, filtered = asyncio.run(_on_screen(gateway))
    finally:
        gateway.close()
    done = subprocess.run(
        [sys.executable, "-c", _EVERY_SERIALIZED_DAG],
        env=place.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    number, naive = done.stdout.split()[-2:]
    print(f"{kind}, {DAGS + 1:,} Dags with 16 runs each")
    print(f"  read through the bridge      {first:8.0f} ms first, {read:.0f} ms afterwards")
    print(f"  on the screen                {screen:8.0f} ms after the bridge is ready (target {TARGET_MS})")
    print(f"  filtered, a letter           {filtered:8.0f} ms (target {TARGET_MS})")
    times = float(naive) / read
    print(f"  every serialized Dag, {int(number):,} {float(naive):6.0f} ms, {times:.0f} times as long")


async def _on_screen(gateway: BridgeGateway) -> tuple[float, float]:
    """Milliseconds to the first list after the bridge is open, and the median of a letter in the filter."""
    app = BackfillApp(connect=lambda: gateway, where="attached")
    opened: list[float] = []
    app.watch(app, "connection", lambda _: opened.append(time.perf_counter()), init=False)
    async with looking_at(app, size=(120, 36)) as eyes:
        await eyes.until(lambda: "pattern_00001" in eyes.text())
        shown = (time.perf_counter() - opened[-1]) * 1000
        await eyes.press("slash")
        times = []
        for letter in "n_0777":
            began = time.perf_counter()
            await eyes.press(letter)
            times.append((time.perf_counter() - began) * 1000)
        await eyes.sees("pattern_07770")
    return shown, statistics.median(times)


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
