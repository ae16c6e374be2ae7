"""The first running runs of a backfill as the scheduler sees them, and those that it never looks at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow.models.backfill import Backfill, BackfillDagRun
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.sqlalchemy import nulls_first
from sqlalchemy import and_, false, func, literal_column, select

from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LOOKED_AT: Final = 20
"""Running runs that one reading looks at: the first ones, as the scheduler does."""

SHOWN: Final = 5
"""Runs that are named one by one where each has a reason of its own."""

_NAMED: Final = 3
FINISHED: Final = ("success", "failed", "upstream_failed", "skipped", "removed")
"""States of task instances that are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTasks:
    """Unfinished task instances in one run that are alike; `task_id` is the task of one of them."""

    task_id: str
    state: str | None
    pool: str
    pool_slots: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRun:
    """A running run and its unfinished task instances."""

    id: int
    run_id: str
    ordinal: int
    tasks: tuple[WaitingTasks, ...]

    @property
    def idle(self) -> bool:
        """Whether nothing of it is under way, or waits for anything but the scheduler's next look."""
        return bool(self.tasks) and all(task.state is None for task in self.tasks)


def read_running(session: Session, facts: BackfillFacts) -> list[RunningRun]:
    """The first running runs of a backfill, in its order."""
    return _with_tasks(session, facts.dag_id, session.execute(_own_running(facts).limit(LOOKED_AT)).all())


def starved(
    session: Session, facts: BackfillFacts, now: Instant, *, only: int | None = None
) -> Iterator[Cause]:
    """Running runs, or only one, that come after all those that the scheduler looks at in each loop.

    It takes the running runs of all Dags by their place in a backfill, those of none before them, and only
    as many as one loop may; a run that is in several backfills takes as many places (Airflow 3.3
    models/dagrun.py, `get_running_dag_runs_to_examine`).
    """
    most = DagRun.DEFAULT_DAGRUNS_TO_EXAMINE
    first = session.execute(
        select(DagRun.id, DagRun.dag_id, BackfillDagRun.sort_ordinal)
        .join(DagModel, DagModel.dag_id == DagRun.dag_id)
        .outerjoin(
            BackfillDagRun,
            # There is no index on runs alone: without a word on backfills all entries are read for each run.
            and_(BackfillDagRun.dag_run_id == DagRun.id, BackfillDagRun.backfill_id.in_(select(Backfill.id))),
        )
        .where(
            # As a literal: SQLite takes its index on running runs for no parameter.
            DagRun.state == literal_column("'running'"),
            DagModel.is_paused == false(),
            DagModel.is_stale == false(),
            DagRun.run_after <= to_datetime(now),
        )
        .order_by(
            nulls_first(BackfillDagRun.sort_ordinal, session=session),
            nulls_first(DagRun.last_scheduling_decision, session=session),
            DagRun.run_after,
        )
        .limit(most)
    ).all()
    if len(first) < most:
        return
    last = first[-1].sort_ordinal or 0
    later = (
        _own_running(facts)
        .where(BackfillDagRun.sort_ordinal > last, DagRun.id.not_in({row.id for row in first}))
        .limit(SHOWN)
    )
    if only is not None:
        later = later.where(DagRun.id == only)
    by = by_dag(Counter({row.id: row.dag_id for row in first}.values()))
    for run in _with_tasks(session, facts.dag_id, session.execute(later).all()):
        if run.idle:
            yield Cause(
                code=CauseCode.STARVED,
                sentence=f"the scheduler looks at no more than {most} running runs, and {by} come first",
                remedy="wait for them, or raise [scheduler] max_dagruns_per_loop_to_schedule",
                ordinal=run.ordinal,
            )


def by_dag(counted: Mapping[str, int]) -> str:
    """`sales (6), hr (2)`: those with most first, and how many more there are."""
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{one_line(dag_id)} ({number})" for dag_id, number in ranked[:_NAMED]]
    more = len(ranked) - _NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _own_running(facts: BackfillFacts) -> Any:
    return (
        select(DagRun.id, DagRun.run_id, BackfillDagRun.sort_ordinal)
        .join(
            BackfillDagRun,
            and_(BackfillDagRun.dag_run_id == DagRun.id, BackfillDagRun.backfill_id == DagRun.backfill_id),
        )
        .where(
            DagRun.dag_id == facts.dag_id,
            DagRun.state == "running",
            DagRun.backfill_id == facts.backfill_id,
        )
        .order_by(BackfillDagRun.sort_ordinal)
    )


def _with_tasks(session: Session, dag_id: str, rows: Sequence[Any]) -> list[RunningRun]:
    """These rows of `_own_running` with what is unfinished in them.

    The finished ones are read too, and not each task by itself: asked for states, or grouped by task, SQLite
    walks through all task instances of the Dag and not by the index on (dag_id, run_id).
    """
    found: defaultdict[str, list[WaitingTasks]] = defaultdict(list)
    alike = (TaskInstance.run_id, TaskInstance.state, TaskInstance.pool, TaskInstance.pool_slots)
    query = (
        select(*alike, func.min(TaskInstance.task_id).label("task_id"), func.count().label("number"))
        .where(
            TaskInstance.dag_id == dag_id,
            TaskInstance.run_id.in_([row.run_id for row in rows]),
        )
        .group_by(*alike)
    )
    for task in session.execute(query) if rows else ():
        if task.state in FINISHED:
            continue
        found[task.run_id].append(
            WaitingTasks(
                task_id=task.task_id,
                state=None if task.state is None else str(task.state),
                pool=task.pool,
                pool_slots=task.pool_slots,
                count=task.number,
            )
        )
    return [
        RunningRun(id=row.id, run_id=row.run_id, ordinal=row.sort_ordinal, tasks=tuple(found[row.run_id]))
        for row in rows
    ]
