"""The streams of the bridge: frames on what were stdin and stdout, everything else to the log.

A Dag file that prints, a library that writes to file descriptor 1 and a child that inherits both can not
meet a frame: after `take_over` descriptor 0 is empty and descriptor 1 is the log.
"""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO


@dataclass(frozen=True, slots=True)
class FrameStreams:
    """The two streams that carry frames; no child inherits them over an exec."""

    incoming: BinaryIO
    outgoing: BinaryIO

    def close_in_fork(self) -> None:
        """Let go of both in a forked child, so that their ends are seen when the bridge is gone."""
        os.close(self.incoming.fileno())
        os.close(self.outgoing.fileno())


class _Log(io.FileIO):
    """The log; a disk that is full costs its lines, never the answer of whoever wrote them."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def _log_on(descriptor: int) -> TextIO:
    log: Any = _Log(descriptor, "wb", closefd=False)
    return io.TextIOWrapper(log, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def take_over() -> FrameStreams:
    """Move the real stdin and stdout aside, and put nothing and the log (stderr) in their places."""
    sys.stdout.flush()
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    # What is printed appears in the log at once, in order with what is written past Python.
    sys.stdout, sys.stderr = _log_on(1), _log_on(2)
    return FrameStreams(os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb"))
