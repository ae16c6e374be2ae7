"""What is written of Dags that have not changed: the tables are as after Airflow's own full sync."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.support.bridges import home_with_database
from tests.support.homes import create_backfill, on_home, rows, sync_dags

from backfill_tui.engine.home import EmbeddedHome, prepare_home

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("bridge_parsing")]

# Yearly, so that no midnight falls between two syncs.
PLAIN = """
import pendulum
from airflow.sdk import DAG, task

START = pendulum.datetime(2020, 1, 1, tz="UTC")
with DAG("{dag_id}", schedule="0 0 1 1 *", start_date=START, catchup={catchup}, tags=["{dag_id}", "all"],
         max_active_runs={runs}, description="A plain Dag", owner_links={{"me": "https://example.org"}}):
    @task(owner="me")
    def one(): ...
    one()
"""
ASSETS = """
from airflow.sdk import DAG, Asset, task

made = Asset("made", uri="x://made")
with DAG("makes_an_asset", schedule="@yearly"):
    @task(outlets=[made])
    def make(): ...
    make()
with DAG("waits_for_an_asset", schedule=[made]):
    @task(inlets=[made])
    def wait(): ...
    wait()
with DAG("has_no_schedule", schedule=None, is_paused_upon_creation=True):
    pass
"""
# The bridge's own sync of its folder, with the Dags that it lets Airflow write.
SYNC = """
import json
from pathlib import Path
from airflow.configuration import conf
from backfill_tui.bridge import parsing_sync
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.parsing_child import _parse_file, relative_to
from backfill_tui.bridge.parsing_process import list_dag_files
from backfill_tui.domain.environment import Mode

folder = conf.get("core", "dags_folder")
written = []
write = parsing_sync.update_dag_parsing_results_in_db

def recorded(bundle_name, version, dags, *rest, **more):
    written.extend(dag.dag_id for dag in dags)
    return write(bundle_name, version, dags, *rest, **more)

parsing_sync.update_dag_parsing_results_in_db = recorded
files = list_dag_files(folder)
environment = AirflowEnvironment(mode=Mode.EMBEDDED, where="", read_only=False)
writer = parsing_sync.ResultsWriter(
    environment, parsing_sync.bundle_of(Path(folder)), [relative_to(file, folder) for file in files]
)
for file in reversed(files):
    writer.add(_parse_file(file, folder, parsing_sync.bundle_of(Path(folder))))
writer.finish()
print("WRITTEN", json.dumps(sorted(written)))
"""
TABLES = {
    "dag": {"last_parsed_time", "last_expired"},
    "dag_tag": set(),
    "dag_owner_attributes": set(),
    # Sets have no order in the data, and its hash knows that.
    "serialized_dag": {"created_at", "last_updated", "data"},
    "dag_version": {"created_at", "last_updated"},
    "dag_code": {"created_at", "last_updated"},
    "asset": {"created_at", "updated_at"},
    "asset_active": set(),
    "dag_schedule_asset_reference": {"created_at", "updated_at"},
    "task_outlet_asset_reference": {"created_at", "updated_at"},
    "task_inlet_asset_reference": {"created_at", "updated_at"},
    "import_error": {"timestamp"},
    "dag_warning": {"timestamp"},
    "dag_run": set(),
}
ASSET_DAGS = ["makes_an_asset", "waits_for_an_asset"]


def plain(dag_id: str, *, catchup: bool = True, runs: int = 3) -> str:
    return PLAIN.format(dag_id=dag_id, catchup=catchup, runs=runs)


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, database_template: Path) -> EmbeddedHome:
    """A home whose Dags are all in its database; tests copy it."""
    names = ["stays", "ran", "was_stale", "was_changed", "was_configured", "had_a_warning", "was_edited"]
    files = {f"{name}.py": plain(name, catchup=name != "stays") for name in names}
    files["assets.py"] = ASSETS
    home = home_with_database(database_template, tmp_path_factory.mktemp("synced"), files)
    assert written(home) == sorted([*names, *ASSET_DAGS, "has_no_schedule"])
    return home


@pytest.fixture
def homes(synced: EmbeddedHome, tmp_path: Path) -> tuple[EmbeddedHome, EmbeddedHome]:
    """Two homes on a copy of the same folder, in which everything is synced."""
    dags = tmp_path / "dags"
    shutil.copytree(synced.dags_folder, dags)
    one = prepare_home(tmp_path / "one", dags)
    shutil.copy(synced.database, one.database)
    # The folder is another now, and that is a change to every Dag.
    sync_dags(one)
    return one, prepare_home(tmp_path / "two", dags)


def written(home: EmbeddedHome) -> list[str]:
    """Sync as the bridge does; the Dags that Airflow was asked to write."""
    out = on_home(home, "-c", SYNC)
    found: list[str] = json.loads(out.rpartition("WRITTEN ")[2])
    return found


def execute(home: EmbeddedHome, *statements: str) -> None:
    with closing(sqlite3.connect(home.database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def tables(home: EmbeddedHome) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table that a sync writes, without what tells only when it was."""
    found = {}
    for table, times in TABLES.items():
        names = [str(name) for _, name, *_ in rows(home, f"PRAGMA table_info({table})")]
        kept = [name for name in names if name not in times]
        columns = ", ".join(f'"{name}"' for name in kept)
        content = rows(home, f"SELECT {columns} FROM {table}")  # noqa: S608  # names of Airflow's own tables
        found[table] = sorted((dict(zip(kept, row, strict=True)) for row in content), key=repr)
    return found


