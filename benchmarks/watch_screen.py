"""The real program in a real terminal while 500 changes a second are committed: commit to paint, and cost.

The screen follows the backfill of a million task instances, with the cursor on its last dates, which are the
ones that run. A commit counts as painted when the terminal has received its cell.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psutil

from backfill_tui.domain.states import TaskState
from backfill_tui.ui.glyphs import TASK_MARKS
from benchmarks.watch_stage import CHANGES_A_SECOND, CYCLE_SECONDS, Stage
from benchmarks.watch_terminal import WatchingTerminal
from benchmarks.watch_truth import read_in_full

SECONDS: Final = 20
QUIET_SECONDS: Final = 20
PAINT_TARGET_MS: Final = 250
MEMORY_TARGET_MB: Final = 80
CPU_TARGETS: Final = {"idle, the list of Dags": 0.3, "polling, nothing changes": 1.5, "live": 8.0}
"""Percent of a core, screen and bridge together."""
_MEGA: Final = 1 << 20
_SETTLED_SECONDS: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class ScreenFigures:
    """Times in ms, memory in MB, and CPU of screen and bridge in percent of a core by what goes on."""

    paints: list[float]
    unpainted: int
    wrong: int
    cpu: dict[str, tuple[float, float]]
    memory: tuple[float, float]


def measure(stage: Stage, name: str = "1M") -> ScreenFigures:
    """Open the watch screen on a backfill, leave it alone, then let a writer write."""
    with _program(stage) as terminal:
        terminal.wait_for(f"wide_{name}", seconds=120)
        time.sleep(_SETTLED_SECONDS)
        cost = _Cost(terminal)
        cpu = {"idle, the list of Dags": cost.of(QUIET_SECONDS)}
        _open(terminal, name)
        cpu["polling, nothing changes"] = cost.of(QUIET_SECONDS)
        with stage.writer(name, SECONDS) as writer:
            cpu["live"] = cost.of(SECONDS)
            written = json.loads(writer.communicate(timeout=120)[0])
        time.sleep(_SETTLED_SECONDS)
        paints, unpainted = _paints(terminal, written)
        memory = cost.memory()
        wrong, until = _wrong_cells(terminal, stage, name), time.monotonic() + CYCLE_SECONDS
        while wrong and time.monotonic() < until:
            time.sleep(_SETTLED_SECONDS)
            wrong = _wrong_cells(terminal, stage, name)
    return ScreenFigures(paints=paints, unpainted=unpainted, wrong=wrong, cpu=cpu, memory=memory)


@contextmanager
def opened(stage: Stage, name: str) -> Iterator[tuple[psutil.Process, psutil.Process]]:
    """The watch screen of a backfill, open on its last dates: its process and that of the bridge."""
    with _program(stage) as terminal:
        terminal.wait_for(f"wide_{name}", seconds=120)
        _open(terminal, name)
        cost = _Cost(terminal)
        yield cost.screen, cost.bridge


@contextmanager
def _program(stage: Stage) -> Iterator[WatchingTerminal]:
    """The program, attached to a stage; it is quit at the end."""
    environment = {
        **stage.place.environment,
        **{f"XDG_{kind}_HOME": str(stage.place.home / kind.lower()) for kind in ("STATE", "CONFIG", "DATA")},
        "TEXTUAL_ANIMATIONS": "none",
        # They come once and go by themselves, which is not what an idle screen does.
        "BACKFILL_TUI_HINTS": "false",
        "COLORTERM": "truecolor",
    }
    words = [sys.executable, "-m", "backfill_tui", "--airflow-home", str(stage.place.home)]
    terminal = WatchingTerminal(words, environment=environment)
    with terminal:
        yield terminal
        terminal.press("ctrl+c")
        terminal.wait_for_exit()


def show(figures: ScreenFigures) -> int:
    """Print them; how many cells of the screen are not as the database says."""
    p50, p95 = (statistics.quantiles(figures.paints, n=100, method="inclusive")[at - 1] for at in (50, 95))
    met = _met(p95, PAINT_TARGET_MS)
    seen = len(figures.paints)
    print(f"    on the screen, {CHANGES_A_SECOND} changes a second for {SECONDS} s, terminal of 200x50")
    print(f"      committed to painted: p50 {p50:.0f} ms, p95 {p95:.0f} ms (target {PAINT_TARGET_MS} {met})")
    print(
        f"      {figures.unpainted} of {seen + figures.unpainted} commits unseen, {figures.wrong} cells wrong"
    )
    for what, (screen, bridge) in figures.cpu.items():
        target, both = CPU_TARGETS[what], screen + bridge
        print(
            f"      CPU, {what}: {both:.1f} % of a core, screen {screen:.1f}, bridge {bridge:.1f} "
            f"(target {target} {_met(both, target)})"
        )
    screen, bridge = figures.memory
    met = _met(screen, MEMORY_TARGET_MB)
    print(f"      memory: screen {screen:.0f} MB (target {MEMORY_TARGET_MB} {met}), bridge {bridge:.0f} MB")
    return figures.unpainted + figures.wrong


def _met(figure: float, target: float) -> str:
    return "met" if figure <= target else "MISSED"


class _Cost:
    """What the program costs: its screen, and its bridge."""

    def __init__(self, terminal: WatchingTerminal) -> None:
        self.screen = psutil.Process(terminal.process.pid)
        (self.bridge,) = self.screen.children()

    def of(self, seconds: float) -> tuple[float, float]:
        """Percent of a core that each uses over so many seconds."""
        began, before = time.monotonic(), (_cpu(self.screen), _cpu(self.bridge))
        time.sleep(seconds)
        took, after = time.monotonic() - began, (_cpu(self.screen), _cpu(self.bridge))
        screen, bridge = (100 * (now - then) / took for now, then in zip(after, before, strict=True))
        return screen, bridge

    def memory(self) -> tuple[float, float]:
        """Resident memory of each, in MB."""
        return self.screen.memory_info().rss / _MEGA, self.bridge.memory_info().rss / _MEGA


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _open(terminal: WatchingTerminal, name: str) -> None:
    """Watch the newest backfill of a Dag, with the cursor on its last date."""
    terminal.press("/")
    terminal.wait_for("f1 help")
    terminal.press(f"wide_{name}", "enter")
    terminal.wait_until_gone("f1 help")
    terminal.press("w")
    terminal.wait_for("10,000 runs", seconds=60)
    terminal.press("end")
    terminal.wait_for("running", "> ")
    time.sleep(_SETTLED_SECONDS)


_CELL: Final = 2
"""A hundred tasks on 200 columns stand in two each."""


@dataclass(frozen=True)
class _Places:
    """Where runs and tasks stand on the screen."""

    line_of_date: dict[str, int]
    first_task: int
    tasks: int

    @classmethod
    def on(cls, terminal: WatchingTerminal) -> _Places:
        lines = terminal.text.split("\n")
        head = next(line for line in lines if "Run" in line and " 5 " in line)
        first = head.index(" 1 ", head.index("Run")) + 1
        dates = {found[0]: at for at, line in enumerate(lines) if (found := re.search(_DATE, line))}
        # Every fifth has its number; what is to the right of the last one may be cut off.
        last = 1
        for number in map(int, re.findall(r"\d+", head[first + 1 :])):
            if number != last - last % 5 + 5:
                break
            last = number
        return cls(dates, first, last)

    def of(self, run_id: str, task_id: str) -> tuple[int, int] | None:
        """The line and the column of a task instance; None where it is not seen."""
        date = run_id.partition("__")[2][:16].replace("T", " ")
        line, task = self.line_of_date.get(date), int(task_id.rpartition("_")[2])
        return None if line is None or task >= self.tasks else (line, self.first_task + task * _CELL)


_DATE: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d"


def _paints(
    terminal: WatchingTerminal, written: list[tuple[str, str, str, float]]
) -> tuple[list[float], int]:
    """How long the commits that are seen took to the terminal, in ms; how many never came."""
    places, came = _Places.on(terminal), terminal.cells.came
    took, missed = [], 0
    for run_id, task_id, state, at in written:
        place = places.of(run_id, task_id)
        if place is None:
            continue
        painted = came.get((*place, TASK_MARKS[TaskState(state)].sign))
        if painted is None or painted < at:
            missed += 1
        else:
            took.append((painted - at) * 1000)
    return took, missed


def _wrong_cells(terminal: WatchingTerminal, stage: Stage, name: str) -> int:
    """How many of the cells that are seen are not as the database says."""
    places, lines, wrong = _Places.on(terminal), terminal.text.split("\n"), 0
    for run_id, task_id, state in read_in_full(stage.database, stage.backfills[name]).tasks:
        place = places.of(run_id, task_id)
        if place is not None:
            line, column = place
            wrong += lines[line][column] != TASK_MARKS[TaskState(state or "no_status")].sign
    return wrong
