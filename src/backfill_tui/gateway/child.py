"""The bridge as a child process: starting it, its streams, its log, its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.domain.shell import shell_line
from backfill_tui.domain.short_words import beginning_of, is_plain
from backfill_tui.domain.text import one_line
from backfill_tui.wire.frames import FrameReader, FrameWriter

_LOG_TAIL_BYTES: Final = 8_192
_GRACE_SECONDS: Final = 2.0
_SHOWN: Final = 200
"""Characters of a line of others that go into a sentence."""

_OWN_WORDS: Final = "backfill-tui bridge: "
"""Begins what a bridge says that can not speak in frames, as `bridge_without_install.py` writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeCommand:
    """How a bridge is started: the words of its command, its environment, and the file its log goes to.

    `far` says that the words start it elsewhere, so that the way there can break.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    far: bool = False


class BridgeChild:
    """A running bridge. It is started before the screen is imported, so that both come up side by side."""

    def __init__(self, command: BridgeCommand) -> None:
        self._log = command.log
        self._ended = False
        self._words = list(command.words)
        self.far = command.far
        try:
            with _private(command.log) as log:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    self._words,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=dict(command.environment),
                    # Its own group: ctrl+c in the terminal is the screen's to handle.
                    start_new_session=True,
                )
        except OSError as cause:
            what = "this command" if command.far else "this Python"
            program = beginning_of(command.words[:1])[0] or what
            raise Unreachable(
                f"The bridge can not be started with {program}: {cause.strerror}",
                remedy=f"check that {what} exists and can be run, and that the state folder is writable",
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

    def how_it_ended(self, banner: bytes | None = None) -> Problem:
        """Why the bridge is gone, once its stream has ended.

        `banner` is all that was read when it never spoke, and None when it did.
        """
        try:
            code: int | None = self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        how = "closed its stream" if code is None else _exit_words(code)
        log = self.log_tail()
        told = f"{(banner or b'').decode('utf-8', 'replace')}\n{log}".strip()
        own = [line.partition(_OWN_WORDS)[2] for line in told.splitlines() if _OWN_WORDS in line]
        if own:
            sentence, _, remedy = one_line(own[-1]).partition(": ")
            return Unreachable(f"No bridge to Airflow: {sentence}", remedy=remedy, detail=told)
        if banner is not None and self.far:
            return Unreachable(
                f"The bridge command {how} before a bridge answered{_last_line(told)}",
                remedy=f"run it by hand, it must start a bridge{self._as_typed()}",
                detail=told,
            )
        what = "The connection to the bridge" if self.far else "The bridge to Airflow"
        return Unreachable(
            f"{what} {how}{_last_line(log) if self.far else ''}",
            remedy="restart it; what was last read stays on the screen",
            detail=log,
        )

    def _as_typed(self) -> str:
        """The command behind a colon, as far as none of its words may be a secret."""
        return f": {shell_line(self._words)}" if is_plain(self._words) else ""

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


def _last_line(told: str) -> str:
    """`: Permission denied (publickey).`; empty where nothing was told."""
    lines = [line for line in told.splitlines() if line.strip()]
    return f": {one_line(lines[-1].strip())[:_SHOWN].rstrip('.')}" if lines else ""


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
