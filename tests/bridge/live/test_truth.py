"""Whatever others do to the runs, and however late or by whose clock: one round later the grid is true.

The store that the stream feeds is compared with a full reading of the tables, after random edits, on SQLite
and on PostgreSQL.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.databases import Database, postgresql_database, sqlite_database
from tests.support.edits import Edits, editing_on
from tests.support.following import Following, following
from tests.support.program import wait_until
from tests.support.strange_edits import KINDS, TASK_STATES, Edit, Stranger, read_naively, shown_fully
from tests.support.worker import attached_place

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild, BridgeCommand

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("truth")]

RUNS = 120
RUNNING = 6
TASKS = 60
ROUND = 8
"""Ticks of the slow lane for so many rows: of 1,000 cells in each, as others may write all the while."""

_DAGS = f"""
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("wide", schedule="@hourly", start_date=datetime(2000, 1, 1, tzinfo=timezone.utc)):
    for number in range({TASKS}):
        EmptyOperator(task_id=f"task_{{number:02}}")
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """An Airflow that this program is attached to, and who edits it."""

    database: Database
    gateway: BridgeGateway
    edits: Edits
    numbers: Iterator[int]
    log: Path

    def backfill(self) -> Stranger:
        """A backfill of its own, and a stranger who will edit it."""
        year = 2001 + next(self.numbers)
        made = self.edits.do("bulk", dag_id="wide", runs=RUNS, running=RUNNING, first=f"{year}-01-01")
        return Stranger(
            database=self.database,
            backfill_id=made,
            other=self.edits.do("empty_backfill", dag_id="wide"),
            run_ids=tuple(self.edits.do("runs_of", backfill_id=made)),
            task_ids=tuple(f"task_{number:02}" for number in range(TASKS)),
        )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("truth")
    with ExitStack() as opened:
        if request.param == "sqlite":
            database = sqlite_database(folder / "airflow.db")
        else:
            database = opened.enter_context(postgresql_database())
        at = attached_place(folder, {"wide.py": _DAGS}, {}, database.url)
        edits = opened.enter_context(editing_on(at.environment, folder / "editing.log"))
        edits.do("create_database")
        edits.do("sync", folder=str(folder / "dags"))
        edits.do("beat", seconds_ago=-3600)
        edits.do("pause_dag", dag_id="wide", is_paused=False)
        words = [sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"]
        log = folder / "bridge.log"
        child = BridgeChild(BridgeCommand(words=words, environment=at.environment, log=log))
        gateway = BridgeGateway(child)
        opened.callback(gateway.close)
        gateway.open()
        yield Place(database=database, gateway=gateway, edits=edits, numbers=itertools.count(), log=log)


def a_tick(followed: Following, after: int = 0) -> None:
    """Take the updates of one reading that began after an instant; the last says that all is there."""
    while not ((update := followed.take()).loaded and update.read_at > after):
        pass


def assert_true_after_a_round(followed: Following, stranger: Stranger) -> None:
    """What was committed before now is on the screen once the slow lane has been through all rows."""
    now = time.time_ns() // 1000
    for _ in range(ROUND):
        a_tick(followed, after=now)
    assert shown_fully(followed.store) == read_naively(stranger.database, stranger.backfill_id)


edits = st.builds(
    Edit,
    kind=st.sampled_from(KINDS),
    run=st.integers(0, RUNS - 1) | st.integers(RUNS - RUNNING, RUNS - 1),
    number=st.integers(0, 600),
    hours=st.sampled_from([0, 0, -26, 26]),
)


@dataclass(frozen=True)
class Batch:
    """Edits of one transaction; it lasts for some ticks, and is given up or not."""

    edits: tuple[Edit, ...]
    lasts: int
    commit: bool


batches = st.builds(
    Batch,
    edits=st.lists(edits, min_size=1, max_size=12).map(tuple),
    lasts=st.sampled_from([0, 0, 0, 1, 2]),
    commit=st.sampled_from([True, True, True, False]),
)


# Shrinking would take an hour: what failed is printed as it is.
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(done=st.lists(batches, min_size=1, max_size=4))
def test_after_any_edits_by_others_the_grid_equals_a_full_reading_within_a_round(
    place: Place, done: list[Batch]
) -> None:
    stranger = place.backfill()
    with following(place.gateway, stranger.backfill_id) as followed:
        for batch in done:
            with stranger.transaction(*batch.edits, commit=batch.commit):
                for _ in range(batch.lasts):
                    a_tick(followed)
            assert_true_after_a_round(followed, stranger)


def lost_readings(place: Place) -> int:
    """How many streams have found the database unreadable, by the bridge's log."""
    return place.log.read_text("utf-8").count("a stream could not read the database")


@contextmanager
def pools_unreadable(place: Place) -> Iterator[Callable[[], None]]:
    """The pools can not be read for a while; the call that is given comes back once a reading has failed."""
    if place.database.kind == "sqlite":
        before = lost_readings(place)

        def has_failed() -> None:
            wait_until(lambda: lost_readings(place) > before, "a reading that fails")

        place.edits.do("rename_table", name="slot_pool", to="away")
        yield has_failed
        place.edits.do("rename_table", name="away", to="slot_pool")
        return
    waits = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    def fails() -> None:
        while not place.database.ask(f"SELECT count(pg_terminate_backend(pid)) {waits}"):
            pass

    with place.database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE slot_pool")
        yield fails
        cursor.execute("ROLLBACK")


def test_rows_that_were_read_while_their_causes_could_not_be_are_not_lost(place: Place) -> None:
    stranger = place.backfill()
    scheduled = Edit("task", run=RUNS - 1, number=TASK_STATES.index("scheduled"), hours=0)
    with stranger.transaction(scheduled):
        pass
    with ExitStack() as opened:
        # Whether a scheduled task instance finds a slot is read from the pools.
        with pools_unreadable(place) as fails:
            stream = opened.enter_context(place.gateway.watch(BackfillId(stranger.backfill_id)))
            followed = Following(store=GridStore(), updates=[], stream=stream)
            assert not followed.take().loaded, "a screenful comes first; causes are read with the rest"
            fails()
        a_tick(followed)
        assert_true_after_a_round(followed, stranger)
