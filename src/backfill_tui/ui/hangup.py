"""Noticing that the terminal is gone, and ending in spite of whatever still waits for it.

A terminal that closes sends SIGHUP only to those it controls: a program started by `docker exec` or `setsid`
hears nothing, and Textual would read an end of file for ever. One whose output stands still blocks the loop
in a write, and then no orderly end can begin.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final

_CLOSING_SECONDS: Final = 3.0
_BETWEEN_LOOKS: Final = 1.0


def when_input_hangs_up(descriptor: int, tell: Callable[[], None]) -> None:
    """Call `tell` once, in a thread of its own, when nobody can write to this terminal or pipe any more."""
    threading.Thread(target=_await_hangup, args=(descriptor, tell), name="hang-up", daemon=True).start()


def end_at_the_latest(seconds: float, close: Callable[[], object], exit_code: int) -> None:
    """End the process so many seconds from now, unless it has ended by then; `close` is tried before."""
    words = (seconds, close, exit_code)
    threading.Thread(target=_end_after, args=words, name="end-at-the-latest", daemon=True).start()


def _await_hangup(descriptor: int, tell: Callable[[], None]) -> None:
    poller = select.poll()
    # No event is asked for: a hang-up is told unasked, and what is typed must not wake this thread.
    poller.register(descriptor, 0)
    while not any(found & (select.POLLHUP | select.POLLERR) for _, found in poller.poll()):
        # Somebody in this process has closed it, which poll would say again and again.
        time.sleep(_BETWEEN_LOOKS)
    tell()


def _end_after(seconds: float, close: Callable[[], object], exit_code: int) -> None:
    time.sleep(seconds)
    closing = threading.Thread(target=close, name="close-bridge", daemon=True)
    closing.start()
    closing.join(_CLOSING_SECONDS)
    os._exit(exit_code)
