"""Private homes for tests, each in its own temporary folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from backfill_tui.engine.home import EmbeddedHome, prepare_home

REPOSITORY = Path(__file__).parents[2]
EXAMPLE_DAGS = REPOSITORY / "dags"

_SYNC = """
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.configuration import conf

DagBundlesManager().sync_bundles_to_db()
folder = Path(conf.get("core", "dags_folder"))
bag = DagBag(folder, bundle_path=folder, bundle_name="dags-folder")
assert not bag.import_errors, bag.import_errors
sync_bag_to_db(bag, "dags-folder", bundle_version=None)
"""


def private_home(folder: Path, dags: Mapping[str, str] | None = None) -> EmbeddedHome:
    """A fresh home in `folder`, on a Dags folder of its own that holds `dags` (file name to source)."""
    dags_folder = folder / "dags"
    dags_folder.mkdir(parents=True, exist_ok=True)
    for name, source in (dags or {}).items():
        (dags_folder / name).write_text(dedent(source), encoding="utf-8")
    return prepare_home(folder / "home", dags_folder)


def on_home(home: EmbeddedHome, *words: str, timeout: float = 120) -> str:
    """Run this Python with `words` on the home; its stdout. Fails with all that it printed."""
    done = subprocess.run(
        [sys.executable, *words],
        env=home.environment(os.environ),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout


def create_database(home: EmbeddedHome) -> None:
    """Create the metadata database with Airflow's own command (takes some seconds)."""
    on_home(home, "-m", "airflow", "db", "migrate")


def sync_dags(home: EmbeddedHome) -> None:
    """Parse the home's Dags folder and write its Dags to the database, without a bridge."""
    on_home(home, "-c", _SYNC)
