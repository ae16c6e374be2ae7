"""The stream alone, into a store: how soon all is there, what a tick costs the bridge, what is missed."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import psutil

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.states import CODE_OF, CODES, TaskState
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from benchmarks.watch_cells import WAITING, time_cells
from benchmarks.watch_side import WITNESSES
from benchmarks.watch_stage import CHANGES_A_SECOND, CYCLE_SECONDS, RUNS, Stage
from benchmarks.watch_truth import differences, read_in_full

LIVE_SECONDS: Final = {"100k": 6, "1M": 20}
IDLE_SECONDS: Final = 4
TICKS_A_SECOND: Final = 5
ROWS_IN_VIEW: Final = 45
"""The last ones, as on a terminal of 200x50."""
TICK_RATIO: Final = 1.5
"""What a tick may cost more with ten times the task instances."""
_WITNESS_CODES: Final = frozenset(CODE_OF[TaskState(state)] for state in WITNESSES)


@dataclass
class Followed:
    """A store fed by the stream, and when each witness was first seen: run, task and state."""

    stream: Iterator[GridUpdate]
    process: psutil.Process
    store: GridStore = field(default_factory=GridStore)
    seen: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def take(self) -> GridUpdate:
        """The next update, applied."""
        update = next(self.stream)
        at = time.monotonic()
        change = self.store.apply(update)
        for index in change.rows:
            cells, row = self.store.row_cells(index), self.store.rows[index]
            for column in (place for place, code in enumerate(cells) if code in _WITNESS_CODES):
                if row is not None and row.run_id is not None:
                    witness = (row.run_id, self.store.columns[column].task_id, str(CODES[cells[column]]))
                    self.seen.setdefault(witness, at)
        return update

    def for_seconds(self, seconds: float) -> tuple[float, float]:
        """Take for so long: CPU of the bridge in ms a tick, told or not, and in percent of a core."""
        began, cpu = time.monotonic(), _cpu(self.process)
        while (now := time.monotonic()) < began + seconds:
            self.take()
        used = _cpu(self.process) - cpu
        return used / ((now - began) * TICKS_A_SECOND) * 1000, used / (now - began) * 100

    def settle(self) -> None:
        """Take what has arrived meanwhile."""
        for _ in range(5):
            self.take()


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What following one backfill cost; times in ms, CPU of the bridge."""

    first_cells: float
    all_cells: float
    all_cells_cpu: float
    idle: tuple[float, float]
    live: tuple[float, float]
    naive: float
    cells: dict[str, float]


def measure(stage: Stage) -> int:
    """Follow both backfills and print what it cost; how many cells of the larger one were missed."""
    command = BridgeCommand(
        words=[sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"],
        environment=stage.place.environment,
        log=stage.place.home / "bridge.log",
    )
    child = BridgeChild(command)
    gateway = BridgeGateway(child)
    missed = 0
    try:
        gateway.open()
        figures = {}
        for name, backfill_id in stage.backfills.items():
            cells = time_cells(gateway, psutil.Process(child.pid), stage.database, f"wide_{name}")
            rows = RUNS[name]
            seen = partial(tuple, range(rows - ROWS_IN_VIEW + 1, rows + 1))
            with gateway.watch(BackfillId(backfill_id), seen) as stream:
                followed = Followed(stream, psutil.Process(child.pid))
                figures[name] = _follow(stage, followed, name, cells)
                if name == "1M":
                    missed = _compare(stage, followed, backfill_id)
        _print(figures)
    finally:
        gateway.close()
    return missed


def _follow(stage: Stage, followed: Followed, name: str, cells: dict[str, float]) -> Figures:
    began, cpu = time.monotonic(), _cpu(followed.process)
    while not followed.take().rows:
        pass
    first = time.monotonic() - began
    while not followed.store.loaded:
        followed.take()
    everything, used = time.monotonic() - began, _cpu(followed.process) - cpu
    followed.settle()
    idle = followed.for_seconds(IDLE_SECONDS)
    naive = read_in_full(stage.database, stage.backfills[name]).cpu_ms
    with stage.writer(name, LIVE_SECONDS[name]) as writer:
        live = followed.for_seconds(LIVE_SECONDS[name])
        written = json.loads(writer.communicate(timeout=120)[0])
    followed.settle()
    if name == "1M":
        _print_live(followed, written)
    return Figures(
        first_cells=first * 1000,
        all_cells=everything * 1000,
        all_cells_cpu=used * 1000,
        idle=idle,
        live=live,
        naive=naive,
        cells=cells,
    )


def _compare(stage: Stage, followed: Followed, backfill_id: int) -> int:
    """Print how much differs from the database at once, and when nothing does any more; what is left."""
    reading = read_in_full(stage.database, backfill_id)
    began = time.monotonic()
    first = left = differences(followed.store, reading)
    while left and time.monotonic() < began + CYCLE_SECONDS:
        followed.for_seconds(3)
        left = differences(followed.store, reading)
    print(
        f"    compared with a full reading: {first} cells of ended runs not seen yet when the writer ended, "
        f"{left} after {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return left


def _print_live(followed: Followed, written: list[tuple[str, str, str, float]]) -> None:
    seen = followed.seen
    took = [
        (seen[run, task, state] - at) * 1000 for run, task, state, at in written if (run, task, state) in seen
    ]
    p50, p95 = (statistics.quantiles(took, n=100, method="inclusive")[at - 1] for at in (50, 95))
    print(
        f"    {CHANGES_A_SECOND} changes a second for {LIVE_SECONDS['1M']} s: committed to received "
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, {len(written) - len(took)} of {len(written)} commits unseen",
        flush=True,
    )


def _print(figures: dict[str, Figures]) -> None:
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
