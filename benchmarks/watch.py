"""Watching a million task instances, on SQLite and on PostgreSQL, against reading all of them again.

First the stream alone: a real bridge follows a backfill of 1,000 and one of 10,000 runs of 100 tasks, ten of
which are running: how soon the first cells and all cells are there, and what a tick costs the bridge while
nothing is written and while another process commits 500 changes a second; how long it takes to say why one
task waits is timed as well. Then the program itself in a real terminal: how long a commit takes until the
terminal has received its cell, and what screen and bridge cost. Both are compared with the database in the
end: nothing may be missed. The naive side reads the same tables in full with nothing but the driver, which is
in its favour. `python -m benchmarks.watch sqlite` or `postgresql` does one of the two, in some minutes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks import watch_screen, watch_stream
from benchmarks.watch_stage import RUNS, stage


def main() -> int:
    """Measure both databases; 1 when a cell was missed."""
    missed = 0
    for kind in sys.argv[1:] or ("sqlite", "postgresql"):
        with (
            tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder,
            stage(kind, Path(folder)) as filled,
        ):
            missed += watch_stream.measure(filled)
        # On a stage of its own, as untouched as the first one was.
        with (
            tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder,
            stage(kind, Path(folder), {"1M": RUNS["1M"]}) as filled,
        ):
            missed += watch_screen.show(watch_screen.measure(filled))
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
