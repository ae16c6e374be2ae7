"""Ticks of a stream one by one, by a clock of the test's: which statements each of them takes."""

from __future__ import annotations

from typing import Any

from airflow.utils.session import create_session
from sqlalchemy import event

from backfill_tui.bridge.change_mark import ChangeMark
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.watched import WatchedBackfill
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import Instant


def statements_of_ticks(backfill_id: int, moved: list[bool], every_ms: int = 200) -> list[list[str]]:
    """The statements of each tick, the reading of everything left out; `moved` says what each is told.

    Beginnings and ends of transactions are none. Why something waits is read on another connection.
    """
    airflow = AirflowEnvironment(mode=Mode.ATTACHED, where="the test", read_only=True)
    watched = WatchedBackfill(airflow, BackfillId(backfill_id))
    told: list[str] = []

    def note(*arguments: Any) -> None:
        told.append(" ".join(arguments[2].split()))

    with create_session(scoped=False) as session:
        connection = session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        changes, now = ChangeMark(session, airflow.now), airflow.now(session)
        facts = watched.facts(session, now)
        grid = watched.grid(session, facts, ())
        for _ in range(3):
            list(grid.updates(connection, now, moved=True))
        event.listen(connection, "before_cursor_execute", note)
        found = []
        for number, was_moved in enumerate(moved, 1):
            at = Instant(now + number * every_ms * 1000)
            changes.look()
            facts = watched.facts(session, at) if was_moved else watched.facts_unmoved(session, facts, at)
            list(grid.updates(connection, at, moved=was_moved))
            found.append(list(told))
            told.clear()
        return found
