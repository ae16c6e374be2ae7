"""What one task instance waits for once its run is running, by the rule that its state makes count."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from airflow.configuration import conf
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.ti_deps.dep_context import DepContext
from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep
from sqlalchemy import func, select

from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.waiting_runs import FINISHED, RunningRun, WaitingTasks
from backfill_tui.bridge.waiting_slots import WORKED_ON, without_slots
from backfill_tui.bridge.waiting_tasks import second, without_triggerer
from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.instants import SECOND, Instant, clock, from_datetime, to_datetime
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_SOON_SECONDS: Final = 15
"""A worker that begins a queued task within this is in time."""

_LONG_SECONDS: Final = 60
"""A task that is queued for longer is worth a word about its backfill."""

_NAMED: Final = 3


def not_begun(task: Any, now: Instant) -> Iterator[Cause]:
    """A task instance that was given to its executor, and that no worker has begun."""
    since = optional_instant(task.queued_dttm)
    if since is None or now - since < _SOON_SECONDS * SECOND:
        return
    executor = one_line(task.executor or conf.get("core", "executor").split(",")[0].rpartition(".")[2])
    words = f"queued at {executor} for {clock(now - since)}, and no worker has begun it"
    remedy = "wait for a free worker, or look at the scheduler's log"
    if "Celery" in executor:
        queue = one_line(task.queue or "default")
        words, remedy = f'{words} (queue "{queue}")', f'see whether a worker serves queue "{queue}"'
    elif "Kubernetes" in executor:
        remedy = "see whether its pod can be started"
    yield Cause(code=CauseCode.NO_WORKER, sentence=words, remedy=remedy)


def longest_queued(
    session: Session, facts: GridFacts, runs: Sequence[RunningRun], now: Instant
) -> Iterator[Cause]:
    """The task instance of these runs that was queued first, where no worker has begun it for a minute."""
    queued = {run.run_id: run for run in runs if any(task.state == "queued" for task in run.tasks)}
    if not queued:
        return
    of = TaskInstance
    first = session.execute(
        select(of.task_id, of.run_id, of.queued_dttm, of.executor, of.queue)
        .where(
            of.dag_id == facts.dag_id,
            of.run_id.in_(queued),
            of.state == "queued",
            of.queued_dttm < to_datetime(Instant(now - _LONG_SECONDS * SECOND)),
        )
        .order_by(of.queued_dttm)
        .limit(1)
    ).first()
    if first is None:
        return
    for cause in not_begun(first, now):
        sentence = f'task "{one_line(first.task_id)}" is {cause.sentence}'
        yield replace(cause, sentence=sentence, ordinal=queued[first.run_id].ordinal)


def asking(runs: Sequence[RunningRun]) -> Iterator[Cause]:
    """Task instances of these runs that ask a person something."""
    for run in runs:
        for task in run.tasks:
            if task.state == "awaiting_input":
                cause = awaiting_input()
                words = f'task "{one_line(task.task_id)}" waits for the answer of a person'
                yield replace(cause, sentence=words, ordinal=run.ordinal)


def deferred(session: Session, facts: GridFacts, task: Any, now: Instant) -> Iterator[Cause]:
    """A task instance that waits for its trigger."""
    missing = list(without_triggerer(session, [_run_with(task, "deferred")], now))
    if missing:
        yield from missing
        return
    trigger = session.execute(
        select(Trigger.classpath, Trigger.created_date, Trigger.triggerer_id).where(
            Trigger.id == task.trigger_id
        )
    ).first()
    if trigger is None:
        return
    name = one_line(trigger.classpath.rpartition(".")[2])
    words = f"deferred to {name} for {clock(now - from_datetime(trigger.created_date))}"
    if trigger.triggerer_id is None:
        words += ", which no triggerer has taken yet"
    elif task.trigger_timeout is not None:
        words += f", which times out at {second(from_datetime(task.trigger_timeout), facts)}"
    yield Cause(code=CauseCode.DEFERRED, sentence=words)


def awaiting_input() -> Cause:
    """A task instance that asks a person something."""
    return Cause(
        code=CauseCode.AWAITING_INPUT,
        sentence="it waits for the answer of a person",
        remedy="answer it in Airflow's web interface",
    )


def without_slot(
    session: Session, facts: GridFacts, task: Any, operator: Any, now: Instant
) -> Iterator[Cause]:
    """A scheduled task instance that is not queued; `operator` is its task, None where that is not known."""
    working = session.scalar(_working(task).where(TaskInstance.run_id == task.run_id)) or 0
    found = list(without_slots(session, facts, [_run_with(task, "scheduled", working)], now))
    yield from found
    if found or operator is None:
        return
    of_task = _working(task).where(TaskInstance.task_id == task.task_id)
    for limit, query, where in (
        (operator.max_active_tis_per_dag, of_task, "in all its runs"),
        (operator.max_active_tis_per_dagrun, of_task.where(TaskInstance.run_id == task.run_id), "in its run"),
    ):
        active = session.scalar(query) or 0 if limit is not None else 0
        if limit is not None and active >= limit:
            yield Cause(
                code=CauseCode.MAX_ACTIVE_TIS,
                sentence=f"{active} of {limit} task instances of its task are active {where}",
            )


def upstream_not_there(session: Session, task: Any, dag: Any) -> Iterator[Cause]:
    """A task instance whose trigger rule is not met, by Airflow's own rule, and what that waits for.

    (Airflow 3.3 ti_deps/deps/trigger_rule_dep.py; asked without `flag_upstream_failed`, it changes nothing.)
    """
    setups = {setup.task_id for setup in task.task.get_upstreams_only_setups()}
    before = setups | set(task.task.upstream_task_ids)
    if task.task.is_teardown:
        # It waits for what its setup was for, too.
        before |= task.task.get_flat_relative_ids(upstream=True)
    if before and not _is_met(session, task, dag, before):
        states = _states_of(session, task, before)
        rule = getattr(task.task.trigger_rule, "value", task.task.trigger_rule)
        waits = _named(states)
        words = f"trigger rule {one_line(str(rule))} is not met"
        yield Cause(code=CauseCode.UPSTREAM, sentence=f"{words}: {waits}" if waits else f"{words} yet")


_States = dict[str, Counter[str | None]]
"""How many task instances of a task are in which state."""


def _states_of(session: Session, task: Any, before: set[str]) -> _States:
    found: defaultdict[str, Counter[str | None]] = defaultdict(Counter)
    query = (
        select(TaskInstance.task_id, TaskInstance.state, func.count().label("number"))
        .where(
            TaskInstance.dag_id == task.dag_id,
            TaskInstance.task_id.in_(before),
            TaskInstance.run_id == task.run_id,
        )
        .group_by(TaskInstance.task_id, TaskInstance.state)
    )
    for row in session.execute(query):
        found[row.task_id][None if row.state is None else str(row.state)] += row.number
    return dict(found)


class _Finished(NamedTuple):
    """What Airflow's rule looks at of a finished task instance; whole objects take far longer to read."""

    task_id: str
    map_index: int
    state: str
    task: Any


