"""The runs that stand where a backfill would make its own: two range queries, however many dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.planning import ExistingRun, Occurrence
from backfill_tui.domain.states import CODES, RunState, TaskState, task_code

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

TaskCounts = dict[str, dict[TaskState, int]]


def existing_runs(
    session: Session, dag_id: DagId, occurrences: Sequence[Occurrence]
) -> dict[Instant, ExistingRun]:
    """The run Airflow would find for each occurrence, by `Occurrence.identity`.

    Of several runs of a partition it is the latest by start date, those not started last (Airflow 3.3
    models/backfill.py, `_get_latest_dag_run_row_query`); task counts are read of finished runs only.
    """
    dates = {occurrence.identity for occurrence in occurrences} - {None}
    if not dates:
        return {}
    known = [date for date in dates if date is not None]
    where = _in_range(dag_id, min(known), max(known), by_partition=_by_partition(occurrences))
    latest = _latest_rows(session, where, dates, by_partition=_by_partition(occurrences))
    finished = any(RunState(row.state).finished for row in latest.values())
    counts = _task_counts(session, where) if finished else {}
    return {date: _existing(row, counts) for date, row in latest.items()}


def _by_partition(occurrences: Iterable[Occurrence]) -> bool:
    return any(occurrence.partition_date is not None for occurrence in occurrences)


def _in_range(
    dag_id: DagId, first: Instant, last: Instant, *, by_partition: bool
) -> list[ColumnElement[bool]]:
    from airflow.models.dagrun import DagRun

    column = DagRun.partition_date if by_partition else DagRun.logical_date
    return [DagRun.dag_id == dag_id, column.between(to_datetime(first), to_datetime(last))]


def _latest_rows(
    session: Session, where: list[ColumnElement[bool]], dates: set[Instant | None], *, by_partition: bool
) -> dict[Instant, Any]:
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    column = DagRun.partition_date if by_partition else DagRun.logical_date
    query = (
        select(
            column.label("date"), DagRun.run_id, DagRun.state, DagRun.run_type, DagRun.triggering_user_name
        )
        .where(*where)
        .order_by(DagRun.start_date.is_(None), DagRun.start_date.desc(), DagRun.id)
    )
    latest: dict[Instant, Any] = {}
    for row in session.execute(query):
        date = instant_of(row.date)
        if date in dates:
            latest.setdefault(date, row)
    return latest


def _task_counts(session: Session, where: list[ColumnElement[bool]]) -> TaskCounts:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import and_, func, select

    finished = [str(state) for state in RunState if state.finished]
    query = (
        select(TaskInstance.run_id, TaskInstance.state, func.count())
        .join(DagRun, and_(DagRun.dag_id == TaskInstance.dag_id, DagRun.run_id == TaskInstance.run_id))
        .where(*where, DagRun.state.in_(finished))
        .group_by(TaskInstance.run_id, TaskInstance.state)
    )
    counts: TaskCounts = defaultdict(dict)
    for run_id, state, count in session.execute(query):
        counts[run_id][CODES[task_code(state)]] = count
    return counts


def _existing(row: Any, counts: TaskCounts) -> ExistingRun:
    state = RunState(row.state)
    tasks = counts.get(row.run_id, {}) if state.finished else {}
    return ExistingRun(
        run_id=RunId(row.run_id),
        state=state,
        run_type=str(row.run_type),
        triggering_user=row.triggering_user_name,
        task_counts=tuple(sorted(tasks.items())),
    )
