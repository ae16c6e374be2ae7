"""What of one run a mark takes, and how it is marked: what Airflow's own API does to it.

A whole run is marked as Airflow marks a run (`ending_runs`). Task instances are marked as its route does
(Airflow 3.3 services/public/task_instances.py, `_patch_task_instance_state`): set to the state, and what had
failed downstream of that task is cleared, so that it runs again. One thing is added. Airflow leaves the
state of a run that has ended as it was, though nothing in it may have failed any more; here it follows its
tasks, by the rule of the scheduler (models/dagrun.py, `update_state`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from airflow.models.dagbag import DBDagBag
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState, State, TaskInstanceState
from sqlalchemy import select

from backfill_tui.bridge.ending_runs import (
    Ending,
    dag_of,
    end,
    ending_of,
    tell_listeners,
    tell_of_run,
    tell_of_tasks,
)
from backfill_tui.domain.marking import MarkRequest, MarkScope
from backfill_tui.domain.states import FAILED_TASK_STATES

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

_FAILED: Final = frozenset(str(state) for state in FAILED_TASK_STATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One run, and what of it is marked.

    `tasks` get the state of the mark, `skipped` never run, `again` are cleared. `becomes` is the state that
    the run gets, None where it keeps its own. `ending` is there when the whole run is marked.
    """

    run: DagRun
    dag: Any
    tasks: tuple[TaskInstance, ...]
    skipped: tuple[TaskInstance, ...] = ()
    again: tuple[TaskInstance, ...] = ()
    becomes: DagRunState | None = None
    ending: Ending | None = None
    untouched: int = 0
    failed_left: int = 0

    @property
    def has_teardown(self) -> bool:
        """Whether it goes on until its teardown tasks are done."""
        return self.ending is not None and self.ending.has_teardown


