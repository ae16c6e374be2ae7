"""One transaction in which Airflow creates a backfill, wholly or not at all, on every database.

Airflow's `_create_backfill` opens the scoped session of its thread, commits in the middle and closes it.
Here that session is one of ours, on a connection whose transaction is ours too: Airflow's commits become
savepoints of it, and only `commit` makes anything visible. A process that dies in the middle leaves nothing,
because the database never had a commit.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from backfill_tui.bridge.compat.sessions import session_within
from backfill_tui.bridge.server import Call
from backfill_tui.domain.launching import CreationProgress
from backfill_tui.domain.problems import Interrupted, Unreachable

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

BUSY_SECONDS: Final = 60.0
"""How long a launch waits for another writer before it gives up."""

_SQLITE_BUSY_MS: Final = 200
_TURN_OF_OTHERS: Final = 0.25
"""Seconds in which nothing is locked after a launch on SQLite. Whoever waits there looks every tenth of a
second only, and a scheduler that never finds the way free in 5 s, Airflow's default, ends itself."""
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5
_LOCK_SPACE: Final = 0x42465455
"""The first half of the advisory lock's key, the same for every launch; the Dag is the second half."""


@contextmanager
def launch_transaction(
    dag_id: str, call: Call[CreationProgress], *, busy_seconds: float
) -> Generator[Connection, None, None]:
    """A connection inside a transaction that no other launch of the Dag can be in.

    What is not given to `commit` inside the context is rolled back at its end. SQLite is locked for writing
    from the beginning (`BEGIN IMMEDIATE`), so that no later statement can lose against another writer;
    PostgreSQL holds an advisory lock of the Dag until the end of the transaction. Waits for either, telling
    so, `busy_seconds` at most (then Unreachable), until cancelled (Interrupted); no longer for any row.
    """
    from airflow import settings

    # What a database does not take is told with its values, and among them is the conf.
    engine: Any = settings.engine.execution_options()
    engine.hide_parameters = True
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            _take_in_hand(connection)
            _wait(call, busy_seconds, lambda: _begin_immediate(connection))
        else:
            connection.begin()
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(busy_seconds * 1000)}")
                _wait(call, busy_seconds, lambda: _advisory_lock(connection, dag_id))
        try:
            yield connection
        finally:
            connection.rollback()


def commit(connection: Connection) -> None:
    """Make the backfill visible and let others write; Unreachable when nobody can tell if it is there."""
    from sqlalchemy.exc import DBAPIError

    try:
        connection.commit()
    except DBAPIError as failure:
        if not failure.connection_invalidated:
            raise
        raise Unreachable(
            "The connection to Airflow's database broke at the very end, so the backfill may be there or not",
            remedy="look at the list of backfills before you launch again",
            detail=str(failure.orig),
        ) from failure
    if connection.dialect.name == "sqlite":
        time.sleep(_TURN_OF_OTHERS)


@contextmanager
def as_airflows_session(connection: Connection) -> Generator[Session, None, None]:
    """A session on the connection, which Airflow takes for the scoped session of this thread.

    Its commits and rollbacks end savepoints and leave the connection's transaction alone.
    """
    from airflow import settings

    scoped: Any = settings.Session
    session = session_within(connection, autoflush=False, expire_on_commit=False)
    # A scoped session belongs to its thread, and so does what is set here.
    scoped.registry.set(session)
    try:
        yield session
    finally:
        scoped.registry.clear()
        session.close()


def _take_in_hand(connection: Connection) -> None:
    """Make a SQLite connection begin when and as it is told; it never goes back to the pool."""
    connection.detach()
    sqlite: Any = connection.connection.dbapi_connection
    # Python's sqlite3 would begin by itself, and only before the first INSERT.
    sqlite.isolation_level = None
    # Short, because the waiting is done here, where it can be told and cancelled.
    sqlite.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY_MS}")


def _begin_immediate(connection: Connection) -> bool:
    from sqlalchemy.exc import OperationalError

    connection.begin()
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as busy:
        connection.rollback()
        if "locked" not in str(busy.orig):
            raise
        return False
    return True


def _advisory_lock(connection: Connection, dag_id: str) -> bool:
    from sqlalchemy import text

    key = zlib.crc32(dag_id.encode())
    got = connection.execute(
        text("SELECT pg_try_advisory_xact_lock(:space, :dag)"),
        # PostgreSQL's keys are signed.
        {"space": _LOCK_SPACE, "dag": key - 2**32 if key >= 2**31 else key},
    )
    return bool(got.scalar_one())


def _wait(call: Call[CreationProgress], busy_seconds: float, attempt: Callable[[], bool]) -> None:
    """Try until it works, with longer and longer pauses."""
    end = time.monotonic() + busy_seconds
    pause = _FIRST_PAUSE
    while not attempt():
        call.mention(CreationProgress(done=0, total=0, waiting=True))
        if time.monotonic() > end:
            raise Unreachable(
                f"Another process has been writing to Airflow's database for {busy_seconds:.0f} s",
                remedy="wait for it to end, then launch again; nothing was created",
            )
        if call.wait(pause):
            raise Interrupted("The launch was cancelled before it began")
        pause = min(2 * pause, _LONGEST_PAUSE)
