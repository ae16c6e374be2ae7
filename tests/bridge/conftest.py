"""The database every test of the bridge starts from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from tests.support.bridges import running_bridge
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.homes import private_home


@pytest.fixture(scope="session")
def database_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded database as a first start leaves it, without Dags; copy it, never open it."""
    home = private_home(tmp_path_factory.mktemp("template"))
    with running_bridge(home):
        pass
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home.database


@pytest.fixture(params=["sqlite", "postgresql"])
def words_kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of either kind with nothing but a table `one`, whose column is `word`."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            found = sqlite_database(tmp_path / "some.db")
        else:
            found = opened.enter_context(postgresql_database())
        found.do("CREATE TABLE one (word TEXT)")
        yield found
