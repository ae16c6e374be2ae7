"""Very many Dags: the list is made of what costs next to nothing for each, and some are read in detail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support import many_dags
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.edits import editing_on
from tests.support.worker import attached_place

from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.states import RunState
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("many-dags")]

MANY = 600
DAG = """
import pendulum
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG("pattern", schedule="30 5 * * *", start_date=pendulum.datetime(2024, 1, 1, tz="Europe/Berlin"),
         catchup=False, tags=["report"], default_args={"owner": "sales"}):
    EmptyOperator(task_id="extract") >> EmptyOperator(task_id="load")
"""


@dataclass(frozen=True)
class Site:
    """A bridge that is attached to very many Dags, and their database."""

    gateway: BridgeGateway
    database: Database


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("many-dags")
    if request.param == "sqlite":
        yield from _attached(folder, sqlite_database(folder / "airflow.db"))
        return
    with postgresql_database() as database:
        yield from _attached(folder, database)


def _attached(folder: Path, database: Database) -> Iterator[Site]:
    place = attached_place(folder, {"pattern.py": DAG}, {}, database.url)
    with editing_on(place.environment, folder / "editing.log") as edits:
        edits.do("create_database")
        edits.do("sync", folder=str(folder / "dags"))
        edits.do("bulk", dag_id="pattern", runs=3, running=0)
    many_dags.fill(database, "pattern", MANY)
    words = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"]
    child = BridgeChild(BridgeCommand(words=words, environment=place.environment, log=folder / "bridge.log"))
    gateway = BridgeGateway(child)
    try:
        gateway.open()
        yield Site(gateway, database)
    finally:
        gateway.close()


def by_name(dags: tuple[DagSummary, ...]) -> dict[str, DagSummary]:
    return {dag.dag_id: dag for dag in dags}


def test_the_list_has_every_dag_with_what_its_row_tells(site: Site) -> None:
    listed = site.gateway.dags()
    assert not listed.detailed
    assert len(listed.dags) == MANY + 1
    assert [dag.dag_id for dag in listed.dags] == sorted(dag.dag_id for dag in listed.dags)
    one = by_name(listed.dags)["pattern_00042"]
    assert (one.tags, one.owners, one.schedule) == (("report",), ("sales",), "30 5 * * *")
    assert not one.detailed
    assert not one.recent_runs
    assert not one.task_ids


def test_those_that_are_asked_for_are_told_as_in_a_short_list(site: Site) -> None:
    wanted = (DagId("pattern_00600"), DagId("pattern_00042"), DagId("no_such_dag"))
    asked = site.gateway.dags(wanted)
    assert asked.detailed
    assert [dag.dag_id for dag in asked.dags] == ["pattern_00042", "pattern_00600"]
    for dag in asked.dags:
        assert dag.detailed
        assert dag.schedule == "every day at 05:30 Berlin"
        assert dag.timezone == "Europe/Berlin"
        assert dag.task_ids == ("extract", "load")
        assert [run.state for run in dag.recent_runs] == [RunState.SUCCESS] * 3
        assert dag.last_success == dag.recent_runs[-1].logical_date
        assert (dag.tags, dag.owners, dag.is_paused) == (("report",), ("sales",), True)


def test_what_changes_in_the_database_is_in_both(site: Site) -> None:
    site.database.do("UPDATE dag SET is_paused = false WHERE dag_id = 'pattern_00007'")
    try:
        assert not by_name(site.gateway.dags().dags)["pattern_00007"].is_paused
        assert not site.gateway.dags((DagId("pattern_00007"),)).dags[0].is_paused
    finally:
        site.database.do("UPDATE dag SET is_paused = true WHERE dag_id = 'pattern_00007'")


def test_a_list_that_is_short_again_is_in_detail(site: Site) -> None:
    site.database.do("UPDATE dag SET is_stale = true WHERE dag_id > 'pattern_00100'")
    try:
        listed = site.gateway.dags()
        assert listed.detailed
        assert len(listed.dags) == 101
        assert all(dag.detailed and dag.task_ids for dag in listed.dags)
    finally:
        site.database.do("UPDATE dag SET is_stale = false")
