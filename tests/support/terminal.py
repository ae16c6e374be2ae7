"""A real terminal for tests: a pty, a program in it, and a screen that is read as text.

Keys go in as bytes, as a terminal sends them; what the program draws is kept by a terminal emulator.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

KEYS: Mapping[str, bytes] = {
    "enter": b"\r",
    "escape": b"\x1b",
    "tab": b"\t",
    "shift+tab": b"\x1b[Z",
    "space": b" ",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "pagedown": b"\x1b[6~",
    "pageup": b"\x1b[5~",
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f3": b"\x1bOR",
    "f4": b"\x1bOS",
    "f5": b"\x1b[15~",
    "f6": b"\x1b[17~",
    "f7": b"\x1b[18~",
    "f8": b"\x1b[19~",
    "f9": b"\x1b[20~",
    "backspace": b"\x7f",
    **{f"ctrl+{letter}": bytes([ord(letter) - 96]) for letter in "abcdefgklnopqrstuvwxyz"},
}

# What the emulator does not know and would print: private keyboard and mode requests of modern terminals.
_UNKNOWN = re.compile(
    rb"\x1b\[[<>=?][0-9;]*(?:\$p|[uqm])|\x1b\[[0-9;]*\$p|\x1b_.*?\x1b\\|\x1bP.*?\x1b\\", re.DOTALL
)


class Terminal:
    """A program in a terminal of `columns` by `lines`; leave the context to end it.

    With `controlling` the program belongs to the terminal as in a window of a person, which tells it by
    SIGHUP that it closes; without, as with `docker exec -t`, it is told nothing.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        environment: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
        directory: Path | None = None,
        controlling: bool = False,
        term: str = "xterm-256color",
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._raw = bytearray()
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._leader = leader
        self._wake, self._woken = os.pipe()
        self.process = subprocess.Popen(
            [*(_taking(os.ttyname(follower)) if controlling else ()), *words],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env={**environment, "TERM": term, "COLUMNS": str(columns), "LINES": str(lines)},
            cwd=directory,
            start_new_session=True,
        )
        os.close(follower)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:  # noqa: PYI034  # Self is not in Python 3.10
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def text(self) -> str:
        """What stands on the screen now, without trailing blanks."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self.screen.display)

    def raw(self) -> bytes:
        """Everything the program has written to the terminal, byte by byte."""
        with self._lock:
            return bytes(self._raw)

    def press(self, *keys: str) -> None:
        """Send keys by name; anything that is no name is typed as it is."""
        for key in keys:
            os.write(self._leader, KEYS.get(key, key.encode()))

    def wait_for(self, *wanted: str, seconds: float = 30) -> str:
        """Wait until every wanted text stands on the screen, and return the screen.

        Fails with the screen when it does not come, or when the program ends before.
        """
        deadline = time.monotonic() + seconds
        while True:
            text = self.text
            if all(part in text for part in wanted):
                return text
            left = deadline - time.monotonic()
            if left <= 0 or (self.process.poll() is not None and not self._reader.is_alive()):
                how = (
                    f"after {seconds:.0f} s"
                    if left <= 0
                    else f"before the program ended ({self.process.returncode})"
                )
                raise AssertionError(f"{wanted} did not appear {how}:\n{text}")
            with self._changed:
                self._changed.wait(min(left, 0.5))

    def wait_until_gone(self, unwanted: str, *, seconds: float = 30) -> str:
        """Wait until a text no longer stands on the screen, and return the screen."""
        deadline = time.monotonic() + seconds
        while unwanted in (text := self.text):
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{unwanted!r} is still there after {seconds:.0f} s:\n{text}")
            with self._changed:
                self._changed.wait(min(left, 0.5))
        return text

    def wait_for_exit(self, seconds: float = 30) -> int:
        """The exit code of the program, once it has ended by itself."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the program still runs after {seconds:.0f} s:\n{self.text}") from None

    def kill(self) -> None:
        """End the program the hard way, as a closed laptop would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stall(self) -> None:
        """Read nothing more, as a connection that hangs."""
        self._stop_reading()

    def hang_up(self) -> None:
        """Close the terminal under the program."""
        self._stop_reading()
        if self._leader >= 0:
            os.close(self._leader)
            self._leader = -1

    def close(self) -> None:
        """End the program if it still runs, and let go of the terminal."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        # What it wrote last is read before.
        self._reader.join(5)
        self.hang_up()
        os.close(self._wake)
        os.close(self._woken)

    def _stop_reading(self) -> None:
        # A read that is under way would keep the terminal open.
        os.write(self._woken, b"x")
        self._reader.join()

    def _read(self) -> None:
        while True:
            if self._wake in select.select([self._leader, self._wake], [], [])[0]:
                return
            try:
                data = os.read(self._leader, 65_536)
            except OSError:
                data = b""
            with self._changed:
                if data:
                    self._raw += data
                    self._stream.feed(_UNKNOWN.sub(b"", data))
                self._changed.notify_all()
            if not data:
                return


def _taking(terminal: str) -> Sequence[str]:
    """Words before those of a program that leads a session: it opens the terminal, which is then its own."""
    return ("sh", "-c", 'terminal=$1; shift; exec "$@" <>"$terminal" >&0 2>&0', "sh", terminal)