def _is_met(session: Session, task: Any, dag: Any, before: set[str]) -> bool:
    of = TaskInstance
    query = select(of.task_id, of.map_index, of.state).where(
        of.dag_id == task.dag_id,
        of.task_id.in_(before),
        of.run_id == task.run_id,
        of.state.in_(FINISHED),
    )
    known = {task_id: dag.get_task(task_id) for task_id in before if dag.has_task(task_id)}
    finished: list[Any] = [
        _Finished(task_id, map_index, str(state), known[task_id])
        for task_id, map_index, state in session.execute(query)
        if task_id in known
    ]
    context = DepContext(finished_tis=finished)
    # The two have changed places with Airflow 3.3.
    statuses = TriggerRuleDep().get_dep_statuses(task, dep_context=context, session=session)
    return all(status.passed for status in statuses)


def _named(states: _States) -> str:
    """`"clean" (running), "load" (no status) and 2 more`: what is under way, else what has not succeeded."""

    def those(wanted: Any) -> list[str]:
        return sorted(task for task, of_task in states.items() if any(wanted(state) for state in of_task))

    tasks = those(lambda state: state not in FINISHED) or those(lambda state: state != "success")
    named = []
    for task in tasks[:_NAMED]:
        of_task = states[task]
        ranked = sorted(of_task.items(), key=lambda item: (item[0] in FINISHED, item[0] or ""))
        alone = of_task.total() == 1
        counts = ", ".join(_in_state(state, 0 if alone else number) for state, number in ranked)
        named.append(f'"{one_line(task)}" ({counts})')
    more = len(tasks) - _NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _in_state(state: str | None, number: int) -> str:
    words = (state or "no status").replace("_", " ")
    return f"{number:,} {words}" if number else words


def _working(task: Any) -> Any:
    # A column that is in no index but never null: else SQLite goes through all task instances of the Dag in
    # the one index that covers the question.
    return select(func.count(TaskInstance.pool_slots)).where(
        TaskInstance.dag_id == task.dag_id, TaskInstance.state.in_(WORKED_ON)
    )


def _run_with(task: Any, state: str, working: int = 0) -> RunningRun:
    """A run of nothing but that task instance, and so many that are at work."""
    this = WaitingTasks(
        task_id=task.task_id, state=state, pool=task.pool, pool_slots=task.pool_slots, count=1
    )
    others = WaitingTasks(task_id="", state="running", pool="", pool_slots=1, count=working)
    return RunningRun(id=0, run_id=task.run_id, ordinal=0, tasks=(this, others))
