"""Reads the entries of one backfill: for each date its Dag run, as far as it tells that something changed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from airflow.models.backfill import BackfillDagRun
from airflow.models.dagrun import DagRun
from sqlalchemy import BigInteger, bindparam, cast, func, literal_column, select, union_all

from backfill_tui.bridge.compat.schema import column
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.watching import Membership, membership_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection

# Numbers and words only: nothing that has to be made into an object for each of very many rows.
_ENTRIES = select(
    BackfillDagRun.sort_ordinal,
    BackfillDagRun.id,
    BackfillDagRun.dag_run_id,
    BackfillDagRun.exception_reason,
    DagRun.backfill_id,
    DagRun.state,
    DagRun.clear_number,
).outerjoin(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
_ALL = _ENTRIES.where(BackfillDagRun.backfill_id == bindparam("backfill_id"))
_DATES = select(
    BackfillDagRun.sort_ordinal, BackfillDagRun.logical_date, column(BackfillDagRun, "partition_key")
).where(BackfillDagRun.id.in_(bindparam("ids", expanding=True)))
# Of the bare number of the backfill SQLite would make a walk through all of its entries.
_SOME = _ENTRIES.where(
    BackfillDagRun.id.in_(bindparam("ids", expanding=True)),
    BackfillDagRun.backfill_id + 0 == bindparam("backfill_id"),
)

Entry = tuple[
    int,  # ordinal
    int,  # the entry's id
    int | None,  # the id of its Dag run
    str | None,  # why it has none
    int | None,  # the backfill that the run belongs to now
    str | None,  # the run's state
    int | None,  # how often it was cleared, so that one that ended again since differs
]
"""One row of `backfill_dag_run LEFT JOIN dag_run`, as far as it tells that something changed.

