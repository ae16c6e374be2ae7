"""What is said when the database goes away under a call."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from tests.support.databases import postgresql_database

from backfill_tui.bridge.server import _report_of
from backfill_tui.domain.problems import AirflowFailed

pytestmark = pytest.mark.airflow

_NOBODY = "postgresql+psycopg2://me:secret@127.0.0.1:1/airflow"


def raised(url: str, *statements: str) -> DBAPIError:
    """What SQLAlchemy raises at the last of these statements."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    except DBAPIError as failed:
        return failed
    finally:
        engine.dispose()
    raise AssertionError("nothing was raised")


def test_a_server_that_is_down_is_named_with_what_to_do_and_without_its_password() -> None:
    report = _report_of(raised(_NOBODY, "SELECT 1"), "dags")
    assert report.code == AirflowFailed.code
    assert report.message.startswith("Airflow's database does not answer: connection to server ")
    assert report.message.count("\n") == 0
    assert report.remedy == "see whether it is up, then try again"
    assert "Traceback" in report.detail
    assert "secret" not in f"{report.message}{report.detail}"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "DO $$ BEGIN RAISE EXCEPTION 'the database system is starting up' USING ERRCODE = '57P03'; END $$",
    ],
    ids=["broken", "starting"],
)
def test_a_connection_that_breaks_under_a_statement_is_told_as_that(statement: str) -> None:
    with postgresql_database() as database:
        report = _report_of(raised(database.url, statement), "plan")
    assert report.message.startswith("Airflow's database does not answer: ")
    assert statement not in report.message


@pytest.mark.parametrize(
    "statements",
    [("SET statement_timeout = 1", "SELECT pg_sleep(10)"), ("SELECT no_such_column",)],
    ids=["too slow", "a bug"],
)
def test_a_server_that_answers_is_not_called_away(statements: tuple[str, ...]) -> None:
    with postgresql_database() as database:
        report = _report_of(raised(database.url, *statements), "plan")
    assert report.message.startswith("plan failed: ")


def test_a_sqlite_file_is_never_away() -> None:
    report = _report_of(raised("sqlite://", "SELECT * FROM nothing"), "plan")
    assert report.message.startswith("plan failed: ")
