"""Reads the runs of a Dag in a range of dates, whatever made them: what `grid_entries` does of a backfill."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from sqlalchemy import BigInteger, and_, cast, func, select, union_all

from backfill_tui.bridge.backfill_facts import clock_of
from backfill_tui.bridge.compat.schema import column
from backfill_tui.bridge.grid_entries import (
    GLANCE_AT_DAG,
    RUNNING_IDS,
    Entry,
    Glance,
    Sums,
    parted,
    plain_rows,
)
from backfill_tui.bridge.heartbeats import heartbeat
from backfill_tui.domain.dag_range import DagRange, RangeFacts
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import Membership

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Session


class RangeFactsReader:
    """Reads the facts of one range; keeps the clock of the Dag, which its serialized form alone tells."""

    def __init__(self, asked: DagRange) -> None:
        self._asked = asked
        self._timezone = ""
        self.partitioned = False

    def read(self, session: Session, beat: Callable[[Session], Instant | None] = heartbeat) -> RangeFacts:
        """The facts as they are now; raises NotThere for an unknown Dag. `beat` tells of the scheduler."""
        dag_id = self._asked.dag_id
        query = select(DagModel.is_paused, DagModel.is_stale, column(DagModel, "timetable_partitioned"))
        row = session.execute(query.where(DagModel.dag_id == dag_id)).first()
        if row is None:
            raise NotThere(f'There is no Dag "{one_line(dag_id)}"', remedy="look at the list of Dags")
        if not self._timezone:
            self.partitioned = bool(row.timetable_partitioned)
            self._timezone = clock_of(session, dag_id, partitioned=self.partitioned).timezone
        return RangeFacts(
            dag_id=dag_id,
            timezone=self._timezone,
            from_date=self._asked.from_date,
            to_date=self._asked.to_date,
            dag_is_paused=bool(row.is_paused),
            dag_is_stale=bool(row.is_stale),
            scheduler_heartbeat=beat(session),
        )


class RangeReader:
    """Reads the runs of one Dag whose date is in a range, on a connection that is handed to each call.

    At the first reading the ordinals follow the dates; a run that comes later has the next one, and one that
    is deleted keeps its own, so that a row is the same date as long as it is looked at. A run is known by its
    id and its date: SQLite gives the id of a run that was deleted to the next one that is made.
    """

    def __init__(self, asked: DagRange, *, partitioned: bool) -> None:
        self._dag_id = asked.dag_id
        self._date: Any = DagRun.partition_date if partitioned else DagRun.logical_date
        self._within = and_(
            DagRun.dag_id == asked.dag_id,
            self._date >= to_datetime(asked.from_date),
            self._date <= to_datetime(asked.to_date),
        )
        self._columns: Final = (DagRun.id, self._date, DagRun.state, DagRun.clear_number)
        self._ordinals: dict[tuple[int, Any], int] = {}
        self._gone: set[tuple[int, Any]] = set()

    def versions(self) -> Select[Any]:
        """Selects the versions that the runs were made from."""
        return select(DagRun.created_dag_version_id).where(self._within).distinct()

    def everything(self, connection: Connection) -> dict[int, Entry]:
        """Every run that is or was there, by its ordinal."""
        query = select(*self._columns).where(self._within).order_by(self._date, DagRun.id)
        found = plain_rows(connection.execute(query))
        keys = [(row[0], row[1]) for row in found]
        for key in keys:
            self._ordinals.setdefault(key, len(self._ordinals) + 1)
        self._gone = self._ordinals.keys() - set(keys)
        entries = [self._entry(*row) for row in found]
        entries += [(self._ordinals[key], key[0], None, None, None, None, None) for key in self._gone]
        return {entry[0]: entry for entry in entries}

    def some(self, connection: Connection, ids: Iterable[int]) -> list[Entry]:
        """Those of these runs that are there."""
        wanted = list(ids)
        query = select(*self._columns).where(DagRun.id.in_(wanted))
        found = plain_rows(connection.execute(query)) if wanted else []
        return [self._entry(*row) for row in found if (row[0], row[1]) in self._ordinals]

    def glance(self, connection: Connection) -> tuple[list[int], Glance]:
        """The runs that are running; how many its Dag has, and in what states they are."""
        running = RUNNING_IDS.where(self._within)
        query = union_all(*GLANCE_AT_DAG, running)
        return parted(plain_rows(connection.execute(query, {"dag_id": self._dag_id})))

    def sums(self, connection: Connection) -> Sums:
        """The sums of all runs, and how many there are or were."""
        query = _sums(connection.dialect.name).where(self._within)
        (found,) = plain_rows(connection.execute(query))
        runs, letters, products, clears = (int(number or 0) for number in found)
        return Sums(runs + len(self._gone), runs, letters, products, clears, 0)

    def dates(self, connection: Connection, ids: Iterable[int]) -> list[tuple[int, Any, str | None]]:  # noqa: ARG002  # what is asked of every source
        """Nothing: a date of a range is known by its run alone, and these have none any more."""
        return []

    def membership(self, entry: Entry) -> Membership:
        """A run of the range, or one that was."""
        return Membership.DELETED if entry[2] is None else Membership.INCLUDED

    def _entry(self, run: int, date: Any, state: str | None, clear_number: int) -> Entry:
        return (self._ordinals[run, date], run, run, None, None, state, clear_number)


@lru_cache(maxsize=4)
def _sums(dialect: str) -> Select[Any]:
    # Airflow's four states of runs begin with different letters.
    letter = (func.unicode if dialect == "sqlite" else func.ascii)(DagRun.state)
    return select(
        func.count(DagRun.id),
        func.sum(letter),
        func.sum(cast(DagRun.id, BigInteger) * letter),
        func.sum(DagRun.clear_number),
    )
