"""One transaction that writes to Airflow's database, wholly or not at all."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import OperationalError

from backfill_tui.bridge.environment import dialect_of
from backfill_tui.domain.problems import Unreachable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment

BUSY_SECONDS: Final = 60.0
"""How long to wait for another writer."""

_PAUSE_SECONDS: Final = 0.1


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
                    raise Unreachable(
                        f"Another process has been writing to Airflow's database for {BUSY_SECONDS:.0f} s",
                        remedy=f"wait for it to end, then {what} again; nothing was changed",
                    )
                time.sleep(_PAUSE_SECONDS)
        yield session


def _begin_immediate(session: Session) -> bool:
    try:
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as busy:
        if "locked" in str(busy.orig) or "busy" in str(busy.orig):
            return False
        raise
    return True
