"""Who is there: every session holds a shared lock, so the engine knows when nobody does.

Locks of the system end with their process, also one that is killed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from backfill_tui.engine.home import EmbeddedHome


@contextmanager
def attend(home: EmbeddedHome) -> Iterator[None]:
    """Be attached to the home: while the context lasts its engine does not stop for want of work.

    Enter it before `EngineControl.start`: an engine that is about to stop says so first, and is replaced.
    """
    descriptor = os.open(home.sessions_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        # The engine holds it exclusively only for the moment in which it decides to stop.
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def unattended(home: EmbeddedHome) -> Iterator[bool]:
    """Whether no session is attached; while it is true and the context lasts, none can attach."""
    descriptor = os.open(home.sessions_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield try_lock(descriptor)
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Take an exclusive lock on an open file unless somebody has one."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
