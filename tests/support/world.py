"""The world behind the scripted gateway: Dags, runs and backfills that a test moves on by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from backfill_tui.domain.causes import Cause
from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed, possible_deeds
from backfill_tui.domain.dag_range import DagRange, RangeFacts
from backfill_tui.domain.dags import DagList, DagSummary, ImportProblem, RecentRun
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import SECOND, Instant, iso
from backfill_tui.domain.journal import JournalEntry
from backfill_tui.domain.outcomes import ExistingRun, Verdict
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.planning import BackfillRequest, PlannedRun
from backfill_tui.domain.problems import NotThere, Refused
from backfill_tui.domain.progress import CREATION_SECONDS, BackfillStatus, count_runs, standing
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.states import CODE_OF, CODES, RunState, TaskState, most_urgent
from backfill_tui.domain.tallies import packed, row_size, tally_of
from backfill_tui.domain.watching import BackfillFacts, Membership, RunCounts, RunRow, TaskColumn

HOUR = 3600 * SECOND
DAY = 24 * HOUR
NOW = Instant(1_718_452_800 * SECOND)
"""2024-06-15 12:00 UTC, a Saturday: the time in a world unless a test says another."""

_RECENT = 16
_SKIPPED = {
    Verdict.SKIP_EXISTS: Membership.ALREADY_EXISTS,
    Verdict.SKIP_IN_FLIGHT: Membership.IN_FLIGHT,
}


def instant(text: str) -> Instant:
    """`2024-01-01` or `2024-01-01T02:00`, in UTC unless it names an offset."""
    moment = datetime.fromisoformat(text)
    return Instant(int(moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()) * SECOND)


@dataclass(kw_only=True)
class ScriptedDag:
    """A Dag whose runs are due every `period` microseconds, whose tasks run one after the other.

    `groups` are the task groups that tasks are in, the outermost first; `mapped` are the mapped tasks.
    """

    summary: DagSummary
    period: int = DAY
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mapped: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[TaskColumn, ...]:
        """The columns of its grid."""
        return tuple(
            TaskColumn(
                task_id=task,
                mapped=task in self.mapped,
                operator="PythonOperator",
                groups=self.groups.get(task, ()),
            )
            for task in self.summary.task_ids
        )


@dataclass(kw_only=True)
class ScriptedRun:
    """A run and the states of its tasks, in the Dag's order."""

    dag_id: DagId
    run_id: RunId
    logical_date: Instant
    tasks: dict[TaskId, TaskState]
    state: RunState = RunState.QUEUED
    run_type: str = "backfill"
    backfill_id: BackfillId | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    tries: dict[TaskId, int] = field(default_factory=dict)
    expanded: dict[TaskId, list[TaskState]] = field(default_factory=dict)
    cleared: bool = False
    cleared_at: Instant | None = None
    note: str = ""


@dataclass(kw_only=True)
class ScriptedBackfill:
    """A backfill and its entries: logical date, what became of it, and its run."""

    backfill_id: BackfillId
    request: BackfillRequest
    created_at: Instant
    entries: list[tuple[Instant, Membership, RunId | None]]
    is_paused: bool = False
    completed_at: Instant | None = None
    note: str = ""
    stop_after_failures: int | None = None
    failures_accepted: int = 0


def a_dag(
    dag_id: str,
    *,
    tasks: Iterable[str] = ("extract", "load"),
    period: int = DAY,
    groups: Mapping[str, tuple[str, ...]] | None = None,
    mapped: Iterable[str] = (),
    **more: object,
) -> ScriptedDag:
    """A backfillable Dag of daily (or `period`) runs since 2024-01-01; `more` are fields of DagSummary."""
    fields: dict[str, object] = {
        "dag_id": DagId(dag_id),
        "display_name": dag_id,
        "file": f"{dag_id}.py",
        "schedule": "every day at 00:00" if period == DAY else "every hour",
        "timetable": "0 0 * * *" if period == DAY else "0 * * * *",
        "timezone": "UTC",
        "backfillable": True,
        "owners": ("airflow",),
        "start_date": instant("2024-01-01"),
        "task_ids": tuple(TaskId(task) for task in tasks),
        **more,
    }
    summary = DagSummary(**fields)  # type: ignore[arg-type]
    return ScriptedDag(summary=summary, period=period, groups=groups or {}, mapped=frozenset(mapped))


