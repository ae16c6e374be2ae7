"""How soon there is something to see: the first frame, and the list of Dags.

Both are measured from the start of the process to the text on a real terminal of 120x36, on a warm home with
the example Dags, in turn with `airflow dags list` (which reads the database; `--local` parses the files, as
backfill-tui does before it shows the list).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.terminal import Terminal

from backfill_tui.engine.control import EngineControl
from backfill_tui.engine.home import EmbeddedHome, prepare_home

ROUNDS = 5
FIRST_FRAME_SECONDS = 0.6
FIRST_FRAME_TIMES_FASTER = 7.0
_DAGS = Path(__file__).parents[1] / "dags"
# Together only in the list: the steps of the start-up name one file at a time.
_LISTED = ("ledger", "my_backfill_dag", "weekend_branch")


@dataclass
class Seconds:
    """What was measured, a value a round."""

    first_frame: list[float] = field(default_factory=list)
    dag_list: list[float] = field(default_factory=list)
    airflow: list[float] = field(default_factory=list)
    airflow_local: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and print the medians, the ratios and the targets."""
    with tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder:
        home = prepare_home(Path(folder) / "home", _DAGS)
        engine = EngineControl(home)
        try:
            _program(home, "dags")
            measured = Seconds()
            for _ in range(ROUNDS):
                _measure_screen(home, measured)
                engine.stop()
                measured.airflow.append(_airflow(home, "dags", "list"))
                measured.airflow_local.append(_airflow(home, "dags", "list", "--local"))
        finally:
            engine.stop()
    _print(measured)


def _measure_screen(home: EmbeddedHome, measured: Seconds) -> None:
    began = time.perf_counter()
    with Terminal(
        _words(home), environment=_environment(), columns=120, lines=36, directory=_DAGS.parent
    ) as terminal:
        # The top line and the footer: the whole of the first frame.
        terminal.wait_for("backfill-tui", "quit", seconds=60)
        measured.first_frame.append(time.perf_counter() - began)
        terminal.wait_for(*_LISTED, seconds=60)
        measured.dag_list.append(time.perf_counter() - began)
        terminal.press("q")
        terminal.wait_for_exit()


def _words(home: EmbeddedHome, *command: str) -> Sequence[str]:
    program = [sys.executable, "-m", "backfill_tui"]
    return [*program, "--dags-folder", str(home.dags_folder), "--home", str(home.path), *command]


def _environment() -> dict[str, str]:
    # Compiled modules are kept, as for everybody: without them either side would measure its compiler.
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("BACKFILL_TUI_") and name != "PYTHONDONTWRITEBYTECODE"
    }


def _program(home: EmbeddedHome, *command: str) -> None:
    subprocess.run(_words(home, *command), env=_environment(), check=True, capture_output=True, timeout=300)


def _airflow(home: EmbeddedHome, *words: str) -> float:
    command = [str(Path(sys.executable).with_name("airflow")), *words]
    began = time.perf_counter()
    done = subprocess.run(
        command,
        env=home.environment(_environment()),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    seconds = time.perf_counter() - began
    # A Dag file that does not import is an exit code of 1 here; the list is there all the same.
    assert "my_backfill_dag" in done.stdout, done.stderr
    return seconds


def _print(measured: Seconds) -> None:
    first, listed = statistics.median(measured.first_frame), statistics.median(measured.dag_list)
    airflow, local = statistics.median(measured.airflow), statistics.median(measured.airflow_local)
    print(f"start-up, medians of {ROUNDS} rounds in turn, warm, terminal of 120x36")
    print(
        f"  {'first frame':<34} {first:6.2f} s   {airflow / first:5.1f} times faster than airflow dags list"
    )
    print(f"  {'Dag list on the screen':<34} {listed:6.2f} s   {listed / airflow:5.2f} of its time")
    print(f"  {'airflow dags list':<34} {airflow:6.2f} s")
    print(f"  {'airflow dags list --local':<34} {local:6.2f} s   {listed / local:5.2f} of its time is ours")
    for what, met in (
        (f"first frame within {FIRST_FRAME_SECONDS} s", first <= FIRST_FRAME_SECONDS),
        (
            f"first frame {FIRST_FRAME_TIMES_FASTER:.0f} times faster",
            airflow / first >= FIRST_FRAME_TIMES_FASTER,
        ),
        ("Dag list not slower", listed <= airflow),
    ):
        print(f"  target: {what:<32} {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
