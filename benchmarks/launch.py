"""Launches beside Airflow's own `_create_backfill`: how long they take, and what becomes of them in trouble.

1,000 runs of ten tasks are created by both, in turns, in one process on the same database, SQLite and then
PostgreSQL: ours is what the bridge does for a launch, with the plan looked at again, progress, the journal
and the comparison with what was there before. The ratio is that of the medians. What goes wrong is in
`benchmarks.launch_faults`. `python -m benchmarks.launch speed` or `faults` does one of the two.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.support.launch_stage import Stage, a_request, launch_stage
from tests.support.world import instant

from benchmarks.launch_faults import compare

DATABASES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
SIDE: Final = Path(__file__).with_name("launch_side.py")
RUNS: Final = 1_000
TASKS: Final = 10
ROUNDS: Final = 5
TARGET_RATIO: Final = 1.1


def main() -> int:
    """Measure and compare both on both databases; 1 when one of them did not create all runs."""
    chosen = sys.argv[1:]
    failed = False
    for kind, name in DATABASES.items():
        with (
            tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder,
            launch_stage(kind, Path(folder), SIDE) as stage,
        ):
            if "faults" not in chosen:
                failed |= not _speed(stage, name, Path(folder))
            if "speed" not in chosen:
                compare(stage, name)
    return int(failed)


def _speed(stage: Stage, name: str, folder: Path) -> bool:
    request = a_request("ten_tasks", days=RUNS, first=instant("2021-03-01"))
    both: dict[str, list[dict[str, Any]]] = {"ours": [], "stock": []}
    # The first round warms both up; the order changes, so that no side always comes second.
    for number in range(ROUNDS + 1):
        for side in sorted(both, reverse=bool(number % 2)):
            more: dict[str, Any] = {"journal": str(folder / "journal")} if side == "ours" else {}
            measured = stage.worker(side, request=request, **more)
            if number:
                both[side].append(measured)
    print(f"  {name}, {RUNS:,} runs x {TASKS} tasks, medians of {ROUNDS} rounds")
    for what, title in (("cpu", "CPU of the creating process"), ("wall", "from beginning to end")):
        ours, stock = (median(each[what] for each in both[side]) for side in ("ours", "stock"))
        met = "met" if ours / stock <= TARGET_RATIO else "MISSED"
        print(
            f"    {title:<30} Airflow's {stock:>6.2f} s   ours {ours:>6.2f} s   ratio {ours / stock:.2f}"
            f"   target {TARGET_RATIO}: {met}",
            flush=True,
        )
    whole = {(each["runs"], each["task_instances"]) for side in both.values() for each in side}
    return whole == {(RUNS, RUNS * TASKS)}


if __name__ == "__main__":
    sys.exit(main())
