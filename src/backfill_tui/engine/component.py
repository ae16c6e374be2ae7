"""One process of Airflow under supervision: its command, its log, its start and its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from backfill_tui.domain.enums import StrEnum
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.ledger import SCHEDULER_JOB, TRIGGERER_JOB
from backfill_tui.engine.processes import MARK, ProcessId, end_at_once, family
from backfill_tui.engine.restarts import Restarts


class Name(StrEnum):
    """The processes of an engine."""

    SCHEDULER = "scheduler"
    API_SERVER = "api-server"
    TRIGGERER = "triggerer"


JOB_TYPES: Final[Mapping[Name, str]] = {Name.SCHEDULER: SCHEDULER_JOB, Name.TRIGGERER: TRIGGERER_JOB}
"""The components that write heartbeats, and under which type."""


@dataclass(slots=True)
class Run:
    """One life of a component: when it began on the wall clock and on the monotonic one, and its last sign.

    `beat` is the last heartbeat seen, whatever it says, and `beat_at` when it was new (monotonic, so that
    the time a laptop sleeps does not count).
    """

    process: subprocess.Popen[bytes]
    identity: ProcessId
    began: float
    began_at: float
    beat_at: float
    beat: str = ""


class Component:
    """A component of the engine; it may be running, waiting to be started again, or not wanted yet."""

    def __init__(self, name: Name, home: EmbeddedHome) -> None:
        self.name = name
        self.restarts = Restarts()
        self.retry_at = 0.0
        self.run: Run | None = None
        self._home = home

    @property
    def log(self) -> Path:
        """Where its stdout and stderr go."""
        return component_log(self._home, self.name)

    def start(self, port: int) -> Run:
        """Start it in a session of its own; OSError when it can not be started."""
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            began, began_at = time.time(), time.monotonic()
            process = subprocess.Popen(
                _words(self.name, port),
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=_environment(self._home, port),
                cwd=_working_folder(self._home),
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        try:
            identity = ProcessId.of(process.pid)
        except psutil.NoSuchProcess:
            identity = ProcessId(process.pid, began)
        self.run = Run(process, identity, began, began_at, beat_at=began_at)
        return self.run

    def ask_to_end(self) -> None:
        """SIGTERM: a scheduler then starts no more tasks and ends when those under way have."""
        if self.run is not None:
            with suppress(ProcessLookupError):
                self.run.process.terminate()

    def end_family(self) -> None:
        """Kill it and all that descends from it, and be done with this life of it."""
        if self.run is None:
            return
        end_at_once(family([self.run.identity]))
        self.run.process.wait()
        self.run = None


def component_log(home: EmbeddedHome, name: str) -> Path:
    """The log of a component."""
    return home.engine_logs / f"{name}.log"


def _words(name: Name, port: int) -> list[str]:
    # The script, not `-m airflow`: that would put the working folder in front of the module path.
    script = Path(sys.executable).with_name("airflow")
    airflow = [str(script)] if script.exists() else [sys.executable, "-m", "airflow"]
    if name is Name.API_SERVER:
        bound = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        return [*airflow, "api-server", "--apps", "execution", *bound]
    return [*airflow, name, "--skip-serve-logs"]


def _environment(home: EmbeddedHome, port: int) -> dict[str, str]:
    return home.environment(os.environ) | {
        MARK: str(home.path),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "PYTHONUNBUFFERED": "1",
    }


def _working_folder(home: EmbeddedHome) -> Path:
    """The folder around the Dags folder: relative paths in tasks mean the same whoever starts the engine."""
    folder = home.dags_folder.parent
    return folder if folder.is_dir() else home.path
