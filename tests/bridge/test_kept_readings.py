"""A reading is kept while nobody writes, and never longer than that."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from tests.support.databases import Database, postgresql_database

from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.kept_readings import LONGEST_SECONDS, KeptReadings
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.instants import SECOND, Instant

pytestmark = pytest.mark.airflow


@dataclass(frozen=True, slots=True, kw_only=True)
class OfThisDatabase(AirflowEnvironment):
    """Sessions on a database of the test, in the place of Airflow's own."""

    engine: Any = field(repr=False)

    @contextmanager
    def session(self) -> Generator[Session, None, None]:
        with Session(self.engine) as session:
            yield session
            session.commit()


@dataclass
class Asking:
    """What is asked again and again; counts how often it was really read."""

    database: Database
    readings: KeptReadings
    engine: Any
    read: int = 0

    def words(self, beside: str | None = None) -> list[str]:
        def read(session: Session) -> list[str]:
            self.read += 1
            return list(session.scalars(text("SELECT word FROM one ORDER BY word")))

        found, _ = self.readings.get("words", read, beside=beside)
        return found

    def until_it_is_kept(self) -> None:
        """Ask until it is not read; others may write to the same server."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            before = self.read
            self.words()
            if self.read == before:
                return
        raise AssertionError("it is read again and again")


@pytest.fixture
def database(words_kept: Database) -> Database:
    return words_kept


@contextmanager
def asking(database: Database, clock: Callable[[], float] = lambda: 0.0) -> Iterator[Asking]:
    engine = create_engine(database.url)
    airflow = OfThisDatabase(mode=Mode.ATTACHED, where="here", read_only=True, engine=engine)
    readings = KeptReadings(airflow, clock=clock)
    yield Asking(database, readings, engine)
    readings.close()
    engine.dispose()


def test_it_is_read_again_when_somebody_wrote_and_only_then(database: Database) -> None:
    with asking(database) as asked:
        for number in range(3):
            assert asked.words() == [f"word {before}" for before in range(number)]
            asked.until_it_is_kept()
            database.do(f"INSERT INTO one VALUES ('word {number}')")  # noqa: S608  # a number
        assert len(asked.words()) == 3


def test_the_state_of_the_database_is_another_one_when_somebody_wrote(database: Database) -> None:
    with asking(database) as asked:
        asked.until_it_is_kept()
        before = asked.readings.state
        database.do("INSERT INTO one VALUES ('word')")
        asked.words()
        assert asked.readings.state > before


def test_what_is_written_during_a_reading_is_in_the_next_one(database: Database) -> None:
    with asking(database) as asked:

        def read(session: Session) -> list[str]:
            found = list(session.scalars(text("SELECT word FROM one")))
            session.rollback()
            database.do("INSERT INTO one VALUES ('meanwhile')")
            return found

        assert asked.readings.get("all the while", read)[0] == []
        assert asked.readings.get("all the while", read)[0] == ["meanwhile"]


def test_a_reading_is_no_older_than_the_clock_that_comes_with_it(database: Database) -> None:
    with asking(database) as asked:
        clocks = []
        for number in range(2):
            asked.until_it_is_kept()
            database.do(f"INSERT INTO one VALUES ('word {number}')")  # noqa: S608  # a number
            clocks += [asked.readings.get("words", _now)[1] for _ in range(3)]
        assert clocks == sorted(clocks)
        with Session(asked.engine) as session:
            assert 0 <= _now(session) - clocks[-1] < 60 * SECOND


def _now(session: Session) -> Instant:
    return OfThisDatabase(mode=Mode.ATTACHED, where="here", read_only=True, engine=None).now(session)


def test_threads_that_ask_at_once_all_get_what_there_is(database: Database) -> None:
    with asking(database) as asked, ThreadPoolExecutor(4) as threads:
        for number in range(20):
            database.do(f"INSERT INTO one VALUES ('{number:02}')")  # noqa: S608  # a number
            there = [f"{before:02}" for before in range(number + 1)]
            assert list(threads.map(lambda _: asked.words(), range(4))) == [there] * 4


def test_what_stands_beside_the_database_counts_as_well(database: Database) -> None:
    with asking(database) as asked:
        asked.until_it_is_kept()
        before = asked.read
        asked.words(beside="a line more")
        assert asked.read == before + 1


def test_nothing_is_kept_for_ever(database: Database) -> None:
    now = [0.0]
    with asking(database, lambda: now[0]) as asked:
        asked.until_it_is_kept()
        before = asked.read
        now[0] = LONGEST_SECONDS
        asked.words()
        assert asked.read == before + 1


def test_a_reading_that_fails_is_not_kept_and_the_next_one_goes_on(database: Database) -> None:
    with asking(database) as asked:
        asked.until_it_is_kept()
        database.do("ALTER TABLE one RENAME TO other")
        for _ in range(2):
            with pytest.raises(DBAPIError):
                asked.words()
        database.do("ALTER TABLE other RENAME TO one")
        assert asked.words() == []


def test_a_lost_connection_is_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    with postgresql_database() as database, asking(database) as asked:
        database.do("CREATE TABLE one (word TEXT)")
        asked.until_it_is_kept()
        database.do("INSERT INTO one VALUES ('before')")
        database.do(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert asked.words() == ["before"]
        assert "the state of the database is not known" in capsys.readouterr().err
        asked.until_it_is_kept()
        database.do("INSERT INTO one VALUES ('then')")
        assert asked.words() == ["before", "then"]
