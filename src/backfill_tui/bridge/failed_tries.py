"""Reads which task instances of a backfill have failed, by column tuples and never as Airflow's objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow.models.backfill import BackfillDagRun
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import and_, bindparam, exists, select

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.log_names import NamedTry
from backfill_tui.domain.failures import Failure, FailureKind
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_OF_RUN: Final = and_(TaskInstance.dag_id == DagRun.dag_id, TaskInstance.run_id == DagRun.run_id)
_FAILED: Final = TaskInstance.state == TaskState.FAILED.value
_OF_BACKFILL: Final = and_(
    BackfillDagRun.backfill_id == bindparam("backfill_id"),
    DagRun.backfill_id == bindparam("backfill_id"),
    DagRun.dag_id == bindparam("dag_id"),
)
_PLACE: Final = (BackfillDagRun.sort_ordinal, BackfillDagRun.partition_key, DagRun.run_id)
_WHEN: Final = (DagRun.logical_date, DagRun.run_after)

_TRIES: Final = (
    select(
        *_PLACE, *_WHEN, DagRun.log_template_id, TaskInstance.task_id, TaskInstance.map_index,
        TaskInstance.try_number, TaskInstance.start_date, TaskInstance.end_date,
    )
    .select_from(BackfillDagRun)
    .join(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
    .join(TaskInstance, _OF_RUN)
    .where(_OF_BACKFILL, TaskInstance.dag_id == bindparam("dag_id"), _FAILED)
    .order_by(BackfillDagRun.sort_ordinal, TaskInstance.task_id, TaskInstance.map_index)
)  # fmt: skip
# One that its backfill's cancelling failed never started, and nothing went wrong in it.
_RUNS_ALONE: Final = (
    select(*_PLACE, DagRun.logical_date)
    .select_from(BackfillDagRun)
    .join(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
    .where(
        _OF_BACKFILL,
        DagRun.state == RunState.FAILED.value,
        (DagRun.start_date.is_not(None)) | (DagRun.end_date.is_not(None)),
        ~exists().where(_OF_RUN, _FAILED),
    )
    .order_by(BackfillDagRun.sort_ordinal)
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


def failed_tries(session: Session, facts: BackfillFacts) -> list[FailedTry]:
    """The task instances that have failed, in the order of execution."""
    return [_try(facts.dag_id, row) for row in session.execute(_TRIES, _asked(facts))]


def runs_failed_alone(session: Session, facts: BackfillFacts) -> list[Failure]:
    """The runs that failed although none of their tasks did, such as by the timeout of the run."""
    return [
        Failure(
            ordinal=row.sort_ordinal,
            logical_date=optional_instant(row.logical_date),
            partition_key=row.partition_key,
            run_id=RunId(row.run_id),
            task_id=TaskId(""),
            map_index=-1,
            try_number=0,
            kind=FailureKind.NO_TASK,
        )
        for row in session.execute(_RUNS_ALONE, _asked(facts))
    ]


def _asked(facts: BackfillFacts) -> dict[str, Any]:
    return {"backfill_id": facts.backfill_id, "dag_id": facts.dag_id}


def _try(dag_id: str, row: Any) -> FailedTry:
    return FailedTry(
        ordinal=row.sort_ordinal,
        logical_date=optional_instant(row.logical_date),
        partition_key=row.partition_key,
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
