"""The bridge as a child process: starting it, its streams, its log, its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.wire.frames import FrameReader, FrameWriter

_LOG_TAIL_BYTES: Final = 8_192
_GRACE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeCommand:
    """How a bridge is started: the words of its command, its environment, and the file its log goes to."""

    words: Sequence[str]
    environment: Mapping[str, str]
    log: Path


class BridgeChild:
    """A running bridge. It is started before the screen is imported, so that both come up side by side."""

    def __init__(self, command: BridgeCommand) -> None:
        self._log = command.log
        self._ended = False
        try:
            with _private(command.log) as log:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    list(command.words),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=dict(command.environment),
                    # Its own group: ctrl+c in the terminal is the screen's to handle.
                    start_new_session=True,
                )
        except OSError as cause:
            raise Unreachable(
                f"The bridge can not be started with {command.words[0]}: {cause.strerror}",
                remedy="check that this Python exists and can be run, and that the state folder is writable",
            ) from cause
        self.writer = FrameWriter(cast("BinaryIO", self._process.stdin))
        self.reader = FrameReader(cast("BinaryIO", self._process.stdout))

    @property
    def pid(self) -> int:
        """The process id of the bridge."""
        return self._process.pid

    def log_tail(self) -> str:
        """The end of the bridge's log, outside text."""
        try:
            with self._log.open("rb") as log:
                log.seek(0, 2)
                log.seek(max(0, log.tell() - _LOG_TAIL_BYTES))
                return log.read().decode("utf-8", "replace")
        except OSError as cause:
            return f"(its log {self._log} can not be read: {cause.strerror})"

    def how_it_ended(self) -> Problem:
        """Why the bridge is gone, once its stream has ended."""
        try:
            code: int | None = self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        how = "closed its stream" if code is None else _exit_words(code)
        return Unreachable(
            f"The bridge to Airflow {how}",
            remedy="restart it; what was last read stays on the screen",
            detail=self.log_tail(),
        )

    def close_input(self) -> None:
        """Close the bridge's stdin, which is how it learns that the screen is gone."""
        _close_quietly(self._process.stdin)

    def end(self) -> None:
        """End the process and what it forked, by signals; what it had not committed is rolled back."""
        if self._ended:
            return
        self._ended = True
        # Signals first: closing a full pipe would wait for a reader that may never come.
        self._signal(signal.SIGTERM)
        self.close_input()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def close_output(self) -> None:
        """Let go of the bridge's stdout, once nobody reads it any more."""
        _close_quietly(self._process.stdout)

    def _signal(self, number: signal.Signals) -> None:
        # The bridge leads a group of its own, so a Dag file that loops in one of its children ends too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _private(log: Path) -> BinaryIO:
    """The log, made anew, for its owner only: what a Dag file prints is nobody else's to read."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "wb")


def _close_quietly(stream: IO[bytes] | None) -> None:
    if stream is None:
        return
    try:
        stream.close()
    except OSError:
        # A full pipe to a process that is gone: there is nothing left to say to it.
        return


def _exit_words(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def this_python() -> str:
    """The interpreter that runs this program."""
    return sys.executable
