"""Task instances that are put off to a later time, and runs in which nothing else is to be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from airflow.models.taskinstance import TaskInstance
from airflow.models.taskreschedule import TaskReschedule
from sqlalchemy import func, select

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.waiting_runs import RunningRun
from backfill_tui.bridge.waiting_tasks import DagsOfRuns, not_yet_retried, second
from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.instants import Instant, from_datetime
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_PUT_OFF: Final = frozenset({"up_for_reschedule", "up_for_retry", "deferred"})
"""States of task instances that nothing works on, and that go on by themselves."""

_READ_ITS_LOG: Final = "read its log"


def not_yet_again(
    session: Session, facts: GridFacts, task: Any, operator: Any, now: Instant
) -> Iterator[Cause]:
    """A task instance that is begun again later; `operator` is its task, None where that is not known.

    That is a sensor that looks again, or a task whose Dag the worker did not find in its file (Airflow 3.3
    sdk/execution_time/task_runner.py, `_maybe_reschedule_startup_failure`).
    """
    until = optional_instant(
        session.scalar(
            select(TaskReschedule.reschedule_date)
            .where(TaskReschedule.ti_id == task.id)
            .order_by(TaskReschedule.id.desc())
            .limit(1)
        )
    )
    if until is None or until <= now:
        return
    words, remedy = _begun_again(operator, second(until, facts))
    yield Cause(code=CauseCode.UP_FOR_RESCHEDULE, sentence=f"it {words}", remedy=remedy)


def all_at_rest(
    session: Session, facts: BackfillFacts, runs: Sequence[RunningRun], dags: DagsOfRuns, now: Instant
) -> Iterator[Cause]:
    """What goes on first, where nothing of these runs is at work or about to be, and something is put off."""
    states = {task.state for run in runs for task in run.tasks if task.state is not None}
    if not states or not states <= _PUT_OFF:
        return
    found = [
        *_first_again(session, facts, runs, dags, now),
        *not_yet_retried(session, facts, runs, dags, now),
        *_deferred(runs),
    ]
    for cause in found[:1]:
        yield replace(cause, sentence=f"no task is at work, {cause.sentence}", ordinal=None)


def _first_again(
    session: Session, facts: BackfillFacts, runs: Sequence[RunningRun], dags: DagsOfRuns, now: Instant
) -> Iterator[Cause]:
    """The task instance that is begun again first."""
    put_off = {
        run.run_id: run for run in runs if any(task.state == "up_for_reschedule" for task in run.tasks)
    }
    if not put_off:
        return
    of = TaskInstance
    until = func.max(TaskReschedule.reschedule_date).label("until")
    first = session.execute(
        select(of.task_id, of.run_id, until)
        .join(TaskReschedule, TaskReschedule.ti_id == of.id)
        .where(of.dag_id == facts.dag_id, of.run_id.in_(put_off), of.state == "up_for_reschedule")
        .group_by(of.id, of.task_id, of.run_id)
        .order_by(until)
        .limit(1)
    ).first()
    if first is None or from_datetime(first.until) <= now:
        return
    _, dag = dags.of_run(session, put_off[first.run_id].id)
    operator = dag.get_task(first.task_id) if dag is not None and dag.has_task(first.task_id) else None
    words, remedy = _begun_again(operator, second(from_datetime(first.until), facts))
    sentence = f'task "{one_line(first.task_id)}" {words}'
    yield Cause(code=CauseCode.UP_FOR_RESCHEDULE, sentence=sentence, remedy=remedy)


def _begun_again(operator: Any, at: str) -> tuple[str, str]:
    """What a task does that is put off, and what to do about that."""
    if operator is None or getattr(operator, "_is_sensor", False) or hasattr(operator, "reschedule"):
        return f"looks again at {at}", ""
    return (
        f"was put off to {at} by its worker, as where that does not find the Dag in its file",
        _READ_ITS_LOG,
    )


def _deferred(runs: Sequence[RunningRun]) -> Iterator[Cause]:
    for run in runs:
        for task in run.tasks:
            if task.state == "deferred":
                words = f'task "{one_line(task.task_id)}" waits for its trigger'
                yield Cause(code=CauseCode.DEFERRED, sentence=words)
