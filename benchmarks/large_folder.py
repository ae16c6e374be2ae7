"""How long it takes to come up over a folder of 300 Dag files, on a warm home.

From the start of the bridge's process to the answer of `open` (every file is parsed and synced, none has
changed), in turn with `airflow dags list`, which reads the database only, and with `--local`, which parses.
Wall seconds and CPU seconds, those of all children too.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from tests.support.bridges import bridge_command

from backfill_tui.engine.home import EmbeddedHome, prepare_home
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild
from backfill_tui.gateway.port import ignore

FILES = 300
ROUNDS = 5
_DAG = """\
import pendulum
from airflow.sdk import DAG, task
from airflow.providers.standard.operators.bash import BashOperator

with DAG(
    "report_{number:03}",
    schedule="{minute} 5 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup={catchup},
    tags=["report", "team_{team}"],
    default_args={{"owner": "team_{team}", "retries": 2}},
):

    @task
    def extract() -> int:
        return {number}

    @task
    def load(rows: int) -> None:
        print(rows)

    load(extract()) >> BashOperator(task_id="publish", bash_command="echo published")
"""


@dataclass
class Costs:
    """Wall and CPU seconds, a value a round."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, wall: float, cpu: float) -> None:
        """Note one round."""
        self.wall.append(wall)
        self.cpu.append(cpu)


def main() -> None:
    """Measure and print the medians, the ratios and the target."""
    ours, listing, local = Costs(), Costs(), Costs()
    with tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder:
        home = make_home(Path(folder), FILES)
        # The first makes the database and writes all Dags, the second compiles nothing any more.
        first = open_once(home)
        open_once(home)
        for _ in range(ROUNDS):
            ours.add(*open_once(home))
            listing.add(*_airflow(home, "dags", "list"))
            local.add(*_airflow(home, "dags", "list", "--local"))
    _print(first, ours, listing, local)


def make_home(folder: Path, files: int) -> EmbeddedHome:
    """A home on a folder of so many Dag files with one Dag each."""
    dags = folder / "dags"
    dags.mkdir()
    for number in range(files):
        source = _DAG.format(number=number, minute=number % 60, catchup=number % 3 == 0, team=number % 7)
        (dags / f"report_{number:03}.py").write_text(source, encoding="utf-8")
    return prepare_home(folder / "home", dags)


def open_once(home: EmbeddedHome) -> tuple[float, float]:
    """Start a bridge and let it come up; wall and CPU seconds until the answer."""
    began = time.perf_counter()
    child = BridgeChild(bridge_command(home))
    gateway = BridgeGateway(child)
    try:
        gateway.open(ignore)
        wall = time.perf_counter() - began
        family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
        return wall, sum(sum(process.cpu_times()[:4]) for process in family)
    finally:
        gateway.close()


def _airflow(home: EmbeddedHome, *words: str) -> tuple[float, float]:
    command = [str(Path(sys.executable).with_name("airflow")), *words]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        command, env=home.environment(os.environ), capture_output=True, text=True, timeout=300, check=False
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert f"report_{FILES - 1:03}" in done.stdout, done.stderr
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _print(first: tuple[float, float], ours: Costs, listing: Costs, local: Costs) -> None:
    print(f"coming up over {FILES} Dag files, medians of {ROUNDS} rounds in turn")
    print(f"  {'':<34} {'wall':>8} {'CPU':>8}")
    print(f"  {'open, fresh home':<34} {first[0]:6.2f} s {first[1]:6.2f} s")
    for what, costs in (
        ("open, nothing changed", ours),
        ("airflow dags list", listing),
        ("airflow dags list --local", local),
    ):
        wall, cpu = statistics.median(costs.wall), statistics.median(costs.cpu)
        print(f"  {what:<34} {wall:6.2f} s {cpu:6.2f} s")
    ratio = statistics.median(ours.wall) / statistics.median(listing.wall)
    print(f"  open takes {ratio:.2f} of the time of airflow dags list")
    print(f"  target: {'not slower':<32} {'met' if ratio <= 1 else 'MISSED'}")


if __name__ == "__main__":
    main()
