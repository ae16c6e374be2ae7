"""Running again what failed, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.states import TaskState


class RerunScope(StrEnum):
    """How much of a run is run again."""

    FAILED = "failed"
    FAILED_AND_DOWNSTREAM = "failed_and_downstream"
    WHOLE_RUN = "whole_run"

    @property
    def label(self) -> str:
        """The words of the choice."""
        return self.value.replace("_", " ") if self is not RerunScope.FAILED else "failed tasks only"


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunRequest:
    """Which runs to run again, and how much of each."""

    dag_id: DagId
    run_ids: tuple[RunId, ...]
    scope: RerunScope = RerunScope.FAILED
    run_on_latest_version: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInstanceKey:
    """A task instance as it is named across clears and retries, which change its database id."""

    run_id: RunId
    task_id: TaskId
    map_index: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedTask:
    """One task instance that would run again, and the state it is in."""

    key: TaskInstanceKey
    state: TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """A run the rerun does not touch, and why."""

    run_id: RunId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunOutcome:
    """What a rerun touches (dry) or touched: task instances to run again, runs left alone with a reason.

    `untouched` counts the task instances of those runs that stay as they are. `unblocked` are the cancelled
    backfills whose pause keeps (dry) or kept cleared runs queued for ever, and which the rerun lifts.
    """

    affected: tuple[AffectedTask, ...]
    untouched: int
    left_alone: tuple[LeftAlone, ...] = ()
    unblocked: tuple[int, ...] = ()

    @property
    def run_ids(self) -> tuple[RunId, ...]:
        """The runs in which something runs again, in the order given."""
        return tuple(dict.fromkeys(task.key.run_id for task in self.affected))

    @property
    def overwritten_successes(self) -> int:
        """How many of the task instances to run again had succeeded."""
        return sum(1 for task in self.affected if task.state is TaskState.SUCCESS)
