"""Watching a million task instances, on SQLite and on PostgreSQL, against reading all of them again.

A real bridge follows a backfill of 1,000 and one of 10,000 runs of 100 tasks, ten of which are running: how
soon the first cells and all cells are there, and what a tick costs the bridge while nothing is written and
while another process commits 500 changes a second. Then it is seen how long each commit took to arrive, and
whether anything was missed: all cells are compared with the database. The naive side reads the same tables
in full with nothing but the driver, which is in its favour. How long it takes to say why one task waits is
timed as well. `python -m benchmarks.watch sqlite` or `postgresql` does one of the two; each takes about two
minutes.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.edits import Edits, editing_on
from tests.support.worker import Place, attached_place

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.states import CODE_OF, TaskState, task_code
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from benchmarks import watch_fill
from benchmarks.watch_cells import WAITING, time_cells
from benchmarks.watch_side import WITNESS

TASKS: Final = 100
RUNS: Final = {"100k": 1_000, "1M": 10_000}
CHANGES_A_SECOND: Final = 500
LIVE_SECONDS: Final = {"100k": 6, "1M": 20}
IDLE_SECONDS: Final = 4
CYCLE_SECONDS: Final = 80
"""Longer than the slow lane takes to go through 10,000 runs."""
TICK_RATIO: Final = 1.5
"""What a tick may cost more with ten times the task instances."""
_MEGA: Final = 1 << 20

_DAGS: Final = f"""\
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for name in {tuple(RUNS)!r}:
    with DAG(f"wide_{{name}}", schedule="@hourly", start_date=datetime(2000, 1, 1, tzinfo=timezone.utc)):
        before = None
        for number in range({TASKS}):
            task = EmptyOperator(task_id=f"task_{{number:03}}")
            if before is not None:
                before >> task
            before = task
