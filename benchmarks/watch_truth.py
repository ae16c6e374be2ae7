"""A full reading with nothing but the driver, and how a store differs from it."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tests.support.databases import Database

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.states import task_code


@dataclass(frozen=True, kw_only=True)
class FullReading:
    """The state of every run, and every task instance as run, task and state; `cpu_ms` is what it took."""

    runs: dict[str, str]
    tasks: list[tuple[str, str, str | None]]
    cpu_ms: float


def read_in_full(database: Database, backfill_id: int) -> FullReading:
    """Read every run and task instance of a backfill, once."""
    with database.stranger() as connection, closing(connection.cursor()) as cursor:
        began = time.process_time()
        runs, tasks = _rows(cursor, backfill_id)
        return FullReading(runs=runs, tasks=tasks, cpu_ms=(time.process_time() - began) * 1000)


def _rows(cursor: Any, backfill_id: int) -> tuple[dict[str, str], list[tuple[str, str, str | None]]]:
    cursor.execute(f"SELECT dag_id, run_id, state FROM dag_run WHERE backfill_id = {backfill_id}")  # noqa: S608
    runs = cursor.fetchall()
    # The try number keeps SQLite from an index that takes it many times as long.
    cursor.execute(
        "SELECT run_id, task_id, state, try_number FROM task_instance "  # noqa: S608
        f"WHERE dag_id = '{runs[0][0]}'"
    )
    tasks = [(run_id, task_id, state) for run_id, task_id, state, _ in cursor.fetchall()]
    return {run_id: state for _, run_id, state in runs}, tasks


def differences(store: GridStore, reading: FullReading) -> int:
    """How many runs and cells are not as the database says."""
    index_of = {str(row.run_id): index for index, row in enumerate(store.rows) if row is not None}
    column_of = {str(column.task_id): place for place, column in enumerate(store.columns)}
    cells = [store.row_cells(index) for index in range(len(store.rows))]
    wrong = sum(
        cells[index_of[run_id]][column_of[task_id]] != task_code(state)
        for run_id, task_id, state in reading.tasks
    )
    states = {str(row.run_id): str(row.state) for row in store.rows if row is not None}
    return wrong + sum(states.get(run_id) != state for run_id, state in reading.runs.items())
