"""Airflow's states, and the one byte each takes in the grid (Airflow 3.3 utils/state.py)."""

from __future__ import annotations

from typing import Final

from backfill_tui.domain.enums import StrEnum


class RunState(StrEnum):
    """The states of a Dag run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"

    @property
    def finished(self) -> bool:
        """Whether the run has ended; a cleared run can begin again."""
        return self in {RunState.SUCCESS, RunState.FAILED}


class TaskState(StrEnum):
    """The states of a task instance; `NONE` is Airflow's null, `ABSENT` a run without that task."""

    ABSENT = "absent"
    NONE = "no_status"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"
    REMOVED = "removed"
    AWAITING_INPUT = "awaiting_input"

    @property
    def finished(self) -> bool:
        """Whether the task instance has ended, well or badly."""
        return self in _FINISHED


_FINISHED: Final = frozenset(
    {
        TaskState.SUCCESS,
        TaskState.FAILED,
        TaskState.UPSTREAM_FAILED,
        TaskState.SKIPPED,
        TaskState.REMOVED,
    }
)

FAILED_TASK_STATES: Final = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED})
"""What "failed tasks" means to a rerun: those that failed and those that never ran because of it."""

CODES: Final[tuple[TaskState, ...]] = tuple(TaskState)
"""The state each byte of the grid stands for: `CODES[byte]`."""

CODE_OF: Final[dict[TaskState, int]] = {state: code for code, state in enumerate(CODES)}

_WORST_FIRST: Final = (
    TaskState.FAILED,
    TaskState.UPSTREAM_FAILED,
    TaskState.UP_FOR_RETRY,
    TaskState.RESTARTING,
    TaskState.RUNNING,
    TaskState.AWAITING_INPUT,
    TaskState.DEFERRED,
    TaskState.UP_FOR_RESCHEDULE,
    TaskState.QUEUED,
    TaskState.SCHEDULED,
    TaskState.NONE,
    TaskState.REMOVED,
    TaskState.SKIPPED,
    TaskState.SUCCESS,
    TaskState.ABSENT,
)

URGENCY: Final[tuple[int, ...]] = tuple(_WORST_FIRST.index(state) for state in CODES)
"""`URGENCY[code]`: 0 for the state that must be seen first. Mapped task instances share one cell, which
shows the most urgent of their states."""


def most_urgent(codes: bytes) -> int:
    """The code that one cell shows for several task instances; `ABSENT` for none."""
    return min(codes, key=URGENCY.__getitem__, default=CODE_OF[TaskState.ABSENT])


def run_state(word: str | None) -> RunState | None:
    """Airflow's word for a run's state as ours; None for null."""
    return None if word is None else RunState(word)


def task_code(word: str | None) -> int:
    """The byte of Airflow's word for a task instance's state; null is `NONE`.

    A word this program does not know (a later Airflow's) is shown as no status rather than lost.
    """
    return _CODE_OF_WORD.get(word, CODE_OF[TaskState.NONE])


_CODE_OF_WORD: Final[dict[str | None, int]] = {
    None: CODE_OF[TaskState.NONE],
    **{str(state): code for state, code in CODE_OF.items()},
}
