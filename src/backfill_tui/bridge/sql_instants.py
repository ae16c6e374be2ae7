"""Instants as numbers straight from the database: a `datetime` for each row costs more than the row."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from backfill_tui.bridge.planned_dag import instant_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

_MICROSECONDS = 1_000_000
_HAS_UNIXEPOCH = sqlite3.sqlite_version_info >= (3, 38)
"""A third faster than the text of `strftime`."""
_FRACTION_AT = 21
"""Where the fraction of a second stands in the text by which SQLAlchemy keeps a time in SQLite."""


def gives_numbers(session: Session) -> bool:
    """Whether the database says instants as numbers by itself."""
    return session.get_bind().dialect.name in {"sqlite", "postgresql"}


def as_instant(session: Session, column: Any) -> ColumnElement[Any]:
    """A column of times as microseconds since 1970, null where it is null.

    `from_row` makes an instant of what the row then holds: elsewhere than in SQLite and PostgreSQL the
    database is asked for the time as it is.
    """
    from sqlalchemy import BigInteger, Integer, cast, func

    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        seconds = func.unixepoch(column) if _HAS_UNIXEPOCH else cast(func.strftime("%s", column), BigInteger)
        return seconds * _MICROSECONDS + cast(func.substr(column, _FRACTION_AT, 6), Integer)
    if dialect == "postgresql":
        return cast(func.extract("epoch", column) * _MICROSECONDS, BigInteger)
    element: ColumnElement[Any] = column
    return element


def from_row(value: Any) -> int:
    """The instant of a value that `as_instant` selected."""
    return value if isinstance(value, int) else instant_of(value)
