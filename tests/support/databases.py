"""Metadata databases for tests: a SQLite file, or a PostgreSQL database that lives as long as its test."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # its stubs are a package of their own
from psycopg2 import sql
from scripts.services import POSTGRESQL

from tests.support.services import POSTGRES_URL, missing


@dataclass(frozen=True, kw_only=True)
class Database:
    """One metadata database, as Airflow (`url`) and as a stranger (`address`) reaches it."""

    kind: str
    name: str
    url: str
    address: str

    @contextmanager
    def stranger(self) -> Iterator[Any]:
        """A connection that has nothing to do with Airflow or this program; every statement commits."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.address, isolation_level=None, timeout=30)) as connection:
                yield connection
            return
        with closing(psycopg2.connect(self.address)) as connection:
            connection.autocommit = True
            yield connection

    def ask(self, query: str) -> Any:
        """The first value of the first row, read by a stranger."""
        with self.stranger() as connection, closing(connection.cursor()) as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0]

    def do(self, statement: str) -> None:
        """Let a stranger do something."""
        with self.stranger() as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement)


def sqlite_database(path: Path) -> Database:
    """The SQLite file of a home."""
    return Database(kind="sqlite", name=path.stem, url=f"sqlite:///{path}", address=str(path))


@contextmanager
def postgresql_database(server: str = POSTGRES_URL) -> Iterator[Database]:
    """A database of its own on a server; skips the test where there is none."""
    try:
        connected = psycopg2.connect(f"{server}/postgres")
    except psycopg2.OperationalError as cause:
        missing(POSTGRESQL, cause)
    connected.autocommit = True
    name = f"backfill_tui_{os.urandom(6).hex()}"
    address = f"{server}/{name}"
    url = address.replace("postgresql:", "postgresql+psycopg2:", 1)
    with closing(connected), closing(connected.cursor()) as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield Database(kind="postgresql", name=name, url=url, address=address)
        finally:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
