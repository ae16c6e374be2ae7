"""A worker in whose launches something goes wrong at a chosen moment; started as `worker_main.py` is.

A moment is the number of a date in the order of creation, or `commit`: the last one of all. With `stock` it
is Airflow's own creation that meets the fault.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import worker_main  # it takes over stdout, and this file is started by itself

Moment = int | str


def launch_killed(request: dict[str, Any], at: Moment, *, stock: bool = False, **wishes: Any) -> int:
    """Launch in a process of its own that is killed at a moment; the signal that ended it."""

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def doomed() -> None:
        with _at_moment(at, die):
            _create(request, stock=stock, **wishes)

    status = _forked(doomed).wait()
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def launch_failing(request: dict[str, Any], at: int, how: str, *, stock: bool = False, **wishes: Any) -> Any:
    """Launch, and meet an error at one of the dates: `lock` as another writer causes it, or a `bug`."""
    from airflow import settings
    from sqlalchemy.exc import OperationalError

    def fail() -> None:
        if how == "bug":
            msg = "something in the middle"
            raise RuntimeError(msg)
        if settings.engine.dialect.name == "sqlite":
            cause: Exception = sqlite3.OperationalError("database is locked")
        else:
            from psycopg2.errors import LockNotAvailable  # type: ignore[import-untyped]

            cause = LockNotAvailable("canceling statement due to lock timeout")
            cause.args = ("55P03",)
        msg = "INSERT"
        raise OperationalError(msg, {}, cause)

    with _at_moment(at, fail):
        return _create(request, stock=stock, **wishes)


def launch_twice_at_once(request: dict[str, Any], *, stock: bool = False) -> None:
    """Launch the same in two processes at the same moment; what they raise goes to the log."""
    for creation in [_forked(lambda: _create(request, stock=stock)) for _ in range(2)]:
        creation.wait()


def launch_without_room(request: dict[str, Any], pages: int, *, stock: bool = False) -> Any:
    """Launch on a SQLite database that may not grow by more than so many pages: its disk is full."""
    from airflow import settings
    from sqlalchemy import event

    from backfill_tui.bridge.server import _report_of_problem
    from backfill_tui.domain.problems import Problem

    def limit(connection: Any, _record: Any) -> None:
        now = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {now + pages}")

    settings.engine.dispose()
    event.listen(settings.engine, "connect", limit)
    try:
        return _create(request, stock=stock)
    except Problem as problem:
        # As the bridge's server tells it.
        raise _report_of_problem(problem).revive() from problem
    finally:
        event.remove(settings.engine, "connect", limit)
        settings.engine.dispose()


def launch_beside_completions(request: dict[str, Any], *, stock: bool = False) -> dict[str, Any]:
    """Launch while another process completes backfills as the scheduler does, without a pause.

    The backfill is created with a date five minutes ago, so that the scheduler does not wait for its runs.
    """
    from airflow.models.backfill import Backfill
    from sqlalchemy import event

    def make_old(_mapper: Any, _connection: Any, backfill: Any) -> None:
        from airflow._shared.timezones import timezone

        backfill.created_at = timezone.utcnow() - timedelta(minutes=5)

    event.listen(Backfill, "before_insert", make_old)
    completions = _forked(_complete_again_and_again)
    try:
        completions.wait_for_rounds(2)
        launched = _create(request, stock=stock)
        during = completions.rounds
        completions.wait_for_rounds(2)
    finally:
        event.remove(Backfill, "before_insert", make_old)
        completions.end()
    return {"launched": launched, "rounds": during}


def take_back(backfill_id: int, *, paused: bool) -> bool:
    """What a look right after the creation does to a backfill that is marked as complete."""
    from backfill_tui.bridge.finished_backfills import take_back_mark
    from backfill_tui.domain.ids import BackfillId

    return take_back_mark(worker_main.environment(), BackfillId(backfill_id), paused=paused)


def notes() -> list[str]:
    """The notes of all runs, as Airflow's own model has them, in the order of their words."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        return sorted(run.note for run in session.scalars(select(DagRun)) if run.note is not None)


def _create(request: dict[str, Any], *, stock: bool, **wishes: Any) -> Any:
    return worker_main.stock_create(request) if stock else worker_main.launch(request, **wishes)


def _complete_again_and_again(tell: Callable[[], None]) -> None:
    runner = worker_main._scheduler()
    while True:
        runner._mark_backfills_complete()
        tell()


@contextmanager
def _at_moment(at: Moment, happen: Callable[[], None]) -> Iterator[None]:
    """Let something happen right after Airflow has written the entry of a date, or before the commit."""
    from airflow import settings
    from airflow.models.backfill import BackfillDagRun
    from sqlalchemy import event

    def after_insert(_mapper: Any, _connection: Any, entry: Any) -> None:
        if entry.sort_ordinal == at:
            happen()

    def before_commit(_connection: Any) -> None:
        # The session that plans commits too, before the launch has a thread of its own.
        if at == "commit" and threading.current_thread().name == "launch":
            happen()

    event.listen(BackfillDagRun, "after_insert", after_insert)
    event.listen(settings.engine, "commit", before_commit)
    try:
        yield
    finally:
        event.remove(BackfillDagRun, "after_insert", after_insert)
        event.remove(settings.engine, "commit", before_commit)


class _Forked:
    """A copy of this process that does one thing, on connections of its own."""

    def __init__(self, pid: int, told: int) -> None:
        self._pid = pid
        self._told = told
        self.rounds = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._changed = threading.Condition()
        self._reader.start()

    def wait_for_rounds(self, more: int) -> None:
        """Wait until it has told `more` times from now on."""
        with self._changed:
            wanted = self.rounds + more
            assert self._changed.wait_for(lambda: self.rounds >= wanted, 60), self.rounds

    def wait(self) -> int:
        """Wait for its end; the status as `os.waitpid` gives it."""
        status = os.waitpid(self._pid, 0)[1]
        self._reader.join()
        os.close(self._told)
        return status

    def end(self) -> None:
        """Kill it."""
        os.kill(self._pid, signal.SIGKILL)
        self.wait()

    def _read(self) -> None:
        while os.read(self._told, 1):
            with self._changed:
                self.rounds += 1
                self._changed.notify_all()


def _forked(work: Callable[..., None]) -> _Forked:
    from airflow import settings

    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(told)
            settings.engine.dispose(close=False)
            work(*((lambda: os.write(tell, b"."),) if work is _complete_again_and_again else ()))
            code = 0
        finally:
            # Nothing of the parent's is cleaned up here, and nothing it has buffered is written twice.
            os._exit(code)
    os.close(tell)
    return _Forked(pid, told)


MORE: tuple[Callable[..., Any], ...] = (
    launch_killed, launch_failing, launch_twice_at_once, launch_without_room, launch_beside_completions,
    take_back, notes,
)  # fmt: skip


if __name__ == "__main__":
    worker_main.DEEDS.update({deed.__name__: deed for deed in MORE})
    worker_main.main()
