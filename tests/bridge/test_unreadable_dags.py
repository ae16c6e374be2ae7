"""A Dag that imports and that Airflow then can not store is a problem of its file and of no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.bridges import RunningBridge, home_with_database, running_bridge
from tests.support.databases import sqlite_database
from tests.support.homes import rows
from tests.support.odd_timetables import ODD_PLUGIN_FILES
from tests.support.world import instant

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, NotThere

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("bridge_unreadable_dags")]

GOOD = """
import pendulum
from airflow.sdk import DAG

with DAG("{dag_id}", schedule="@daily", start_date=pendulum.datetime(2024, 1, 1, tz="UTC")):
    pass
"""
ODD = """
import pendulum
from airflow.sdk import DAG
from odd_plugin import {name}

with DAG("{dag_id}", schedule={name}(), start_date=pendulum.datetime(2024, 1, 1, tz="UTC")):
    pass
"""
NOT_STORED = "imports, but Airflow can not store it"
SENTENCES = {
    "Unreadable": f'The Dag "Unreadable" {NOT_STORED}: LookupError: the [/red] table of holidays is gone',
    "Speechless": "LookupError: no words",
    "TalksNonsense": f"A Dag of it {NOT_STORED}: AttributeError: 'str' object has no attribute ",
    "Leaves": f"A Dag of it {NOT_STORED}: SystemExit: 3",
    "Unwritable": "TypeError: Object of type object is not JSON serializable",
}
GOOD_ONES = [f"good_{number:02}" for number in range(60)]
"""More than go into one transaction."""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory, database_template: Path) -> Iterator[RunningBridge]:
    files = {f"{name}.py": GOOD.format(dag_id=name) for name in GOOD_ONES}
    files |= {f"bad_{name}.py": ODD.format(dag_id=name, name=name) for name in SENTENCES}
    files["good_30.py"] += GOOD.format(dag_id="second")
    files["turns_bad.py"] = GOOD.format(dag_id="turns_bad") + GOOD.format(dag_id="beside_it")
    home = home_with_database(database_template, tmp_path_factory.mktemp("unreadable"), files)
    for name, source in ODD_PLUGIN_FILES.items():
        (home.path / "plugins").mkdir(exist_ok=True)
        (home.path / "plugins" / name).write_text(source)
    with running_bridge(home) as running:
        yield running


def nine_days(dag_id: str) -> BackfillRequest:
    first, last = (Instant(instant(day)) for day in ("2024-03-01", "2024-03-09"))
    return BackfillRequest(dag_id=DagId(dag_id), from_date=first, to_date=last)


def problems(bridge: RunningBridge) -> dict[str, ImportProblem]:
    return {problem.file: problem for problem in bridge.gateway.dags().import_problems}


@pytest.mark.parametrize("name", list(SENTENCES))
def test_what_airflow_can_not_store_is_said_in_one_sentence_with_the_traceback(
    bridge: RunningBridge, name: str
) -> None:
    found = problems(bridge)[f"bad_{name}.py"]
    assert found.sentence.startswith(SENTENCES[name])
    assert "Traceback" in found.traceback
    if NOT_STORED in SENTENCES[name]:
        assert found.advice.startswith("see to its timetable")


def test_the_other_files_go_on_and_each_can_be_planned(bridge: RunningBridge) -> None:
    listed = bridge.gateway.dags()
    assert [dag.dag_id for dag in listed.dags] == sorted([*GOOD_ONES, "second", "turns_bad", "beside_it"])
    assert len(listed.import_problems) == len(SENTENCES)
    assert bridge.gateway.plan(nine_days("good_59")).run_count == 9
    with pytest.raises(NotThere):
        bridge.gateway.plan(nine_days("Unreadable"))


def test_a_file_that_turns_bad_and_good_again_is_followed(bridge: RunningBridge) -> None:
    file = bridge.home.dags_folder / "turns_bad.py"
    good = file.read_text()
    file.write_text(good + ODD.format(dag_id="bad_too", name="Unreadable"))
    listed = bridge.gateway.parse()
    assert {dag.dag_id for dag in listed.dags}.isdisjoint({"turns_bad", "beside_it", "bad_too"})
    assert [problem.file for problem in listed.import_problems].count("turns_bad.py") == 1
    file.write_text(good)
    listed = bridge.gateway.parse()
    assert {dag.dag_id for dag in listed.dags} > {"turns_bad", "beside_it"}
    assert "turns_bad.py" not in problems(bridge)
    assert rows(bridge.home, "SELECT count(*) FROM dag WHERE has_import_errors") == [(0,)]


def test_a_dag_that_can_not_be_read_any_more_is_listed_with_the_cause_and_mended_by_a_parse(
    bridge: RunningBridge,
) -> None:
    [(kind,)] = rows(
        bridge.home,
        "SELECT json_extract(data, '$.dag.timetable.__type') FROM serialized_dag WHERE dag_id = 'good_00'",
    )
    sqlite_database(bridge.home.database).do(
        f"UPDATE serialized_dag SET data = replace(data, '{kind}', 'odd_plugin.Unreadable'), "  # noqa: S608
        "dag_hash = 'another' WHERE dag_id = 'good_00'"
    )
    because = {str(dag.dag_id): dag.not_backfillable_because for dag in bridge.gateway.dags().dags}
    cause = "LookupError: the [/red] table of holidays is gone"
    assert because["good_00"] == f"its serialized form can not be read ({cause})"
    assert because["good_01"] == ""
    with pytest.raises(AirflowFailed, match="can not read the Dag good_00: LookupError"):
        bridge.gateway.plan(nine_days("good_00"))
    bridge.gateway.parse()
    assert bridge.gateway.plan(nine_days("good_00")).run_count == 9
