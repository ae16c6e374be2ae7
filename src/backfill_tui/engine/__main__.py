"""The engine as a process: `python -m backfill_tui.engine --home DIR`.

It leaves the terminal, takes the home's lock, and supervises. The command itself returns as soon as that is
settled, with a line that says how: `started`, `running` (there is one already), `waiting` (one is ending).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from backfill_tui.domain.problems import Problem
from backfill_tui.engine.attendance import try_lock
from backfill_tui.engine.component import Name, component_log
from backfill_tui.engine.home import EmbeddedHome, existing_home
from backfill_tui.engine.logs import rotate
from backfill_tui.engine.processes import ProcessId
from backfill_tui.engine.state import Phase, read_state
from backfill_tui.engine.supervisor import Supervisor
from backfill_tui.engine.warden import Warden, end_leftovers

_TAKE_OVER_SECONDS = 60.0


def main() -> int:
    """Start the engine of a home in the background; the exit code is 1 when the home is not one."""
    options = _options()
    try:
        home = existing_home(options.home)
    except Problem as problem:
        print(problem, file=sys.stderr)  # noqa: T201
        return 1
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        _become_engine(home, options.grace_seconds, writing)
    os.close(writing)
    with os.fdopen(reading) as word:
        print(word.readline().strip() or "failed")  # noqa: T201
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backfill_tui.engine", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the private home, made by backfill-tui")
    parser.add_argument(
        "--grace-seconds", type=float, default=30.0, help="how long to stay when nobody needs it"
    )
    return parser.parse_args()


def _become_engine(home: EmbeddedHome, grace_seconds: float, word: int) -> NoReturn:
    try:
        os.setsid()
        os.chdir(home.path)
        _leave_terminal(home)
        left = _take_lock(home, word)
        if left is not None:
            _supervise(home, grace_seconds, left)
    except BaseException:  # noqa: BLE001  # a fork must not return into its parent's code, whatever happens
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _supervise(home: EmbeddedHome, grace_seconds: float, word: int) -> None:
    rotate(home.engine_log)
    for name in Name:
        rotate(component_log(home, name))
    _write_to_log(home)
    end_leftovers(home)
    warden = Warden(home)
    supervisor = Supervisor(home, ProcessId.of(os.getpid()), grace_seconds)
    supervisor.announce()
    _tell(word, "started")
    supervisor.run()
    warden.dismiss()


def _take_lock(home: EmbeddedHome, word: int) -> int | None:
    """Take the engine's lock, which is never given back but by ending.

    Gives what later words go to: nobody, once it was told that this takes a while. None when a healthy engine
    has the lock.
    """
    lock = os.open(home.engine_lock, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _TAKE_OVER_SECONDS
    while not try_lock(lock):
        state = read_state(home)
        if state is not None and state.supervisor.alive and state.phase in {Phase.STARTING, Phase.READY}:
            _tell(word, "running")
            return None
        if time.monotonic() > deadline:
            return None
        if state is not None:
            word = _tell(word, "waiting")
        time.sleep(0.05)
    return word


def _tell(word: int, text: str) -> int:
    """Say one word to the command that waits for it, once; gives what later words go to, which is nobody."""
    if word >= 0:
        with suppress(BrokenPipeError):
            os.write(word, text.encode() + b"\n")
        os.close(word)
    return -1


def _leave_terminal(home: EmbeddedHome) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    _write_to_log(home)


def _write_to_log(home: EmbeddedHome) -> None:
    log = os.open(home.engine_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    os.close(log)


if __name__ == "__main__":
    sys.exit(main())
