"""The command `watch` on the dates of a Dag in a range."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace

from backfill_tui.domain.causes import UNPAUSE_DAG
from backfill_tui.domain.dag_range import DagRange, RangeFacts, RangeUpdate
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Interrupted, Unreachable
from backfill_tui.domain.progress import (
    BackfillStatus,
    Standing,
    TaskProgress,
    count_runs,
    failed_rows,
    with_engine,
)
from backfill_tui.domain.range_progress import range_standing
from backfill_tui.domain.throughput import Pace
from backfill_tui.domain.watching import RunCounts, RunRow
from backfill_tui.forms import encode
from backfill_tui.headless.progress import Counter, Progress
from backfill_tui.headless.ranges import RangeWish, dates_of, named
from backfill_tui.headless.reconnecting import lasting
from backfill_tui.headless.session import Session
from backfill_tui.headless.telling import Changes, Telling, show_end


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeReading:
    """A range as it was read at one time, and its failed rows.

    Time alone makes no other reading, nor do its tasks and its pace.
    """

    facts: RangeFacts
    counts: RunCounts
    stands: Standing
    failed: tuple[RunRow, ...]
    read_at: Instant = field(compare=False)
    tasks: TaskProgress = field(default_factory=TaskProgress, compare=False)
    pace: Pace = field(default_factory=Pace, compare=False)

    @property
    def progress(self) -> Progress:
        """How far they have come."""
        return Progress(
            title=named(self.facts),
            status=self.stands.status,
            said=self.stands.sentence,
            counts=self.counts,
            remedy=self.stands.remedy,
            tasks=self.tasks,
            pace=self.pace,
        )

    @property
    def sentence(self) -> str:
        """One line that says how it stands."""
        return self.progress.sentence

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
        self._store = GridStore()
        self._counter = Counter(self._store, run_ids)
        self.latest: RangeReading | None = None

    def to_end(self, telling: Telling) -> RangeReading:
        """Read until none of its runs is unfinished, and tell every reading.

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
                    reading = _reading(self._session, self._counter, update)
                    differs, self.latest = reading != self.latest, reading
                    telling.tell(reading, differs=differs)
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
        self._counter = self._counter.of(self._store)


def watch_range(session: Session, wish: RangeWish) -> int:
    """Follow the runs of these dates until none is unfinished; the exit code tells whether all succeeded.

    With `--json` each change is one object on one line.
    """
    environment = session.open()
    dates = dates_of(session, wish, environment.where)
    follower = RangeFollower(session, dates, session.again("watch", *wish.words))
    reading = follower.to_end(Changes(session))
    show_end(session, reading, *wish.words)
    return reading.exit_code


def _reading(session: Session, counter: Counter, update: RangeUpdate) -> RangeReading:
    rows = counter.rows
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
        tasks=counter.tasks(),
        pace=counter.pace(rows, counts, update.read_at, moves=stands.status is BackfillStatus.RUNNING),
    )
