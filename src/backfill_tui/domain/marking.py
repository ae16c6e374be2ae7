"""Marking runs and task instances as succeeded or failed.

Nothing that is marked runs by that. What waited for it does, once the scheduler looks at its run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.repairing import AffectedTask, LeftAlone, TaskInstanceKey
from backfill_tui.domain.states import RunState, TaskState


class MarkAs(StrEnum):
    """What a run or a task instance is marked as."""

    SUCCESS = "success"
    FAILED = "failed"

    @property
    def run_state(self) -> RunState:
        """The state of a run that is marked so."""
        return RunState(self.value)

    @property
    def task_state(self) -> TaskState:
        """The state of a task instance that is marked so."""
        return TaskState(self.value)


class MarkScope(StrEnum):
    """How much of a run is marked."""

    TASK = "task"
    """The task instances of one task. What failed downstream of it runs again, as Airflow has it."""
    FAILED = "failed"
    """The task instances that failed, and those that never ran because of it."""
    WHOLE_RUN = "whole_run"
    """The run: what is under way is marked with it, what has not begun is skipped, what has ended stays."""


UNDER_WAY: Final = frozenset(
    {
        TaskState.RUNNING,
        TaskState.DEFERRED,
        TaskState.UP_FOR_RESCHEDULE,
        TaskState.AWAITING_INPUT,
    }
)
"""States in which a task is at work or waits for something outside, which a mark ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRequest:
    """Which runs to mark, as what, and how much of each.

    `task_id` is given for the scope of one task; `map_index` narrows it to one of its mapped instances.
    """

    dag_id: DagId
    run_ids: tuple[RunId, ...]
    mark_as: MarkAs
    scope: MarkScope = MarkScope.WHOLE_RUN
    task_id: TaskId | None = None
    map_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedTask:
    """One task instance that is marked: the state it is in, and the one it gets."""

    key: TaskInstanceKey
    state: TaskState
    becomes: TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedRun:
    """A run whose own state changes with the mark."""

    run_id: RunId
    state: RunState
    becomes: RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkProgress:
    """So many of the runs to be marked are; others see nothing of it before the end."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkOutcome:
    """What a mark changes (dry) or changed, the runs it leaves alone, and why.

    `again` are task instances downstream of a marked one that had failed and run again. `runs` are those
    whose own state changes. `untouched` counts the task instances of the runs it touches that stay as they
    are, `failed_left` those of them that have failed. `teardowns` of these runs end only after their
    teardown tasks have run. `remarks` are sentences on what else is to be known.
    """

    affected: tuple[MarkedTask, ...] = ()
    again: tuple[AffectedTask, ...] = ()
    runs: tuple[MarkedRun, ...] = ()
    untouched: int = 0
    failed_left: int = 0
    left_alone: tuple[LeftAlone, ...] = ()
    teardowns: int = 0
    remarks: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything is marked."""
        return bool(self.affected or self.runs)

    @property
    def run_ids(self) -> tuple[RunId, ...]:
        """The runs in which anything changes, in the order given."""
        named = (*(task.key.run_id for task in self.affected), *(run.run_id for run in self.runs))
        return tuple(dict.fromkeys(named))

    @property
    def ended(self) -> int:
        """How many of the task instances are under way and end by it."""
        return sum(1 for task in self.affected if task.state in UNDER_WAY)

    @property
    def skipped(self) -> int:
        """How many of the task instances never run, because their run is at its end."""
        return sum(1 for task in self.affected if task.becomes is TaskState.SKIPPED)

    @property
    def overwritten_successes(self) -> int:
        """How many of the task instances had succeeded."""
        return sum(1 for task in self.affected if task.state is TaskState.SUCCESS)
