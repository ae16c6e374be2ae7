"""Private homes for tests, each in its own temporary folder."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import Any

from backfill_tui.engine.home import EmbeddedHome, prepare_home

REPOSITORY = Path(__file__).parents[2]
EXAMPLE_DAGS = REPOSITORY / "dags"

# Parses the home's Dags folder and writes its Dags to the database, as Airflow's own tests do.
SYNC_DAGS = """
from pathlib import Path
from airflow.configuration import conf
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

DagBundlesManager().sync_bundles_to_db()
folder = Path(conf.get("core", "dags_folder"))
bag = DagBag(folder, bundle_path=folder, bundle_name="dags-folder")
assert not bag.import_errors, bag.import_errors
sync_bag_to_db(bag, "dags-folder", bundle_version=None)
"""

CREATE_DATABASE = """
from airflow.utils.db import initdb
initdb()
"""

# Transactions that write from their first moment: the only ones that hold beside a live scheduler.
CREATE_BACKFILL = """
import sys
import pendulum
from airflow import settings
from airflow.models.backfill import ReprocessBehavior, _create_backfill
from sqlalchemy import event

def by_hand(connection, record):
    connection.isolation_level = None

def begin(connection):
    connection.exec_driver_sql("BEGIN IMMEDIATE")

event.listen(settings.engine, "connect", by_hand)
event.listen(settings.engine, "begin", begin)
created = _create_backfill(
    dag_id=sys.argv[1],
    from_date=pendulum.parse(sys.argv[2]),
    to_date=pendulum.parse(sys.argv[3]),
    max_active_runs=int(sys.argv[4]),
    reverse=False,
    dag_run_conf=None,
    triggering_user_name="test",
    reprocess_behavior=ReprocessBehavior.NONE,
    run_on_latest_version=False,
)
print("backfill", created.id)
"""


def private_home(folder: Path, dags: Mapping[str, str] | None = None) -> EmbeddedHome:
    """A fresh home in `folder`, on a Dags folder of its own that holds `dags` (file name to source)."""
    dags_folder = folder / "dags"
    dags_folder.mkdir(parents=True, exist_ok=True)
    for name, source in (dags or {}).items():
        (dags_folder / name).write_text(dedent(source), encoding="utf-8")
    return prepare_home(folder / "home", dags_folder)


def on_home(home: EmbeddedHome, *words: str, timeout: float = 120) -> str:
    """Run this Python with `words` on the home; its stdout. Fails with the end of all that it printed."""
    done = subprocess.run(
        [sys.executable, *words],
        env=home.environment(os.environ),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{words[:3]}: {done.stdout[-1000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def create_database(home: EmbeddedHome) -> None:
    """Create the metadata database, without Dags (takes some seconds)."""
    on_home(home, "-c", CREATE_DATABASE)


def create_database_with_dags(home: EmbeddedHome) -> None:
    """Create the metadata database and write the home's Dags to it (one process, so one import)."""
    on_home(home, "-c", CREATE_DATABASE + SYNC_DAGS)


def sync_dags(home: EmbeddedHome) -> None:
    """Parse the home's Dags folder and write its Dags to the database, without a bridge."""
    on_home(home, "-c", SYNC_DAGS)


def create_backfill(
    home: EmbeddedHome, dag_id: str, first: str, last: str, *, max_active_runs: int = 10
) -> int:
    """Create a backfill with Airflow's own function, without a bridge; its id."""
    out = on_home(home, "-c", CREATE_BACKFILL, dag_id, first, last, str(max_active_runs))
    return int(out.rpartition("backfill ")[2])


def rows(home: EmbeddedHome, question: str, *values: object) -> list[tuple[Any, ...]]:
    """What the metadata database answers to a question in SQL."""
    with closing(sqlite3.connect(f"file:{home.database}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(question, values).fetchall()


def wait_until(holds: Callable[[], object], what: Callable[[], object], seconds: float = 60) -> None:
    """Wait until it holds; after so many seconds fail with what there is instead."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"after {seconds} s: {what()}"
        time.sleep(0.1)


def open_to_others(folder: Path) -> list[str]:
    """What in a folder, itself included, anyone but its owner may read, write or enter."""
    found = []
    for path in (folder, *folder.rglob("*")):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            # Of a process that works there: it has just been done with.
            continue
        if not stat.S_ISLNK(mode) and mode & 0o077:
            found.append(f"{stat.filemode(mode)} {path.relative_to(folder)}")
    return found
