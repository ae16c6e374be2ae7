"""Runs that a scheduler on SQLite starts though they were cancelled a moment before.

Airflow's driver begins no transaction for what the scheduler only reads, and SQLite has no row to lock: a
queued run that the scheduler has read just before a cancel is written back as running just after it. (So it
is with Airflow's own cancel.) A second look, when that scheduler must be done with them, finds these.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy import select, update

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SECOND_LOOK_SECONDS: Final = 0.5
"""Longer than one loop of a scheduler has its queued runs in hand: some milliseconds a run, 20 at most."""

_AT_ONCE: Final = 500
_NOT_BEGUN: Final = (TaskInstanceState.SCHEDULED, TaskInstanceState.QUEUED)


def late_starters(session: Session, cancelled: Collection[int]) -> list[DagRun]:
    """Those of the cancelled runs, by their ids, that are running after all."""
    ids, found = sorted(cancelled), []
    for start in range(0, len(ids), _AT_ONCE):
        query = select(DagRun).where(
            DagRun.id.in_(ids[start : start + _AT_ONCE]), DagRun.state == DagRunState.RUNNING
        )
        found += list(session.scalars(query.order_by(DagRun.id)))
    return found


def take_back(session: Session, run: DagRun) -> bool:
    """Cancel it again as if it had not started; whether that could be, for a task of it may have begun."""
    of_run: Any = (TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id)
    # The pool is not used: with it SQLite takes the index on (dag_id, run_id).
    query = select(TaskInstance.state, TaskInstance.pool).where(*of_run)
    states = {row.state for row in session.execute(query)}
    if states - {None, *_NOT_BEGUN}:
        return False
    session.execute(
        update(TaskInstance)
        .where(*of_run, TaskInstance.state.in_(_NOT_BEGUN))
        .values(state=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(DagRun)
        .where(DagRun.id == run.id)
        .values(state=DagRunState.FAILED, start_date=None)
        .execution_options(synchronize_session=False)
    )
    return True
