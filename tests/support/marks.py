"""Marks in the scripted world, with the semantics of Airflow's own."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.marking import (
    UNDER_WAY,
    MarkedRun,
    MarkedTask,
    MarkOutcome,
    MarkRequest,
    MarkScope,
)
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.repairing import AffectedTask, LeftAlone, TaskInstanceKey
from backfill_tui.domain.states import FAILED_TASK_STATES, RunState, TaskState
from tests.support.world import ScriptedRun, World


@dataclass(frozen=True)
class _Part:
    run: ScriptedRun
    tasks: dict[TaskId, TaskState]
    again: tuple[TaskId, ...] = ()
    becomes: RunState | None = None


def mark(world: World, request: MarkRequest, *, dry: bool) -> MarkOutcome:
    """What a mark changes in the world, and changes unless it is `dry`."""
    if request.dag_id not in world.dags:
        raise NotThere(f'There is no Dag "{request.dag_id}"', remedy="look at the list of Dags")
    outcome, left, parts = MarkOutcome(), [], []
    for run_id in request.run_ids:
        run = world.runs.get((request.dag_id, run_id))
        part = "it was deleted" if run is None else _part(run, request)
        if isinstance(part, str):
            left.append(LeftAlone(run_id=run_id, reason=part))
        else:
            parts.append(part)
    for part in parts:
        outcome = _with(outcome, part)
    if not dry:
        for part in parts:
            _carry_out(world, part)
    return replace(outcome, left_alone=tuple(left))


def _part(run: ScriptedRun, request: MarkRequest) -> _Part | str:
    state = request.mark_as.task_state
    if request.scope is MarkScope.WHOLE_RUN:
        tasks = {
            task: state if was in UNDER_WAY else TaskState.SKIPPED
            for task, was in run.tasks.items()
            if not was.finished
        }
        becomes = None if run.state is request.mark_as.run_state else request.mark_as.run_state
        return _Part(run, tasks, (), becomes) if tasks or becomes else f"it is {state} already"
    if request.scope is MarkScope.FAILED:
        failed = {task: state for task, was in run.tasks.items() if was in FAILED_TASK_STATES - {state}}
        return _Part(run, failed, (), _after(run, failed)) if failed else "nothing in it failed"
    if request.task_id not in run.tasks:
        return f'the Dag has no task "{request.task_id}"'
    if run.tasks[request.task_id] is state:
        return f'"{request.task_id}" is {state} in it already'
    names = list(run.tasks)
    again = tuple(
        task for task in names[names.index(request.task_id) + 1 :] if run.tasks[task] in FAILED_TASK_STATES
    )
    marked = {request.task_id: state}
    becomes = RunState.QUEUED if again and run.state.finished else _after(run, marked)
    return _Part(run, marked, again, becomes)


def _after(run: ScriptedRun, marked: dict[TaskId, TaskState]) -> RunState | None:
    """The state that an ended run gets from its last task."""
    after = {**run.tasks, **marked}
    if not run.state.finished or not all(state.finished for state in after.values()):
        return None
    last = list(after.values())[-1]
    becomes = RunState.FAILED if last in FAILED_TASK_STATES else RunState.SUCCESS
    return None if becomes is run.state else becomes


def _with(outcome: MarkOutcome, part: _Part) -> MarkOutcome:
    run = part.run
    untouched = [
        state for task, state in run.tasks.items() if task not in part.tasks and task not in part.again
    ]
    return replace(
        outcome,
        affected=(
            *outcome.affected,
            *(MarkedTask(key=key, state=run.tasks[key.task_id], becomes=part.tasks[key.task_id])
              for key in _keys(run, part.tasks)),
        ),
        again=(
            *outcome.again,
            *(AffectedTask(key=key, state=run.tasks[key.task_id]) for key in _keys(run, part.again)),
        ),
        runs=(
            *outcome.runs,
            *([MarkedRun(run_id=run.run_id, state=run.state, becomes=part.becomes)] if part.becomes else []),
        ),
        untouched=outcome.untouched + len(untouched),
        failed_left=outcome.failed_left + sum(state in FAILED_TASK_STATES for state in untouched),
    )  # fmt: skip


def _keys(run: ScriptedRun, tasks: Container[TaskId]) -> Iterator[TaskInstanceKey]:
    for task in run.tasks:
        if task in tasks:
            yield TaskInstanceKey(run_id=run.run_id, task_id=task)


def _carry_out(world: World, part: _Part) -> None:
    run = part.run
    for task in run.tasks:
        if task in part.tasks:
            run.tasks[task] = part.tasks[task]
    if part.becomes is not None and not part.again:
        run.state, run.ended_at = part.becomes, run.ended_at or world.now
    if part.again:
        running = run.state is RunState.RUNNING, run.started_at
        world.clear(run, [task for task in run.tasks if task in part.again])
        if running[0]:
            run.state, run.started_at = RunState.RUNNING, running[1]
    world.changed.notify_all()
