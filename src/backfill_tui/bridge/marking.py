"""Answers `preview_mark` and `mark`: runs or task instances are marked as succeeded or failed.

The preview and the mark take the same way; the mark locks what it reads, does all in one transaction, and
writes into the journal what its undoing needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from airflow.models.backfill import Backfill
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from sqlalchemy import select

from backfill_tui.bridge.audit import write_audit_line
from backfill_tui.bridge.backfill_facts import optional_instant
from backfill_tui.bridge.journal import Detail
from backfill_tui.bridge.mark_parts import Chooser, Part
from backfill_tui.bridge.runs_before import runs_before
from backfill_tui.bridge.server import Call, Server
from backfill_tui.bridge.write_session import write
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.journal import RunMark, TaskMark
from backfill_tui.domain.marking import (
    MarkedRun,
    MarkedTask,
    MarkOutcome,
    MarkProgress,
    MarkRequest,
    MarkScope,
)
from backfill_tui.domain.problems import BadRequest, NotThere
from backfill_tui.domain.repairing import AffectedTask, LeftAlone, TaskInstanceKey
from backfill_tui.domain.states import CODES, RunState, TaskState, task_code
from backfill_tui.domain.text import one_line
from backfill_tui.wire.methods import MARK, PREVIEW_MARK, Nothing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment

_AT_ONCE: Final = 500


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `preview_mark` and `mark`."""

    def preview(request: MarkRequest, call: Call[Nothing]) -> MarkOutcome:
        with airflow.session() as session:
            return Marking(session, request, call.check).outcome

    def mark(request: MarkRequest, call: Call[MarkProgress]) -> MarkOutcome:
        airflow.require_writable("marking runs")
        return write(airflow, "mark them", lambda session: _carry_out(airflow, session, request, call))

    server.handle(PREVIEW_MARK, preview)
    server.handle(MARK, mark)


def _carry_out(
    airflow: AirflowEnvironment, session: Session, request: MarkRequest, call: Call[MarkProgress]
) -> MarkOutcome:
    marking = Marking(session, request, call.check, lock=True)
    outcome = marking.outcome
    if not outcome.changes:
        return outcome
    with airflow.journal.deed(
        f"mark_{request.mark_as}",
        request.dag_id,
        runs=runs_before(session, request.dag_id, [part.run for part in marking.parts]),
        marks=marking.marks(),
        details=_details(request, outcome),
    ) as opened:
        for done in marking.carry_out():
            call.mention(MarkProgress(done=done, total=len(marking.parts)))
            # What was done so far is rolled back with the rest.
            call.check()
        session.commit()
    marking.tell_listeners()
    return replace(outcome, remarks=opened.remarks)


def _details(request: MarkRequest, outcome: MarkOutcome) -> dict[str, Detail]:
    details: dict[str, Detail] = {
        "scope": str(request.scope),
        "task_instances": len(outcome.affected),
        "cleared": len(outcome.again),
    }
    return details if request.task_id is None else {**details, "task_id": one_line(request.task_id)}


