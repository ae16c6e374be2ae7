"""The engine, from the side of the screen and the commands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import psutil

from backfill_tui.domain.environment import EngineStatus
from backfill_tui.domain.problems import Unreachable
from backfill_tui.engine.attendance import try_lock
from backfill_tui.engine.component import Name, component_log
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.logs import tail
from backfill_tui.engine.state import EngineState, Phase, read_state
from backfill_tui.engine.warden import end_leftovers

COMPONENTS: Final = ("engine", *(name.value for name in Name))
"""What has a log: the supervisor itself, and Airflow's processes."""

_START_SECONDS: Final = 30.0
_WARDEN_SECONDS: Final = 10.0
_LOG_BYTES: Final = 16_384


class EngineControl:
    """Starts, asks and stops the engine of one home; satisfies `gateway.port.Engine`."""

    def __init__(self, home: EmbeddedHome, *, grace_seconds: float = 30.0) -> None:
        self._home = home
        self._grace_seconds = grace_seconds

    def start(self) -> EngineStatus:
        """Start the engine unless it runs; returns in a fraction of a second, long before it is ready.

        Raises Unreachable when its process can not be started. Attend the home first: an engine that nobody
        needs stops after its grace period.
        """
        # No file in the folder of the user stands for a module (Python 3.10 has no such option).
        safely = ["-P"] if sys.version_info >= (3, 11) else []
        command = [sys.executable, *safely, "-m", "backfill_tui.engine", "--home", str(self._home.path)]
        try:
            done = subprocess.run(
                [*command, "--grace-seconds", str(self._grace_seconds)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=self._home.environment(os.environ),
                timeout=_START_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as cause:
            raise Unreachable("The engine can not be started", detail=str(cause)) from cause
        if done.stdout.strip() not in {b"started", b"running", b"waiting"}:
            detail = done.stderr.decode("utf-8", "replace") or self.log_tail("engine")
            raise Unreachable(
                "The engine could not start", remedy=f"see {self._home.engine_log}", detail=detail
            )
        return self.status()

    def status(self) -> EngineStatus:
        """How the engine is, from what it last said and whether its process lives; under a millisecond."""
        return self._status(read_state(self._home))

    def stop(self, timeout_seconds: float = 30) -> EngineStatus:
        """End the engine and all its processes, and wait until they are gone.

        Tasks under way may finish for some seconds, then they are killed and run again from their start
        once the engine is started. After the timeout everything is killed.
        """
        state = read_state(self._home)
        process = state.supervisor.find() if state else None
        if process is not None:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        with self._open_lock() as lock:
            stopped = _take(lock, timeout_seconds)
            if not stopped and process is not None:
                # Its warden ends the rest.
                with suppress(psutil.NoSuchProcess):
                    process.kill()
                stopped = _take(lock, _WARDEN_SECONDS)
            if stopped:
                # Nothing is left, unless supervisor and warden were killed together.
                end_leftovers(self._home)
        return self.status()

    def log_tail(self, component: str = "engine", size: int = _LOG_BYTES) -> str:
        """The last `size` bytes of the log of one of `COMPONENTS`, outside text; empty without a log."""
        return tail(component_log(self._home, component), size)

    @contextmanager
    def _open_lock(self) -> Iterator[int]:
        lock = os.open(self._home.engine_lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield lock
        finally:
            os.close(lock)

    def _status(self, state: EngineState | None) -> EngineStatus:
        log_path = str(self._home.engine_log)
        if state is None:
            return EngineStatus(
                running=False, ready=False, sentence="The engine is not running", log_path=log_path
            )
        if state.supervisor.alive:
            return EngineStatus(
                running=True,
                ready=state.phase is Phase.READY,
                pid=state.supervisor.pid,
                sentence=state.sentence,
                problem=state.problem,
                log_path=log_path,
            )
        sentence = state.sentence if state.phase is Phase.FAILED else "The engine is not running"
        return EngineStatus(
            running=False, ready=False, sentence=sentence, problem=state.problem, log_path=log_path
        )


def _take(lock: int, seconds: float) -> bool:
    """Wait for the engine's lock: it is free when the last process of an engine is gone."""
    deadline = time.monotonic() + seconds
    while not try_lock(lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
