"""Ten minutes of 500 changes a second to a million task instances: what grows, and what does not.

The program follows the backfill in a real terminal, with the cursor on the dates that change. Every ten
seconds the memory, threads and open files of the screen and of the bridge are read. After a warm-up a line is
fitted through the memory: it may grow by no more than `GROWTH_TARGET_MB` in ten minutes, and threads and
files not at all. `python -m benchmarks.soak [sqlite|postgresql] [SECONDS]`; the default is SQLite and 600 s.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.watch_screen import opened
from benchmarks.watch_stage import CHANGES_A_SECOND, RUNS, Stage, stage

SECONDS: Final = 600
EVERY_SECONDS: Final = 10
WARM_UP: Final = 0.35
"""The part of the time in which caches fill up, which is not growth: while others write, the bridge reads a
million task instances in turn in 200 seconds."""
GROWTH_TARGET_MB: Final = 3.0
_MEGA: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One process at one time, in seconds since the beginning; memory in MB."""

    at: float
    memory: float
    threads: int
    files: int


def main() -> int:
    """Measure and print the series; 1 when something grows."""
    kind = next((word for word in sys.argv[1:] if not word.isdecimal()), "sqlite")
    seconds = next((int(word) for word in sys.argv[1:] if word.isdecimal()), SECONDS)
    with (
        tempfile.TemporaryDirectory(prefix="backfill-tui-bench-") as folder,
        stage(kind, Path(folder), {"1M": RUNS["1M"]}) as filled,
    ):
        print(f"    {CHANGES_A_SECOND} changes a second for {seconds} s")
        heads = "".join(f"{name + ' MB':>12}{'threads':>9}{'files':>7}" for name in ("screen", "bridge"))
        print(f"    {'s':>5}{heads}")
        series = _series(filled, seconds)
    grown = [_verdict(name, samples, seconds) for name, samples in series.items()]
    return int(any(grown))


def _series(filled: Stage, seconds: int) -> dict[str, list[Sample]]:
    series: dict[str, list[Sample]] = {"screen": [], "bridge": []}
    with opened(filled, "1M") as processes, _changing(filled, seconds):
        began = time.monotonic()
        while (at := time.monotonic() - began) < seconds:
            for name, process in zip(series, processes, strict=True):
                series[name].append(_sample(process, at))
            print(f"    {at:5.0f}" + "".join(_words(samples[-1]) for samples in series.values()), flush=True)
            time.sleep(EVERY_SECONDS)
    return series


@contextmanager
def _changing(filled: Stage, seconds: int) -> Iterator[None]:
    with filled.writer("1M", seconds) as writer:
        yield
        if writer.poll() not in {None, 0}:
            raise RuntimeError("the writer ended before its time")


def _sample(process: psutil.Process, at: float) -> Sample:
    with process.oneshot():
        memory = process.memory_info().rss / _MEGA
        return Sample(at=at, memory=memory, threads=process.num_threads(), files=process.num_fds())


def _words(sample: Sample) -> str:
    return f"{sample.memory:12.1f}{sample.threads:9}{sample.files:7}"


def _verdict(name: str, samples: list[Sample], seconds: int) -> bool:
    """Print what a process did after the warm-up; whether anything of it grew."""
    warm = [sample for sample in samples if sample.at >= WARM_UP * seconds]
    slope, _ = statistics.linear_regression([one.at for one in warm], [one.memory for one in warm])
    growth = slope * SECONDS
    most = max(sample.memory for sample in samples)
    threads, files = ({getattr(one, what) for one in warm} for what in ("threads", "files"))
    first, last = warm[0], warm[-1]
    grew = growth > GROWTH_TARGET_MB or last.threads > first.threads or last.files > first.files
    print(
        f"    {name}: {growth:+.1f} MB in ten minutes (target {GROWTH_TARGET_MB:.0f}), "
        f"at most {most:.0f} MB, threads {_range(threads)}, files {_range(files)}: "
        f"{'GROWS' if grew else 'does not grow'}"
    )
    return grew


def _range(numbers: set[int]) -> str:
    least, most = min(numbers), max(numbers)
    return str(least) if least == most else f"{least} to {most}"


if __name__ == "__main__":
    sys.exit(main())