@dataclass(slots=True)
class Chooser:
    """Decides for each run of a request what is marked; keeps what the runs have in common.

    `never_runs` says why what is cleared in a run would not run, empty where it would.
    """

    session: Session
    request: MarkRequest
    never_runs: Callable[[DagRun], str]
    lock: bool = False
    _bag: DBDagBag = field(default_factory=lambda: DBDagBag(load_op_links=False))
    _subsets: dict[tuple[int, str], Any] = field(default_factory=dict)

    def choose(self, run: DagRun) -> Part | str:
        """What of this run is marked, or why it is left alone."""
        if self.request.scope is MarkScope.WHOLE_RUN:
            return self._whole(run)
        dag = dag_of(self.session, self._bag, run)
        if isinstance(dag, str):
            return dag
        have = self._instances(run)
        marked = self._of_task(dag, have) if self.request.scope is MarkScope.TASK else self._failed(run, have)
        if isinstance(marked, str):
            return marked
        again = self._again(dag, run) if self.request.scope is MarkScope.TASK else ()
        if again and run.state in State.finished_dr_states and (why := self.never_runs(run)):
            return why
        touched = {ti.id for ti in (*marked, *again)}
        left = [ti for ti in have if ti.id not in touched]
        return Part(
            run=run,
            dag=dag,
            tasks=tuple(marked),
            again=again,
            becomes=self._state_after(dag, run, have, marked, again),
            untouched=len(left),
            failed_left=sum(ti.state in _FAILED for ti in left),
        )

    def mark(self, part: Part) -> None:
        """Do it; the session's owner commits."""
        state = DagRunState(self.request.mark_as)
        if part.ending is not None:
            end(self.session, part.ending, state)
            return
        for ti in part.tasks:
            ti.set_state(TaskInstanceState(state), session=self.session)
        self.session.flush()
        if part.again:
            self._downstream(part.dag).clear(**self._of_clear(part.run))
        elif part.becomes is not None:
            # Nothing of it is unfinished, so that this sets the state of the run and no other.
            whole = Ending(run=part.run, dag=part.dag, ended=(), skipped=(), has_teardown=False)
            end(self.session, whole, part.becomes)
        self.session.flush()

    def tell_listeners(self, part: Part) -> None:
        """Tell Airflow's listeners, once all is committed, as its API does."""
        state = DagRunState(self.request.mark_as)
        if part.ending is not None:
            tell_listeners(part.ending, state)
            return
        tell_of_tasks(part.tasks, state)
        if part.becomes in State.finished_dr_states and part.becomes is not None:
            tell_of_run(part.run, part.dag, part.becomes)

    def _whole(self, run: DagRun) -> Part | str:
        ending = ending_of(self.session, self._bag, run, lock=self.lock)
        if isinstance(ending, str):
            return ending
        state = DagRunState(self.request.mark_as)
        becomes = None if ending.has_teardown or run.state == state else state
        if not ending.ended and not ending.skipped and becomes is None:
            if ending.has_teardown:
                return "only its teardown tasks are left to run"
            return f"it is {state} already"
        touched = {ti.id for ti in (*ending.ended, *ending.skipped)}
        left = [ti for ti in self._instances(run) if ti.id not in touched]
        return Part(
            run=run,
            dag=ending.dag,
            tasks=ending.ended,
            skipped=ending.skipped,
            becomes=becomes,
            ending=ending,
            untouched=len(left),
            failed_left=sum(ti.state in _FAILED for ti in left),
        )

    def _instances(self, run: DagRun) -> list[TaskInstance]:
        query = (
            select(TaskInstance)
            .where(TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id)
            # In the order of tasks SQLite would go through all of the Dag's, by an index that has that order.
            .order_by(TaskInstance.id)
        )
        found = self.session.scalars(query.with_for_update(of=TaskInstance) if self.lock else query)
        return sorted(found, key=lambda ti: (ti.task_id, ti.map_index))

    def _of_task(self, dag: Any, have: list[TaskInstance]) -> list[TaskInstance] | str:
        task_id, index = self.request.task_id, self.request.map_index
        if not dag.has_task(task_id):
            return f'the Dag has no task "{task_id}"'
        found = [ti for ti in have if ti.task_id == task_id and index in {None, ti.map_index}]
        if not found:
            return f'it has no task instance of "{task_id}"'
        wanted = [ti for ti in found if ti.state != self.request.mark_as]
        return wanted or f'"{task_id}" is {self.request.mark_as} in it already'

    def _failed(self, run: DagRun, have: list[TaskInstance]) -> list[TaskInstance] | str:
        failed = [ti for ti in have if ti.state in _FAILED and ti.state != self.request.mark_as]
        if failed:
            return failed
        if run.state == DagRunState.FAILED and run.start_date is None and run.end_date is None:
            return "it was cancelled before it started, so no task of it failed: mark the whole run"
        return "nothing in it failed"

    def _again(self, dag: Any, run: DagRun) -> tuple[TaskInstance, ...]:
        return tuple(self._downstream(dag).clear(**self._of_clear(run), dry_run=True))

    def _downstream(self, dag: Any) -> Any:
        """The task and what is downstream of it; Airflow copies the Dag for that, so once for all runs."""
        task_id = str(self.request.task_id)
        key = (id(dag), task_id)
        if key not in self._subsets:
            self._subsets[key] = dag.partial_subset(
                task_ids={task_id}, include_downstream=True, include_upstream=False
            )
        return self._subsets[key]

    def _of_clear(self, run: DagRun) -> dict[str, Any]:
        return {
            "run_id": run.run_id,
            "only_failed": True,
            "exclude_task_ids": frozenset({str(self.request.task_id)}),
            "session": self.session,
        }

    def _state_after(
        self,
        dag: Any,
        run: DagRun,
        have: list[TaskInstance],
        marked: list[TaskInstance],
        again: tuple[TaskInstance, ...],
    ) -> DagRunState | None:
        """The state that an ended run gets by the scheduler's rule; None where it keeps its own."""
        if run.state not in State.finished_dr_states:
            return None
        if again:
            return DagRunState.QUEUED
        changed = {ti.id for ti in marked}
        after = {ti.id: str(self.request.mark_as) if ti.id in changed else ti.state for ti in have}
        if any(state not in State.finished for state in after.values()):
            return None
        leaves = run._tis_for_dagrun_state(dag=dag, tis=have)  # noqa: SLF001  # there is no public way
        states = {after[ti.id] for ti in leaves}
        if states & State.failed_states:
            becomes = DagRunState.FAILED
        elif states <= State.success_states:
            becomes = DagRunState.SUCCESS
        else:
            return None
        return None if run.state == becomes else becomes
