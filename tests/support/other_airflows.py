"""An Airflow of another version, in an environment of its own, and a bridge that is attached to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

from backfill_tui import bridge_without_install
from backfill_tui.domain.environment import Environment
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand
from tests.support.databases import Database, postgresql_database, sqlite_database

PYTHONS: Final = "BACKFILL_TUI_TEST_AIRFLOW_PYTHONS"
"""The variable that names the interpreters of older Airflows, separated by colons."""

SET_UP: Final = """
from pathlib import Path
from airflow.configuration import conf
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.utils.db import initdb
try:
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
except ImportError:
    from airflow.models.dagbag import DagBag, sync_bag_to_db

initdb()
DagBundlesManager().sync_bundles_to_db()
folder = Path(conf.get("core", "dags_folder"))
try:
    bag = DagBag(folder, bundle_path=folder, bundle_name="dags-folder")
except TypeError:
    bag = DagBag(folder, bundle_path=folder)
assert not bag.import_errors, bag.import_errors
sync_bag_to_db(bag, "dags-folder", bundle_version=None)
"""


def pythons() -> list[str]:
    """The interpreters that the environment names."""
    return [path for path in os.environ.get(PYTHONS, "").split(":") if path]


@dataclass(frozen=True, kw_only=True)
class OtherAirflow:
    """One Airflow that is not ours."""

    python: str
    home: Path
    database: Database
    environment: Mapping[str, str]

    def run(self, *words: str) -> str:
        """What its Python writes; fails with the end of all that it printed."""
        done = subprocess.run(
            [self.python, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    @property
    def version(self) -> str:
        """Such as `3.2.2`."""
        return self.run(
            "-c", "from importlib.metadata import version; print(version('apache-airflow'))"
        ).strip()

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Let a stranger do or ask something; a question mark stands for each value."""
        if self.database.kind == "postgresql":
            statement = statement.replace("?", "%s")
        with self.database.stranger() as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def attached(self, *words: str) -> Iterator[tuple[BridgeGateway, Environment]]:
        """A bridge on its Python, in which this package is not installed."""
        command = BridgeCommand(
            words=[
                self.python, bridge_without_install.__file__, "--mode", "attached",
                "--journal", str(self.home / "journal.jsonl"), *words,
            ],
            environment=self.environment,
            log=self.home / "bridge.log",
        )  # fmt: skip
        gateway = BridgeGateway(BridgeChild(command))
        try:
            yield gateway, gateway.open()
        finally:
            gateway.close()


@contextmanager
def other_airflow(python: str, folder: Path, kind: str, dags: str) -> Iterator[OtherAirflow]:
    """A new database of that Airflow with the Dags of this source."""
    (folder / "dags").mkdir(parents=True)
    (folder / "dags" / "some.py").write_text(dedent(dags))
    with ExitStack() as stack:
        database = (
            sqlite_database(folder / "airflow.db")
            if kind == "sqlite"
            else stack.enter_context(postgresql_database())
        )
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "BACKFILL", "PYTHONPATH"))
        }
        environment = {
            **kept,
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.url,
            # The driver for asynchronous connections is not installed, and nothing here uses one.
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"sqlite+aiosqlite:///{folder / 'async.db'}",
        }
        airflow = OtherAirflow(python=python, home=folder, database=database, environment=environment)
        airflow.run("-W", "ignore", "-c", SET_UP)
        yield airflow
