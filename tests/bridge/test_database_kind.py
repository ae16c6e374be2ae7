"""An Airflow whose database is of a kind that this program does not know says so, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.bridges import bridge_command
from tests.support.homes import private_home

from backfill_tui.bridge.database_kind import problem_with_kind
from backfill_tui.domain.journal import JournalQuery
from backfill_tui.domain.problems import Refused
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild

pytestmark = pytest.mark.airflow


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mysql+mysqldb://me:geheim@127.0.0.1:1/airflow", "is MySQL, and this program knows PostgreSQL and"),
        ("mssql+pyodbc://me:geheim@db/airflow", "is Microsoft SQL Server, and this program knows PostgreSQL"),
        ("geheim", "is no address of a database: write it as postgresql"),
    ],
)
def test_it_is_refused_by_name_also_where_airflow_does_not_import_for_it(
    tmp_path: Path, address: str, sentence: str
) -> None:
    home = private_home(tmp_path)
    command = bridge_command(home, variables={"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address})
    gateway = BridgeGateway(BridgeChild(command))
    try:
        with pytest.raises(Refused) as refused:
            gateway.open()
        with pytest.raises(Refused), gateway.journal(JournalQuery()) as parts:
            list(parts)
    finally:
        gateway.close()
    assert sentence in str(refused.value)
    assert str(home.path) in refused.value.message
    assert "geheim" not in str(refused.value)
    assert "Traceback" in refused.value.detail


def test_a_kind_is_named_as_people_do_and_the_known_ones_are_no_problem() -> None:
    assert problem_with_kind("sqlite", "here") is None
    assert problem_with_kind("postgresql", "here") is None
    words = str(problem_with_kind("mariadb", "/opt/airflow/"))
    assert words.startswith("The database of /opt/airflow/ is MariaDB, and this program knows PostgreSQL and")
    assert words.endswith(
        "use Airflow's own commands there, such as airflow backfill create, or its web pages"
    )
    assert "cockroachdb" in str(problem_with_kind("cockroachdb", "here"))
