"""Processes told apart from later ones with the same number, and whole families of them ended."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import psutil

MARK: Final = "BACKFILL_TUI_ENGINE"
"""The environment variable by which what the engine started is known again; its value is the home."""

_SAME_MOMENT_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for all time: its number, and when it was created.

    That is in seconds since the machine was started on Linux, where the time since the epoch is another one
    once somebody sets the clock; elsewhere since the epoch.
    """

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """The identity of a process that runs now; psutil.NoSuchProcess when it does not."""
        return cls(pid, _created_at(pid)[1])

    def find(self) -> psutil.Process | None:
        """The process, None when it is gone (a dead child that nobody has waited for is gone too)."""
        try:
            process, created = _created_at(self.pid)
            same = abs(created - self.created) < _SAME_MOMENT_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.find() is not None


def _created_at(pid: int) -> tuple[psutil.Process, float]:
    """A process, and when it was created; psutil.NoSuchProcess when there is none."""
    # In this order: psutil may keep the start of the machine as it last read it.
    started = psutil.boot_time() if sys.platform == "linux" else 0.0
    process = psutil.Process(pid)
    return process, process.create_time() - started


def family(roots: Iterable[ProcessId], mark: str | None = None) -> list[psutil.Process]:
    """All that descends from the roots, also of roots that are gone, parents before their children.

    A root is the leader of its own session, which its descendants stay in unless they leave it on purpose;
    with a `mark` also those are found whose environment has it. This process is never among them.
    """
    sessions = set(_sessions(roots))
    children: dict[int, list[psutil.Process]] = {}
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            children.setdefault(process.ppid(), []).append(process)
            if os.getsid(process.pid) in sessions or (mark and process.environ().get(MARK) == mark):
                found[process.pid] = process
    waiting = list(found.values())
    while waiting:
        for child in children.get(waiting.pop().pid, ()):
            if child.pid not in found:
                found[child.pid] = child
                waiting.append(child)
    found.pop(os.getpid(), None)
    return sorted(filter(_is_there, found.values()), key=_created)


def end_at_once(processes: Sequence[psutil.Process], timeout_seconds: float = 5) -> list[psutil.Process]:
    """Kill them, parents first, so that none reports the end of another; those that are still there."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()
    return wait_for(processes, timeout_seconds)


def wait_for(processes: Sequence[psutil.Process], timeout_seconds: float) -> list[psutil.Process]:
    """Wait until all are gone, no longer than the timeout; those that are still there."""
    deadline = time.monotonic() + timeout_seconds
    left = [process for process in processes if _is_there(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [process for process in left if _is_there(process)]
    return left


def _is_there(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _sessions(roots: Iterable[ProcessId]) -> Iterator[int]:
    for root in roots:
        # The number may be a stranger's by now; a session without its leader keeps the number in use.
        if root.alive or not psutil.pid_exists(root.pid):
            yield root.pid


def _created(process: psutil.Process) -> float:
    try:
        return float(process.create_time())
    except psutil.Error:
        return 0.0
