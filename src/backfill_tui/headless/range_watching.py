"""The command `watch` on the dates of a Dag in a range."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from backfill_tui.domain.causes import UNPAUSE_DAG
from backfill_tui.domain.dag_range import RangeFacts, RangeUpdate
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import Interrupted, Unreachable
from backfill_tui.domain.progress import BackfillStatus, Standing, failed_rows, with_engine
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
                reading = _reading(session, store, update)
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


def _reading(session: Session, store: GridStore, update: RangeUpdate) -> RangeReading:
    counts = store.counts()
    stands = range_standing(update.facts, counts, update.read_at)
    if stands.status is BackfillStatus.BLOCKED and session.engine is not None and not session.read_only:
        stands = with_engine(stands, session.engine.status())
    if stands.remedy == UNPAUSE_DAG:
        stands = replace(stands, remedy=session.how_to_unpause(update.facts.dag_id))
    rows = [row for row in store.rows if row is not None]
    return RangeReading(
        # The heartbeat moves with every reading and is no news; what follows from it is in the standing.
        facts=replace(update.facts, scheduler_heartbeat=None),
        counts=counts,
        stands=stands,
        failed=tuple(failed_rows(rows)),
        read_at=update.read_at,
    )


def _tell(session: Session, reading: RangeReading) -> None:
    counts = reading.counts
    session.voice.activity(reading.sentence, counts.finished, counts.included, key=str(reading.stands.status))
    if session.as_json:
        session.paper.json_line(encode.dag_range(reading.facts, reading.counts, reading.stands))


def _end(session: Session, wish: RangeWish, reading: RangeReading) -> int:
    if not session.as_json:
        session.paper.line(reading.sentence)
        show_failed(session, reading.failed, reading.facts.timezone)
        if reading.failed:
            session.voice.say(f"Mark what failed with {session.again('mark', 'success', *wish.words)}")
    return 0 if reading.stands.status is BackfillStatus.DONE else 1
