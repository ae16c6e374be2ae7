"""What can be followed: a backfill, or the dates of a Dag in a range.

Each gives its facts, the grid that its rows are read by, and its updates: the rows with the facts and with
why something waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from backfill_tui.bridge.backfill_facts import FactsReader
from backfill_tui.bridge.cause_watch import ActiveRows, CauseWatch
from backfill_tui.bridge.grid_columns import read_columns, versions_of_backfill
from backfill_tui.bridge.grid_entries import EntryReader
from backfill_tui.bridge.grid_reader import GridReader
from backfill_tui.bridge.grid_sent import SentGrid
from backfill_tui.bridge.heartbeats import SchedulerBeat
from backfill_tui.bridge.range_entries import RangeFactsReader, RangeReader
from backfill_tui.domain.causes import Cause
from backfill_tui.domain.dag_range import DagRange, RangeFacts, RangeUpdate
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.progress import what_stops
from backfill_tui.domain.watching import BackfillFacts, GridRows, GridUpdate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment

F = TypeVar("F", BackfillFacts, RangeFacts)
U_co = TypeVar("U_co", bound=GridRows, covariant=True)


class Watched(Protocol[F, U_co]):
    """What is followed; one for each stream."""

    def facts(self, session: Session, now: Instant) -> F:
        """Read its facts, by the database's clock; raises NotThere where there is no such thing."""
        ...

    def facts_unmoved(self, session: Session, before: F, now: Instant) -> F:
        """The facts, where the database is known not to have changed."""
        ...

    def grid(self, session: Session, facts: F, strays: Iterable[str]) -> SentGrid:
        """A grid of which nothing was sent yet; `strays` are tasks that no version of the Dag knows."""
        ...

    def update(self, rows: GridRows, facts: F) -> U_co:
        """The rows as an update."""
        ...


class WatchedBackfill:
    """A backfill by its number."""

    def __init__(self, airflow: AirflowEnvironment, backfill_id: BackfillId) -> None:
        self._backfill_id = backfill_id
        self._reader = FactsReader(airflow.journal)
        self._beat = SchedulerBeat()
        self._causes = CauseWatch(airflow)

    def facts(self, session: Session, now: Instant) -> BackfillFacts:
        """Read its facts; raises NotThere for a backfill that does not (or no longer) exist."""
        beat = self._beat.at(session, now, moved=True)
        facts = self._reader.one(session, self._backfill_id, lambda _: beat)
        if facts is None:
            raise NotThere(
                f"There is no backfill {self._backfill_id}", remedy="look at the list of backfills"
            )
        return facts

    def facts_unmoved(self, session: Session, before: BackfillFacts, now: Instant) -> BackfillFacts:
        """The journal is written right after the commit that it tells of."""
        return self._reader.with_notes(self._beat.on(before, session, now))

    def grid(self, session: Session, facts: BackfillFacts, strays: Iterable[str]) -> SentGrid:
        """Its entries, and the tasks of the versions that its runs were made from."""
        of_runs = versions_of_backfill(facts.backfill_id)
        columns = read_columns(session, facts.dag_id, of_runs, strays)
        entries = EntryReader(facts.backfill_id, facts.dag_id)
        return SentGrid(GridReader(entries, facts.dag_id, columns), columns)

    def update(self, rows: GridRows, facts: BackfillFacts) -> GridUpdate:
        """The rows, and why something of the backfill waits."""
        return self._causes.complete(
            GridUpdate(
                read_at=rows.read_at, facts=facts, columns=rows.columns, rows=rows.rows, cells=rows.cells,
                total_rows=rows.total_rows, loaded=rows.loaded,
            )
        )  # fmt: skip


class WatchedRange:
    """The dates of a Dag in a range."""

    def __init__(self, asked: DagRange) -> None:
        self._asked = asked
        self._reader = RangeFactsReader(asked)
        self._beat = SchedulerBeat()
        self._active = ActiveRows()
        self._sent: tuple[Cause, ...] | None = None

    def facts(self, session: Session, now: Instant) -> RangeFacts:
        """Read its facts; raises NotThere for an unknown Dag."""
        beat = self._beat.at(session, now, moved=True)
        return self._reader.read(session, lambda _: beat)

    def facts_unmoved(self, session: Session, before: RangeFacts, now: Instant) -> RangeFacts:
        """They are all in the database."""
        return self._beat.on(before, session, now)

    def grid(self, session: Session, facts: RangeFacts, strays: Iterable[str]) -> SentGrid:
        """Its runs, and the tasks of the versions that they were made from."""
        entries = RangeReader(self._asked, partitioned=self._reader.partitioned)
        columns = read_columns(session, facts.dag_id, entries.versions(), strays)
        return SentGrid(GridReader(entries, facts.dag_id, columns), columns)

    def update(self, rows: GridRows, facts: RangeFacts) -> RangeUpdate:
        """The rows, and what of the Dag and the scheduler keeps unfinished runs from moving."""
        self._active.note(rows)
        causes = what_stops(facts, rows.read_at) if self._active else ()
        changed = rows.loaded and causes != self._sent
        self._sent = causes if changed else self._sent
        return RangeUpdate(
            read_at=rows.read_at, facts=facts, columns=rows.columns, rows=rows.rows, cells=rows.cells,
            total_rows=rows.total_rows, loaded=rows.loaded, causes=causes if changed else None,
        )  # fmt: skip