class Marking:
    """One mark, decided when it is made and carried out when asked."""

    def __init__(
        self, session: Session, request: MarkRequest, check: Callable[[], None], *, lock: bool = False
    ) -> None:
        """Decide, with a `check` before each run that may raise.

        Raises NotThere for an unknown Dag, BadRequest for a task's mark that names no task.
        """
        self._session = session
        self._request = request
        self._lock = lock
        self._left_alone: dict[RunId, str] = {}
        self.parts: list[Part] = []
        self._is_stale = self._check()
        self._chooser = Chooser(session, request, self._never_runs, lock)
        for run_id, run in self._runs():
            check()
            chosen = "it was deleted" if run is None else self._chooser.choose(run)
            if isinstance(chosen, str):
                self._left_alone[run_id] = chosen
            else:
                self.parts.append(chosen)

    @property
    def outcome(self) -> MarkOutcome:
        """What it changes."""
        return MarkOutcome(
            affected=tuple(task for part in self.parts for task in self._marked(part)),
            again=tuple(_affected(ti) for part in self.parts for ti in part.again),
            runs=tuple(
                MarkedRun(
                    run_id=RunId(part.run.run_id),
                    state=RunState(part.run.state),
                    becomes=RunState(part.becomes),
                )
                for part in self.parts
                if part.becomes is not None
            ),
            untouched=sum(part.untouched for part in self.parts),
            failed_left=sum(part.failed_left for part in self.parts),
            left_alone=tuple(LeftAlone(run_id=run, reason=why) for run, why in self._left_alone.items()),
            teardowns=sum(part.has_teardown for part in self.parts),
        )

    def marks(self) -> tuple[RunMark, ...]:
        """What an undoing needs of the runs that can be put back: of one that runs again there is no way."""
        return tuple(
            RunMark(
                run_id=RunId(part.run.run_id),
                was=str(part.run.state),
                became=None if part.becomes is None else str(part.becomes),
                clear_number=part.run.clear_number,
                tasks=(
                    *(_task_mark(ti, str(self._request.mark_as)) for ti in part.tasks),
                    *(_task_mark(ti, str(TaskState.SKIPPED)) for ti in part.skipped),
                ),
            )
            for part in self.parts
            if not part.again
        )

    def carry_out(self) -> Iterator[int]:
        """Mark them, with a line each in Airflow's audit log; tells after each run how many are.

        The session's owner commits.
        """
        for done, part in enumerate(self.parts, 1):
            self._chooser.mark(part)
            self._audit(part)
            self._session.flush()
            yield done

    def tell_listeners(self) -> None:
        """Tell Airflow's listeners, once it is committed."""
        for part in self.parts:
            self._chooser.tell_listeners(part)

    def _audit(self, part: Part) -> None:
        state, run_id = str(self._request.mark_as), part.run.run_id
        if part.ending is None:
            for task_id in dict.fromkeys(ti.task_id for ti in part.tasks):
                write_audit_line(
                    self._session, "patch_task_instance", self._request.dag_id, run_id=run_id,
                    task_id=task_id, new_state=state,
                )  # fmt: skip
        if part.ending is not None or (part.becomes is not None and not part.again):
            write_audit_line(
                self._session, "patch_dag_run", self._request.dag_id, run_id=run_id,
                state=str(part.becomes or state),
            )  # fmt: skip

    def _marked(self, part: Part) -> list[MarkedTask]:
        state = self._request.mark_as.task_state
        return [
            *(MarkedTask(key=_key(ti), state=_state(ti), becomes=state) for ti in part.tasks),
            *(MarkedTask(key=_key(ti), state=_state(ti), becomes=TaskState.SKIPPED) for ti in part.skipped),
        ]

    def _check(self) -> bool:
        """Whether the Dag is no longer in its file."""
        request = self._request
        if (request.scope is MarkScope.TASK) is (request.task_id is None):
            raise BadRequest(
                "A mark of one task names it, and no other does", remedy="name the task, or another scope"
            )
        query = select(DagModel.is_stale).where(DagModel.dag_id == request.dag_id)
        found = self._session.execute(query).first()
        if found is None:
            raise NotThere(f'There is no Dag "{one_line(request.dag_id)}"', remedy="look at the list of Dags")
        return bool(found[0])

    def _runs(self) -> list[tuple[RunId, DagRun | None]]:
        """The runs asked for, each once, in the order asked for; None for one that is not there."""
        wanted = list(dict.fromkeys(self._request.run_ids))
        found: dict[str, DagRun] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            query = (
                select(DagRun)
                .where(
                    DagRun.dag_id == self._request.dag_id,
                    DagRun.run_id.in_(wanted[start : start + _AT_ONCE]),
                )
                .order_by(DagRun.id)
            )
            if self._lock:
                query = query.with_for_update(of=DagRun)
            found.update((run.run_id, run) for run in self._session.scalars(query))
        return [(run_id, found.get(run_id)) for run_id in wanted]

    def _never_runs(self, run: DagRun) -> str:
        if self._is_stale:
            return "the Dag is no longer in its file, so what failed downstream would never run"
        owner = None if run.backfill_id is None else self._session.get(Backfill, run.backfill_id)
        if owner is not None and owner.is_paused and owner.completed_at is not None:
            return (
                f"its backfill {owner.id} was cancelled, so what failed downstream would never run: mark all "
                "its failed tasks, or rerun it"
            )
        return ""


def _key(ti: Any) -> TaskInstanceKey:
    return TaskInstanceKey(run_id=RunId(ti.run_id), task_id=TaskId(ti.task_id), map_index=ti.map_index)


def _state(ti: Any) -> TaskState:
    return CODES[task_code(ti.state)]


def _affected(ti: Any) -> AffectedTask:
    return AffectedTask(key=_key(ti), state=_state(ti))


def _task_mark(ti: Any, became: str) -> TaskMark:
    return TaskMark(
        id=str(ti.id),
        task_id=TaskId(ti.task_id),
        map_index=ti.map_index,
        was=None if ti.state is None else str(ti.state),
        became=became,
        started_at=optional_instant(ti.start_date),
        ended_at=optional_instant(ti.end_date),
        duration=ti.duration,
    )
