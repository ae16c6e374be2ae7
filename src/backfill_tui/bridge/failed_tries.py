"""Reads which task instances have failed, by column tuples and never as Airflow's objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow.models.backfill import BackfillDagRun
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import join

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.compat.schema import column
from backfill_tui.bridge.log_names import NamedTry
from backfill_tui.domain.dag_range import DagRange
from backfill_tui.domain.failures import Failure, FailureKind
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_OF_RUN: Final = and_(TaskInstance.dag_id == DagRun.dag_id, TaskInstance.run_id == DagRun.run_id)
_FAILED: Final = TaskInstance.state == TaskState.FAILED.value
_EVERY: Final = 2**62
"""More than there are of anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Which runs are looked at: what they are selected from, and what orders them (`place`, then the id)."""

    dag_id: str
    source: Any
    within: Any
    place: Any
    key: Any
    ranked: bool = False


def runs_of_backfill(facts: BackfillFacts) -> Runs:
    """The runs that are a backfill's own, in the order of execution."""
    number = facts.backfill_id
    return Runs(
        dag_id=facts.dag_id,
        source=join(BackfillDagRun, DagRun, DagRun.id == BackfillDagRun.dag_run_id),
        within=and_(BackfillDagRun.backfill_id == number, DagRun.backfill_id == number),
        place=BackfillDagRun.sort_ordinal,
        key=column(BackfillDagRun, "partition_key"),
    )


def runs_of_range(asked: DagRange, *, partitioned: bool) -> Runs:
    """The runs of a Dag in a range of dates, whatever made them."""
    date: Any = DagRun.partition_date if partitioned else DagRun.logical_date
    return Runs(
        dag_id=asked.dag_id,
        source=DagRun,
        within=and_(date >= to_datetime(asked.from_date), date <= to_datetime(asked.to_date)),
        place=date,
        key=column(DagRun, "partition_key"),
        ranked=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTry:
    """The latest try of a task instance that failed: where its log is, and whether it ran at all."""

    ordinal: int
    logical_date: Instant | None
    partition_key: str | None
    named: NamedTry
    log_template_id: int | None
    has_run: bool
    ended_at: Instant | None

    def failure(self, kind: FailureKind, error: str = "") -> Failure:
        """It, once its log was looked at."""
        named = self.named
        return Failure(
            ordinal=self.ordinal,
            logical_date=self.logical_date,
            partition_key=self.partition_key,
            run_id=RunId(named.run_id),
            task_id=TaskId(named.task_id),
            map_index=named.map_index,
            try_number=named.try_number,
            kind=kind,
            error=error,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What failed, in order: task instances, and runs of which none did, such as by their timeout."""

    tries: list[FailedTry]
    alone: list[Failure]


def read_failed(session: Session, runs: Runs) -> Failed:
    """The task instances and runs that have failed."""
    tries = session.execute(_tries(runs)).all()
    alone = session.execute(_alone(runs)).all()
    ordinals = {}
    if runs.ranked:
        places = sorted({(row.place, row.id) for row in [*tries, *alone]})
        ordinals = {place: number for number, place in enumerate(places, 1)}

    def ordinal(row: Any) -> int:
        return ordinals[row.place, row.id] if runs.ranked else int(row.place)

    return Failed(
        tries=[_try(runs.dag_id, ordinal(row), row) for row in tries],
        alone=[_alone_of(ordinal(row), row) for row in alone],
    )


def _from_runs(runs: Runs, *more: Any) -> Any:
    return select(
        runs.place.label("place"), runs.key.label("key"), DagRun.id, DagRun.run_id, DagRun.logical_date, *more
    ).select_from(runs.source)


def _tries(runs: Runs) -> Any:
    # The limit keeps what failed a part by itself, which SQLite reads once, by an index on states. Joined it
    # would go through all task instances of the Dag for each run of a range.
    failed = (
        select(
            TaskInstance.run_id, TaskInstance.task_id, TaskInstance.map_index, TaskInstance.try_number,
            TaskInstance.start_date, TaskInstance.end_date,
        )
        .where(TaskInstance.dag_id == runs.dag_id, _FAILED)
        .limit(_EVERY)
        .subquery()
    )  # fmt: skip
    of = failed.c
    query = _from_runs(
        runs, DagRun.run_after, DagRun.log_template_id, of.task_id, of.map_index, of.try_number,
        of.start_date, of.end_date,
    )  # fmt: skip
    return (
        query.join(failed, of.run_id == DagRun.run_id)
        .where(DagRun.dag_id == runs.dag_id, runs.within)
        .order_by(runs.place, DagRun.id, of.task_id, of.map_index)
    )


def _alone(runs: Runs) -> Any:
    # One that the cancelling of its backfill failed never started, and nothing went wrong in it.
    ran = (DagRun.start_date.is_not(None)) | (DagRun.end_date.is_not(None))
    failed = DagRun.state == RunState.FAILED.value
    # Not the bare state: by an index on it SQLite goes through all that failed in the Dag for each run.
    task_failed = func.coalesce(TaskInstance.state, "") == TaskState.FAILED.value
    return (
        _from_runs(runs)
        .where(DagRun.dag_id == runs.dag_id, runs.within, failed, ran, ~exists().where(_OF_RUN, task_failed))
        .order_by(runs.place, DagRun.id)
    )


def _alone_of(ordinal: int, row: Any) -> Failure:
    return Failure(
        ordinal=ordinal,
        logical_date=optional_instant(row.logical_date),
        partition_key=row.key,
        run_id=RunId(row.run_id),
        task_id=TaskId(""),
        map_index=-1,
        try_number=0,
        kind=FailureKind.NO_TASK,
    )


def _try(dag_id: str, ordinal: int, row: Any) -> FailedTry:
    return FailedTry(
        ordinal=ordinal,
        logical_date=optional_instant(row.logical_date),
        partition_key=row.key,
        named=NamedTry(
            dag_id=dag_id,
            run_id=row.run_id,
            task_id=row.task_id,
            map_index=row.map_index,
            try_number=row.try_number,
            logical_date=row.logical_date,
            run_after=row.run_after,
        ),
        log_template_id=row.log_template_id,
        # Where a state is settled without a process, `TaskInstance.set_state` makes both times the same.
        has_run=row.start_date is not None and row.start_date != row.end_date,
        ended_at=optional_instant(row.end_date),
    )
