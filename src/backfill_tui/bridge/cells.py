"""One cell of the grid looked at closely: the task instances behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from sqlalchemy import case, func, select

from backfill_tui.bridge import logs
from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.cell_causes import CellCauses
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.states import CODE_OF, CODES, URGENCY, TaskState, task_code
from backfill_tui.domain.tasks import CellDetails, CellQuery, TaskInstanceDetails, TaskTry, most_urgent
from backfill_tui.wire.methods import CELL, Nothing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.server import Call, Server


MOST_INSTANCES: Final = 500
"""Task instances that one answer has; a person looks at the first of them, once a second."""

_URGENCY: Final = case(
    {state.value: URGENCY[code] for state, code in CODE_OF.items()},
    value=TaskInstance.state,
    else_=URGENCY[CODE_OF[TaskState.NONE]],
)


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `cell` and `log`."""
    causes = CellCauses()

    def cell(query: CellQuery, _call: Call[Nothing]) -> CellDetails:
        with airflow.session() as session:
            rows = _instances(session, query)
            left_out = _number(session, query) - len(rows) if len(rows) == MOST_INSTANCES else 0
            tries = _past_tries(session, query, [row.map_index for row in rows if row.try_number > 1])
            now = airflow.now(session)
        instances = tuple(_details(query, row, tries.get(row.map_index, ())) for row in rows)
        asked = _asked(instances, query.map_index)
        if asked is None or asked.state.finished:
            return CellDetails(instances=instances, left_out=left_out)
        with airflow.session() as session:
            waits = causes.read(session, query, asked.key.map_index, now)
        told = (replace(one, waits=waits) if one is asked else one for one in instances)
        return CellDetails(instances=tuple(told), left_out=left_out)

    server.handle(CELL, cell)
    logs.register(server, airflow)


def _asked(instances: Sequence[TaskInstanceDetails], map_index: int | None) -> TaskInstanceDetails | None:
    """The one that is to say why it waits."""
    ranked = most_urgent(instances)
    return next((one for one in ranked if one.key.map_index == map_index), ranked[0] if ranked else None)


def _instances(session: Session, query: CellQuery) -> list[Any]:
    """The most urgent ones and the one that is asked for, by map index."""
    of_cell = (
        select(
            TaskInstance.map_index,
            TaskInstance.state,
            TaskInstance.try_number,
            TaskInstance.max_tries,
            TaskInstance.operator,
            TaskInstance.custom_operator_name,
            TaskInstance.start_date,
            TaskInstance.end_date,
            TaskInstance.pool,
            TaskInstance.pool_slots,
            TaskInstance.queue,
        )
        .where(*_of_cell(query))
        .order_by(_URGENCY, TaskInstance.map_index)
        .limit(MOST_INSTANCES)
    )
    rows = session.execute(of_cell).all()
    if len(rows) == MOST_INSTANCES and query.map_index not in {None, *(row.map_index for row in rows)}:
        asked = session.execute(of_cell.where(TaskInstance.map_index == query.map_index)).all()
        rows = [*asked, *rows][:MOST_INSTANCES]
    return sorted(rows, key=lambda row: row.map_index)


def _of_cell(query: CellQuery) -> list[Any]:
    index = TaskInstance.map_index
    return [
        TaskInstance.dag_id == query.dag_id,
        TaskInstance.run_id == query.run_id,
        TaskInstance.task_id == query.task_id,
        *([index >= query.first_index] if query.first_index > 0 else []),
        *([index <= query.last_index] if query.last_index is not None else []),
    ]


def _number(session: Session, query: CellQuery) -> int:
    return session.scalar(select(func.count()).select_from(TaskInstance).where(*_of_cell(query))) or 0


def _past_tries(session: Session, query: CellQuery, indexes: Sequence[int]) -> dict[int, list[TaskTry]]:
    """The tries before the latest, by map index; a task instance keeps only its latest itself."""
    if not indexes:
        return {}
    history = TaskInstanceHistory
    rows = session.execute(
        select(history.map_index, history.try_number, history.state, history.start_date, history.end_date)
        .where(
            history.dag_id == query.dag_id,
            history.run_id == query.run_id,
            history.task_id == query.task_id,
            history.map_index.in_(indexes),
        )
        .order_by(history.map_index, history.try_number)
    )
    found: dict[int, list[TaskTry]] = {}
    for row in rows:
        one = TaskTry(
            number=row.try_number,
            state=CODES[task_code(row.state)],
            started_at=optional_instant(row.start_date),
            ended_at=optional_instant(row.end_date),
        )
        found.setdefault(row.map_index, []).append(one)
    return found


def _details(query: CellQuery, row: Any, tries: Sequence[TaskTry]) -> TaskInstanceDetails:
    return TaskInstanceDetails(
        key=TaskInstanceKey(run_id=query.run_id, task_id=query.task_id, map_index=row.map_index),
        state=CODES[task_code(row.state)],
        try_number=row.try_number,
        # The column counts retries: 0 means one try.
        max_tries=row.max_tries + 1,
        operator=row.custom_operator_name or row.operator or "",
        pool=row.pool or "",
        pool_slots=row.pool_slots or 1,
        queue=row.queue or "",
        # A cleared task instance has the number of its last try until it is tried again.
        past_tries=tuple(one for one in tries if one.number < row.try_number),
        started_at=optional_instant(row.start_date),
        ended_at=optional_instant(row.end_date),
    )
