"""Reads the rows and cells of a grid, by column tuples and never as Airflow's objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow.models.dagrun import DagRun
from sqlalchemy import bindparam, select

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.compat.schema import column
from backfill_tui.bridge.grid_cells import CellReader
from backfill_tui.bridge.grid_entries import Entry, EntrySource
from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.states import run_state
from backfill_tui.domain.watching import Membership, RunRow, TaskColumn

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_RUNS = select(
    DagRun.id,
    DagRun.run_id,
    DagRun.state,
    DagRun.start_date,
    DagRun.end_date,
    DagRun.clear_number,
    DagRun.logical_date,
    column(DagRun, "partition_key"),
).where(DagRun.id.in_(bindparam("ids", expanding=True)))


class UnknownTasksError(Exception):
    """Task instances of tasks that no column stands for: the columns must be read again."""

    def __init__(self, task_ids: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(task_ids)))
        self.task_ids = task_ids


@dataclass(slots=True)
class _When:
    logical_date: Instant | None
    partition_key: str | None


_NO_DATE: Final = _When(None, None)


class GridReader:
    """Reads the rows of some entries on a connection that is handed to each call."""

    def __init__(self, entries: EntrySource, dag_id: DagId, columns: Sequence[TaskColumn]) -> None:
        self.entries = entries
        self._cells = CellReader(dag_id, columns)
        self._dates: dict[int, _When] = {}

    def rows(self, connection: Connection, entries: Sequence[Entry]) -> list[tuple[RunRow, bytes]]:
        """These entries as rows of the grid with their cells, in the order given.

        Raises UnknownTasksError when a task instance belongs to no column.
        """
        own = [entry[2] for entry in entries if self.entries.membership(entry) is Membership.INCLUDED]
        # The runs first, then their task instances: a run read as ended has task instances that have, too.
        runs = {row[0]: row for row in connection.execute(_RUNS, {"ids": own})} if own else {}
        cells, strangers = self._cells.cells(connection, [row.run_id for row in runs.values()])
        if strangers:
            raise UnknownTasksError(frozenset(strangers))
        owned = {entry[0]: run for entry in entries if (run := self._run_of(entry, runs)) is not None}
        self._learn_dates(connection, (entry for entry in entries if entry[0] not in owned))
        rows = (self._row(entry, owned.get(entry[0])) for entry in entries)
        return [(row, cells.get(row.run_id or "", self._cells.absent)) for row in rows]

    def _run_of(self, entry: Entry, runs: Mapping[int | None, Any]) -> Any:
        """The run of an entry; None where it has none, or the run that has its number now is of another date.

        SQLite gives the number of a run that was deleted to the next one that is made.
        """
        run = runs.get(entry[2]) if self.entries.membership(entry) is Membership.INCLUDED else None
        if run is None:
            return None
        when = _When(optional_instant(run.logical_date), run.partition_key)
        return run if self._dates.setdefault(entry[0], when) == when else None

    def _row(self, entry: Entry, run: Any) -> RunRow:
        ordinal = entry[0]
        # Of a run that was deleted before it was ever looked at nobody knows the date.
        when = self._dates.get(ordinal, _NO_DATE)
        membership = self.entries.membership(entry)
        if run is None:
            # Deleted between two statements: the next reading of the entries finds the same.
            membership = Membership.DELETED if membership is Membership.INCLUDED else membership
            return RunRow(
                ordinal=ordinal,
                logical_date=when.logical_date,
                partition_key=when.partition_key,
                membership=membership,
            )
        _, run_id, state, started, ended, clear_number, *_ = run
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
        for ordinal, logical_date, partition_key in self.entries.dates(connection, new):
            self._dates[ordinal] = _When(optional_instant(logical_date), partition_key)
