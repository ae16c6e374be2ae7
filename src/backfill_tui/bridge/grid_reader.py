"""Reads the rows and cells of one backfill's grid, by column tuples and never as Airflow's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow.models.backfill import BackfillDagRun
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import bindparam, select

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.domain.ids import BackfillId, DagId, RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.states import CODE_OF, URGENCY, TaskState, run_state, task_code
from backfill_tui.domain.watching import Membership, RunRow, TaskColumn, membership_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_ABSENT: Final = CODE_OF[TaskState.ABSENT]

# Numbers and words only: nothing that has to be made into an object for each of very many rows.
_ENTRIES = (
    select(
        BackfillDagRun.sort_ordinal,
        BackfillDagRun.id,
        BackfillDagRun.dag_run_id,
        BackfillDagRun.exception_reason,
        DagRun.backfill_id,
        DagRun.state,
        DagRun.clear_number,
    )
    .outerjoin(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
    .where(BackfillDagRun.backfill_id == bindparam("backfill_id"))
)
_DATES = select(BackfillDagRun.sort_ordinal, BackfillDagRun.logical_date, BackfillDagRun.partition_key).where(
    BackfillDagRun.id.in_(bindparam("ids", expanding=True))
)
_RUNS = select(
    DagRun.id, DagRun.run_id, DagRun.state, DagRun.start_date, DagRun.end_date, DagRun.clear_number
).where(DagRun.id.in_(bindparam("ids", expanding=True)))
# The try number is not used. Without it SQLite finds all columns in the index on (dag_id, task_id, run_id,
# state) and walks through every task instance of the Dag; with it, it takes the index on (dag_id, run_id).
_TASKS = select(TaskInstance.run_id, TaskInstance.task_id, TaskInstance.state, TaskInstance.try_number).where(
    TaskInstance.dag_id == bindparam("dag_id"), TaskInstance.run_id.in_(bindparam("run_ids", expanding=True))
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

Plain tuples: very many are made at each tick, and the garbage collector does not follow plain ones.
"""


def is_running(entry: Entry) -> bool:
    """Whether the task instances of its run move."""
    return entry[5] == "running"


class UnknownTasksError(Exception):
    """Task instances of tasks that no column stands for: the columns must be read again."""

    def __init__(self, task_ids: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(task_ids)))
        self.task_ids = task_ids


@dataclass(slots=True)
class _When:
    logical_date: Instant | None
    partition_key: str | None


class GridReader:
    """Reads one backfill's rows on a connection that is handed to each call."""

    def __init__(self, backfill_id: BackfillId, dag_id: DagId, columns: Sequence[TaskColumn]) -> None:
        self._backfill_id = backfill_id
        self._dag_id = dag_id
        self._column_of = {str(column.task_id): place for place, column in enumerate(columns)}
        self._dates: dict[int, _When] = {}

    def entries(self, connection: Connection) -> dict[int, Entry]:
        """Every date of the backfill by its ordinal."""
        found = _plain_rows(connection.execute(_ENTRIES, {"backfill_id": self._backfill_id}))
        return {entry[0]: entry for entry in found}

    def rows(self, connection: Connection, entries: Sequence[Entry]) -> list[tuple[RunRow, bytes]]:
        """These entries as rows of the grid with their cells, in the order given.

        Raises UnknownTasksError when a task instance belongs to no column.
        """
        self._learn_dates(connection, entries)
        own = [entry[2] for entry in entries if self._membership(entry) is Membership.INCLUDED]
        # The runs first, then their task instances: a run read as ended has task instances that have, too.
        runs = {row[0]: row for row in connection.execute(_RUNS, {"ids": own})} if own else {}
        cells = self._cells(connection, [row.run_id for row in runs.values()])
        absent = bytes([_ABSENT]) * len(self._column_of)
        return [
            (row, absent if row.run_id is None else bytes(cells[row.run_id]))
            for row in (self._row(entry, runs) for entry in entries)
        ]

    def _membership(self, entry: Entry) -> Membership:
        _, _, dag_run_id, reason, owner_id, _, _ = entry
        return membership_of(
            self._backfill_id, dag_run_id=dag_run_id, exception_reason=reason, owner_id=owner_id
        )

    def _row(self, entry: Entry, runs: Mapping[int | None, Any]) -> RunRow:
        ordinal, _, dag_run_id, *_ = entry
        when = self._dates[ordinal]
        membership = self._membership(entry)
        run = runs.get(dag_run_id) if membership is Membership.INCLUDED else None
        if run is None:
            # Deleted between two statements: the next reading of the entries finds the same.
            membership = Membership.DELETED if membership is Membership.INCLUDED else membership
            return RunRow(
                ordinal=ordinal,
                logical_date=when.logical_date,
                partition_key=when.partition_key,
                membership=membership,
            )
        _, run_id, state, started, ended, clear_number = run
        return RunRow(
            ordinal=ordinal,
            logical_date=when.logical_date,
            partition_key=when.partition_key,
            membership=membership,
            run_id=RunId(run_id),
            state=run_state(state),
            started_at=optional_instant(started),
            ended_at=optional_instant(ended),
            cancelled=state == "failed" and started is None and ended is None,
            cleared=clear_number > 0,
        )

    def _learn_dates(self, connection: Connection, entries: Iterable[Entry]) -> None:
        """Dates never change, so each is read once."""
        new = [entry_id for ordinal, entry_id, *_ in entries if ordinal not in self._dates]
        if not new:
            return
        for ordinal, logical_date, partition_key in connection.execute(_DATES, {"ids": new}):
            self._dates[ordinal] = _When(optional_instant(logical_date), partition_key)

    def _cells(self, connection: Connection, run_ids: list[str]) -> dict[str, bytearray]:
        blank = bytes([_ABSENT]) * len(self._column_of)
        cells = {run_id: bytearray(blank) for run_id in run_ids}
        if not run_ids:
            return cells
        column_of, strangers = self._column_of, set()
        found = _plain_rows(connection.execute(_TASKS, {"dag_id": self._dag_id, "run_ids": run_ids}))
        for run_id, task_id, state, _ in found:
            column = column_of.get(task_id)
            if column is None:
                strangers.add(task_id)
                continue
            row, code = cells[run_id], task_code(state)
            if URGENCY[code] < URGENCY[row[column]]:
                row[column] = code
        if strangers:
            raise UnknownTasksError(frozenset(strangers))
        return cells


def _plain_rows(result: Any) -> list[Any]:
    """The rows as the driver made them: half the time of SQLAlchemy's for very many short ones."""
    found: list[Any] = result.cursor.fetchall()
    result.close()
    return found
