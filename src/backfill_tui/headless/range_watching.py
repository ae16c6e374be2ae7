"""The command `watch` on the dates of a Dag in a range."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace

from backfill_tui.domain.causes import UNPAUSE_DAG
from backfill_tui.domain.dag_range import DagRange, RangeFacts, RangeUpdate
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Interrupted, Unreachable
from backfill_tui.domain.progress import BackfillStatus, Standing, count_runs, failed_rows, with_engine
from backfill_tui.domain.range_progress import range_standing
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import RunCounts, RunRow
from backfill_tui.forms import encode
from backfill_tui.headless.ranges import RangeWish, dates_of, named
from backfill_tui.headless.reconnecting import lasting
from backfill_tui.headless.session import Session
from backfill_tui.headless.telling import show_end, tell_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeReading:
    """A range as it was read at one time, and its failed rows; time alone makes no other reading."""

    facts: RangeFacts
    counts: RunCounts
    stands: Standing
    failed: tuple[RunRow, ...]
    read_at: Instant = field(compare=False)

    @property
    def sentence(self) -> str:
        """One line that says how it stands."""
        status = str(self.stands.status).replace("_", " ")
        remedy = f": {self.stands.remedy}" if self.stands.remedy else ""
        return one_line(f"{named(self.facts)}: {status}, {self.stands.sentence}{remedy}")

    @property
    def exit_code(self) -> int:
        """0 when all of it succeeded, 1 when it finished otherwise."""
        return 0 if self.stands.status is BackfillStatus.DONE else 1

    @property
    def json(self) -> encode.JsonObject:
        """Its object."""
        return encode.dag_range(self.facts, self.counts, self.stands)


class RangeFollower:
    """Follows a range, or with `run_ids` only these runs of it; `latest` is the last reading.

    `again` are the words of the command that follows the whole range.
    """

    def __init__(
        self, session: Session, dates: DagRange, again: str, *, run_ids: frozenset[RunId] | None = None
    ) -> None:
        self._session = session
        self._dates = dates
        self._again = again
        self._run_ids = run_ids
        self._store = GridStore()
        self.latest: RangeReading | None = None

    def to_end(self, on_change: Callable[[RangeReading], None]) -> RangeReading:
        """Read until none of its runs is unfinished; `on_change` gets every reading that differs.

        Raises Interrupted when the user stops the waiting, which stops nothing else.
        """
        watching = lasting(
            self._session, lambda: self._session.gateway.watch_range(self._dates), self._begin_anew
        )
        try:
            with closing(watching) as updates:
                for update in updates:
                    self._store.apply(update)
                    if not self._store.loaded:
                        continue
                    reading = _reading(self._session, self._rows(), update)
                    if reading != self.latest:
                        self.latest = reading
                        on_change(reading)
                    if reading.stands.status.finished:
                        return reading
        except KeyboardInterrupt:
            raise Interrupted(
                "No longer waiting for these dates", remedy=f"watch them with {self._again}"
            ) from None
        finally:
            self._session.voice.settle()
        raise Unreachable("The bridge stopped telling about these dates", remedy=f"run {self._again} again")

    def _begin_anew(self) -> None:
        self._store = GridStore()

    def _rows(self) -> list[RunRow]:
        rows = (row for row in self._store.rows if row is not None)
        return [row for row in rows if self._run_ids is None or row.run_id in self._run_ids]


def watch_range(session: Session, wish: RangeWish) -> int:
    """Follow the runs of these dates until none is unfinished; the exit code tells whether all succeeded.

    With `--json` each change is one object on one line.
    """
    environment = session.open()
    dates = dates_of(session, wish, environment.where)
    follower = RangeFollower(session, dates, session.again("watch", *wish.words))
    reading = follower.to_end(tell_changes(session))
    show_end(session, reading, *wish.words)
    return reading.exit_code


def _reading(session: Session, rows: list[RunRow], update: RangeUpdate) -> RangeReading:
    counts = count_runs(rows)
    stands = range_standing(update.facts, counts, update.read_at)
    if stands.status is BackfillStatus.BLOCKED and session.engine is not None and not session.read_only:
        stands = with_engine(stands, session.engine.status())
    if stands.remedy == UNPAUSE_DAG:
        stands = replace(stands, remedy=session.how_to_unpause(update.facts.dag_id))
    return RangeReading(
        # The heartbeat moves with every reading and is no news; what follows from it is in the standing.
        facts=replace(update.facts, scheduler_heartbeat=None),
        counts=counts,
        stands=stands,
        failed=tuple(failed_rows(rows)),
        read_at=update.read_at,
    )
