"""Whether a task that depends on its past would wait for a run that is never taken again.

The rule is Airflow's (3.3 ti_deps/deps/prev_dagrun_dep.py): the run before is the latest earlier run that
exists, whoever made it (with catchup, the latest not started by hand); a date without a run is passed over.
Only the first date of a backfill, sort ordinal 1, waits for nothing, and when that one is skipped no run is
exempt. A run that waits stays running, for with such tasks Airflow looks for no deadlock (models/dagrun.py,
`update_state`), and keeps its place among the active ones. Runs of partitions have no logical date and wait
for none.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from backfill_tui.bridge.plan_warnings.situation import Situation, warning
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.outcomes import Outcome, Verdict
from backfill_tui.domain.planning import PlanWarning, ReprocessBehavior
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, ScalarSelect

_GOOD: Final = ("success", "skipped")
_MOST_LOOKED_AT: Final = 50
"""So many runs in doubt are looked at task by task, the earliest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubtful:
    """A run that is not taken again and in which some task that counts has no good end."""

    date: Instant
    run_id: str
    state: RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dates:
    """The dates of the backfill's runs, in the order of time.

    A run without task instances that is taken again is linked to the backfill but not queued: it has none
    afterwards either, and is then the backfill's even if it was started by hand.
    """

    with_tasks: list[Instant]
    without: list[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waits:
    """A task that would wait; for nothing when the run before has no such task at all."""

    task_id: str
    for_nothing: bool


def waits_for_the_past(it: Situation) -> Iterator[PlanWarning]:
    """The first date whose run would wait, and what it waits for."""
    refused = it.request.run_backwards or it.request.reprocess_behavior is ReprocessBehavior.NONE
    if not it.planned.depends_on_past or it.planned.partitioned or refused or not it.run_count:
        return
    if _nothing_between(it):
        return
    dates = _dates(it)
    if not dates.with_tasks:
        return
    exempt = it.judged.dates.dates[0]
    for run in islice(_doubtful_runs(it, dates), _MOST_LOOKED_AT):
        place = bisect_right(dates.with_tasks, run.date)
        date = dates.with_tasks[min(place, len(dates.with_tasks) - 1)]
        if date <= run.date or date == exempt or _any_between(it, dates, run.date, date):
            continue
        ran_before = dates.with_tasks[0] < date
        if waits := _task_that_waits(it, run, date, ran_before=ran_before):
            yield _waiting(it, run, date, waits)
            return


def _waiting(it: Situation, run: _Doubtful, date: Instant, waits: _Waits) -> PlanWarning:
    place = it.place_from(date)
    begin = f"begin the range at {it.said(date if place is None else it.bound_at(place))}"
    if not run.state.finished:
        why, remedy = f"is {run.state} and is not taken again", "let that run end first"
    elif waits.for_nothing:
        why, remedy = "has no such task and gets none", begin
    else:
        why = "did not end well there and is not taken again"
        remedy = f"rerun what failed in that run first, or {begin}"
    return warning(
        "depends_on_past",
        f'Task "{one_line(waits.task_id)}" depends on its past, so the run of {it.said(date)} keeps its '
        f"place and waits for the run of {it.said(run.date)}, which {why}",
        remedy,
    )


def _dates(it: Situation) -> _Dates:
    outcomes = it.judged.outcomes
    empty = [_has_no_tasks(outcome) for outcome in outcomes]
    full = [outcome.verdict.runs and not without for outcome, without in zip(outcomes, empty, strict=True)]
    pairs = list(zip(it.judged.places, it.judged.dates.dates, strict=True))
    return _Dates(
        with_tasks=sorted(Instant(date) for outcome, date in pairs if full[outcome]),
        without=sorted(Instant(date) for outcome, date in pairs if empty[outcome]) if any(empty) else [],
    )


def _has_no_tasks(outcome: Outcome) -> bool:
    run = outcome.existing
    return outcome.verdict is Verdict.REPROCESS and run is not None and not run.task_total


def _nothing_between(it: Situation) -> bool:
    """Whether all due dates run and no other run lies among them: one count, the common case."""
    from airflow.models.dagrun import DagRun
    from sqlalchemy import func, select

    judged = it.judged
    tallied = [pair for pair in zip(judged.outcomes, judged.tally, strict=True) if pair[1]]
    empty = any(_has_no_tasks(outcome) for outcome, _ in tallied)
    if empty or it.run_count < judged.due or not judged.dates.ascending:
        return False
    expected = sum(count for outcome, count in tallied if outcome.verdict.runs and outcome.existing)
    first, last = (Instant(judged.dates.dates[place]) for place in (0, judged.due - 1))
    among = select(func.count()).select_from(DagRun).where(*_between(it, first, last))
    return it.session.scalar(among) == expected


def _between(it: Situation, first: Instant, last: Instant) -> list[ColumnElement[bool]]:
    from airflow.models.dagrun import DagRun

    date: Any = DagRun.logical_date
    return [DagRun.dag_id == it.request.dag_id, date.between(to_datetime(first), to_datetime(last))]


def _doubtful_runs(it: Situation, dates: _Dates) -> Iterator[_Doubtful]:
    """Runs that are not taken again and are under way, or lack a task or its good end; the earliest first."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import distinct, func, or_, select

    waiting, counting = _tasks(it)
    of_the_run = (TaskInstance.dag_id == DagRun.dag_id) & (TaskInstance.run_id == DagRun.run_id)
    good = func.count(distinct(TaskInstance.task_id))
    there: ScalarSelect[int] = (
        select(good).where(of_the_run, TaskInstance.task_id.in_(waiting)).scalar_subquery()
    )
    bad = (
        select(TaskInstance.id).where(of_the_run, TaskInstance.task_id.in_(counting), _no_good_end()).exists()
    )
    under_way = DagRun.state.in_([str(state) for state in RunState if not state.finished])
    query = (
        select(DagRun.logical_date, DagRun.run_id, DagRun.state, DagRun.run_type)
        .where(
            *_between(it, _where_to_begin(it, dates), dates.with_tasks[-1]),
            or_(under_way, bad, there < len(waiting)),
        )
        .order_by(DagRun.logical_date)
    )
    taken, without = set(dates.with_tasks), set(dates.without)
    for row in it.session.execute(query).all():
        date = instant_of(row.logical_date)
        by_hand = it.planned.dag.catchup and row.run_type == "manual" and date not in without
        if date not in taken and not by_hand:
            yield _Doubtful(date=date, run_id=row.run_id, state=RunState(row.state))


def _tasks(it: Situation) -> tuple[list[str], list[str]]:
    """The tasks that depend on their past; these and what they wait for downstream in the run before."""
    tasks = [task for task in it.planned.dag.tasks if task.depends_on_past]
    waiting = {str(task.task_id) for task in tasks}
    below = {str(name) for task in tasks if task.wait_for_downstream for name in task.downstream_task_ids}
    return sorted(waiting), sorted(waiting | below)


def _no_good_end() -> ColumnElement[bool]:
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import or_

    return or_(TaskInstance.state.is_(None), TaskInstance.state.not_in(_GOOD))


def _any_between(it: Situation, dates: _Dates, earlier: Instant, later: Instant) -> bool:
    """Whether another run that can be the one before lies between two dates, both excluded."""
    from airflow.models.dagrun import DagRun
    from sqlalchemy import exists, select

    if bisect_left(dates.without, later) > bisect_right(dates.without, earlier):
        return True
    within = _between(it, Instant(earlier + 1), Instant(later - 1))
    return bool(it.session.scalar(select(exists(select(DagRun.id).where(*within, _can_be_before(it))))))


def _can_be_before(it: Situation) -> ColumnElement[bool]:
    from airflow.models.dagrun import DagRun
    from sqlalchemy import true

    return DagRun.run_type != "manual" if it.planned.dag.catchup else true()


def _where_to_begin(it: Situation, dates: _Dates) -> Instant:
    """The date of the first run that a date of the backfill can wait for."""
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    first = Instant(min(it.judged.dates.dates[0], dates.with_tasks[0]))
    if first == dates.with_tasks[0]:
        return first
    date: Any = DagRun.logical_date
    before = (
        select(date)
        .where(DagRun.dag_id == it.request.dag_id, date < to_datetime(first), _can_be_before(it))
        .order_by(date.desc())
        .limit(1)
    )
    found = it.session.scalar(before)
    return first if found is None else instant_of(found)


def _task_that_waits(it: Situation, run: _Doubtful, date: Instant, *, ran_before: bool) -> _Waits | None:
    """The first task, in the order of the Dag, that would wait in the run of a date."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    _, counting = _tasks(it)
    instances = select(TaskInstance.task_id, TaskInstance.state).where(
        TaskInstance.dag_id == it.request.dag_id,
        TaskInstance.run_id == run.run_id,
        TaskInstance.task_id.in_(counting),
    )
    states: dict[str, set[str | None]] = defaultdict(set)
    for task_id, state in it.session.execute(instances):
        states[task_id].add(state)
    for task in it.planned.dag.tasks:
        if not task.depends_on_past or _began_later(it, task, run):
            continue
        missing = task.task_id not in states
        first = missing and task.ignore_first_depends_on_past
        if first and not ran_before and not _ran_before(it, task.task_id, date):
            continue
        if missing or _unsuccessful(task, states):
            return _Waits(task_id=task.task_id, for_nothing=missing)
    return None


def _unsuccessful(task: Any, states: dict[str, set[str | None]]) -> bool:
    below = task.downstream_task_ids if task.wait_for_downstream else ()
    return any(not states[name] <= set(_GOOD) for name in (task.task_id, *below) if name in states)


def _began_later(it: Situation, task: Any, run: _Doubtful) -> bool:
    return it.planned.dag.catchup and task.start_date is not None and run.date < instant_of(task.start_date)


def _ran_before(it: Situation, task_id: str, date: Instant) -> bool:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import exists, select

    earlier: Any = DagRun.logical_date
    instances = (
        select(TaskInstance.id)
        .join(DagRun, (DagRun.dag_id == TaskInstance.dag_id) & (DagRun.run_id == TaskInstance.run_id))
        .where(TaskInstance.dag_id == it.request.dag_id, TaskInstance.task_id == task_id)
        .where(earlier < to_datetime(date))
    )
    return bool(it.session.scalar(select(exists(instances))))
