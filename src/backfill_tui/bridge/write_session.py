"""One transaction that writes to Airflow's database, wholly or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from backfill_tui.bridge.environment import dialect_of
from backfill_tui.domain.problems import Unreachable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment

BUSY_SECONDS: Final = 60.0
"""How long to wait for another writer."""

_PAUSE_SECONDS: Final = 0.1
_ATTEMPTS: Final = 5

T = TypeVar("T")


def write(airflow: AirflowEnvironment, what: str, work: Callable[[Session], T]) -> T:
    """What `work` gives in a `write_session`, which it may commit itself as its last deed.

    On PostgreSQL two transactions may each wait for a row of the other; the database then undoes one of
    them. When that is this one, it is done again, a few times. Raises Unreachable after that, and when
    somebody keeps a row for a minute.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with write_session(airflow, what) as session:
                return work(session)
        except DBAPIError as failure:
            if not _was_undone_for_others(failure):
                if lock_is_taken(failure):
                    raise _busy(what) from failure
                raise
            lost = failure
        time.sleep(_PAUSE_SECONDS * 2**attempt)
    raise Unreachable(
        f"Other transactions were in the way of this one {_ATTEMPTS} times",
        remedy=f"{what} again; nothing was changed",
    ) from lost


@contextmanager
def write_session(airflow: AirflowEnvironment, what: str) -> Generator[Session, None, None]:
    """A session in a transaction of its own: committed at the end, rolled back by an exception.

    SQLite is locked for writing from the beginning: a transaction that reads first and writes later loses
    against any other writer, whatever the busy timeout, and the driver would commit at every savepoint.
    Raises Unreachable when others write for a minute; `what` continues that sentence (`rerun`).
    """
    end = time.monotonic() + BUSY_SECONDS
    with airflow.session() as session:
        if dialect_of(session) == "sqlite":
            session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            while not _begin_immediate(session):
                if time.monotonic() > end:
                    raise _busy(what)
                time.sleep(_PAUSE_SECONDS)
        else:
            session.execute(text(f"SET LOCAL lock_timeout = '{BUSY_SECONDS:.0f}s'"))
        yield session


def _begin_immediate(session: Session) -> bool:
    try:
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as busy:
        if "locked" in str(busy.orig) or "busy" in str(busy.orig):
            return False
        raise
    return True


def _busy(what: str) -> Unreachable:
    return Unreachable(
        f"Another process has been writing to Airflow's database for {BUSY_SECONDS:.0f} s",
        remedy=f"wait for it to end, then {what} again; nothing was changed",
    )


def lock_is_taken(failure: DBAPIError) -> bool:
    """Whether a statement that would not wait, or not longer, for a row found it locked."""
    return sqlstate_of(failure) == "55P03"


def _was_undone_for_others(failure: DBAPIError) -> bool:
    """A deadlock, or a serialization failure."""
    return sqlstate_of(failure) in {"40P01", "40001"}


def sqlstate_of(failure: DBAPIError) -> str | None:
    """PostgreSQL's code of what went wrong, as either of its drivers has it; None for SQLite.

    So it is where the server did not say anything, as when no connection came about.
    """
    cause: Any = failure.orig
    return getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", None)
