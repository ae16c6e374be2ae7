"""Running again what failed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.states import TaskState

RUNS_AT_ONCE: Final = 50
"""How many runs are cleared in one transaction: what comes between two of them costs no more than that."""

STOPPED_HERE: Final = "you stopped it"
"""Why a rerun ended early that its own user has stopped."""


class RerunScope(StrEnum):
    """How much of a run is run again; the last two take one task, whatever its state."""

    FAILED = "failed"
    FAILED_AND_DOWNSTREAM = "failed_and_downstream"
    WHOLE_RUN = "whole_run"
    TASK_AND_DOWNSTREAM = "task_and_downstream"
    TASK = "task"

    @property
    def of_a_task(self) -> bool:
        """Whether a task has to be named."""
        return self in {RerunScope.TASK, RerunScope.TASK_AND_DOWNSTREAM}

    def label(self, task_id: str = "the task") -> str:
        """The words of the choice."""
        return {
            RerunScope.FAILED: "failed tasks only",
            RerunScope.FAILED_AND_DOWNSTREAM: "failed and downstream",
            RerunScope.WHOLE_RUN: "whole run",
            RerunScope.TASK_AND_DOWNSTREAM: f"{task_id} and downstream",
            RerunScope.TASK: f"{task_id} only",
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunRequest:
    """Which runs to run again, and how much of each.

    `task_id` goes with the scopes of a task. With a `backfill_id` only the runs that are this backfill's are
    taken; another one may have taken a run over. `note` is put on each run that runs again, in the place of
    the one it has; empty leaves that. `not_since` leaves runs alone that were cleared at or after it: who
    goes on after a break can not always know which were. `attempt` counts the reruns of a command that goes
    on until nothing fails, from 1; the journal keeps it.
    """

    dag_id: DagId
    run_ids: tuple[RunId, ...]
    scope: RerunScope = RerunScope.FAILED
    task_id: TaskId | None = None
    backfill_id: BackfillId | None = None
    run_on_latest_version: bool = True
    note: str = ""
    not_since: Instant | None = None
    attempt: int = 0


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

    `let_go` are runs in which nothing is left to run, and which their cancelled backfill keeps queued for
    ever: they start, and end. `untouched` counts the task instances that stay as they are. `unblocked` are
    the cancelled backfills whose pause keeps (dry) or kept these runs queued, and which the rerun lifts.
    `completed` are the backfills of those runs that Airflow counts as complete, and goes on to count so.
    `unversioned` counts the runs that were to keep their version of the Dag, but of which Airflow keeps none.

    A rerun that ended early says why in `stopped`. `not_done` are then the runs it did not come to, and
    `unsure` those that it may have cleared or not; `began_at` is when it began, on Airflow's clock.
    """

    affected: tuple[AffectedTask, ...] = ()
    let_go: tuple[RunId, ...] = ()
    untouched: int = 0
    left_alone: tuple[LeftAlone, ...] = ()
    unblocked: tuple[int, ...] = ()
    completed: tuple[int, ...] = ()
    unversioned: int = 0
    remarks: tuple[str, ...] = ()
    stopped: str = ""
    not_done: tuple[RunId, ...] = ()
    unsure: tuple[RunId, ...] = ()
    began_at: Instant | None = None

    @property
    def changes(self) -> bool:
        """Whether anything runs again, or is let go."""
        return bool(self.affected or self.let_go)

    @property
    def cleared(self) -> tuple[RunId, ...]:
        """The runs in which something runs again, in the order given."""
        return tuple(dict.fromkeys(task.key.run_id for task in self.affected))

    @property
    def run_ids(self) -> tuple[RunId, ...]:
        """The runs that go on by it: those in which something runs again, then those let go."""
        return (*self.cleared, *self.let_go)

    @property
    def overwritten_successes(self) -> int:
        """How many of the task instances to run again had succeeded."""
        return sum(1 for task in self.affected if task.state is TaskState.SUCCESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunProgress:
    """So many of the runs asked for are dealt with; `part` is what became of the last ones of these.

    The first comes before anything is done. What a part tells is committed.
    """

    done: int
    total: int
    began_at: Instant
    part: RerunOutcome = RerunOutcome()


def together(parts: Iterable[RerunOutcome]) -> RerunOutcome:
    """The outcome of all parts of a rerun."""
    parts = tuple(parts)
    return RerunOutcome(
        affected=tuple(task for part in parts for task in part.affected),
        let_go=tuple(run_id for part in parts for run_id in part.let_go),
        untouched=sum(part.untouched for part in parts),
        left_alone=tuple(left for part in parts for left in part.left_alone),
        unblocked=tuple(sorted({number for part in parts for number in part.unblocked})),
        completed=tuple(sorted({number for part in parts for number in part.completed})),
        unversioned=sum(part.unversioned for part in parts),
        remarks=tuple(dict.fromkeys(remark for part in parts for remark in part.remarks)),
    )


def broken_off(request: RerunRequest, told: Iterable[RerunProgress], why: str, *, sure: bool) -> RerunOutcome:
    """The outcome of a rerun that ended early, from what was told of it; there must be at least one word.

    Unless it is `sure` that nothing was done since the last word, the runs that came next are in doubt.
    """
    told = tuple(told)
    run_ids = tuple(dict.fromkeys(request.run_ids))
    rest = run_ids[told[-1].done :]
    doubtful = 0 if sure else RUNS_AT_ONCE
    return replace(
        together(one.part for one in told),
        stopped=why,
        unsure=rest[:doubtful],
        not_done=rest[doubtful:],
        began_at=told[0].began_at,
    )


def can_go_on(outcome: RerunOutcome) -> bool:
    """Whether the rest of a rerun that ended early can be told from what is done.

    Of runs in doubt that takes the instant at which it began: what was cleared since stays as it is.
    """
    return not outcome.unsure or outcome.began_at is not None


def the_rest(request: RerunRequest, outcome: RerunOutcome) -> RerunRequest:
    """What is left to do of a rerun that ended early, also for the second time; nothing is run twice by it.

    What an earlier part of it was unsure of may be unsure still, so the first beginning counts.
    """
    began = (request.not_since, outcome.began_at if outcome.unsure else None)
    return replace(
        request,
        run_ids=(*outcome.unsure, *outcome.not_done),
        not_since=min((one for one in began if one is not None), default=None),
    )