class World:
    """Everything Airflow's database would hold. Each change wakes whoever waits on `changed`."""

    def __init__(
        self,
        dags: Iterable[ScriptedDag] = (),
        *,
        now: Instant = NOW,
        import_problems: Iterable[ImportProblem] = (),
    ) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.now = now
        self.dags = {dag.summary.dag_id: dag for dag in dags}
        self.paused = {dag.summary.dag_id for dag in self.dags.values() if dag.summary.is_paused}
        self.import_problems = tuple(import_problems)
        self.runs: dict[tuple[DagId, RunId], ScriptedRun] = {}
        self.backfills: dict[BackfillId, ScriptedBackfill] = {}
        self.failing: dict[tuple[DagId, TaskId], set[Instant]] = {}
        self.logs: dict[TaskInstanceKey, tuple[str, ...]] = {}
        self.scheduler_alive = True
        self.journal: list[JournalEntry] = []
        self.attempts_held: set[DagId] = set()
        self.causes: dict[BackfillId, tuple[Cause, ...]] = {}

    # What a test does to the world.

    def add_run(
        self,
        dag_id: str,
        date: str,
        state: RunState,
        *,
        run_type: str = "scheduled",
        failed: str | None = None,
    ) -> ScriptedRun:
        """A run that exists already; in a failed one `failed` (else its first task) failed."""
        dag, when = self.dags[DagId(dag_id)], instant(date)
        tasks = dict.fromkeys(dag.summary.task_ids, TaskState.NONE)
        if state is RunState.SUCCESS:
            tasks = dict.fromkeys(tasks, TaskState.SUCCESS)
        if state is RunState.FAILED:
            tasks = _failed_at(list(tasks), TaskId(failed) if failed else next(iter(tasks)))
        run = ScriptedRun(
            dag_id=DagId(dag_id), run_id=RunId(f"{run_type}__{iso(when)}"), logical_date=when, tasks=tasks,
            state=state, run_type=run_type,
            started_at=when if state is not RunState.QUEUED else None,
            ended_at=Instant(when + 60 * SECOND) if state.finished else None,
            tries=dict.fromkeys(tasks, 1) if state.finished else {},
        )  # fmt: skip
        with self.changed:
            self.runs[run.dag_id, run.run_id] = run
            self.changed.notify_all()
        return run

    def fail(self, dag_id: str, task_id: str, *dates: str) -> None:
        """Let that task fail on those dates, until `mend`."""
        self.failing[DagId(dag_id), TaskId(task_id)] = {instant(date) for date in dates}

    def mend(self) -> None:
        """Nothing fails any more."""
        self.failing.clear()

    def expand(self, run_id: str, task_id: str, states: Iterable[TaskState]) -> None:
        """Give a mapped task of a run one task instance for each of these states."""
        with self.changed:
            (run,) = (run for run in self.runs.values() if run.run_id == run_id)
            task = TaskId(task_id)
            run.expanded[task] = list(states)
            run.tasks[task] = CODES[most_urgent(bytes(CODE_OF[state] for state in run.expanded[task]))]
            self.changed.notify_all()

    def instances(self, run: ScriptedRun, task_id: TaskId) -> list[TaskState]:
        """The states of the task instances of a task, by map index; one for a task that is not expanded."""
        return run.expanded.get(task_id) or ([run.tasks[task_id]] if task_id in run.tasks else [])

    def add_log(self, run_id: str, task_id: str, *lines: str) -> None:
        """What the log of that task instance holds."""
        self.logs[TaskInstanceKey(run_id=RunId(run_id), task_id=TaskId(task_id))] = lines

    def let_wait(self, backfill_id: BackfillId, *causes: Cause) -> None:
        """What something of that backfill waits for, until told otherwise."""
        with self.changed:
            self.causes[backfill_id] = causes
            self.changed.notify_all()

    def advance(self, steps: int = 1) -> None:
        """Let the scheduler make some steps: start queued runs, move every running run by one task state."""
        with self.changed:
            for _ in range(steps):
                self.now = Instant(self.now + SECOND)
                for backfill in self.backfills.values():
                    self._step(backfill)
            self.changed.notify_all()

    def advance_to_end(self) -> None:
        """Let the scheduler go on until nothing moves any more."""
        with self.changed:
            while True:
                before = [(run.state, tuple(run.tasks.values())) for run in self.runs.values()]
                self.advance()
                if before == [(run.state, tuple(run.tasks.values())) for run in self.runs.values()]:
                    return

    def start(self, dag_id: str, count: int) -> None:
        """Start so many queued runs of a Dag, in order; their first task is running."""
        with self.changed:
            queued = (
                run for run in self.runs.values() if run.dag_id == dag_id and run.state is RunState.QUEUED
            )
            for run in list(queued)[:count]:
                run.state, run.started_at = RunState.RUNNING, self.now
                self._move(run)
            self.changed.notify_all()

    def finish(self, run_id: str, state: RunState) -> None:
        """End one run: with all its tasks well, or with its first unfinished task failed."""
        with self.changed:
            (run,) = (run for run in self.runs.values() if run.run_id == run_id)
            unfinished = next((task for task, was in run.tasks.items() if not was.finished), None)
            if state is RunState.SUCCESS:
                run.tasks = dict.fromkeys(run.tasks, TaskState.SUCCESS)
            else:
                run.tasks = _failed_at(list(run.tasks), unfinished or next(iter(run.tasks)))
            run.started_at = run.started_at or self.now
            run.state, run.ended_at = state, self.now
            self._complete_backfills()
            self.changed.notify_all()

    def cancel(self, backfill_id: BackfillId) -> None:
        """What Airflow does on cancel: pause, fail what is queued, complete; what runs goes on."""
        with self.changed:
            backfill = self.backfills[backfill_id]
            backfill.is_paused, backfill.completed_at = True, backfill.completed_at or self.now
            for run in self.runs_of(backfill):
                if run.state is RunState.QUEUED:
                    run.state = RunState.FAILED
            self.changed.notify_all()

    def add_abandoned(self, dag_id: str) -> ScriptedBackfill:
        """A backfill whose creation died two minutes ago, before it had any date."""
        with self.changed:
            backfill = self.create(
                BackfillRequest(dag_id=DagId(dag_id), from_date=self.now, to_date=self.now), ()
            )
            backfill.created_at = Instant(self.now - CREATION_SECONDS * SECOND)
            return backfill

    def control(self, request: ControlRequest, *, dry: bool) -> ControlOutcome:
        """What a deed touches, and does unless it is `dry`; Refused for what can not be done."""
        if request.backfill_id not in self.backfills:
            raise NotThere(
                f"There is no backfill {request.backfill_id}", remedy="look at the list of backfills"
            )
        backfill = self.backfills[request.backfill_id]
        facts, counts = self.facts(backfill), count_runs(row for row, _ in self.rows(backfill))
        wanted = {Deed.PAUSE: True, Deed.RESUME: False}.get(request.deed)
        same = backfill.completed_at is None and counts.active > 0 and wanted is backfill.is_paused
        if not same and request.deed not in possible_deeds(facts, counts, self.now):
            raise Refused(self._why_not(request, facts, counts), remedy="look at it again")
        stops = request.deed in {Deed.CANCEL, Deed.CANCEL_RUNNING}
        kills = request.deed is Deed.CANCEL_RUNNING
        running = [run for run in self.runs_of(backfill) if run.state is RunState.RUNNING]
        under_way = [state for run in running for state in run.tasks.values() if not state.finished]
        outcome = ControlOutcome(
            backfill_id=request.backfill_id, dag_id=backfill.request.dag_id, deed=request.deed,
            changed=not same, stopped_queued=counts.queued if stops else 0,
            stopped_running=len(running) if kills else 0,
            ended_tasks=under_way.count(TaskState.RUNNING) if kills else 0,
            skipped_tasks=len(under_way) - under_way.count(TaskState.RUNNING) if kills else 0,
            left_running=0 if kills else len(running),
            starting=counts.queued if request.deed is Deed.RESUME else 0,
        )  # fmt: skip
        if not dry and not same:
            self._carry_out(backfill, request.deed, running)
            self.changed.notify_all()
        return outcome

    def _why_not(self, request: ControlRequest, facts: BackfillFacts, counts: RunCounts) -> str:
        stands, named = standing(facts, counts, self.now), f"Backfill {request.backfill_id}"
        if stands.status is BackfillStatus.CREATING:
            return f"{named} has no runs yet, it is still being created"
        if stands.status is BackfillStatus.ABANDONED:
            return f"{named} has nothing to {request.deed}: {stands.sentence}"
        if request.deed is Deed.REMOVE:
            return f"{named} has {counts.total} dates, and only one without dates is removed"
        if not counts.active:
            return f"{named} is at its end: {stands.sentence}"
        return f"{named} is not to be changed so: {stands.sentence}"

    def _carry_out(self, backfill: ScriptedBackfill, deed: Deed, running: list[ScriptedRun]) -> None:
        if deed in {Deed.PAUSE, Deed.RESUME}:
            backfill.is_paused = deed is Deed.PAUSE
            failed = sum(run.state is RunState.FAILED for run in self.runs_of(backfill))
            backfill.failures_accepted = backfill.failures_accepted if backfill.is_paused else failed
        elif deed is Deed.REOPEN:
            backfill.completed_at = None
        elif deed is Deed.REMOVE:
            del self.backfills[backfill.backfill_id]
        else:
            self.cancel(backfill.backfill_id)
            for run in running if deed is Deed.CANCEL_RUNNING else ():
                for task, state in run.tasks.items():
                    if not state.finished:
                        run.tasks[task] = (
                            TaskState.FAILED if state is TaskState.RUNNING else TaskState.SKIPPED
                        )
                run.state, run.ended_at = RunState.FAILED, self.now

    # What the gateway reads.

    def ended_at(self, backfill: ScriptedBackfill) -> Instant | None:
        """When the last of its runs ended, None while one has not."""
        runs = self.runs_of(backfill)
        if any(not run.state.finished for run in runs):
            return None
        return max((run.ended_at for run in runs if run.ended_at is not None), default=None)

    def runs_of(self, backfill: ScriptedBackfill) -> list[ScriptedRun]:
        """The runs of a backfill that are (still) its own, in order."""
        found = (
            self.runs.get((backfill.request.dag_id, run_id)) for _, _, run_id in backfill.entries if run_id
        )
        return [run for run in found if run is not None and run.backfill_id == backfill.backfill_id]

    def dag_list(self) -> DagList:
        """The Dags as the list shows them."""
        from dataclasses import replace

        return DagList(
            dags=tuple(
                replace(
                    dag.summary,
                    is_paused=dag_id in self.paused,
                    recent_runs=self._recent(dag_id),
                    active_backfills=self.active_backfills(dag_id),
                    last_success=self._last_success(dag_id),
                )
                for dag_id, dag in sorted(self.dags.items())
            ),
            import_problems=self.import_problems,
            read_at=self.now,
        )

    def active_backfills(self, dag_id: DagId) -> tuple[BackfillId, ...]:
        """Those not completed, newest first."""
        return tuple(
            backfill.backfill_id
            for backfill in reversed(self.backfills.values())
            if backfill.request.dag_id == dag_id and backfill.completed_at is None
        )

    def occurrences(self, request: BackfillRequest) -> list[Occurrence]:
        """The Dag's dates with both bounds inclusive; a zero-length interval, as a cron string gives."""
        period = self.dags[request.dag_id].period
        first = -(-request.from_date // period) * period
        return [
            Occurrence(
                logical_date=Instant(at), data_interval_start=Instant(at), data_interval_end=Instant(at),
                run_after=Instant(at),
            )
            for at in range(first, request.to_date + 1, period)
        ]  # fmt: skip

    def existing(self, dag_id: DagId) -> dict[Instant, ExistingRun]:
        """The runs of a Dag by logical date."""
        return {
            run.logical_date: ExistingRun(
                state=run.state, run_type=run.run_type, backfill_id=run.backfill_id,
                task_counts=tuple(_counted(run.tasks).items()),
            )
            for run in self.runs.values() if run.dag_id == dag_id
        }  # fmt: skip

    def rows(self, backfill: ScriptedBackfill) -> list[tuple[RunRow, bytes]]:
        """Every row of the grid with its cells."""
        return [self._row(backfill, ordinal, *entry) for ordinal, entry in enumerate(backfill.entries, 1)]

    def range_rows(
        self, dates: DagRange, seen: dict[RunId, tuple[int, Instant]]
    ) -> list[tuple[RunRow, bytes]]:
        """Every row of a range with its cells; `seen` keeps the ordinals of one stream."""
        runs = [
            run for run in self.runs.values()
            if run.dag_id == dates.dag_id and dates.from_date <= run.logical_date <= dates.to_date
        ]  # fmt: skip
        for run in sorted(runs, key=lambda run: (run.logical_date, run.run_id)):
            seen.setdefault(run.run_id, (len(seen) + 1, run.logical_date))
        there = {run.run_id: run for run in runs}
        return [
            self._present(there[run_id], ordinal)
            if run_id in there
            else self._absent(dates.dag_id, ordinal, date, Membership.DELETED)
            for run_id, (ordinal, date) in seen.items()
        ]

    def range_facts(self, dates: DagRange) -> RangeFacts:
        """The Dag of a range, and what decides whether its runs move."""
        summary = self.dags[dates.dag_id].summary
        return RangeFacts(
            dag_id=dates.dag_id, timezone=summary.timezone, from_date=dates.from_date, to_date=dates.to_date,
            dag_is_paused=dates.dag_id in self.paused, dag_is_stale=summary.is_stale,
            scheduler_heartbeat=self.now if self.scheduler_alive else None,
        )  # fmt: skip

    def causes_of(self, backfill: ScriptedBackfill) -> tuple[Cause, ...]:
        """Why something of it waits: nothing does once none of its runs is queued or running."""
        active = any(not run.state.finished for run in self.runs_of(backfill))
        return self.causes.get(backfill.backfill_id, ()) if active else ()

    def facts(self, backfill: ScriptedBackfill) -> BackfillFacts:
        """The row of a backfill, and what decides whether it moves."""
        request = backfill.request
        return BackfillFacts(
            backfill_id=backfill.backfill_id, dag_id=request.dag_id,
            timezone=self.dags[request.dag_id].summary.timezone,
            from_date=request.from_date, to_date=request.to_date,
            reprocess_behavior=request.reprocess_behavior, max_active_runs=request.max_active_runs,
            is_paused=backfill.is_paused, created_at=backfill.created_at, completed_at=backfill.completed_at,
            triggering_user="you", dag_is_paused=request.dag_id in self.paused,
            dag_is_stale=self.dags[request.dag_id].summary.is_stale,
            scheduler_heartbeat=self.now if self.scheduler_alive else None,
            note=backfill.note, stop_after_failures=backfill.stop_after_failures,
            failures_accepted=backfill.failures_accepted,
        )  # fmt: skip

    # What the gateway does to it.

    def create(self, request: BackfillRequest, planned: Iterable[PlannedRun]) -> ScriptedBackfill:
        """A new backfill with its runs; finished runs that it takes again become its own."""
        backfill_id = BackfillId(max(self.backfills, default=0) + 1)
        entries: list[tuple[Instant, Membership, RunId | None]] = []
        for item in planned:
            date = item.occurrence.logical_date
            assert date is not None
            if item.verdict in _SKIPPED:
                entries.append((date, _SKIPPED[item.verdict], None))
            elif item.verdict.runs:
                run_id = next(
                    (
                        run.run_id
                        for run in self.runs.values()
                        if run.dag_id == request.dag_id and run.logical_date == date
                    ),
                    RunId(f"backfill__{iso(date)}"),
                )
                was = self.runs.get((request.dag_id, run_id))
                tasks = dict.fromkeys(self.dags[request.dag_id].summary.task_ids, TaskState.NONE)
                self.runs[request.dag_id, run_id] = ScriptedRun(
                    dag_id=request.dag_id, run_id=run_id, logical_date=date, tasks=tasks,
                    backfill_id=backfill_id, tries=was.tries if was else {},
                )  # fmt: skip
                entries.append((date, Membership.INCLUDED, run_id))
        backfill = ScriptedBackfill(
            backfill_id=backfill_id, request=request, created_at=self.now, entries=entries
        )
        self.backfills[backfill_id] = backfill
        self.changed.notify_all()
        return backfill

    def clear(self, run: ScriptedRun, task_ids: Iterable[TaskId]) -> None:
        """Airflow's clear: those tasks have no state, their run is queued again."""
        for task_id in task_ids:
            run.tasks[task_id] = TaskState.NONE
        run.state, run.started_at, run.ended_at, run.cleared = RunState.QUEUED, None, None, True
        run.cleared_at = self.now
        self.changed.notify_all()

    def _last_success(self, dag_id: DagId) -> Instant | None:
        return max(
            (run.logical_date for run in self.runs.values()
             if run.dag_id == dag_id and run.state is RunState.SUCCESS),
            default=None,
        )  # fmt: skip

    def _recent(self, dag_id: DagId) -> tuple[RecentRun, ...]:
        runs = sorted(
            (run for run in self.runs.values() if run.dag_id == dag_id), key=lambda run: run.logical_date
        )
        return tuple(
            RecentRun(run_id=run.run_id, logical_date=run.logical_date, state=run.state)
            for run in runs[-_RECENT:]
        )

    def _row(
        self,
        backfill: ScriptedBackfill,
        ordinal: int,
        date: Instant,
        membership: Membership,
        run_id: RunId | None,
    ) -> tuple[RunRow, bytes]:
        run = None if run_id is None else self.runs.get((backfill.request.dag_id, run_id))
        if run_id is not None and run is None:
            membership = Membership.DELETED
        elif run is not None and run.backfill_id != backfill.backfill_id:
            membership = Membership.TAKEN_OVER
        if run is None or membership is not Membership.INCLUDED:
            return self._absent(backfill.request.dag_id, ordinal, date, membership)
        return self._present(run, ordinal)

    def _absent(
        self, dag_id: DagId, ordinal: int, date: Instant, membership: Membership
    ) -> tuple[RunRow, bytes]:
        columns = self.dags[dag_id].columns
        absent = bytes([CODE_OF[TaskState.ABSENT]] * len(columns)).ljust(row_size(columns), b"\0")
        return RunRow(ordinal=ordinal, logical_date=date, partition_key=None, membership=membership), absent

    def _present(self, run: ScriptedRun, ordinal: int) -> tuple[RunRow, bytes]:
        row = RunRow(
            ordinal=ordinal, logical_date=run.logical_date, partition_key=None,
            membership=Membership.INCLUDED, run_id=run.run_id, state=run.state,
            started_at=run.started_at, ended_at=run.ended_at,
            cancelled=run.state is RunState.FAILED and run.started_at is None, cleared=run.cleared,
        )  # fmt: skip
        return row, bytes(CODE_OF[state] for state in run.tasks.values()) + self._tallies(run)

    def _tallies(self, run: ScriptedRun) -> bytes:
        mapped = [column.task_id for column in self.dags[run.dag_id].columns if column.mapped]
        found = [tally_of(bytes(CODE_OF[state] for state in self.instances(run, task))) for task in mapped]
        return packed((tally.shown, tally.total) for tally in found)

    def _step(self, backfill: ScriptedBackfill) -> None:
        if backfill.request.dag_id in self.paused or not self.scheduler_alive:
            return
        runs = self.runs_of(backfill)
        for run in runs:
            if run.state is RunState.RUNNING:
                self._move(run)
        free = backfill.request.max_active_runs - sum(run.state is RunState.RUNNING for run in runs)
        for run in runs:
            if run.state is RunState.QUEUED and free > 0 and not backfill.is_paused:
                run.state, run.started_at, free = RunState.RUNNING, self.now, free - 1
        self._complete_backfills()

    def _move(self, run: ScriptedRun) -> None:
        task_id = next((task for task, state in run.tasks.items() if not state.finished), None)
        if task_id is not None and run.tasks[task_id] is not TaskState.RUNNING:
            run.tasks[task_id] = TaskState.RUNNING
            run.tries[task_id] = run.tries.get(task_id, 0) + 1
            return
        if task_id is not None and run.logical_date in self.failing.get((run.dag_id, task_id), set()):
            before = dict(run.tasks)
            run.tasks = {**_failed_at(list(run.tasks), task_id)}
            run.tasks.update({task: state for task, state in before.items() if state is TaskState.SUCCESS})
        elif task_id is not None:
            run.tasks[task_id] = TaskState.SUCCESS
        if all(state.finished for state in run.tasks.values()):
            bad = any(state is not TaskState.SUCCESS for state in run.tasks.values())
            run.state, run.ended_at = (RunState.FAILED if bad else RunState.SUCCESS), self.now

    def _complete_backfills(self) -> None:
        for backfill in self.backfills.values():
            if backfill.completed_at is None and all(run.state.finished for run in self.runs_of(backfill)):
                backfill.completed_at = self.now


def _counted(tasks: Mapping[TaskId, TaskState]) -> dict[TaskState, int]:
    return {state: list(tasks.values()).count(state) for state in dict.fromkeys(tasks.values())}


def _failed_at(task_ids: list[TaskId], failed: TaskId) -> dict[TaskId, TaskState]:
    place = task_ids.index(failed)
    return {
        task: TaskState.SUCCESS
        if at < place
        else TaskState.FAILED
        if at == place
        else TaskState.UPSTREAM_FAILED
        for at, task in enumerate(task_ids)
    }
