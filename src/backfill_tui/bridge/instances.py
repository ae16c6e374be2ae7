"""Reads all task instances of some runs, a part at a time, and never as Airflow's objects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from airflow.models.backfill import Backfill
from airflow.models.dagrun import DagRun, DagRunNote
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import bindparam, func, select

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.compat.schema import column
from backfill_tui.bridge.grid_entries import plain_rows
from backfill_tui.bridge.masking import masked
from backfill_tui.bridge.sql_instants import as_instant
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instances import InstanceLine, InstancesFound, InstancesQuery, RunInstances
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.states import CODES, task_code
from backfill_tui.wire.methods import INSTANCES, Nothing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.server import Call, Server

_RUNS_AT_ONCE: Final = 100
MOST_AT_ONCE: Final = 2_000
"""Task instances that are read together; a run with more of them comes in parts."""

_RUN_IDS: Final[Any] = bindparam("run_ids", expanding=True)
_COUNTS: Final = (
    select(TaskInstance.run_id, func.count())
    .where(TaskInstance.dag_id == bindparam("dag_id"), TaskInstance.run_id.in_(_RUN_IDS))
    .group_by(TaskInstance.run_id)
)
_RUNS: Final = (
    select(
        DagRun.run_id,
        DagRun.run_type,
        column(DagRun, "triggering_user_name"),
        DagRunNote.content,
        DagRun.data_interval_start,
        DagRun.data_interval_end,
    )
    .outerjoin(DagRunNote, DagRunNote.dag_run_id == DagRun.id)
    .where(DagRun.dag_id == bindparam("dag_id"), DagRun.run_id.in_(_RUN_IDS))
)


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `instances`."""

    def instances(query: InstancesQuery, call: Call[InstancesFound]) -> Nothing:
        # No session is open while an event waits for whoever writes slowly.
        with airflow.session() as session:
            conf = _conf(session, query)
        call.emit(InstancesFound(conf=conf))
        for start in range(0, len(query.run_ids), _RUNS_AT_ONCE):
            reader = _Reader(airflow, query, query.run_ids[start : start + _RUNS_AT_ONCE])
            for runs in reader.parts():
                call.check()
                call.emit(InstancesFound(runs=tuple(runs)))
        return Nothing()

    server.handle(INSTANCES, instances)


def _conf(session: Session, query: InstancesQuery) -> str:
    if query.backfill_id is None:
        return ""
    row = session.execute(select(Backfill.dag_run_conf).where(Backfill.id == query.backfill_id)).first()
    if row is None:
        raise NotThere(f"There is no backfill {query.backfill_id}", remedy="look at the list of backfills")
    return json.dumps(masked(row.dag_run_conf)) if row.dag_run_conf else ""


class _Reader:
    """Reads some runs: as many together as have few task instances, one with very many task by task."""

    def __init__(self, airflow: AirflowEnvironment, query: InstancesQuery, run_ids: Sequence[RunId]) -> None:
        self._airflow = airflow
        self._asked = {"dag_id": query.dag_id}
        self._run_ids = run_ids
        self._places = {task_id: place for place, task_id in enumerate(query.task_ids)}

    def parts(self) -> Iterator[list[RunInstances]]:
        """The runs in their order; a run that is gone has nothing."""
        with self._airflow.session() as session:
            heads = {
                RunId(row.run_id): RunInstances(
                    run_id=RunId(row.run_id),
                    run_type=str(row.run_type or ""),
                    triggering_user=row.triggering_user_name,
                    note=row.content or "",
                    data_interval_start=optional_instant(row.data_interval_start),
                    data_interval_end=optional_instant(row.data_interval_end),
                )
                for row in session.execute(_RUNS, {**self._asked, "run_ids": list(self._run_ids)})
            }
            counts = dict(
                plain_rows(
                    session.connection().execute(_COUNTS, {**self._asked, "run_ids": list(self._run_ids)})
                )
            )
        together: list[RunId] = []
        held = 0
        for run_id in self._run_ids:
            number = counts.get(run_id, 0)
            if together and held + number > MOST_AT_ONCE:
                yield self._whole(heads, together)
                together, held = [], 0
            if number > MOST_AT_ONCE:
                yield from self._in_parts(heads.get(run_id, RunInstances(run_id=run_id)))
                continue
            together.append(run_id)
            held += number
        if together:
            yield self._whole(heads, together)

    def _whole(self, heads: dict[RunId, RunInstances], run_ids: list[RunId]) -> list[RunInstances]:
        found: dict[str, list[InstanceLine]] = {}
        with self._airflow.session() as session:
            query = _lines(session).where(TaskInstance.run_id.in_(_RUN_IDS))
            rows = plain_rows(session.connection().execute(query, {**self._asked, "run_ids": run_ids}))
        for run_id, *cells in rows:
            found.setdefault(run_id, []).append(_line(cells))
        return [
            replace(
                heads.get(run_id, RunInstances(run_id=run_id)),
                instances=tuple(sorted(found.get(run_id, ()), key=self._order)),
            )
            for run_id in run_ids
        ]

    def _order(self, line: InstanceLine) -> tuple[int, str, int]:
        return (self._places.get(line.task_id, len(self._places)), line.task_id, line.map_index)

    def _in_parts(self, head: RunInstances) -> Iterator[list[RunInstances]]:
        """One run with very many task instances: those of one task after the other, some at a time."""
        for task_id in self._tasks(head.run_id):
            after = -2
            while lines := self._some(head.run_id, task_id, after):
                after = lines[-1].map_index
                yield [replace(head, instances=tuple(lines), more=True)]
        yield [head]

    def _tasks(self, run_id: RunId) -> list[TaskId]:
        # The pool is not used: with it SQLite takes the index on (dag_id, run_id), and without DISTINCT.
        query = select(TaskInstance.task_id, TaskInstance.pool).where(
            TaskInstance.dag_id == self._asked["dag_id"], TaskInstance.run_id == run_id
        )
        with self._airflow.session() as session:
            tasks = {TaskId(task_id) for task_id, _ in plain_rows(session.connection().execute(query))}
        return sorted(tasks, key=lambda task_id: (self._places.get(task_id, len(self._places)), task_id))

    def _some(self, run_id: RunId, task_id: TaskId, after: int) -> list[InstanceLine]:
        with self._airflow.session() as session:
            query = (
                _lines(session)
                .where(
                    TaskInstance.run_id == run_id,
                    TaskInstance.task_id == task_id,
                    TaskInstance.map_index > after,
                )
                .order_by(TaskInstance.map_index)
                .limit(MOST_AT_ONCE)
            )
            rows = plain_rows(session.connection().execute(query, self._asked))
        return [_line(cells) for _, *cells in rows]


def _lines(session: Session) -> Any:
    return select(
        TaskInstance.run_id,
        TaskInstance.task_id,
        TaskInstance.map_index,
        TaskInstance.state,
        TaskInstance.try_number,
        as_instant(session, TaskInstance.start_date),
        as_instant(session, TaskInstance.end_date),
    ).where(TaskInstance.dag_id == bindparam("dag_id"))


def _line(cells: Sequence[Any]) -> InstanceLine:
    task_id, map_index, state, try_number, started, ended = cells
    return InstanceLine(
        task_id=TaskId(task_id),
        map_index=map_index,
        state=CODES[task_code(state)],
        try_number=try_number,
        started_at=None if started is None else Instant(started),
        ended_at=None if ended is None else Instant(ended),
    )
