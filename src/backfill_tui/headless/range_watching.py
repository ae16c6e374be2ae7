"""The command `watch` on the dates of a Dag in a range."""

from __future__ import annotations

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
from backfill_tui.headless import encode
from backfill_tui.headless.following import show_failed
from backfill_tui.headless.ranges import RangeWish, dates_of, named
from backfill_tui.headless.session import Session


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
    """Follows some runs of a range; `latest` is the last reading, None before the first.

    `again` are the words of the command that follows the whole range.
    """

    def __init__(self, session: Session, dates: DagRange, again: str, *, run_ids: frozenset[RunId]) -> None:
        self._session = session
        self._dates = dates
        self._again = again
        self._run_ids = run_ids
        self._store = GridStore()
        self.latest: RangeReading | None = None

    def to_end(self) -> RangeReading:
        """Read until none of these runs is unfinished; raises Interrupted when the user stops the waiting."""
        try:
            with self._session.gateway.watch_range(self._dates) as updates:
                for update in updates:
                    self._store.apply(update)
                    if not self._store.loaded:
                        continue
                    rows = [
                        row for row in self._store.rows if row is not None and row.run_id in self._run_ids
                    ]
                    reading = _reading(self._session, rows, update)
                    if reading != self.latest:
                        self.latest = reading
                        _tell_progress(self._session, reading)
                    if reading.stands.status.finished:
                        return reading
        except KeyboardInterrupt:
            raise Interrupted(
                "No longer waiting for these dates", remedy=f"watch them with {self._again}"
            ) from None
        finally:
            self._session.voice.settle()
        raise Unreachable("The bridge stopped telling about these dates", remedy=f"run {self._again} again")


def watch_range(session: Session, wish: RangeWish) -> int:
    """Follow the runs of these dates until none is unfinished; the exit code tells whether all succeeded.

    With `--json` each change is one object on one line.
    """
    environment = session.open()
    dates = dates_of(session, wish, environment.where)
    again = session.again("watch", *wish.words)
    store, latest = GridStore(), None
    try:
        with session.gateway.watch_range(dates) as updates:
            for update in updates:
                store.apply(update)
                if not store.loaded:
                    continue
                reading = _reading(session, [row for row in store.rows if row is not None], update)
                if reading != latest:
                    if latest is None and not reading.stands.status.finished and not session.read_only:
                        # An engine that was stopped in the middle goes on with what it finds.
                        session.start_engine()
                    latest = reading
                    _tell(session, reading)
                if reading.stands.status.finished:
                    return _end(session, wish, reading)
    except KeyboardInterrupt:
        raise Interrupted("No longer waiting for these dates", remedy=f"watch them with {again}") from None
    finally:
        session.voice.settle()
    raise Unreachable("The bridge stopped telling about these dates", remedy=f"run {again} again")


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


def _tell(session: Session, reading: RangeReading) -> None:
    _tell_progress(session, reading)
    if session.as_json:
        session.paper.json_line(reading.json)


def _tell_progress(session: Session, reading: RangeReading) -> None:
    counts = reading.counts
    session.voice.activity(reading.sentence, counts.finished, counts.included, key=str(reading.stands.status))


def _end(session: Session, wish: RangeWish, reading: RangeReading) -> int:
    if not session.as_json:
        session.paper.line(reading.sentence)
        show_failed(session, reading.failed, reading.facts.timezone)
        if reading.failed:
            session.voice.say(f"Rerun what failed with {session.again('rerun', *wish.words)}")
    return reading.exit_code
