# Written by backfill-tui at every start: changes made here are lost.
# ruff: noqa: INP001  # no package: Airflow finds it as a file
"""How every component of this home opens the metadata database (Airflow 3.3 settings.py)."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

__all__ = ["create_async_metadata_engine", "create_metadata_engine"]

USUAL_THRESHOLD = gc.get_threshold()
"""When Python looks for garbage unless told otherwise; what tasks are given back."""

# Services build much when they start and free little of it: with the usual threshold a quarter of their start
# goes into looking for garbage that is not there.
if not {"api-server", "scheduler", "triggerer"}.isdisjoint(sys.argv):
    gc.set_threshold(50_000, 20, 20)

# SQLite has one writer at a time, so all wait for each other this long. A launch is one transaction, which
# takes over a minute for thousands of runs on a busy machine: without patience the scheduler would end by it.
_BUSY_SECONDS = 300 if "scheduler" in sys.argv else 60


def _on_connect(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # Safe against the end of any process in WAL mode; only a power cut can lose the last commits.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def create_metadata_engine(
    sql_alchemy_conn: str, *, engine_args: dict[str, Any], connect_args: dict[str, Any]
) -> Engine:
    """The engine of every process of this home, whose database is a SQLite file."""
    # SQLite gives its journal the mode of the database.
    os.close(os.open(sql_alchemy_conn.partition(":///")[2], os.O_RDWR | os.O_CREAT, 0o600))
    engine = create_engine(
        sql_alchemy_conn, connect_args={"timeout": _BUSY_SECONDS, **connect_args}, **engine_args
    )
    event.listen(engine, "connect", _on_connect)
    return engine


def create_async_metadata_engine(
    sql_alchemy_conn_async: str, *, connect_args: dict[str, Any], engine_args: dict[str, Any] | None = None
) -> AsyncEngine:
    """The API server's second engine."""
    engine = create_async_engine(
        sql_alchemy_conn_async,
        connect_args={"timeout": _BUSY_SECONDS, **connect_args},
        **(engine_args or {}),
    )
    event.listen(engine.sync_engine, "connect", _on_connect)
    return engine
