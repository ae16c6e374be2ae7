"""Whether anything was written: never denied where something was, and known where nothing was."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from tests.support.databases import Database, postgresql_database

from backfill_tui.bridge import change_mark
from backfill_tui.bridge.change_mark import _ITSELF, _POSTGRESQL, ChangeMark
from backfill_tui.domain.instants import SECOND, Instant

pytestmark = pytest.mark.airflow


@pytest.fixture
def database(words_kept: Database) -> Database:
    return words_kept


@contextmanager
def reading(database: Database) -> Iterator[Session]:
    engine = create_engine(database.url)
    with Session(engine) as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session
    engine.dispose()


def settle(mark: ChangeMark) -> None:
    """Look until nothing moves; others may write to the same server."""
    deadline = time.monotonic() + 30
    while mark.look().moved:
        assert time.monotonic() < deadline


def test_what_was_written_is_told_once(database: Database) -> None:
    with reading(database) as session:
        mark = ChangeMark(session, _clock)
        assert mark.look().moved
        for _ in range(3):
            settle(mark)
            database.do("INSERT INTO one VALUES ('some')")
            assert mark.look().moved
            settle(mark)


def test_a_transaction_is_told_once_it_is_seen_however_many_others_came_before(database: Database) -> None:
    with reading(database) as session, database.stranger() as late, closing(late.cursor()) as cursor:
        mark = ChangeMark(session, _clock)
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO one VALUES ('late')")
        if database.kind == "postgresql":
            database.do("INSERT INTO one VALUES ('early')")
            database.do("INSERT INTO one VALUES ('and another')")
        settle(mark)
        before = words(session)
        assert "late" not in before
        cursor.execute("COMMIT")
        assert mark.look().moved
        assert words(session) == [*before, "late"]


def test_the_clock_comes_with_it_and_is_none_of_after_the_look(database: Database) -> None:
    with reading(database) as session:
        mark = ChangeMark(session, _clock)
        looks = [mark.look().now for _ in range(3)]
        assert looks == sorted(looks)
        assert _clock(session) - looks[-1] < 60 * SECOND
        if database.kind == "postgresql":
            later = session.connection().exec_driver_sql("SELECT extract(epoch from clock_timestamp())")
            assert looks[-1] <= later.scalar_one() * SECOND


def _clock(_: Session) -> Instant:
    return Instant(time.time_ns() // 1000)


def words(session: Session) -> list[Any]:
    found = session.connection().exec_driver_sql("SELECT word FROM one ORDER BY word").all()
    return sorted((row[0] for row in found), key=lambda word: (word == "late", word))


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("_POSTGRESQL", _POSTGRESQL.replace("pg_is_in_recovery()", "true")),
        ("_ITSELF", re.compile("CockroachDB")),
    ],
    ids=["standby", "like postgresql"],
)
def test_of_a_standby_and_of_another_kind_it_is_always_said_that_it_moved(
    name: str, instead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_mark, name, instead)
    with postgresql_database() as database, reading(database) as session:
        mark = ChangeMark(session, _clock)
        assert [mark.look().moved for _ in range(20)] == [True] * 20


@pytest.mark.parametrize(
    ("version", "itself"),
    [
        ("PostgreSQL 15.3 (Debian 15.3-1.pgdg110+1) on x86_64-pc-linux-gnu", True),
        ("PostgreSQL 13.20 on aarch64-unknown-linux-gnu, compiled by gcc", True),
        ("PostgreSQL 18beta1 on x86_64-pc-linux-gnu", True),
        ("PostgreSQL 15.2-YB-2025.1.0.0-b0 on x86_64-pc-linux-gnu", False),
        ("CockroachDB CCL v25.1.0 (x86_64-pc-linux-gnu)", False),
    ],
)
def test_of_what_only_speaks_like_postgresql_nothing_is_known(version: str, *, itself: bool) -> None:
    assert bool(_ITSELF.match(version)) is itself
