"""Reads the rows and cells of one backfill's grid, by column tuples and never as Airflow's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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

# The `.table` columns bypass the types that turn text into objects; these are numbers and words only.
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
_TASKS = select(TaskInstance.run_id, TaskInstance.task_id, TaskInstance.state).where(
    TaskInstance.dag_id == bindparam("dag_id"), TaskInstance.run_id.in_(bindparam("run_ids", expanding=True))
)


class Entry(NamedTuple):
    """One row of `backfill_dag_run LEFT JOIN dag_run`, as far as it tells that something changed.

    `clear_number` counts clears, so that a run that was cleared and ended again between two readings differs.
    """

    ordinal: int
    entry_id: int
    dag_run_id: int | None
    exception_reason: str | None
    owner_id: int | None
    state: str | None
    clear_number: int | None

    @property
    def running(self) -> bool:
        """Whether its task instances move."""
        return self.state == "running"


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
        result = connection.execute(_ENTRIES, {"backfill_id": self._backfill_id})
        return {row[0]: Entry._make(row) for row in result}

    def rows(self, connection: Connection, entries: Sequence[Entry]) -> list[tuple[RunRow, bytes]]:
        """These entries as rows of the grid with their cells, in the order given.

        Raises UnknownTasksError when a task instance belongs to no column.
        """
        self._learn_dates(connection, entries)
        own = [entry.dag_run_id for entry in entries if self._membership(entry) is Membership.INCLUDED]
        # The runs first, then their task instances: a run read as ended has task instances that have, too.
        runs = {row[0]: row for row in connection.execute(_RUNS, {"ids": own})} if own else {}
        cells = self._cells(connection, [row.run_id for row in runs.values()])
        absent = bytes([_ABSENT]) * len(self._column_of)
        return [
            (row, absent if row.run_id is None else bytes(cells[row.run_id]))
            for row in (self._row(entry, runs) for entry in entries)
        ]

    def _membership(self, entry: Entry) -> Membership:
        return membership_of(
            self._backfill_id,
            dag_run_id=entry.dag_run_id,
            exception_reason=entry.exception_reason,
            owner_id=entry.owner_id,
        )

    def _row(self, entry: Entry, runs: Mapping[int | None, Any]) -> RunRow:
        when = self._dates[entry.ordinal]
        membership = self._membership(entry)
        run = runs.get(entry.dag_run_id) if membership is Membership.INCLUDED else None
        if run is None:
            # Deleted between two statements: the next reading of the entries finds the same.
            membership = Membership.DELETED if membership is Membership.INCLUDED else membership
            return RunRow(
                ordinal=entry.ordinal,
                logical_date=when.logical_date,
                partition_key=when.partition_key,
                membership=membership,
            )
        _, run_id, state, started, ended, clear_number = run
        return RunRow(
            ordinal=entry.ordinal,
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
        new = [entry.entry_id for entry in entries if entry.ordinal not in self._dates]
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
        for run_id, task_id, state in connection.execute(
            _TASKS, {"dag_id": self._dag_id, "run_ids": run_ids}
        ):
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
