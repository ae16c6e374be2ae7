"""An Airflow of a version that nobody has looked at yet is read at most."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from tests.support.homes import REPOSITORY, create_backfill, create_database, private_home, sync_dags

from backfill_tui.bridge.compat.readable import READ, columns_missing
from backfill_tui.domain.control import ControlRequest, Deed
from backfill_tui.domain.environment import Environment
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, Refused
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("unknown-versions")]

DAGS = {
    "daily.py": """
        import pendulum
        from airflow.sdk import DAG
        from airflow.providers.standard.operators.empty import EmptyOperator
        with DAG("nightly", schedule="0 2 * * *", start_date=pendulum.datetime(2021, 1, 1), catchup=False):
            EmptyOperator(task_id="one")
    """
}
# What a version to come calls itself is all that is known of it.
AS_ANOTHER = """
import importlib.metadata as metadata
import airflow
airflow.__version__ = "3.4.0"
known = metadata.version
metadata.version = lambda name: "3.4.0" if name == "apache-airflow-core" else known(name)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedHome:
    made = private_home(tmp_path_factory.mktemp("unknown"), DAGS)
    create_database(made)
    sync_dags(made)
    create_backfill(made, "nightly", "2024-03-01", "2024-03-03")
    (made.path / "other").mkdir()
    (made.path / "other" / "sitecustomize.py").write_text(AS_ANOTHER)
    return made


@contextmanager
def attached(home: EmbeddedHome, *, more: str = "") -> Iterator[BridgeGateway]:
    (home.path / "other" / "sitecustomize.py").write_text(AS_ANOTHER + more)
    environment = {**home.environment(os.environ), "PYTHONPATH": str(home.path / "other")}
    words = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"]
    command = BridgeCommand(words=words, environment=environment, log=home.path / "bridge.log")
    gateway = BridgeGateway(BridgeChild(command))
    try:
        yield gateway
    finally:
        gateway.close()


WHY = "Airflow 3.4.0 is none that this program knows (3.1, 3.2, 3.3)"


def test_it_is_told_in_one_sentence_and_read(home: EmbeddedHome) -> None:
    with attached(home) as gateway:
        environment: Environment = gateway.open()
        assert (environment.version, environment.read_only) == ("3.4.0", True)
        assert environment.read_only_because == WHY
        (dag,) = gateway.dags().dags
        assert (dag.dag_id, dag.schedule) == ("nightly", "every day at 02:00")
        (listed,) = gateway.backfills()
        with gateway.watch(listed.facts.backfill_id) as updates:
            assert len(next(iter(updates)).rows) == 2


def test_a_plan_and_every_change_is_refused_with_the_reason(home: EmbeddedHome) -> None:
    with attached(home) as gateway:
        gateway.open()
        request = BackfillRequest(dag_id=DagId("nightly"), from_date=Instant(0), to_date=Instant(1))
        with pytest.raises(Refused, match=re.escape(f"Read-only, so a plan is not possible: {WHY}")):
            gateway.plan(request)
        with pytest.raises(Refused, match=re.escape(f"so pausing a Dag is not possible: {WHY}")):
            gateway.pause_dag(DagId("nightly"), is_paused=True)
        with pytest.raises(Refused, match=re.escape(f"so changing a backfill is not possible: {WHY}")):
            gateway.preview_control(ControlRequest(backfill_id=BackfillId(1), deed=Deed.CANCEL))


def test_it_is_not_read_where_its_tables_are_others(home: EmbeddedHome, tmp_path: Path) -> None:
    kept = shutil.copy(home.database, tmp_path / "kept.db")
    try:
        with closing(sqlite3.connect(home.database)) as connection:
            connection.execute("ALTER TABLE task_instance DROP COLUMN custom_operator_name")
            connection.commit()
        with attached(home) as gateway, pytest.raises(AirflowFailed) as refusal:
            gateway.open()
    finally:
        shutil.copy(kept, home.database)
    assert refusal.value.message == (
        f"{WHY}, and its tables can not be read either: they lack task_instance.custom_operator_name"
    )


def test_one_that_lacks_what_is_imported_is_told_as_unknown_too(home: EmbeddedHome) -> None:
    gone = 'import sys\nsys.modules["airflow.jobs.job"] = None\n'
    with attached(home, more=gone) as gateway, pytest.raises(AirflowFailed) as refusal:
        gateway.open()
    assert refusal.value.message.startswith(f"{WHY}, and it can not be read either: ")
    assert "airflow.jobs.job" in refusal.value.message


def test_the_tables_of_this_airflow_have_all_that_is_read(home: EmbeddedHome, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{shutil.copy(home.database, tmp_path / 'copy.db')}")
    with engine.connect() as connection:
        assert columns_missing(connection) == []
        connection.exec_driver_sql("DROP TABLE task_reschedule")
        connection.exec_driver_sql("ALTER TABLE dag_run DROP COLUMN clear_number")
        assert columns_missing(connection) == ["task_reschedule", "dag_run.clear_number"]
    engine.dispose()
    assert len(READ) > 10


def test_the_bridge_imports_nothing_but_the_standard_library_msgspec_and_what_airflow_brings() -> None:
    brought = {
        "airflow",
        "msgspec",
        *_brought_by("apache-airflow-core"),
        *_brought_by("apache-airflow-task-sdk"),
    }
    found: dict[str, str] = {}
    for layer in ("bridge", "domain", "wire"):
        for path in (REPOSITORY / "src" / "backfill_tui" / layer).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                else:
                    names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                found |= {name.split(".")[0]: f"{layer}/{path.name}" for name in names}
    strange = {
        name: where
        for name, where in found.items()
        if name not in {"backfill_tui", *sys.stdlib_module_names, *brought}
    }
    assert strange == {}
    own = {name for name in found if (REPOSITORY / "src" / "backfill_tui" / name).exists()}
    assert not own


def _brought_by(package: str) -> set[str]:
    """The modules of what a package requires on every machine, without extras."""
    required = {
        re.split(r"[^A-Za-z0-9._-]", need, maxsplit=1)[0].lower().replace("_", "-")
        for need in distribution(package).requires or []
        if "extra ==" not in need
    }
    return {
        module
        for module, packages in packages_distributions().items()
        if any(name.lower().replace("_", "-") in required for name in packages)
    }
