"""A bridge that is attached to an Airflow on PostgreSQL, which is not ours, and a child that edits that."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from tests.support.databases import Database, postgresql_database
from tests.support.edits import Edits, editing_on


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A bridge that is attached to a database, and a child that edits it."""

    gateway: BridgeGateway
    edits: Edits
    database: Database
    dags_folder: Path
    logs: Path
    child: BridgeChild
    command: BridgeCommand


@contextmanager
def attached_to_postgresql(home: Path, dags: str) -> Iterator[Attached]:
    """A new database with the Dags of this source; skips the test where there is no server."""
    folder = home / "dags"
    folder.mkdir()
    (folder / "many.py").write_text(dags)
    with postgresql_database() as database:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.url,
            # Nothing here uses asynchronous connections, so no driver for them is needed.
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"sqlite+aiosqlite:///{home / 'async.db'}",
        }
        words = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"]
        with editing_on(environment, home / "editing.log") as edits:
            edits.do("create_database")
            edits.do("sync", folder=str(folder))
            command = BridgeCommand(words=words, environment=environment, log=home / "bridge.log")
            child = BridgeChild(command)
            gateway = BridgeGateway(child)
            try:
                gateway.open()
                yield Attached(
                    gateway=gateway,
                    edits=edits,
                    database=database,
                    dags_folder=folder,
                    child=child,
                    command=command,
                    logs=home / "logs",
                )
            finally:
                gateway.close()
