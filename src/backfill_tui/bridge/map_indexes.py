"""Reads unfolded mapped tasks one map index at a time, for the runs that are seen."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from airflow.models.taskinstance import TaskInstance
from sqlalchemy import bindparam, func, select

from backfill_tui.bridge.grid_entries import plain_rows
from backfill_tui.domain.map_indexes import FIRST_OF_REST, IndexCells, IndexQuery, index_cell
from backfill_tui.domain.states import task_code
from backfill_tui.wire.methods import INDEXES, Nothing

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.server import Call, Server
    from backfill_tui.domain.ids import RunId, TaskId

_OF_THESE: Final = (
    TaskInstance.dag_id == bindparam("dag_id"),
    TaskInstance.task_id.in_(bindparam("task_ids", expanding=True)),
    TaskInstance.run_id.in_(bindparam("run_ids", expanding=True)),
)
_SINGLE: Final = select(
    TaskInstance.run_id, TaskInstance.task_id, TaskInstance.map_index, TaskInstance.state
).where(*_OF_THESE, TaskInstance.map_index < FIRST_OF_REST)
_REST: Final = (
    select(TaskInstance.run_id, TaskInstance.task_id, TaskInstance.state, func.count())
    .where(*_OF_THESE, TaskInstance.map_index >= FIRST_OF_REST)
    .group_by(TaskInstance.run_id, TaskInstance.task_id, TaskInstance.state)
)


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `indexes`."""

    def indexes(query: IndexQuery, _call: Call[Nothing]) -> IndexCells:
        with airflow.session() as session:
            return read_indexes(session.connection(), query)

    server.handle(INDEXES, indexes)


def read_indexes(connection: Connection, query: IndexQuery) -> IndexCells:
    """The states of these tasks in these runs."""
    if not query.run_ids or not query.task_ids:
        return IndexCells(cells=())
    asked = {"dag_id": query.dag_id, "task_ids": query.task_ids, "run_ids": query.run_ids}
    single: defaultdict[tuple[RunId, TaskId], list[tuple[int, int]]] = defaultdict(list)
    for run_id, task_id, map_index, state in plain_rows(connection.execute(_SINGLE, asked)):
        single[run_id, task_id].append((map_index, task_code(state)))
    rest: defaultdict[tuple[RunId, TaskId], list[tuple[int, int]]] = defaultdict(list)
    for run_id, task_id, state, number in plain_rows(connection.execute(_REST, asked)):
        rest[run_id, task_id].append((task_code(state), number))
    return IndexCells(
        cells=tuple(
            index_cell(run_id, task_id, single[run_id, task_id], rest[run_id, task_id])
            for run_id, task_id in {**single, **rest}
        )
    )
