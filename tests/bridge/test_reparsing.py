"""Files of an Airflow that is not ours: of several bundles, and parsed by its own processor when asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.attached import Attached, attached_to_postgresql

from backfill_tui.domain.dags import DagFile
from backfill_tui.domain.problems import NotThere, Refused
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("postgresql")]

_DAGS = """
from datetime import datetime, timezone
from airflow.sdk import DAG, task

for dag_id in ("first", "second"):
    with DAG(dag_id, schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
        @task
        def one(): pass
        one()
"""
MANY = DagFile(bundle="dags-folder", path="many.py")


@pytest.fixture(scope="module")
def attached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attached]:
    with attached_to_postgresql(tmp_path_factory.mktemp("reparsing"), _DAGS) as site:
        site.database.do("INSERT INTO dag_bundle (name, active) VALUES ('team_b', true)")
        yield site


def asked(site: Attached) -> list[tuple[str, str]]:
    with site.database.stranger() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT bundle_name, relative_fileloc FROM dag_priority_parsing_request ORDER BY 1, 2")
        return list(cursor.fetchall())


def test_airflow_is_asked_once_to_parse_a_file_that_it_knows(attached: Attached) -> None:
    for _ in range(2):
        listed = attached.gateway.parse(file=MANY)
        assert [dag.dag_id for dag in listed.dags] == ["first", "second"]
    assert asked(attached) == [("dags-folder", "many.py")]
    lines = "SELECT count(*) FROM log WHERE event = 'reparse_dag_file' AND dag_id = 'first'"
    assert attached.database.ask(lines) == 1
    with pytest.raises(NotThere, match=r"Airflow knows no Dag file team_b: many\.py"):
        attached.gateway.parse(file=DagFile(bundle="team_b", path="many.py"))
    with pytest.raises(Refused, match="parsed by its own Dag processor, one file at a time"):
        attached.gateway.parse()
    assert len(asked(attached)) == 1


def test_a_read_only_session_asks_for_nothing(attached: Attached) -> None:
    before = asked(attached)
    command = attached.command
    words = [*command.words, "--read-only"]
    log = command.log.with_name("read-only.log")
    gateway = BridgeGateway(BridgeChild(BridgeCommand(words=words, environment=command.environment, log=log)))
    try:
        gateway.open()
        with pytest.raises(Refused, match="Read-only: asking for a file to be parsed is not allowed"):
            gateway.parse(file=MANY)
    finally:
        gateway.close()
    assert asked(attached) == before


def test_files_of_one_name_in_two_bundles_are_told_apart_and_each_can_be_parsed(attached: Attached) -> None:
    attached.database.do("UPDATE dag SET bundle_name = 'team_b' WHERE dag_id = 'second'")
    for bundle in ("dags-folder", "team_b"):
        attached.database.do(
            "INSERT INTO import_error (bundle_name, filename, stacktrace, timestamp) "  # noqa: S608
            f"VALUES ('{bundle}', 'broken.py', 'NameError: name x is not defined', now())"
        )
    listed = attached.gateway.dags()
    assert [dag.dag_file.words for dag in listed.dags] == ["many.py", "team_b: many.py"]
    broken = [problem.dag_file for problem in listed.import_problems]
    assert [file.words for file in broken] == ["broken.py", "team_b: broken.py"]
    attached.database.do("DELETE FROM dag_priority_parsing_request")
    for file in (*broken, listed.dags[1].dag_file):
        attached.gateway.parse(file=file)
    assert asked(attached) == [
        ("dags-folder", "broken.py"),
        ("team_b", "broken.py"),
        ("team_b", "many.py"),
    ]
