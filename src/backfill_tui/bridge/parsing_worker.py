"""One child of the parsing process: its pipes, its limits, its end."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from backfill_tui.bridge.parsing_messages import HEADER

_HEAD_BYTES: Final = 16 * 1024
_TAIL_BYTES: Final = 32 * 1024
_PR_SET_PDEATHSIG: Final = 1
_RESULT_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildEnded:
    """How a child ended, and the part of its output kept."""

    status: int
    seconds: float
    late: bool
    output: str

    def sentence(self) -> str:
        """Why there is no result of a file, as the first line of an import error."""
        if self.late:
            return f"Parsing took longer than {self.seconds:.0f} s, so it was ended"
        if os.WIFSIGNALED(self.status):
            name = signal.Signals(os.WTERMSIG(self.status)).name
            return f"The Python process was ended by {name} while the file was imported"
        code = os.waitstatus_to_exitcode(self.status)
        return f"The file ended its Python process with exit code {code} while it was imported"


class _Output:
    """The beginning and the end of what a child writes; a flood costs no more memory than that."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, data: bytes) -> None:
        room = _HEAD_BYTES - len(self._head)
        self._head += data[:room] if room > 0 else b""
        self._tail += data[max(0, room) :]
        excess = len(self._tail) - _TAIL_BYTES
        if excess > 0:
            del self._tail[:excess]
            self._dropped += excess

    def text(self) -> str:
        between = f"\n[{self._dropped:,} bytes left out]\n".encode() if self._dropped else b""
        return bytes(self._head + between + self._tail).decode("utf-8", "backslashreplace")


class Worker:
    """A forked child in a session of its own, with pipes for its orders, its results and its output."""

    def __init__(self, pid: int, orders: int, pipes: tuple[int, int]) -> None:
        self.pid = pid
        self.deadline = math.inf
        self._seconds = math.inf
        self._orders: int | None = orders
        self._result_fd, self._output_fd = pipes
        self._open = set(pipes)
        self._result = bytearray()
        self._output = _Output()
        self._late = False
        self._status: int | None = None

    @classmethod
    def fork(cls, work: Callable[[int, int], int], foreign: Sequence[int]) -> Worker:
        """Start a child that calls `work` with the descriptors for its orders and its results.

        It ends with what that gives. `foreign` are descriptors of the parent that are not its business.
        """
        orders_read, orders_write = os.pipe()
        result_read, result_write = os.pipe()
        output_read, output_write = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            ours = [*foreign, orders_write, result_read, output_read]
            _live(ours, output_write, lambda: work(orders_read, result_write))
        for end in (orders_read, result_write, output_write):
            os.close(end)
        for end in (orders_write, result_read, output_read):
            os.set_blocking(end, False)
        return cls(pid, orders_write, (result_read, output_read))

    @property
    def foreign(self) -> list[int]:
        """What another child should not hold open."""
        return [*self._open, *([] if self._orders is None else [self._orders])]

    def allow(self, seconds: float) -> None:
        """Begin to count: what it does now may take so long."""
        self._seconds = seconds
        self.deadline = time.monotonic() + seconds

    def order(self, order: bytes) -> None:
        """Send an order; a child that is gone does not get it."""
        if self._orders is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._orders, HEADER.pack(len(order)) + order)

    def order_no_more(self) -> None:
        """Let it end after the orders it has."""
        if self._orders is not None:
            os.close(self._orders)
            self._orders = None

    def results(self) -> Iterator[bytes]:
        """The whole results that have come since the last look, without their lengths."""
        while len(self._result) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._result)
            end = HEADER.size + length
            if len(self._result) < end:
                return
            body = bytes(self._result[HEADER.size : end])
            del self._result[:end]
            yield body

    def register(self, selector: selectors.BaseSelector) -> None:
        """Watch the pipes; the data of each is the function that reads it."""
        for end in self._open:
            selector.register(end, selectors.EVENT_READ, self.drain)

    def drain(self) -> None:
        """Read what is in the pipes now."""
        for end in list(self._open):
            while (data := _read(end)) is not None:
                if not data:
                    self._open.discard(end)
                    os.close(end)
                    break
                if end == self._output_fd:
                    self._output.add(data)
                    # A flood must not keep the others waiting: one piece at a time.
                    break
                if len(self._result) < _RESULT_BYTES:
                    self._result += data

    def kill(self, *, late: bool = False) -> None:
        """End the child and whatever it started, if it lives."""
        if self._status is not None:
            return
        self._late = late
        _kill_group(self.pid)
        # It may not lead a group of its own yet.
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait for a child that was killed."""
        if self._status is None:
            _, self._status = os.waitpid(self.pid, 0)

    def poll(self) -> ChildEnded | None:
        """How it ended, None while it lives; its pipes are closed then, and what it had started is ended.

        A process that the file has started may hold the pipes open for ever, so their end says nothing.
        """
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == 0:
                return None
            self._status = status
        _kill_group(self.pid)
        self._read_the_rest()
        return ChildEnded(
            status=self._status, seconds=self._seconds, late=self._late, output=self._output.text()
        )

    def _read_the_rest(self) -> None:
        self.order_no_more()
        # A pipe holds 64 KiB at most on Linux: what is more comes from someone who writes on.
        for _ in range(64):
            before = len(self._open)
            self.drain()
            if not self._open or (before == len(self._open) and not self._ready()):
                break
        for end in self._open:
            os.close(end)
        self._open.clear()

    def _ready(self) -> bool:
        with selectors.DefaultSelector() as selector:
            self.register(selector)
            return bool(selector.select(0))


def _read(end: int) -> bytes | None:
    try:
        return os.read(end, 65_536)
    except BlockingIOError:
        return None


def _kill_group(pid: int) -> None:
    # macOS says PermissionError where a group has only dead processes.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _die_with_parent() -> None:
    """Let Linux end this process when its parent is gone, however that came: nobody else would."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() == 1:
            os._exit(70)


def _live(foreign: Sequence[int], output: int, work: Callable[[], int]) -> None:
    """The whole life of the child; it never returns."""
    code = 70
    try:
        _die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.dup2(output, 1)
        os.dup2(output, 2)
        for end in (*foreign, output):
            os.close(end)
        code = work()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
