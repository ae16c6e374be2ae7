from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from tests.support.attached import Attached, attached_to_postgresql

from backfill_tui.bridge.writable import why_only_read
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import Refused
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("postgresql")]

DAYS = 86_400_000_000
DAGS = """
import pendulum
from airflow.sdk import DAG

with DAG("sales", schedule="@daily", start_date=pendulum.datetime(2024, 1, 1, tz="UTC")):
    pass
"""


@pytest.fixture(scope="module")
def attached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attached]:
    with attached_to_postgresql(tmp_path_factory.mktemp("writable"), DAGS) as site:
        yield site


@contextmanager
def as_user(site: Attached, *rights: str) -> Iterator[BridgeGateway]:
    """A bridge whose user of the database has these rights and no others."""
    user = f"backfill_tui_{secrets.token_hex(4)}"
    site.database.do(f"CREATE ROLE {user} LOGIN")
    try:
        for right in rights:
            site.database.do(right.format(user=user))
        url = site.database.url.replace("postgres@", f"{user}@", 1)
        assert user in url
        command = site.command
        gateway = BridgeGateway(
            BridgeChild(
                BridgeCommand(
                    words=command.words,
                    environment={**command.environment, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url},
                    log=command.log.with_name("reader.log"),
                )
            )
        )
        try:
            yield gateway
        finally:
            gateway.close()
    finally:
        site.database.do(f"DROP OWNED BY {user}")
        site.database.do(f"DROP ROLE {user}")


@pytest.mark.parametrize(
    ("rights", "why"),
    [
        (["GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}"], "may not write backfill"),
        (
            [
                "GRANT ALL ON ALL TABLES IN SCHEMA public TO {user}",
                "ALTER ROLE {user} SET default_transaction_read_only = on",
            ],
            "the database's transactions are read-only",
        ),
    ],
)
def test_a_user_who_may_only_read_gets_a_session_that_does(
    attached: Attached, rights: list[str], why: str
) -> None:
    with as_user(attached, *rights) as gateway:
        environment = gateway.open()
        assert environment.read_only
        assert why in environment.read_only_because
        assert [dag.dag_id for dag in gateway.dags().dags] == ["sales"]
        request = BackfillRequest(
            dag_id=DagId("sales"), from_date=Instant(19_800 * DAYS), to_date=Instant(19_802 * DAYS)
        )
        assert len(gateway.plan(request).runs) == 3
        with pytest.raises(Refused, match=r"Read-only, so .* is not possible: .*") as refused:
            gateway.pause_dag(DagId("sales"), is_paused=True)
        assert why in refused.value.message
        assert refused.value.remedy


def test_a_user_who_may_write_is_not_held_back(attached: Attached) -> None:
    assert not attached.gateway.environment().read_only


def test_a_sqlite_file_that_can_only_be_read_is_told_from_one_that_is_busy(tmp_path: Path) -> None:
    file = tmp_path / "airflow.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("CREATE TABLE dag (dag_id TEXT)")
        with Session(create_engine(f"sqlite:///{file}?timeout=0.1")) as session:
            assert why_only_read(session, "sqlite") is None
            writer.execute("BEGIN IMMEDIATE")
            assert why_only_read(session, "sqlite") is None
            writer.execute("INSERT INTO dag VALUES ('sales')")
            writer.execute("COMMIT")
        with Session(create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")) as session:
            why = why_only_read(session, "sqlite")
        assert why is not None
        assert why.message == "the database file can not be written"
