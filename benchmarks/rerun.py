"""Reruns beside Airflow's own `airflow tasks clear --only-failed`: how long they take, and how much memory.

1,000 failed runs of ten tasks, two of which are to run again, are cleared by both, in turns, in one process
on the same database, SQLite and then PostgreSQL: ours is what the bridge does for a rerun, in parts of fifty
runs with its progress told, its checks and its journal; Airflow's is what its command does once it has
started, which is in its favour. The ratio is that of the medians. Then both clear 100 and 400 runs while
their Python memory is traced. `python -m benchmarks.rerun sqlite` or `postgresql` does one of the two.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.support.launch_stage import Stage, launch_stage

DATABASES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
SIDE: Final = Path(__file__).with_name("rerun_side.py")
DAG: Final = "ten_tasks"
RUNS: Final = 1_000
TRACED_RUNS: Final = (100, 400)
AGAIN: Final = 2
ROUNDS: Final = 3
TARGET_RATIO: Final = 1.0
FLAT: Final = 1.5
_MEGA: Final = 1 << 20


def main() -> int:
    """Measure both on both databases; 1 when one of them did not clear all there was."""
    failed = False
    for kind in sys.argv[1:] or DATABASES:
        with (
            tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder,
            launch_stage(kind, Path(folder), SIDE) as stage,
        ):
            failed |= not _measure(stage, DATABASES[kind], Path(folder))
    return int(failed)


def _measure(stage: Stage, name: str, folder: Path) -> bool:
    backfill_id = stage.worker("prepared", dag_id=DAG, runs=RUNS)
    both: dict[str, list[dict[str, Any]]] = {"ours": [], "stock": []}
    # The first round warms both up; the order changes, so that no side always comes second.
    for number in range(ROUNDS + 1):
        for side in sorted(both, reverse=bool(number % 2)):
            measured = _one(stage, side, backfill_id, folder)
            if number:
                both[side].append(measured)
    print(f"  {name}, {RUNS:,} failed runs, {RUNS * AGAIN:,} task instances, medians of {ROUNDS} rounds")
    for what, title in (("cpu", "CPU of the clearing process"), ("wall", "from beginning to end")):
        ours, stock = (median(each[what] for each in both[side]) for side in ("ours", "stock"))
        met = "met" if ours / stock <= TARGET_RATIO else "MISSED"
        print(
            f"    {title:<30} Airflow's {stock:>6.2f} s   ours {ours:>6.2f} s   ratio {ours / stock:.2f}"
            f"   target {TARGET_RATIO}: {met}",
            flush=True,
        )
    _memory(stage, folder)
    whole = {(each["runs"], each["task_instances"]) for side in both.values() for each in side}
    return whole == {(RUNS, RUNS * AGAIN)}


def _one(stage: Stage, side: str, backfill_id: int, folder: Path, **more: Any) -> dict[str, Any]:
    if side == "ours":
        more["journal"] = str(folder / "journal")
    measured: dict[str, Any] = stage.worker(side, dag_id=DAG, backfill_id=backfill_id, **more)
    return measured


def _memory(stage: Stage, folder: Path) -> None:
    peaks: dict[str, list[float]] = {"stock": [], "ours": []}
    for runs in TRACED_RUNS:
        backfill_id = stage.worker("prepared", dag_id=DAG, runs=runs)
        for side, found in peaks.items():
            found.append(_one(stage, side, backfill_id, folder, memory=True)["peak"] / _MEGA)
    few, many = TRACED_RUNS
    for side, title in (("stock", "Airflow's"), ("ours", "ours")):
        growth = peaks[side][1] / peaks[side][0]
        verdict = "" if side == "stock" else f"   target {FLAT}: {'met' if growth <= FLAT else 'MISSED'}"
        print(
            f"    {'traced memory at its peak':<30} {title:<9} {peaks[side][0]:>5.1f} MB of {few} runs, "
            f"{peaks[side][1]:>5.1f} MB of {many}: {growth:.2f} times{verdict}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