"""


@dataclass
class Followed:
    """A store fed by the stream, and when each witness was first seen."""

    stream: Iterator[GridUpdate]
    process: psutil.Process
    store: GridStore = field(default_factory=GridStore)
    seen: dict[tuple[str, str], float] = field(default_factory=dict)
    ticks: int = 0

    def take(self) -> GridUpdate:
        """The next update, applied; a tick ends with the last of its updates."""
        update = next(self.stream)
        at = time.monotonic()
        change = self.store.apply(update)
        self.ticks += update.loaded
        witness = CODE_OF[TaskState(WITNESS)]
        for index in change.rows:
            cells, row = self.store.row_cells(index), self.store.rows[index]
            for column in (place for place, code in enumerate(cells) if code == witness):
                if row is not None and row.run_id is not None:
                    self.seen.setdefault((row.run_id, self.store.columns[column].task_id), at)
        return update

    def for_seconds(self, seconds: float) -> tuple[float, float]:
        """Take for so long: CPU of the bridge in ms a tick, and in percent of a core."""
        began, cpu, ticks = time.monotonic(), _cpu(self.process), self.ticks
        while (now := time.monotonic()) < began + seconds:
            self.take()
        used = _cpu(self.process) - cpu
        return used / max(1, self.ticks - ticks) * 1000, used / (now - began) * 100


def main() -> int:
    """Measure both databases; 1 when a cell was missed."""
    missed = 0
    for kind in sys.argv[1:] or ("sqlite", "postgresql"):
        with (
            tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder,
            _stage(kind, Path(folder)) as stage,
        ):
            missed += _measure(*stage)
    return int(missed > 0)


@contextmanager
def _stage(kind: str, folder: Path) -> Iterator[tuple[Database, Place, dict[str, int]]]:
    """A filled database, and its backfills by name."""
    with _database(kind, folder) as database:
        place = attached_place(folder, {"wide.py": _DAGS}, {}, database.url)
        began = time.monotonic()
        with editing_on(place.environment, folder / "editing.log") as edits:
            edits.do("create_database")
            edits.do("sync", folder=str(folder / "dags"))
            edits.do("beat", seconds_ago=-3600)
            backfills = {name: _one_run(edits, f"wide_{name}") for name in RUNS}
        for name, runs in RUNS.items():
            watch_fill.fill(database, f"wide_{name}", backfills[name], runs)
        print(f"  {database.kind}, filled in {time.monotonic() - began:.0f} s", flush=True)
        yield database, place, backfills


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[Database]:
    if kind == "sqlite":
        yield sqlite_database(folder / "airflow.db")
        return
    with postgresql_database() as database:
        yield database


def _one_run(edits: Edits, dag_id: str) -> int:
    """A backfill of one run, which is the pattern of all others."""
    number: int = edits.do("bulk", dag_id=dag_id, runs=1, running=0)
    return number


@dataclass(frozen=True, kw_only=True)
class _Figures:
    """What following one backfill cost; times in ms, CPU of the bridge."""

    first_cells: float
    all_cells: float
    all_cells_cpu: float
    idle: tuple[float, float]
    live: tuple[float, float]
    naive: float
    cells: dict[str, float]


def _measure(database: Database, place: Place, backfills: dict[str, int]) -> int:
    """Follow both backfills; how many cells were missed."""
    command = BridgeCommand(
        words=[sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"],
        environment=place.environment,
        log=place.home / "bridge.log",
    )
    child = BridgeChild(command)
    gateway = BridgeGateway(child)
    missed = 0
    try:
        gateway.open()
        figures = {}
        for name, backfill_id in backfills.items():
            cells = time_cells(gateway, psutil.Process(child.pid), database, f"wide_{name}")
            with gateway.watch(BackfillId(backfill_id)) as stream:
                followed = Followed(stream, psutil.Process(child.pid))
                figures[name] = _follow(database, followed, backfill_id, name, cells)
                if name == "1M":
                    missed = _compare(database, followed, backfill_id)
        _print(figures)
    finally:
        gateway.close()
    return missed


def _follow(
    database: Database, followed: Followed, backfill_id: int, name: str, cells: dict[str, float]
) -> _Figures:
    began, cpu = time.monotonic(), _cpu(followed.process)
    while not followed.take().rows:
        pass
    first = time.monotonic() - began
    while not followed.store.loaded:
        followed.take()
    everything, used = time.monotonic() - began, _cpu(followed.process) - cpu
    _settle(followed)
    memory = followed.process.memory_info().rss / _MEGA
    idle = followed.for_seconds(IDLE_SECONDS)
    naive = _naive(database, backfill_id)
    with _writer(database, backfill_id, LIVE_SECONDS[name]) as writer:
        live = followed.for_seconds(LIVE_SECONDS[name])
        written = json.loads(writer.communicate(timeout=60)[0])
    _settle(followed)
    if name == "1M":
        _print_live(followed, written, live, memory)
    return _Figures(
        first_cells=first * 1000,
        all_cells=everything * 1000,
        all_cells_cpu=used * 1000,
        idle=idle,
        live=live,
        naive=naive,
        cells=cells,
    )


@contextmanager
def _writer(database: Database, backfill_id: int, seconds: int) -> Iterator[subprocess.Popen[str]]:
    words = [database.kind, database.name, str(backfill_id), str(seconds), str(CHANGES_A_SECOND)]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.watch_side", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _settle(followed: Followed) -> None:
    """Take what has arrived meanwhile."""
    for _ in range(5):
        followed.take()


def _naive(database: Database, backfill_id: int) -> float:
    """CPU in ms of reading every run and task instance, once."""
    with database.stranger() as connection, closing(connection.cursor()) as cursor:
        began = time.process_time()
        _read_in_full(cursor, backfill_id)
        return (time.process_time() - began) * 1000


def _read_in_full(cursor: Any, backfill_id: int) -> tuple[dict[str, str], list[tuple[str, str, str | None]]]:
    """The state of every run, and every task instance as run, task and state."""
    cursor.execute(f"SELECT dag_id, run_id, state FROM dag_run WHERE backfill_id = {backfill_id}")  # noqa: S608
    runs = cursor.fetchall()
    # The try number keeps SQLite from an index that takes it many times as long.
    cursor.execute(
        "SELECT run_id, task_id, state, try_number FROM task_instance "  # noqa: S608
        f"WHERE dag_id = '{runs[0][0]}'"
    )
    tasks = [(run_id, task_id, state) for run_id, task_id, state, _ in cursor.fetchall()]
    return {run_id: state for _, run_id, state in runs}, tasks


def _compare(database: Database, followed: Followed, backfill_id: int) -> int:
    """Print how much differs from the database at once, and when nothing does any more; what is left."""
    with database.stranger() as connection, closing(connection.cursor()) as cursor:
        runs, tasks = _read_in_full(cursor, backfill_id)
    began = time.monotonic()
    first = left = _differences(followed.store, runs, tasks)
    while left and time.monotonic() < began + CYCLE_SECONDS:
        followed.for_seconds(3)
        left = _differences(followed.store, runs, tasks)
    print(
        f"    compared with a full reading: {first} cells of ended runs not seen yet when the writer ended, "
        f"{left} after {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return left


def _differences(store: GridStore, runs: dict[str, str], tasks: list[tuple[str, str, str | None]]) -> int:
    """How many runs and cells are not as the database says."""
    index_of = {row.run_id: index for index, row in enumerate(store.rows) if row is not None}
    column_of = {str(column.task_id): place for place, column in enumerate(store.columns)}
    cells = [store.row_cells(index) for index in range(len(store.rows))]
    wrong = sum(
        cells[index_of[run_id]][column_of[task_id]] != task_code(state)  # type: ignore[index]
        for run_id, task_id, state in tasks
    )
    states = {row.run_id: str(row.state) for row in store.rows if row is not None}
    return wrong + sum(states.get(run_id) != state for run_id, state in runs.items())  # type: ignore[call-overload]


def _print_live(
    followed: Followed, written: list[tuple[str, str, float]], live: tuple[float, float], memory: float
) -> None:
    took = [
        (followed.seen[run_id, task_id] - at) * 1000
        for run_id, task_id, at in written
        if (run_id, task_id) in followed.seen
    ]
    p50, p95 = (statistics.quantiles(took, n=100, method="inclusive")[at - 1] for at in (50, 95))
    grown = followed.process.memory_info().rss / _MEGA
    print(
        f"    {CHANGES_A_SECOND} changes a second for {LIVE_SECONDS['1M']} s: committed to received "
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms (target 250 to the paint), {len(written) - len(took)} of "
        f"{len(written)} commits unseen\n"
        f"    bridge: {live[1]:.1f} % of a core (target 8), "
        f"memory {memory:.0f} MB before, {grown:.0f} MB after",
        flush=True,
    )


def _print(figures: dict[str, _Figures]) -> None:
    small, large = figures["100k"], figures["1M"]
    print(f"    {'':<46}{'100k':>9}{'1M':>9}   ratio   target")
    for title, few, many, target, at_most in (
        ("first cells, ms", small.first_cells, large.first_cells, 80, None),
        ("all cells, ms", small.all_cells, large.all_cells, 1_200, None),
        ("  CPU of the bridge for them, ms", small.all_cells_cpu, large.all_cells_cpu, None, None),
        ("CPU a tick, nothing changes, ms", small.idle[0], large.idle[0], 10, TICK_RATIO),
        ("CPU a tick, 500 changes a second, ms", small.live[0], large.live[0], 10, TICK_RATIO),
        *(
            (f"CPU to say why a task waits ({state}), ms", small.cells[state], large.cells[state], 10, None)
            for state in WAITING
        ),
        ("CPU of a full reading instead, ms", small.naive, large.naive, None, None),
    ):
        ratio = many / max(0.1, few)
        words = [] if target is None else [f"{target:,} {'met' if many <= target else 'MISSED'}"]
        words += [] if at_most is None else [f"ratio {at_most} {'met' if ratio <= at_most else 'MISSED'}"]
        print(f"    {title:<46}{few:>9.1f}{many:>9.1f}{ratio:>8.1f}   {', '.join(words)}", flush=True)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    sys.exit(main())
