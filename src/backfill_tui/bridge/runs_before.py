"""Runs as they are before a deed touches them, for the journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from airflow.models.taskinstance import TaskInstance
from sqlalchemy import func, select

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.compat.schema import value
from backfill_tui.domain.ids import BackfillId, RunId
from backfill_tui.domain.journal import RunBefore
from backfill_tui.domain.states import TaskState

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_AT_ONCE: Final = 500


def runs_before(session: Session, dag_id: str, runs: Iterable[Any]) -> tuple[RunBefore, ...]:
    """The runs of a Dag, with their task instances counted by state.

    `runs` are `DagRun`s or rows with the columns of these that are named here.
    """
    runs = list(runs)
    tasks = _tasks_of(session, dag_id, [run.run_id for run in runs])
    return tuple(
        RunBefore(
            run_id=RunId(run.run_id),
            state=str(run.state),
            logical_date=optional_instant(run.logical_date),
            partition_key=value(run, "partition_key"),
            backfill_id=None if run.backfill_id is None else BackfillId(run.backfill_id),
            tasks=tasks[run.run_id],
        )
        for run in runs
    )


def _tasks_of(session: Session, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, int]]:
    counted: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for start in range(0, len(run_ids), _AT_ONCE):
        query = (
            select(TaskInstance.run_id, TaskInstance.state, func.count())
            .where(TaskInstance.dag_id == dag_id, TaskInstance.run_id.in_(run_ids[start : start + _AT_ONCE]))
            .group_by(TaskInstance.run_id, TaskInstance.state)
        )
        for run_id, state, number in session.execute(query):
            counted[run_id][str(state or TaskState.NONE)] = number
    return counted
