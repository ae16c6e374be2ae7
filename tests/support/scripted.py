"""A gateway without Airflow but with its semantics, over a `World` that a test moves on by hand."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from backfill_tui.domain.causes import Cause
from backfill_tui.domain.control import ControlOutcome, ControlRequest
from backfill_tui.domain.dag_range import DagRange, GridFacts, RangeUpdate
from backfill_tui.domain.dags import DagFile, DagList
from backfill_tui.domain.environment import EngineStatus, Environment, Mode, StartupPhase, StartupStep
from backfill_tui.domain.estimates import Estimate
from backfill_tui.domain.failures import Failure, FailureKind, FailuresFound, FailuresQuery, FailuresRead
from backfill_tui.domain.fingerprint import fingerprint_of, what_changed
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instances import InstanceLine, InstancesFound, InstancesQuery, RunInstances
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.journal import JournalPart, JournalQuery, in_parts
from backfill_tui.domain.judging import decide
from backfill_tui.domain.launching import CreationProgress, Launch, Launched
from backfill_tui.domain.log_errors import last_exception
from backfill_tui.domain.map_indexes import FIRST_OF_REST, IndexCells, IndexQuery, index_cell
from backfill_tui.domain.marking import MarkOutcome, MarkProgress, MarkRequest
from backfill_tui.domain.outcomes import Verdict, runs_at
from backfill_tui.domain.plan_dates import columns_of
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, DagBounds, Gravity, PlanWarning
from backfill_tui.domain.problems import (
    BadRequest,
    Interrupted,
    NotThere,
    PlanChanged,
    Problem,
    Refused,
    Unreachable,
)
from backfill_tui.domain.progress import count_runs, what_stops
from backfill_tui.domain.repairing import (
    RUNS_AT_ONCE,
    AffectedTask,
    LeftAlone,
    RerunOutcome,
    RerunProgress,
    RerunRequest,
    RerunScope,
    TaskInstanceKey,
    together,
)
from backfill_tui.domain.states import CODE_OF, FAILED_TASK_STATES, RunState, TaskState
from backfill_tui.domain.tasks import (
    CellDetails,
    CellQuery,
    LogMatch,
    LogMatches,
    LogQuery,
    LogSearch,
    TaskInstanceDetails,
    TaskLog,
)
from backfill_tui.domain.undoing import UndoOutcome, UndoRequest
from backfill_tui.domain.watching import BackfillSummary, GridUpdate, RunRow, TaskColumn
from backfill_tui.gateway.port import InView, IsCancelled, ignore, never, nothing
from backfill_tui.gateway.rerunning import Gathering
from tests.support import log_lines, marks
from tests.support.undos import ScriptedJournal, marks_of
from tests.support.world import ScriptedBackfill, ScriptedDag, ScriptedRun, World

_READING_SECONDS = 0.2
_STEPS = (
    StartupStep(phase=StartupPhase.IMPORTING, sentence="Importing Airflow"),
    StartupStep(phase=StartupPhase.CHECKING_DATABASE, sentence="Checking the database"),
    StartupStep(phase=StartupPhase.PARSING, sentence="Parsing Dag files", done=0, total=1),
    StartupStep(phase=StartupPhase.PARSING, sentence="Parsing Dag files", done=1, total=1),
)


class ScriptedGateway:
    """Implements `gateway.port.Gateway`.

    `hold(method)` keeps calls of a method waiting until the gate is opened; `fail(method, problem)` lets the
    next one fail; `asked` counts the calls. `more_warnings` and `estimate` become part of every plan,
    `released` is what unpausing a Dag starts, and `partial_plans` are told before the next one is there.
    `waits` is why a task that has not ended waits.
    """

    def __init__(
        self,
        world: World,
        *,
        read_only: bool = False,
        where: str = "dags/",
        steps: tuple[StartupStep, ...] = _STEPS,
    ) -> None:
        self.world = world
        self.done = ScriptedJournal(world)
        self.asked: dict[str, int] = {}
        self.in_view: tuple[int, ...] = ()
        self.more_warnings: tuple[PlanWarning, ...] = ()
        self.waits: tuple[Cause, ...] = ()
        self.released = ""
        self.parsing_asked: tuple[DagFile, ...] = ()
        self.estimate: Estimate | None = None
        self.partial_plans: tuple[BackfillPlan, ...] = ()
        self._read_only = read_only
        self._where = where
        self._steps = steps
        self._closed = False
        self._held: set[str] = set()
        self._problems: dict[str, Problem] = {}

    # What a test does to it.

    @contextmanager
    def hold(self, method: str) -> Generator[None, None, None]:
        """Calls of that method wait while the context is open."""
        with self.world.changed:
            self._held.add(method)
        try:
            yield
        finally:
            with self.world.changed:
                self._held.discard(method)
                self.world.changed.notify_all()

    def fail(self, method: str, problem: Problem) -> None:
        """The next call of that method fails."""
        self._problems[method] = problem

    # The gateway.

    def open(self, on_step: Callable[[StartupStep], None] = ignore) -> Environment:
        for step in self._steps:
            on_step(step)
            self._enter("open", count=step is self._steps[0])
        return self.environment()

    def environment(self) -> Environment:
        self._enter("environment")
        with self.world.changed:
            return Environment(
                mode=Mode.EMBEDDED, where=self._where, version="3.3.2", executor="LocalExecutor",
                database="sqlite", read_only=self._read_only,
                scheduler_heartbeat=self.world.now if self.world.scheduler_alive else None,
                read_at=self.world.now,
            )  # fmt: skip

    def dags(self, only: tuple[DagId, ...] | None = None) -> DagList:
        self._enter("dags")
        with self.world.changed:
            listed = self.world.dag_list()
        if only is None:
            return listed
        return replace(listed, dags=tuple(dag for dag in listed.dags if dag.dag_id in only))

    def parse(
        self, on_step: Callable[[StartupStep], None] = ignore, *, file: DagFile | None = None
    ) -> DagList:
        on_step(self._steps[-1])
        self._enter("parse")
        self.parsing_asked += () if file is None else (file,)
        with self.world.changed:
            return self.world.dag_list()

    def plan(
        self,
        request: BackfillRequest,
        is_cancelled: IsCancelled = never,
        on_partial: Callable[[BackfillPlan], None] = ignore,
    ) -> BackfillPlan:
        for partial in self.partial_plans:
            on_partial(partial)
        self._enter("plan", is_cancelled)
        with self.world.changed:
            dag = self._dag(request.dag_id)
            self._check(request, dag)
            dates = columns_of(self.world.occurrences(request))
            judged = decide(
                dates, runs_at(dates, self.world.existing(request.dag_id)),
                behavior=request.reprocess_behavior, now=self.world.now, run_backwards=request.run_backwards,
            )  # fmt: skip
            return BackfillPlan(
                request=request, timezone=dag.summary.timezone, judged=judged,
                warnings=(*self._warnings(request.dag_id), *self.more_warnings), planned_at=self.world.now,
                fingerprint=fingerprint_of(judged), depends_on_past=dag.summary.depends_on_past,
                bounds=DagBounds(start=dag.summary.start_date, end=dag.summary.end_date),
                estimate=self.estimate, masked_conf=masked(request.conf),
            )  # fmt: skip

    def launch(
        self,
        launch: Launch,
        on_progress: Callable[[CreationProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> Launched:
        if self._read_only:
            raise Refused("This session is read-only", remedy="start it without --read-only")
        plan = self.plan(launch.request)
        if active := self.world.active_backfills(launch.request.dag_id):
            raise Refused(
                f'Backfill {active[0]} of "{launch.request.dag_id}" is active', remedy="watch it, or wait"
            )
        if launch.fingerprint and (changed := what_changed(launch.fingerprint, plan.judged)):
            raise PlanChanged(
                f"The plan has changed since it was shown: {changed}", remedy="look at it again, then launch"
            )
        taken_up = list(plan.runs[: plan.judged.due])
        if not taken_up:
            raise BadRequest(
                f'There is no date to run for "{launch.request.dag_id}"', remedy="choose a longer range"
            )
        for done in range(len(taken_up) + 1):
            on_progress(CreationProgress(done=done, total=len(taken_up)))
            self._enter("launch", is_cancelled, count=done == 0)
            if is_cancelled():
                raise Interrupted("The launch was cancelled")
        with self.world.changed:
            backfill = self.world.create(launch.request, taken_up)
            backfill.is_paused, backfill.note = launch.paused, launch.note
            backfill.stop_after_failures = launch.stop_after_failures
            self.done.add("launch", launch.request.dag_id, backfill_id=backfill.backfill_id)
            unpaused = launch.unpause and launch.request.dag_id in self.world.paused
            if unpaused:
                self.world.paused.discard(launch.request.dag_id)
        return Launched(
            backfill_id=backfill.backfill_id, created=plan.count(Verdict.CREATE),
            reprocessed=plan.count(Verdict.REPROCESS),
            skipped=plan.count(Verdict.SKIP_EXISTS, Verdict.SKIP_IN_FLIGHT), unpaused=unpaused,
        )  # fmt: skip

    def backfills(self, dag_id: DagId | None = None) -> tuple[BackfillSummary, ...]:
        self._enter("backfills")
        with self.world.changed:
            return tuple(
                BackfillSummary(
                    facts=self.world.facts(backfill),
                    counts=count_runs(row for row, _ in self.world.rows(backfill)),
                    read_at=self.world.now,
                    ended_at=self.world.ended_at(backfill),
                    causes=self.world.causes_of(backfill),
                )
                for backfill in reversed(self.world.backfills.values())
                if dag_id in {None, backfill.request.dag_id}
            )

    @contextmanager
    def watch(
        self, backfill_id: BackfillId, in_view: InView = nothing
    ) -> Generator[Iterator[GridUpdate], None, None]:
        self._enter("watch")
        left = threading.Event()
        if backfill_id not in self.world.backfills:
            raise NotThere(f"There is no backfill {backfill_id}", remedy="look at the list of backfills")
        try:
            yield self._updates(self.world.backfills[backfill_id], left, in_view)
        finally:
            left.set()
            with self.world.changed:
                self.world.changed.notify_all()

    @contextmanager
    def watch_range(
        self, dates: DagRange, in_view: InView = nothing
    ) -> Generator[Iterator[RangeUpdate], None, None]:
        self._enter("watch_range")
        self._dag(dates.dag_id)
        left = threading.Event()
        try:
            yield self._range_updates(dates, left, in_view)
        finally:
            left.set()
            with self.world.changed:
                self.world.changed.notify_all()

    def preview_control(self, request: ControlRequest) -> ControlOutcome:
        self._enter("preview_control")
        with self.world.changed:
            return self.world.control(request, dry=True)

    def control(self, request: ControlRequest) -> ControlOutcome:
        if self._read_only:
            raise Refused("This session is read-only", remedy="start it without --read-only")
        self._enter("control")
        with self.world.changed:
            outcome = self.world.control(request, dry=False)
            if outcome.changed:
                self.done.add(request.deed, outcome.dag_id, backfill_id=request.backfill_id)
            return outcome

    def preview_rerun(self, request: RerunRequest, is_cancelled: IsCancelled = never) -> RerunOutcome:
        self._enter("preview_rerun", is_cancelled)
        with self.world.changed:
            return self._rerun(request, request.run_ids)[0]

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        if self._read_only:
            raise Refused("This session is read-only", remedy="start it without --read-only")
        gathering = Gathering(request, on_progress)
        try:
            return self._rerun_in_parts(request, gathering, is_cancelled)
        except Problem as problem:
            return gathering.ended_by(problem, sure=not isinstance(problem, Unreachable))

    def _rerun_in_parts(
        self, request: RerunRequest, gathering: Gathering, is_cancelled: IsCancelled
    ) -> RerunOutcome:
        run_ids, began_at = tuple(dict.fromkeys(request.run_ids)), self.world.now
        gathering.take(RerunProgress(done=0, total=len(run_ids), began_at=began_at))
        parts = []
        for start in range(0, max(1, len(run_ids)), RUNS_AT_ONCE):
            part_ids = run_ids[start : start + RUNS_AT_ONCE]
            self._enter("rerun", is_cancelled, count=start == 0)
            with self.world.changed:
                parts.append(self._clear(request, part_ids))
            done = start + len(part_ids)
            gathering.take(RerunProgress(done=done, total=len(run_ids), began_at=began_at, part=parts[-1]))
        return together(parts)

    def _clear(self, request: RerunRequest, run_ids: tuple[RunId, ...]) -> RerunOutcome:
        outcome, runs = self._rerun(request, run_ids)
        for run in runs:
            self.world.clear(run, [t.key.task_id for t in outcome.affected if t.key.run_id == run.run_id])
            run.note = request.note or run.note
        for number in outcome.unblocked:
            self.world.backfills[BackfillId(number)].is_paused = False
        if runs:
            self.done.add_rerun(request, outcome.run_ids)
        return outcome

    def preview_mark(self, request: MarkRequest, is_cancelled: IsCancelled = never) -> MarkOutcome:
        self._enter("preview_mark", is_cancelled)
        with self.world.changed:
            return marks.mark(self.world, request, dry=True)

    def mark(
        self,
        request: MarkRequest,
        on_progress: Callable[[MarkProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> MarkOutcome:
        if self._read_only:
            raise Refused("This session is read-only", remedy="start it without --read-only")
        self._enter("mark", is_cancelled)
        with self.world.changed:
            wanted = marks_of(self.world, request, marks.mark(self.world, request, dry=True))
            outcome = marks.mark(self.world, request, dry=False)
            total = len(outcome.run_ids)
            for done in range(1, total + 1):
                on_progress(MarkProgress(done=done, total=total))
            if outcome.changes:
                self.done.add(f"mark_{request.mark_as}", request.dag_id, marks=wanted)
            return outcome

    def preview_undo(self, request: UndoRequest) -> UndoOutcome:
        self._enter("preview_undo")
        with self.world.changed:
            return self.done.undo(request, dry=True)

    def undo(self, request: UndoRequest) -> UndoOutcome:
        if self._read_only:
            raise Refused("This session is read-only", remedy="start it without --read-only")
        self._enter("undo")
        with self.world.changed:
            return self.done.undo(request, dry=False)

    def cell(self, query: CellQuery) -> CellDetails:
        self._enter("cell")
        with self.world.changed:
            run = self.world.runs.get((query.dag_id, query.run_id))
            if run is None or query.task_id not in run.tasks:
                return CellDetails(instances=())
            states = self.world.instances(run, query.task_id)
            expanded = len(states) > 1
            return CellDetails(
                instances=tuple(
                    TaskInstanceDetails(
                        key=TaskInstanceKey(
                            run_id=query.run_id, task_id=query.task_id, map_index=at if expanded else -1
                        ),
                        state=state, try_number=run.tries.get(query.task_id, 0),
                        max_tries=1, operator="PythonOperator", started_at=run.started_at,
                        ended_at=run.ended_at,
                        waits=() if state.finished else self.waits,
                    )
                    for at, state in enumerate(states)
                    if query.first_index <= at and (query.last_index is None or at <= query.last_index)
                )
            )  # fmt: skip

    def indexes(self, query: IndexQuery) -> IndexCells:
        self._enter("indexes")
        with self.world.changed:
            runs = [self.world.runs.get((query.dag_id, run_id)) for run_id in query.run_ids]
            return IndexCells(
                cells=tuple(
                    index_cell(
                        run.run_id, task_id,
                        [(at, CODE_OF[state]) for at, state in enumerate(states[:FIRST_OF_REST])],
                        Counter(CODE_OF[state] for state in states[FIRST_OF_REST:]).items(),
                    )
                    for run in runs if run is not None
                    for task_id in query.task_ids if (states := self.world.instances(run, task_id))
                )
            )  # fmt: skip

    @contextmanager
    def instances(self, query: InstancesQuery) -> Generator[Iterator[InstancesFound], None, None]:
        self._enter("instances")
        with self.world.changed:
            conf = ""
            if query.backfill_id is not None:
                if query.backfill_id not in self.world.backfills:
                    raise NotThere(
                        f"There is no backfill {query.backfill_id}", remedy="look at the list of backfills"
                    )
                conf = self.world.backfills[query.backfill_id].request.conf
                conf = masked(conf) or conf
            runs = [self._instances(query, run_id) for run_id in query.run_ids]
        yield iter([InstancesFound(conf=conf), *(InstancesFound(runs=(run,)) for run in runs)])

    def _instances(self, query: InstancesQuery, run_id: RunId) -> RunInstances:
        run = self.world.runs.get((query.dag_id, run_id))
        if run is None:
            return RunInstances(run_id=run_id)
        return RunInstances(
            run_id=run_id, run_type=run.run_type, note=run.note, data_interval_start=run.logical_date,
            data_interval_end=run.logical_date,
            instances=tuple(
                InstanceLine(
                    task_id, at if task_id in run.expanded else -1, state, run.tries.get(task_id, 0),
                    run.started_at if run.tries.get(task_id) else None,
                    run.ended_at if state.finished and run.tries.get(task_id) else None,
                )
                for task_id in sorted(run.tasks, key=lambda one: [*query.task_ids, one].index(one))
                for at, state in enumerate(self.world.instances(run, task_id))
            ),
        )  # fmt: skip

    def log(self, query: LogQuery) -> TaskLog:
        self._enter("log")
        with self.world.changed:
            lines = self.world.logs.get(query.key, ())
            run = self.world.runs.get((query.dag_id, query.key.run_id))
            if not lines and (run is None or run.tries.get(query.key.task_id, 0) < query.try_number):
                raise NotThere(
                    f"There is no try {query.try_number} of {query.key.task_id}",
                    remedy="wait until it is tried",
                )
            return log_lines.page_of(lines, query) if lines else TaskLog(lines=())

    def find_in_log(self, search: LogSearch, is_cancelled: IsCancelled = never) -> LogMatch:
        self._enter("find_in_log", is_cancelled)
        with self.world.changed:
            return log_lines.find(self.world.logs.get(search.query.key, ()), search)

    def count_in_log(self, search: LogSearch, is_cancelled: IsCancelled = never) -> LogMatches:
        self._enter("count_in_log", is_cancelled)
        with self.world.changed:
            return log_lines.count(self.world.logs.get(search.query.key, ()), search)

    def failures(
        self,
        query: FailuresQuery,
        on_found: Callable[[FailuresFound], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> FailuresRead:
        with self.world.changed:
            facts: GridFacts
            if isinstance(query.about, DagRange):
                self._dag(query.about.dag_id)
                facts, rows = self.world.range_facts(query.about), self.world.range_rows(query.about, {})
            elif query.about in self.world.backfills:
                backfill = self.world.backfills[query.about]
                facts, rows = self.world.facts(backfill), self.world.rows(backfill)
            else:
                raise NotThere(f"There is no backfill {query.about}", remedy="look at the list of backfills")
            found = list(self._failures(facts.dag_id, (row for row, _ in rows)))
            if isinstance(query.about, DagRange):
                ranks = {run: rank for rank, run in enumerate(dict.fromkeys(one.run_id for one in found), 1)}
                found = [replace(one, ordinal=ranks[one.run_id]) for one in found]
        self._enter("failures", is_cancelled)
        for done, failure in enumerate(found, 1):
            on_found(FailuresFound(failures=(failure,), done=done, total=len(found)))
        return FailuresRead(dag_id=facts.dag_id, timezone=facts.timezone, total=len(found))

    def pause_dag(self, dag_id: DagId, *, is_paused: bool) -> tuple[str, ...]:
        if self._read_only:
            raise Refused("This session is read-only", remedy="start it without --read-only")
        self._enter("pause_dag")
        with self.world.changed:
            self._dag(dag_id)
            deed = "pause_dag" if is_paused else "unpause_dag"
            self.done.add(deed, dag_id, was_paused=dag_id in self.world.paused)
            (self.world.paused.add if is_paused else self.world.paused.discard)(dag_id)
            self.world.changed.notify_all()
        return ()

    @contextmanager
    def journal(self, query: JournalQuery) -> Generator[Iterator[JournalPart], None, None]:
        self._enter("journal")
        with self.world.changed:
            found = tuple(self.done.meant(query))
        yield in_parts("dags/journal.jsonl", found)

    @contextmanager
    def hold_attempts(self, dag_id: DagId) -> Generator[None, None, None]:
        self._enter("hold_attempts")
        with self.world.changed:
            if dag_id in self.world.attempts_held:
                raise Refused(
                    f"Another rerun with --max-attempts is at work on {dag_id}",
                    remedy="wait for its end, or stop it",
                )
            self.world.attempts_held.add(dag_id)
        try:
            yield
        finally:
            self.world.attempts_held.discard(dag_id)

    def close(self) -> None:
        with self.world.changed:
            self._closed = True
            self.world.changed.notify_all()

    # How it does it.

    def _enter(self, method: str, is_cancelled: IsCancelled = never, *, count: bool = True) -> None:
        with self.world.changed:
            self.asked[method] = self.asked.get(method, 0) + count
            while method in self._held and not self._closed and not is_cancelled():
                self.world.changed.wait(0.02)
            if self._closed:
                raise Unreachable("The connection to the bridge was closed")
            if is_cancelled():
                raise Interrupted("The call was cancelled")
            if problem := self._problems.pop(method, None):
                raise problem

    def _dag(self, dag_id: DagId) -> ScriptedDag:
        if dag_id not in self.world.dags:
            raise NotThere(f'There is no Dag "{dag_id}"', remedy="look at the list of Dags")
        return self.world.dags[dag_id]

    def _check(self, request: BackfillRequest, dag: ScriptedDag) -> None:
        if request.from_date > request.to_date:
            raise BadRequest("The range ends before it begins", remedy="swap its bounds")
        if not dag.summary.backfillable:
            raise BadRequest(
                f'"{request.dag_id}" can not be backfilled: {dag.summary.not_backfillable_because}'
            )
        if request.max_active_runs < 1:
            raise BadRequest("Max active runs must be 1 or more", remedy="give a larger number")
        if request.conf:
            try:
                conf = json.loads(request.conf)
            except json.JSONDecodeError as wrong:
                raise BadRequest(
                    f"The conf is not JSON: {wrong}", remedy='write it as {"key": "value"}'
                ) from None
            if not isinstance(conf, dict):
                raise BadRequest("The conf is not a JSON object", remedy='write it as {"key": "value"}')

    def _warnings(self, dag_id: DagId) -> Iterator[PlanWarning]:
        if active := self.world.active_backfills(dag_id):
            dead = not self.world.backfills[active[0]].entries
            yield PlanWarning(
                code="active_backfill",
                message=f"Backfill {active[0]} of this Dag is "
                + ("in the way: its creation died before it had any run" if dead else "active"),
                remedy="remove it" if dead else "watch it, or wait until it is done",
                gravity=Gravity.BLOCKS,
            )
        if dag_id in self.world.paused:
            too = f"; unpausing it releases {self.released} as well" if self.released else ""
            yield PlanWarning(
                code="dag_paused",
                message=f"The Dag is paused, so no run will start{too}",
                remedy="unpause it",
            )

    def _updates(
        self, backfill: ScriptedBackfill, left: threading.Event, in_view: InView
    ) -> Iterator[GridUpdate]:
        columns: tuple[TaskColumn, ...] | None = self.world.dags[backfill.request.dag_id].columns
        sent: dict[int, object] = {}
        told: tuple[Cause, ...] | None = None
        while not left.is_set():
            with self.world.changed:
                if self._closed:
                    raise Unreachable("The connection to the bridge was closed")
                rows = self.world.rows(backfill)
                changed = [entry for entry in rows if sent.get(entry[0].ordinal) != entry]
                causes = self.world.causes_of(backfill)
                update = GridUpdate(
                    read_at=self.world.now, facts=self.world.facts(backfill), columns=columns,
                    rows=tuple(row for row, _ in changed), cells=b"".join(cells for _, cells in changed),
                    total_rows=len(rows), loaded=True, causes=None if causes == told else causes,
                )  # fmt: skip
            sent.update({row.ordinal: (row, cells) for row, cells in changed})
            columns, told = None, causes
            yield update
            self.in_view = in_view()
            with self.world.changed:
                if self.world.rows(backfill) == rows:
                    self.world.changed.wait(_READING_SECONDS)

    def _range_updates(
        self, dates: DagRange, left: threading.Event, in_view: InView
    ) -> Iterator[RangeUpdate]:
        columns: tuple[TaskColumn, ...] | None = self.world.dags[dates.dag_id].columns
        seen: dict[RunId, tuple[int, Instant]] = {}
        sent: dict[int, object] = {}
        told: tuple[Cause, ...] | None = None
        while not left.is_set():
            with self.world.changed:
                if self._closed:
                    raise Unreachable("The connection to the bridge was closed")
                rows, facts = self.world.range_rows(dates, seen), self.world.range_facts(dates)
                changed = [entry for entry in rows if sent.get(entry[0].ordinal) != entry]
                active = any(row.state is not None and not row.state.finished for row, _ in rows)
                causes = what_stops(facts, self.world.now) if active else ()
                update = RangeUpdate(
                    read_at=self.world.now, facts=facts, columns=columns,
                    rows=tuple(row for row, _ in changed), cells=b"".join(cells for _, cells in changed),
                    total_rows=len(rows), loaded=True, causes=None if causes == told else causes,
                )  # fmt: skip
            sent.update({row.ordinal: (row, cells) for row, cells in changed})
            columns, told = None, causes
            yield update
            self.in_view = in_view()
            with self.world.changed:
                if self.world.range_rows(dates, seen) == rows:
                    self.world.changed.wait(_READING_SECONDS)

    def _failures(self, dag_id: DagId, rows: Iterable[RunRow]) -> Iterator[Failure]:
        for row in rows:
            run = self.world.runs.get((dag_id, row.run_id)) if row.run_id else None
            for task, state in run.tasks.items() if run is not None else ():
                if state is not TaskState.FAILED or run is None:
                    continue
                lines = self.world.logs.get(TaskInstanceKey(run_id=run.run_id, task_id=task), ())
                error = last_exception(lines)
                without = FailureKind.NO_ERROR if lines else FailureKind.NO_LOG
                yield Failure(
                    ordinal=row.ordinal, logical_date=row.logical_date, partition_key=row.partition_key,
                    run_id=run.run_id, task_id=task, map_index=-1, try_number=run.tries.get(task, 1),
                    kind=FailureKind.ERROR if error else without, error=error,
                )  # fmt: skip

    def _rerun(
        self, request: RerunRequest, run_ids: tuple[RunId, ...]
    ) -> tuple[RerunOutcome, list[ScriptedRun]]:
        if request.scope.of_a_task and not request.task_id:
            raise BadRequest("A rerun of one task needs the task", remedy="name it")
        affected: list[AffectedTask] = []
        left_alone: list[LeftAlone] = []
        runs: list[ScriptedRun] = []
        for run_id in run_ids:
            run = self.world.runs.get((request.dag_id, run_id))
            held = run is not None and bool(self._stuck([run]))
            if why := _why_left_alone(run, request, held=held):
                left_alone.append(LeftAlone(run_id=run_id, reason=why))
                continue
            assert run is not None
            runs.append(run)
            affected += [
                AffectedTask(key=TaskInstanceKey(run_id=run_id, task_id=task), state=run.tasks[task])
                for task in _in_scope(run, request)
            ]
        owners = {run.backfill_id for run in runs}
        return RerunOutcome(
            affected=tuple(affected),
            let_go=tuple(one.run_id for one in runs if one.run_id not in {t.key.run_id for t in affected}),
            untouched=sum(len(run.tasks) for run in runs) - len(affected),
            left_alone=tuple(left_alone), unblocked=tuple(self._stuck(runs)),
            completed=tuple(sorted(
                int(one.backfill_id) for one in self.world.backfills.values()
                if one.backfill_id in owners and one.completed_at is not None
            )),
        ), runs  # fmt: skip

    def _stuck(self, runs: list[ScriptedRun]) -> list[int]:
        backfills = (self.world.backfills.get(run.backfill_id) for run in runs if run.backfill_id is not None)
        return sorted(
            {int(b.backfill_id) for b in backfills if b and b.is_paused and b.completed_at is not None}
        )


def masked(conf: str) -> str | None:
    """A conf without its passwords, as much of Airflow's masking as tests need; None where it has none."""
    shown = re.sub(r'("password": )"[^"]*"', r'\1"***"', conf)
    return None if shown == conf else shown


