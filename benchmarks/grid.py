"""The grid against Textual's DataTable: what each costs the thread that draws, in a real terminal of 200x50.

Both sides run one after the other in processes of their own, each on a pseudo terminal; figures are CPU time
of the UI thread (`time.thread_time`), from the act until the screen is drawn. Cells are random, which is the
worst case for a grid that draws equal neighbours at once. The table has fewer rows than the grid, because
filling 10,000 takes it too long: that is in its favour.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

COLUMNS: Final = 100
GRID_ROWS: Final = 10_000
TABLE_ROWS: Final = 1_000
_WIDTH, _HEIGHT = 200, 50
_TIMEOUT_SECONDS = 300

Figures = Mapping[str, list[float]]

_ROWS: Final = (
    ("first paint", "first paint", 50, None),
    ("next 200 rows read", "next 200 rows", 50, None),
    ("page down", "page down", 50, 8.0),
    ("page down, p95", "page down", 95, 16.0),
    ("page down, half of it folded", "page down, folded", 50, 8.0),
    ("1 visible change", "1 change", 50, 3.0),
    ("100 visible changes", "100 changes", 50, 12.0),
    ("10,000 changes", "10000 changes", 50, 25.0),
)


def main() -> None:
    """Run both sides and print them next to each other."""
    title = f"UI thread CPU, ms: {GRID_ROWS:,} x {COLUMNS} grid, {TABLE_ROWS:,} x {COLUMNS} table"
    compare(title, "benchmarks.grid_side", _ROWS)


def compare(title: str, module: str, measured: Sequence[tuple[str, str, int, float | None]]) -> None:
    """Run both sides of a module and print them; a row is a label, a figure's name, percent, and a target."""
    grid, table = _measure(module, "grid"), _measure(module, "table")
    shown = Table(title=title)
    for name in ("", "grid", "DataTable", "times less", "target"):
        shown.add_column(name, justify="left" if not name else "right")
    for label, key, percent, target in measured:
        ours, theirs = _quantile(grid[key], percent), _quantile(table[key], percent)
        met = "" if target is None else f"{target:.0f} {'met' if ours <= target else 'MISSED'}"
        shown.add_row(label, f"{ours:.1f}", f"{theirs:.1f}", f"{theirs / ours:.0f}", met)
    for label, key in (
        ("bytes to the terminal, 1 change", "bytes"),
        ("memory for the content, MB", "memory"),
    ):
        ours, theirs = _quantile(grid[key], 50), _quantile(table[key], 50)
        shown.add_row(label, f"{ours:,.1f}", f"{theirs:,.1f}", f"{theirs / ours:.0f}", "")
    Console().print(shown)


def _quantile(values: list[float], percent: int) -> float:
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _measure(module: str, side: str) -> Figures:
    """Run one side of a module on a pseudo terminal; its figures by name."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "figures.json"
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _HEIGHT, _WIDTH, 0, 0))
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "TEXTUAL_ANIMATIONS": "none",
        }
        environment.pop("NO_COLOR", None)
        process = subprocess.Popen(
            [sys.executable, "-m", module, side, str(result)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        try:
            _drain(master, process)
            process.wait(_TIMEOUT_SECONDS)
        finally:
            process.kill()
            process.wait()
            os.close(master)
        figures: Figures = json.loads(result.read_text(encoding="utf-8"))
        return figures


def _drain(master: int, process: subprocess.Popen[bytes]) -> None:
    """Read what is drawn, so that the terminal never holds the program up."""
    while process.poll() is None:
        ready, _, _ = select.select([master], [], [], 0.2)
        if ready:
            try:
                os.read(master, 1 << 16)
            except OSError:
                return


if __name__ == "__main__":
    main()
