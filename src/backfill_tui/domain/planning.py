"""What a backfill would do: every date with a verdict and a reason.

Pure: the dates come from Airflow's timetable, the existing runs from one query, the time of day from the
caller. The rules are those of Airflow 3.3 `models/backfill.py`: `_get_dag_run_no_create_reason` for runs
that exist, `_get_info_list` for intervals that are not over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timezone, tzinfo

from backfill_tui.domain import reasons
from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.states import RunState, TaskState

DEFAULT_MAX_ACTIVE_RUNS = 10
"""Airflow 3.3 models/backfill.py, column `max_active_runs`."""


class ReprocessBehavior(StrEnum):
    """Which finished runs a backfill takes again (Airflow 3.3 models/backfill.py)."""

    NONE = "none"
    FAILED = "failed"
    COMPLETED = "completed"

    @property
    def label(self) -> str:
        """Airflow's words for it."""
        return {"none": "Missing Runs", "failed": "Missing and Errored Runs", "completed": "All Runs"}[
            self.value
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """What the user asks for; both bounds are inclusive instants, as in Airflow.

    `conf` is JSON text, because it goes to Airflow as it is; empty means none was given (Airflow then
    keeps the conf of runs that it reprocesses).
    """

    dag_id: DagId
    from_date: Instant
    to_date: Instant
    reprocess_behavior: ReprocessBehavior = ReprocessBehavior.NONE
    max_active_runs: int = DEFAULT_MAX_ACTIVE_RUNS
    run_backwards: bool = False
    conf: str = ""
    run_on_latest_version: bool = True


class Verdict(StrEnum):
    """What becomes of one date."""

    CREATE = "create"
    REPROCESS = "reprocess"
    SKIP_EXISTS = "skip_exists"
    SKIP_IN_FLIGHT = "skip_in_flight"
    NOT_YET = "not_yet"

    @property
    def runs(self) -> bool:
        """Whether a run comes of it."""
        return self in {Verdict.CREATE, Verdict.REPROCESS}

    @property
    def label(self) -> str:
        """The word the screen shows."""
        return {
            "create": "create",
            "reprocess": "reprocess",
            "skip_exists": "skip",
            "skip_in_flight": "skip",
            "not_yet": "not yet",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One date of a timetable. Of a partitioned Dag `logical_date` is None and the partition is named."""

    logical_date: Instant | None
    data_interval_start: Instant | None
    data_interval_end: Instant | None
    run_after: Instant
    partition_key: str | None = None
    partition_date: Instant | None = None

    @property
    def identity(self) -> Instant | None:
        """What a run of this occurrence is found by: its partition date, else its logical date."""
        return self.partition_date if self.partition_date is not None else self.logical_date


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingRun:
    """The run that Airflow would find for an occurrence: the latest by start date."""

    run_id: RunId
    state: RunState
    run_type: str
    triggering_user: str | None = None
    task_counts: tuple[tuple[TaskState, int], ...] = ()

    def count_of(self, *states: TaskState) -> int:
        """How many of its task instances are in one of the states."""
        return sum(count for state, count in self.task_counts if state in states)

    @property
    def task_total(self) -> int:
        """How many task instances it has."""
        return sum(count for _, count in self.task_counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One date of the plan; `ordinal` is its place in the order of execution, from 1, or None."""

    occurrence: Occurrence
    verdict: Verdict
    reason: str
    ordinal: int | None = None
    existing: ExistingRun | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWarning:
    """Something about the plan as a whole; one that `blocks` must be put right before a launch."""

    code: str
    message: str
    remedy: str
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillPlan:
    """The dry run and the reason for every date, in the order of execution.

    `fingerprint` stands for the dates, their verdicts and the states of existing runs; two plans of the
    same world have the same one.
    """

    request: BackfillRequest
    timezone: str
    runs: tuple[PlannedRun, ...]
    warnings: tuple[PlanWarning, ...]
    planned_at: Instant
    fingerprint: str = ""
    depends_on_past: bool = False

    def count(self, *verdicts: Verdict) -> int:
        """How many dates have one of the verdicts."""
        return sum(1 for run in self.runs if run.verdict in verdicts)

    @property
    def run_count(self) -> int:
        """How many runs would start."""
        return self.count(Verdict.CREATE, Verdict.REPROCESS)

    @property
    def blocking(self) -> tuple[PlanWarning, ...]:
        """The warnings that forbid a launch."""
        return tuple(warning for warning in self.warnings if warning.blocks)


def decide(
    occurrences: Iterable[Occurrence],
    existing: Mapping[Instant, ExistingRun],
    *,
    behavior: ReprocessBehavior,
    now: Instant,
    run_backwards: bool,
    zone: tzinfo = timezone.utc,
) -> tuple[PlannedRun, ...]:
    """Every occurrence with its verdict, in the order of execution, those not yet due last.

    `occurrences` come in the timetable's order; `existing` is keyed by `Occurrence.identity`. Ordinals count
    what Airflow takes up, skipped dates included, as `backfill_dag_run.sort_ordinal` does. `now` is the clock
    of the process that creates, for that is the one Airflow compares with; reasons name times in `zone`.
    """
    due: list[Occurrence] = []
    not_yet: list[Occurrence] = []
    for occurrence in occurrences:
        (due if is_due(occurrence, now) else not_yet).append(occurrence)
    if run_backwards:
        due.reverse()
    taken_up = [
        _judge(occurrence, existing, behavior, now=now, zone=zone, ordinal=ordinal)
        for ordinal, occurrence in enumerate(due, start=1)
    ]
    waiting = [
        PlannedRun(
            occurrence=occurrence,
            verdict=Verdict.NOT_YET,
            reason=reasons.why_not_yet(occurrence.data_interval_end, zone),
            existing=_run_of(occurrence, existing),
        )
        for occurrence in not_yet
    ]
    return (*taken_up, *waiting)


def is_due(occurrence: Occurrence, now: Instant) -> bool:
    """Whether a backfill created at `now` takes the occurrence up (`_get_info_list`).

    Airflow filters the partitions of a partitioned Dag by nothing: their future runs wait for run after.
    """
    if occurrence.partition_key is not None:
        return True
    return occurrence.data_interval_end is not None and occurrence.data_interval_end < now


def _judge(
    occurrence: Occurrence,
    existing: Mapping[Instant, ExistingRun],
    behavior: ReprocessBehavior,
    *,
    now: Instant,
    zone: tzinfo,
    ordinal: int,
) -> PlannedRun:
    run = _run_of(occurrence, existing)
    verdict = _verdict(run, behavior)
    if run is None:
        reason = reasons.why_create(occurrence.run_after, now, zone)
    elif verdict is Verdict.SKIP_IN_FLIGHT:
        reason = reasons.why_in_flight(run.run_type, run.state)
    elif verdict is Verdict.SKIP_EXISTS:
        reason = reasons.why_left(run.state)
    else:
        reason = reasons.what_is_overwritten(
            run.run_type,
            run.state,
            run.triggering_user,
            succeeded=run.count_of(TaskState.SUCCESS),
            tasks=run.task_total,
            beside=occurrence.partition_key is not None,
        )
    return PlannedRun(occurrence=occurrence, verdict=verdict, reason=reason, ordinal=ordinal, existing=run)


def _run_of(occurrence: Occurrence, existing: Mapping[Instant, ExistingRun]) -> ExistingRun | None:
    identity = occurrence.identity
    return None if identity is None else existing.get(identity)


def _verdict(run: ExistingRun | None, behavior: ReprocessBehavior) -> Verdict:
    """`_get_dag_run_no_create_reason`, whose order of questions decides."""
    if run is None:
        return Verdict.CREATE
    if not run.state.finished:
        return Verdict.SKIP_IN_FLIGHT
    if behavior is ReprocessBehavior.NONE:
        return Verdict.SKIP_EXISTS
    if behavior is ReprocessBehavior.FAILED and run.state is not RunState.FAILED:
        return Verdict.SKIP_EXISTS
    return Verdict.REPROCESS