class ScriptedEngine:
    """Implements `gateway.port.Engine`: its scheduler is the world's."""

    def __init__(self, world: World, *, problem: str = "") -> None:
        self._world = world
        self._running = False
        self._problem = problem
        world.scheduler_alive = False

    def start(self) -> EngineStatus:
        if not self._problem:
            self._running = True
        return self.status()

    def ready(self) -> None:
        """Let its scheduler give its first heartbeat."""
        self._world.scheduler_alive = True

    def status(self) -> EngineStatus:
        return EngineStatus(
            running=self._running, ready=self._running and self._world.scheduler_alive,
            pid=4711 if self._running else None,
            sentence="" if self._running else "stopped", problem=self._problem,
        )  # fmt: skip

    def stop(self, timeout_seconds: float = 30) -> EngineStatus:  # noqa: ARG002  # it ends at once
        self._running = self._world.scheduler_alive = False
        return self.status()


def _why_left_alone(run: ScriptedRun | None, request: RerunRequest, *, held: bool) -> str:
    """Why a rerun does not touch a run, in the words of the bridge; empty when it does."""
    if run is None:
        return "it was deleted"
    if request.backfill_id not in {None, run.backfill_id}:
        return f"backfill {run.backfill_id} has taken it over: rerun it from there"
    if run.state is RunState.RUNNING:
        return "it is running: wait for its end"
    if run.state is RunState.QUEUED:
        return "" if held else "it is queued: it runs by itself"
    return _why_nothing(run, request)