Plain tuples: very many are made at once, and the garbage collector does not follow plain ones.
"""


def is_running(entry: Entry) -> bool:
    """Whether the task instances of its run move."""
    return entry[5] == "running"


Glance = tuple[tuple[Any, ...], ...]
"""What is another one once a run came, is in another state, or is gone."""

_OTHER_STATES: Final = (
    select(DagRun.state, func.count(), func.sum(cast(DagRun.id, BigInteger)))
    .where(DagRun.dag_id == bindparam("dag_id"), DagRun.state.in_(("queued", "running", "failed")))
    .group_by(DagRun.state)
)
_COUNTS: Any = select(literal_column("''"), func.count(), func.count(BackfillDagRun.dag_run_id)).where(
    BackfillDagRun.backfill_id == bindparam("backfill_id")
)
_ID: Final = "id"
RUNNING_IDS: Final = select(literal_column(f"'{_ID}'"), DagRun.id, literal_column("0")).where(
    # As a literal: SQLite takes its index on running runs for no parameter.
    DagRun.state == literal_column("'running'")
)
"""Selects the runs that are running, as a part of a glance: one statement less at each reading."""

_GLANCE: Final = union_all(
    _COUNTS,
    _OTHER_STATES,
    RUNNING_IDS.where(DagRun.dag_id == bindparam("dag_id"), DagRun.backfill_id == bindparam("backfill_id")),
)
GLANCE_AT_DAG: Final[tuple[Any, ...]] = (
    select(literal_column("''"), func.count(), literal_column("0")).where(
        DagRun.dag_id == bindparam("dag_id")
    ),
    _OTHER_STATES,
)
"""Selects what tells most changes of the runs of a Dag."""


def parted(found: list[tuple[Any, ...]]) -> tuple[list[int], Glance]:
    """The ids of runs that are running, and all else of a glance."""
    running = [row[1] for row in found if row[0] == _ID]
    return running, tuple(sorted(row for row in found if row[0] != _ID))


class Sums(NamedTuple):
    """What the database adds up over all entries of a backfill, to see that none changed.

    The states of one run or of two can not change without moving one of them; nor can a run be deleted,
    cleared or taken over. Why a date has no run they do not tell.
    """

    entries: int = 0
    runs: int = 0
    states: int = 0
    states_by_run: int = 0
    clears: int = 0
    owners: int = 0

    def with_change(self, before: Entry, after: Entry) -> Sums:
        """The sums once an entry is another one."""
        pairs = zip(self, _part(before), _part(after), strict=True)
        return Sums(*(total - old + new for total, old, new in pairs))


def _part(entry: Entry) -> Sums:
    """What one entry adds."""
    _, _, dag_run_id, _, owner_id, state, clear_number = entry
    if dag_run_id is None or clear_number is None:
        return Sums(entries=1)
    letter = ord(state[0]) if state else 0
    return Sums(1, 1, letter, dag_run_id * letter, clear_number, owner_id or 0)


class EntrySource(Protocol):
    """Where the entries of a grid are read, on a connection that is handed to each call.

    Those of a range of a Dag have no row of their own: the id of such an entry is that of its run.
    """

    def everything(self, connection: Connection) -> dict[int, Entry]:
        """Every entry by its ordinal."""
        ...

    def some(self, connection: Connection, ids: Iterable[int]) -> list[Entry]:
        """The entries of these ids, in any order; without those that are gone."""
        ...

    def glance(self, connection: Connection) -> tuple[list[int], Glance]:
        """The ids of those of its Dag runs that are running, and what tells most changes of runs.

        It takes a fraction of the sums, because indexes have all of it.
        """
        ...

    def sums(self, connection: Connection) -> Sums:
        """The sums of all entries: a fraction of what it costs to read them, and one row to receive."""
        ...

    def dates(self, connection: Connection, ids: Iterable[int]) -> list[tuple[int, Any, str | None]]:
        """Of these entries, which have no run, the ordinal, the logical date and the key of the partition."""
        ...

    def membership(self, entry: Entry) -> Membership:
        """What an entry means."""
        ...


class EntryReader:
    """Reads the entries of one backfill."""

    def __init__(self, backfill_id: BackfillId, dag_id: DagId) -> None:
        self._backfill_id: Final = backfill_id
        self._of_backfill: Final = {"backfill_id": backfill_id}
        self._of_both: Final = {"backfill_id": backfill_id, "dag_id": dag_id}

    def everything(self, connection: Connection) -> dict[int, Entry]:
        """Every date of the backfill by its ordinal."""
        found = plain_rows(connection.execute(_ALL, self._of_backfill))
        return {entry[0]: entry for entry in found}

    def some(self, connection: Connection, ids: Iterable[int]) -> list[Entry]:
        """The entries of these ids, in any order; without those that are gone."""
        wanted = list(ids)
        return plain_rows(connection.execute(_SOME, {**self._of_backfill, "ids": wanted})) if wanted else []

    def glance(self, connection: Connection) -> tuple[list[int], Glance]:
        """Its running runs; its entries that have a run, and what states the runs of its Dag are in."""
        return parted(plain_rows(connection.execute(_GLANCE, self._of_both)))

    def sums(self, connection: Connection) -> Sums:
        """The sums of all entries: a fraction of what it costs to read them, and one row to receive."""
        query = _sums_query(connection.dialect.name)
        (found,) = plain_rows(connection.execute(query, self._of_backfill))
        return Sums(*(int(number or 0) for number in found))

    def dates(self, connection: Connection, ids: Iterable[int]) -> list[tuple[int, Any, str | None]]:
        """Of these entries the ordinal, the logical date and the key of the partition."""
        return [tuple(row) for row in connection.execute(_DATES, {"ids": list(ids)})]

    def membership(self, entry: Entry) -> Membership:
        """What an entry means."""
        _, _, dag_run_id, reason, owner_id, _, _ = entry
        return membership_of(
            self._backfill_id, dag_run_id=dag_run_id, exception_reason=reason, owner_id=owner_id
        )


@lru_cache(maxsize=4)
def _sums_query(dialect: str) -> Any:
    # Airflow's four states of runs begin with different letters.
    letter = (func.unicode if dialect == "sqlite" else func.ascii)(DagRun.state)
    return (
        select(
            func.count(),
            func.count(DagRun.id),
            func.sum(letter),
            func.sum(cast(DagRun.id, BigInteger) * letter),
            func.sum(DagRun.clear_number),
            func.sum(DagRun.backfill_id),
        )
        .select_from(BackfillDagRun)
        .outerjoin(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
        .where(BackfillDagRun.backfill_id == bindparam("backfill_id"))
    )


def plain_rows(result: Any) -> list[Any]:
    """The rows as the driver made them: half the time of SQLAlchemy's for very many short ones."""
    found: list[Any] = result.cursor.fetchall()
    result.close()
    return found
