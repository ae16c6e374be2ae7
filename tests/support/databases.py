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
import pytest
from psycopg2 import sql

SERVER = {"host": "127.0.0.1", "port": 5432, "user": os.environ.get("PGUSER", "postgres")}


@dataclass(frozen=True, kw_only=True)
class Database:
    """One metadata database, as Airflow and as a stranger reaches it."""

    kind: str
    name: str
    url: str

    @contextmanager
    def stranger(self) -> Iterator[Any]:
        """A connection that has nothing to do with Airflow or this program; every statement commits."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.name, isolation_level=None, timeout=30)) as connection:
                yield connection
            return
        with closing(psycopg2.connect(dbname=self.name, **SERVER)) as connection:
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
    return Database(kind="sqlite", name=str(path), url=f"sqlite:///{path}")


@contextmanager
def postgresql_database() -> Iterator[Database]:
    """A database of its own on the local server; skips the test where there is no server."""
    try:
        server = psycopg2.connect(dbname="postgres", **SERVER)
    except psycopg2.OperationalError as missing:
        pytest.skip(f"no PostgreSQL server: {missing}")
    server.autocommit = True
    name = f"backfill_tui_{os.urandom(6).hex()}"
    url = f"postgresql+psycopg2://{SERVER['user']}@{SERVER['host']}:{SERVER['port']}/{name}"
    with closing(server), closing(server.cursor()) as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield Database(kind="postgresql", name=name, url=url)
        finally:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
