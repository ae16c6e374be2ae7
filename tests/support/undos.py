"""The journal of the scripted world, and the undoing of what stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.journal import (
    JournalEntry,
    JournalQuery,
    Phase,
    RunBefore,
    RunMark,
    TaskMark,
    is_attempt,
)
from backfill_tui.domain.marking import UNDER_WAY, MarkOutcome, MarkRequest
from backfill_tui.domain.problems import Refused
from backfill_tui.domain.repairing import LeftAlone, RerunRequest
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.domain.undoing import MARKS, UNDO, UNDOES, UndoOutcome, UndoRequest, deed_meant
from tests.support.world import ScriptedRun, World


class ScriptedJournal:
    """What was done through the scripted gateway, as the bridge's journal would have it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.entries = world.journal

    def add(
        self,
        deed: str,
        dag_id: DagId,
        *,
        backfill_id: BackfillId | None = None,
        runs: Iterable[RunBefore] = (),
        marks: Iterable[RunMark] = (),
        undoes: str = "",
        **more: str | int | bool | None,
    ) -> None:
        """A deed that was done."""
        details = {**more, UNDOES: undoes} if undoes else more
        begun = JournalEntry(
            at=self._world.now, number=f"{len(self.entries) // 2 + 0xABC0000:012x}"[::-1],
            phase=Phase.BEGUN, deed=deed, user="you", where="dags/", dag_id=dag_id, backfill_id=backfill_id,
            runs=tuple(runs), marks=tuple(marks), details=details,
        )  # fmt: skip
        self.entries += [begun, replace(begun, phase=Phase.DONE, runs=(), marks=())]

    def add_rerun(self, request: RerunRequest, run_ids: Iterable[RunId]) -> None:
        """A rerun that was done, with the runs that it touched."""
        runs = tuple(RunBefore(run_id=run_id, state="failed") for run_id in run_ids)
        if request.attempt:
            self.add("rerun", request.dag_id, runs=runs, attempt=request.attempt)
        else:
            self.add("rerun", request.dag_id, runs=runs)

    def meant(self, query: JournalQuery) -> Iterator[JournalEntry]:
        """The entries that are asked for, without their marks."""
        for entry in self.entries:
            if query.dag_id in {None, entry.dag_id} and (not query.attempts_only or is_attempt(entry)):
                yield replace(entry, marks=(), left_out=entry.has_marks)

    def undo(self, request: UndoRequest, *, dry: bool) -> UndoOutcome:
        """What taking back a deed puts back, and puts back unless it is `dry`."""
        begun = deed_meant(self.entries, request)
        outcome = UndoOutcome(
            number=begun.number, deed=begun.deed, at=begun.at, user=begun.user, dag_id=begun.dag_id
        )
        if begun.deed in MARKS:
            return self._undo_marks(begun, outcome, dry=dry)
        if begun.backfill_id is not None:
            return self._resume(begun, outcome, dry=dry)
        if begun.dag_id not in self._world.paused:
            raise Refused(f"{begun.dag_id} is not paused any more", remedy="there is nothing left to undo")
        if not dry:
            self._world.paused.discard(begun.dag_id)
            self.add("unpause_dag", begun.dag_id, undoes=begun.number)
        of_dag = (run for run in self._world.runs.values() if run.dag_id == begun.dag_id)
        return replace(outcome, starting=sum(not run.state.finished for run in of_dag))

    def _resume(self, begun: JournalEntry, outcome: UndoOutcome, *, dry: bool) -> UndoOutcome:
        assert begun.backfill_id is not None
        request = ControlRequest(backfill_id=begun.backfill_id, deed=Deed.RESUME)
        resumed: ControlOutcome = self._world.control(request, dry=dry)
        if not resumed.changed:
            raise Refused(
                f"Backfill {begun.backfill_id} is not paused any more", remedy="there is nothing left to undo"
            )
        if not dry:
            self.add(Deed.RESUME, begun.dag_id, backfill_id=begun.backfill_id, undoes=begun.number)
        return replace(outcome, backfill_id=begun.backfill_id, starting=resumed.starting)

    def _undo_marks(self, begun: JournalEntry, outcome: UndoOutcome, *, dry: bool) -> UndoOutcome:
        back, left = [], []
        for mark in begun.marks:
            run = self._world.runs.get((begun.dag_id, mark.run_id))
            if why := _why_not(mark, run):
                left.append(LeftAlone(run_id=mark.run_id, reason=why))
            else:
                back.append(mark)
        starting = sum(mark.became is not None and not RunState(mark.was).finished for mark in back)
        outcome = replace(
            outcome, tasks=sum(len(mark.tasks) for mark in back),
            run_ids=tuple(mark.run_id for mark in back), left_alone=tuple(left), starting=starting,
        )  # fmt: skip
        if back and not dry:
            for mark in back:
                _put_back(self._world.runs[begun.dag_id, mark.run_id], mark)
            self.add(UNDO, begun.dag_id, undoes=begun.number)
            self._world.changed.notify_all()
        return outcome


def marks_of(world: World, request: MarkRequest, outcome: MarkOutcome) -> list[RunMark]:
    """What the undoing of a mark needs, from what it is going to change."""
    again = {task.key.run_id for task in outcome.again}
    becomes = {run.run_id: str(run.becomes) for run in outcome.runs}
    return [
        RunMark(
            run_id=run_id, was=str(world.runs[request.dag_id, run_id].state), became=becomes.get(run_id),
            clear_number=0,
            tasks=tuple(
                TaskMark(
                    id=f"{run_id} {task.key.task_id}", task_id=task.key.task_id, map_index=-1,
                    was=str(task.state), became=str(task.becomes),
                )
                for task in outcome.affected if task.key.run_id == run_id
            ),
        )
        for run_id in outcome.run_ids if run_id not in again
    ]  # fmt: skip


def _why_not(mark: RunMark, run: ScriptedRun | None) -> str:
    if run is None:
        return "it was deleted"
    if run.state != (mark.became or mark.was):
        return f"it is {run.state} now"
    lost: list[TaskId] = [task.task_id for task in mark.tasks if task.was in UNDER_WAY]
    if lost:
        return f'its task "{lost[0]}" was under way, and its process has ended'
    changed = [task for task in mark.tasks if run.tasks[task.task_id] != task.became]
    return f"{len(changed)} task instances of it changed since" if changed else ""


def _put_back(run: ScriptedRun, mark: RunMark) -> None:
    for task in mark.tasks:
        run.tasks[task.task_id] = TaskState(task.was or TaskState.NONE)
    if mark.became is not None:
        run.state = RunState(mark.was)
        run.ended_at = run.ended_at if run.state.finished else None
