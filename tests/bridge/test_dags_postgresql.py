from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from tests.bridge.test_dags import ADD_RUNS, LAST_SUCCESSES, LASTING, last_successes
from tests.support.databases import postgresql_database

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import SECOND, iso
from backfill_tui.domain.problems import Refused, Unreachable
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("postgresql")]

DAGS = """
    import pendulum
    from airflow.sdk import DAG

    START = pendulum.datetime(2024, 1, 1, tz="UTC")

    for name in ("busy", "idle"):
        with DAG(name, schedule="@daily", start_date=START, tags=["b", "a"]):
            pass
"""

INITIALISE = """
import os
from pathlib import Path
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.utils.db import initdb

initdb()
DagBundlesManager().sync_bundles_to_db()
folder = Path(os.environ["DAGS"])
sync_bag_to_db(DagBag(folder, bundle_path=folder, bundle_name="dags-folder"), "dags-folder", None)
"""

FILL = """
import pendulum
from airflow.models.backfill import ReprocessBehavior, _create_backfill

_create_backfill(
    dag_id="busy", from_date=pendulum.datetime(2024, 2, 1), to_date=pendulum.datetime(2024, 2, 20),
    max_active_runs=2, reverse=False, dag_run_conf=None, triggering_user_name="me",
    reprocess_behavior=ReprocessBehavior.NONE,
)
"""


def attached(home: Path, url: str) -> tuple[BridgeGateway, dict[str, str]]:
    """A bridge on somebody's own Airflow, and the environment it was started in."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        # The driver for asynchronous connections is not installed, and nothing here uses one.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"sqlite+aiosqlite:///{home / 'async.db'}",
        "DAGS": str(home / "dags"),
    }
    words = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"]
    child = BridgeChild(BridgeCommand(words=words, environment=environment, log=home / "bridge.log"))
    return BridgeGateway(child), environment


def test_attached_to_postgresql_the_list_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "dags.py").write_text(dedent(DAGS))
    with postgresql_database() as database:
        gateway, environment = attached(tmp_path, database.url)
        try:
            with pytest.raises(Refused, match="has no tables of Airflow"):
                gateway.open()
            run_in(environment, INITIALISE + FILL)
            found = gateway.open()
            assert found.database == "postgresql"
            assert abs(found.read_at - time.time() * SECOND) < 60 * SECOND
            busy, idle = gateway.dags().dags
            assert busy.active_backfills == (1,)
            assert busy.tags == ("a", "b")
            dates = [iso(run.logical_date)[:10] for run in busy.recent_runs if run.logical_date]
            assert dates == [f"2024-02-{day:02}" for day in range(5, 21)]
            assert idle.recent_runs == ()
            gateway.pause_dag(DagId("idle"), is_paused=True)
            assert gateway.dags().dags[1].is_paused
        finally:
            gateway.close()


def test_the_last_success_is_the_same_on_postgresql(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "lasting.py").write_text(dedent(LASTING))
    with postgresql_database() as database:
        gateway, environment = attached(tmp_path, database.url)
        try:
            run_in(environment, INITIALISE + ADD_RUNS)
            gateway.open()
            assert last_successes(gateway.dags()) == LAST_SUCCESSES
        finally:
            gateway.close()


def run_in(environment: Mapping[str, str], script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=dict(environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_server_that_does_not_answer_is_said_plainly(tmp_path: Path) -> None:
    gateway, _ = attached(tmp_path, "postgresql+psycopg2://me:secret@127.0.0.1:1/airflow")
    try:
        with pytest.raises(Unreachable, match=r"does not answer: connection to server .* failed") as problem:
            gateway.open()
    finally:
        gateway.close()
    assert "sql_alchemy_conn" in problem.value.remedy
    assert "secret" not in problem.value.message + problem.value.detail
