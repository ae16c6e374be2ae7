"""Sessions inside a transaction of ours: SQLAlchemy 2, and 1.4 as the constraints of Airflow 3.1 have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session


def session_within(connection: Connection, **options: Any) -> Session:
    """A session on a connection whose transaction goes on, whatever the session commits.

    What it rolls back is what it did, and with SQLAlchemy 1.4 the transaction as a whole: who uses it there
    gives up all of it when something fails.
    """
    import sqlalchemy
    from sqlalchemy.orm import Session

    if sqlalchemy.__version__.startswith("1."):
        return Session(bind=connection, future=True, **options)
    return Session(bind=connection, join_transaction_mode="create_savepoint", **options)
