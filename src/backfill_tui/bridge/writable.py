"""Whether the metadata database can be written at all: a standby can not, nor a user who may only read."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from backfill_tui.domain.problems import Problem, Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_WRITTEN: Final = ("backfill", "backfill_dag_run", "dag_run", "task_instance", "dag", "log")
"""The tables that a backfill is made of, or that are told of it."""


def why_only_read(session: Session, dialect: str) -> Problem | None:
    """The reason why nothing can be written, None where none is known. Nothing is changed to find out."""
    return _of_postgresql(session) if dialect == "postgresql" else _of_sqlite(session)


def _of_postgresql(session: Session) -> Problem | None:
    from sqlalchemy import text

    standby, read_only, user = session.execute(
        text("SELECT pg_is_in_recovery(), current_setting('transaction_read_only'), current_user")
    ).one()
    if standby:
        return _refused("the database is a standby", "attach to the primary to change anything")
    if read_only == "on":
        return _refused(
            "the database's transactions are read-only", "see default_transaction_read_only of its user"
        )
    denied = [
        table
        for table in _WRITTEN
        if not session.scalar(
            text("SELECT has_table_privilege(:table, 'INSERT') AND has_table_privilege(:table, 'UPDATE')"),
            {"table": table},
        )
    ]
    if denied:
        return _refused(f"the database's user {user} may not write {denied[0]}", "use one who may")
    return None


def _of_sqlite(session: Session) -> Problem | None:
    raw = session.connection().connection.dbapi_connection
    assert raw is not None  # noqa: S101  # it was just checked out
    try:
        # Takes the right to write, for no row, and gives it back.
        raw.cursor().execute("DELETE FROM dag WHERE 0")
    except sqlite3.OperationalError as cause:
        if "readonly" in str(cause):
            return _refused("the database file can not be written", "see to the rights of it and its folder")
        # Somebody else is writing, so it can be written.
    finally:
        raw.rollback()
        session.rollback()
    return None


def _refused(because: str, remedy: str) -> Problem:
    return Refused(because, remedy=remedy)
