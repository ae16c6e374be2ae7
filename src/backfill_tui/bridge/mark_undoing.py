"""Puts back what a mark has overwritten, row by row, and nothing that has changed since.

A task instance is as the mark left it while it has the same id and the same state: Airflow gives it another
id when it is cleared or tried again. One whose process the mark has ended has no way back, nor has its run.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState, State, TaskInstanceState
from sqlalchemy import bindparam, select, update

from backfill_tui.bridge.audit import write_audit_line
from backfill_tui.bridge.compat import installed
from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.journal import RunMark, TaskMark
from backfill_tui.domain.marking import UNDER_WAY
from backfill_tui.domain.repairing import LeftAlone
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

_AT_ONCE: Final = 500
_LOST: Final = frozenset({*map(str, UNDER_WAY), str(TaskState.RESTARTING)})
_WAITING: Final = frozenset({TaskInstanceState.SCHEDULED.value, TaskInstanceState.QUEUED.value})
_RESTORE: Final = (
    update(TaskInstance.__table__)
    .where(
        TaskInstance.__table__.c.id == bindparam("of_id"),
        TaskInstance.__table__.c.state == bindparam("of_state"),
    )
    .values(
        state=bindparam("state"), start_date=bindparam("start"), end_date=bindparam("end"),
        duration=bindparam("duration"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What of one run is put back; `state` is None where its own state stays."""

    run: DagRun
    tasks: tuple[TaskMark, ...]
    state: str | None


class MarkUndoing:
    """The undoing of one mark, decided when it is made and carried out when asked."""

    def __init__(
        self, session: Session, dag_id: DagId, marks: Iterable[RunMark], *, lock: bool = False
    ) -> None:
        """Decide, from the rows as they are now."""
        self._session = session
        self._dag_id = dag_id
        self._parts: list[_Part] = []
        self._left_alone: list[LeftAlone] = []
        marks = list(marks)
        for start in range(0, len(marks), _AT_ONCE):
            self._decide(marks[start : start + _AT_ONCE], lock=lock)

    @property
    def tasks(self) -> int:
        """How many task instances get back their states."""
        return sum(len(part.tasks) for part in self._parts)

    @property
    def runs(self) -> list[DagRun]:
        """The runs in which anything is put back."""
        return [part.run for part in self._parts]

    @property
    def left_alone(self) -> tuple[LeftAlone, ...]:
        """The runs that stay as they are, or in part, with the reason."""
        return tuple(self._left_alone)

    @property
    def going_on(self) -> int:
        """How many runs go on by it, which needs an engine."""
        return sum(part.state in State.unfinished_dr_states for part in self._parts)

    def carry_out(self) -> None:
        """Put them back, with a line each in Airflow's audit log; the session's owner commits."""
        for part in self._parts:
            if part.tasks:
                self._session.execute(_RESTORE, [_values(task) for task in part.tasks])
            for task_id, state in {task.task_id: task.was for task in part.tasks}.items():
                write_audit_line(
                    self._session, "patch_task_instance", self._dag_id, run_id=part.run.run_id,
                    task_id=task_id, new_state=state,
                )  # fmt: skip
            if part.state is not None:
                self._restore_run(part.run, part.state)
        self._session.flush()

    def _restore_run(self, run: DagRun, state: str) -> None:
        goes_on = {"end_date": None} if state in State.unfinished_dr_states else {}
        self._session.execute(
            update(DagRun)
            .where(DagRun.id == run.id)
            .values(state=DagRunState(state), **goes_on)
            .execution_options(synchronize_session=False)
        )
        write_audit_line(self._session, "patch_dag_run", self._dag_id, run_id=run.run_id, state=state)

    def _decide(self, marks: list[RunMark], *, lock: bool) -> None:
        run_ids = [mark.run_id for mark in marks]
        query = select(DagRun).where(DagRun.dag_id == self._dag_id, DagRun.run_id.in_(run_ids))
        query = query.order_by(DagRun.id)
        found = self._session.scalars(query.with_for_update(of=DagRun) if lock else query)
        runs = {run.run_id: run for run in found}
        rows = select(TaskInstance.id, TaskInstance.state).where(
            TaskInstance.dag_id == self._dag_id, TaskInstance.run_id.in_(run_ids)
        )
        states = {
            str(row.id): row.state
            for row in self._session.execute(rows.with_for_update(of=TaskInstance) if lock else rows)
        }
        for mark in marks:
            self._decide_one(mark, runs.get(mark.run_id), states)

    def _decide_one(self, mark: RunMark, run: DagRun | None, states: dict[str, str | None]) -> None:
        if run is None or (why := _why_not(mark, run)):
            self._leave(mark.run_id, "it was deleted" if run is None else why)
            return
        same = tuple(task for task in mark.tasks if states.get(task.id, "") == task.became)
        if changed := len(mark.tasks) - len(same):
            instances = "1 task instance" if changed == 1 else f"{changed:,} task instances"
            self._leave(mark.run_id, f"{instances} of it changed since")
        # The run's own state was the outcome of all that was marked in it.
        state = mark.was if mark.became is not None and not changed else None
        if same or state is not None:
            self._parts.append(_Part(run=run, tasks=same, state=state))

    def _leave(self, run_id: RunId, reason: str) -> None:
        self._left_alone.append(LeftAlone(run_id=run_id, reason=reason))


def _why_not(mark: RunMark, run: DagRun) -> str:
    """Why nothing of a run is put back; empty where it may be."""
    if run.clear_number != mark.clear_number:
        return "it was cleared since"
    expected = mark.was if mark.became is None else mark.became
    if run.state != expected:
        return f"it is {run.state} now"
    lost = next((task.task_id for task in mark.tasks if task.was in _LOST), None)
    if lost is not None:
        return one_line(f'its task "{lost}" was under way, and its process has ended')
    return ""


def _values(task: TaskMark) -> dict[str, Any]:
    # What the scheduler or an executor had in hand it takes up anew.
    state = None if task.was in _WAITING else task.was
    number = task.id if installed().ids_are_text else uuid.UUID(task.id)
    return {
        "of_id": number, "of_state": task.became, "state": state,
        "start": _moment(task.started_at), "end": _moment(task.ended_at), "duration": task.duration,
    }  # fmt: skip


def _moment(instant: Instant | None) -> Any:
    return None if instant is None else to_datetime(instant)
