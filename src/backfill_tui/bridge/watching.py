"""Follows a backfill or a range of dates: everything at first, then at each tick what changed.

A tick reads nothing where the database says that nobody wrote (see `change_mark`). Else it reads which runs
are running, sums over all entries when a glance at indexes tells of a change, every entry only when these do
not add up, and in full only the rows whose entry changed, those whose run is running, and some more in turn:
of those that somebody looks at (`view_lane`) and of all (the slow lane), which finds what was edited behind
the back of the runs. So its cost follows what moves, and after one round of the slow lane the rows sent equal
a full reading. Why something waits is read seldom (see `cause_watch`).
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from backfill_tui.bridge.change_mark import ChangeMark
from backfill_tui.bridge.grid_reader import UnknownTasksError
from backfill_tui.bridge.grid_sent import SentGrid
from backfill_tui.bridge.watched import F, Watched, WatchedBackfill, WatchedRange
from backfill_tui.domain.dag_range import RangeUpdate
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import GridRows, GridUpdate
from backfill_tui.wire.methods import WATCH, WATCH_RANGE, Nothing, Watch, WatchRange

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.server import Call, Server

U = TypeVar("U", bound=GridRows)

GIVE_UP_AFTER_SECONDS: Final = 30
_RETRY_SECONDS: Final = 0.5
_LOST: Final = (OperationalError, InterfaceError, PoolTimeoutError)


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `watch` and `watch_range`."""

    def watch(params: Watch, call: Call[GridUpdate]) -> Nothing:
        watched = WatchedBackfill(airflow, params.backfill_id)
        Watcher(airflow, watched, params.interval_ms, call).run()
        return Nothing()

    def watch_range(params: WatchRange, call: Call[RangeUpdate]) -> Nothing:
        Watcher(airflow, WatchedRange(params.dates), params.interval_ms, call).run()
        return Nothing()

    server.handle(WATCH, watch)
    server.handle(WATCH_RANGE, watch_range)


class Watcher(Generic[F, U]):
    """One stream of updates."""

    def __init__(
        self, airflow: AirflowEnvironment, watched: Watched[F, U], interval_ms: int, call: Call[U]
    ) -> None:
        self._airflow = airflow
        self._watched: Watched[F, U] = watched
        self._interval_seconds = interval_ms / 1000
        self._call = call
        self._facts: F | None = None
        self._grid: SentGrid | None = None
        self._strays: frozenset[str] = frozenset()
        self._lost_at: float | None = None

    def run(self) -> None:
        """Send updates until the call is cancelled.

        Raises NotThere for what does not (or no longer) exist, Unreachable when the database can not be read
        for half a minute; shorter troubles show by the age of what was sent.
        """
        while not self._call.cancelled:
            lost = self._follow()
            if lost is not None:
                now = time.monotonic()
                if self._lost_at is None:
                    self._lost_at = now
                    # The screen shows but the age of what it has; why, is in the log.
                    sys.stderr.write(f"a stream could not read the database: {one_line(str(lost))}\n")
                if now - self._lost_at > GIVE_UP_AFTER_SECONDS:
                    raise self._unreachable(lost) from lost
                self._call.wait(_RETRY_SECONDS)

    def _follow(self) -> Exception | None:
        """Tick on one connection until the call is cancelled, or the database fails: why it did."""
        interval = self._interval_seconds
        try:
            # The same connection for all ticks: SQLite tells a connection whether others wrote. It holds no
            # transaction, so that nothing is kept from being cleaned up while a screen is left open, and each
            # statement sees what was committed until then.
            with self._airflow.session() as session:
                session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
                changes = ChangeMark(session, self._airflow.now)
                # Of a screen that is behind nothing is read: what changes meanwhile is in its next update.
                while self._call.wait_for_caller():
                    began = time.monotonic()
                    look = changes.look()
                    self._tick(session, look.now, moved=look.moved)
                    self._lost_at = None
                    self._call.wait(max(0.0, interval - (time.monotonic() - began)))
        except _LOST as lost:
            return lost
        return None

    def _tick(self, session: Session, read_at: Instant, *, moved: bool) -> None:
        if moved or self._facts is None:
            facts = self._watched.facts(session, read_at)
        else:
            facts = self._watched.facts_unmoved(session, self._facts, read_at)
        self._facts = facts
        grid = self._grid or self._new_grid(facts)
        self._grid = grid
        try:
            for rows in grid.updates(session.connection(), read_at, moved=moved, in_view=self._call.in_view):
                self._call.emit(self._watched.update(rows, facts))
                if self._call.cancelled:
                    return
        except UnknownTasksError as unknown:
            self._strays |= unknown.task_ids
            self._grid = None
            self._tick(session, read_at, moved=True)

    def _new_grid(self, facts: F) -> SentGrid:
        with self._airflow.session() as session:
            return self._watched.grid(session, facts, self._strays)

    def _unreachable(self, lost: Exception) -> Unreachable:
        return Unreachable(
            f"Airflow's database could not be read for {GIVE_UP_AFTER_SECONDS} s",
            remedy="see whether it is up, then open the backfill again",
            detail=str(getattr(lost, "orig", None) or lost),
        )