def _why_nothing(run: ScriptedRun, request: RerunRequest) -> str:
    scope = request.scope
    if request.not_since is not None and (run.cleared_at or 0) >= request.not_since:
        return "it was cleared already, and has ended since"
    if run.state is RunState.FAILED and run.started_at is None and scope is not RerunScope.WHOLE_RUN:
        why = "all of it would run" if scope.of_a_task else "no task of it failed"
        return f"it was cancelled before it started, so {why}: rerun the whole run"
    if _in_scope(run, request):
        return ""
    return f'it was made without a task "{request.task_id}"' if scope.of_a_task else "nothing in it failed"


def _in_scope(run: ScriptedRun, request: RerunRequest) -> list[TaskId]:
    tasks, scope = list(run.tasks), request.scope
    if run.state is RunState.QUEUED:  # held by its cancelled backfill: let go, whatever the scope
        return [task for task, state in run.tasks.items() if not state.finished]
    failed = [task for task, state in run.tasks.items() if state in FAILED_TASK_STATES]
    first = request.task_id if scope.of_a_task else failed[0] if failed else None
    if scope is RerunScope.WHOLE_RUN:
        return tasks
    if scope is RerunScope.FAILED:
        return failed
    if first is None or first not in run.tasks:
        return []
    return [first] if scope is RerunScope.TASK else tasks[tasks.index(first) :]
