"""Nothing outlives the supervisor: a second process that does nothing but wait for its end.

Forked before anything is started, it reads a pipe that only the supervisor can write. The word "done" means
that all is stopped; the end of the pipe without it means that the supervisor was killed, and then the warden
ends what it left. It shares the supervisor's lock, so that a new engine waits until that is done.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback

from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.processes import end_at_once, family
from backfill_tui.engine.state import read_state

_DONE = b"done"


class Warden:
    """The supervisor's hold on its warden."""

    def __init__(self, home: EmbeddedHome) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(writing)
            _watch(home, reading)
        os.close(reading)
        self._writing = writing

    def dismiss(self) -> None:
        """Say that nothing is left to end, and wait until the warden is gone and the lock is free."""
        try:
            os.write(self._writing, _DONE)
        except BrokenPipeError:
            # It was killed before us; there is nobody to tell.
            return
        finally:
            os.close(self._writing)
        os.waitpid(self.pid, 0)


def end_leftovers(home: EmbeddedHome) -> int:
    """End all that an engine of this home left behind; how many processes that were."""
    state = read_state(home)
    left = family(state.components.values() if state else (), mark=str(home.path))
    end_at_once(left)
    return len(left)


def _watch(home: EmbeddedHome, reading: int) -> None:
    """Wait for the supervisor's word or its end; never returns."""
    try:
        # Its own session: what ends the supervisor's group must not end it too.
        os.setsid()
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        if os.read(reading, len(_DONE)) != _DONE:
            end_leftovers(home)
    except Exception:  # noqa: BLE001  # a fork must not return into the supervisor's code, whatever happens
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)