def test_of_unchanged_dags_nothing_is_written_but_what_has_to_do_with_assets(
    homes: tuple[EmbeddedHome, EmbeddedHome],
) -> None:
    one, _ = homes
    before = tables(one)
    [(parsed_before,)] = rows(one, "SELECT min(last_parsed_time) FROM dag")
    assert written(one) == ASSET_DAGS
    assert tables(one) == before
    [(parsed_after,)] = rows(one, "SELECT min(last_parsed_time) FROM dag")
    assert parsed_after > parsed_before


def test_the_tables_are_as_after_a_full_sync(homes: tuple[EmbeddedHome, EmbeddedHome]) -> None:
    one, two = homes
    create_backfill(one, "ran", "2020-01-01", "2023-01-01", max_active_runs=2)
    execute(
        one,
        "UPDATE dag SET is_stale = 1, has_import_errors = 1 WHERE dag_id = 'was_stale'",
        "UPDATE dag SET max_active_tasks = 99 WHERE dag_id = 'was_configured'",
        "UPDATE dag SET next_dagrun = NULL, next_dagrun_create_after = NULL, exceeds_max_non_backfill = 1"
        " WHERE dag_id = 'stays'",
        "INSERT INTO dag_warning (dag_id, warning_type, message, timestamp)"
        " VALUES ('had_a_warning', 'non-existent pool', 'no pool', '2024-01-01')",
        "INSERT INTO import_error (timestamp, filename, bundle_name, stacktrace)"
        " VALUES ('2024-01-01', 'stays.py', 'dags-folder', 'an old error')",
    )
    (one.dags_folder / "was_changed.py").write_text(plain("was_changed", runs=7))
    (one.dags_folder / "was_edited.py").write_text(plain("was_edited") + "# a remark\n")
    shutil.copy(one.database, two.database)
    before = tables(one)

    assert written(one) == sorted([*ASSET_DAGS, "was_changed", "was_configured", "was_edited", "was_stale"])
    sync_dags(two)
    ours, airflows = tables(one), tables(two)
    for table in TABLES:
        assert ours[table] == airflows[table], table
    assert ours != before
    dags = {row["dag_id"]: row for row in ours["dag"]}
    assert dags["stays"]["next_dagrun_create_after"]
    assert dags["ran"]["next_dagrun"].startswith("2024-01-01")
    assert (ours["import_error"], ours["dag_warning"]) == ([], [])


def test_a_dag_whose_file_is_gone_is_stale_though_nothing_else_has_changed(
    homes: tuple[EmbeddedHome, EmbeddedHome],
) -> None:
    one, _ = homes
    (one.dags_folder / "ran.py").unlink()
    assert written(one) == ASSET_DAGS
    assert rows(one, "SELECT dag_id FROM dag WHERE is_stale") == [("ran",)]
