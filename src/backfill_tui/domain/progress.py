"""What a backfill is doing, in words, from its runs (never from `completed_at` alone)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from backfill_tui.domain.causes import (
    REMOVE,
    REOPEN,
    RERUN_FAILED,
    RERUN_HELD,
    RESUME,
    START_ENGINE,
    UNPAUSE_DAG,
    Cause,
    CauseCode,
    in_order,
)
from backfill_tui.domain.dag_range import GridFacts
from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.environment import STALE_HEARTBEAT_SECONDS, EngineStatus
from backfill_tui.domain.instants import SECOND, Instant, clock
from backfill_tui.domain.states import CODES, FAILED_TASK_STATES, TaskState
from backfill_tui.domain.watching import BackfillFacts, Membership, RunCounts, RunRow

_START_SCHEDULER: Final = "start a scheduler"
CREATION_SECONDS: Final = 120
"""How long a backfill without dates counts as one that is being created: as long as Airflow's own scheduler
waits for its runs (Airflow 3.3 scheduler_job_runner.py, `_mark_backfills_complete`)."""


class BackfillStatus(StrEnum):
    """The words a backfill's state is shown in."""

    CREATING = "creating"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    BLOCKED = "blocked"
    DONE = "done"
    DONE_WITH_FAILURES = "done_with_failures"
    CANCELLED = "cancelled"
    ORPHANED = "orphaned"
    ABANDONED = "abandoned"

    @property
    def finished(self) -> bool:
        """Whether nothing of it will run any more by itself."""
        return self in {
            BackfillStatus.DONE,
            BackfillStatus.DONE_WITH_FAILURES,
            BackfillStatus.CANCELLED,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A status, the sentence that goes with it, and what to do about it (empty when nothing is wrong)."""

    status: BackfillStatus
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgress:
    """The cells of a grid, counted: a cell is one task of one run, however many map indexes it has."""

    total: int = 0
    finished: int = 0
    succeeded: int = 0
    failed: int = 0
    running: int = 0

    @property
    def fraction(self) -> float:
        """How much of it has ended, 0 to 1; 0 while there is nothing."""
        return self.finished / self.total if self.total else 0.0


def task_progress(counts: Sequence[int]) -> TaskProgress:
    """The progress of tasks from `GridStore.task_counts()`; cells of runs without that task do not count."""
    by_state = dict(zip(CODES, counts, strict=True))
    return TaskProgress(
        total=sum(counts) - by_state[TaskState.ABSENT],
        finished=sum(number for state, number in by_state.items() if state.finished),
        succeeded=by_state[TaskState.SUCCESS],
        failed=sum(by_state[state] for state in FAILED_TASK_STATES),
        running=by_state[TaskState.RUNNING],
    )


def count_runs(rows: Iterable[RunRow]) -> RunCounts:
    """The rows of a backfill, counted."""
    found: Counter[str] = Counter()
    for row in rows:
        found.update(kinds_of(row))
    return RunCounts(**found)


def kinds_of(row: RunRow) -> tuple[str, ...]:
    """The fields of `RunCounts` that this row adds one to."""
    kind = _KIND_OF_MEMBERSHIP.get(row.membership)
    if kind is not None:
        return (kind,)
    if row.state is None:
        return ("skipped",)
    if row.cancelled:
        return ("cancelled",)
    if row.cleared and not row.state.finished:
        return (str(row.state), "rerunning")
    return (str(row.state),)


_KIND_OF_MEMBERSHIP: dict[Membership, str] = {
    Membership.TAKEN_OVER: "taken_over",
    Membership.DELETED: "deleted",
    Membership.ALREADY_EXISTS: "skipped",
    Membership.IN_FLIGHT: "skipped",
    Membership.NOT_CREATED: "skipped",
}


def standing(facts: BackfillFacts, counts: RunCounts, now: Instant) -> Standing:
    """Where a backfill stands, read off its runs and off what decides whether they move.

    `now` is the database's clock. A backfill whose row is completed while runs that nobody cleared are
    unfinished is orphaned: Airflow no longer counts it as active and lets no one pause or cancel it, but
    its runs still start (Airflow 3.3 scheduler_job_runner.py, `_mark_backfills_complete`). Runs that were
    cleared after its end run again without that being wrong.
    """
    if counts.total == 0:
        return _without_dates(facts, now)
    if counts.active:
        return _unfinished(facts, counts, now)
    return _finished(counts)


def _without_dates(facts: BackfillFacts, now: Instant) -> Standing:
    if facts.completed_at is None and now - facts.created_at < CREATION_SECONDS * SECOND:
        return Standing(status=BackfillStatus.CREATING, sentence="its runs are being created")
    if facts.completed_at is None:
        return Standing(
            status=BackfillStatus.ABANDONED,
            sentence="its creation died before it had any run",
            remedy=REMOVE,
        )
    # Airflow commits the row before the runs, and closes it later when the creation of the runs failed.
    return Standing(
        status=BackfillStatus.DONE_WITH_FAILURES,
        sentence="its creation failed, it has no runs",
        remedy="launch it again",
    )


def _finished(counts: RunCounts) -> Standing:
    outcome = outcome_words(counts)
    if counts.cancelled:
        sentence = ", ".join([f"{counts.cancelled:,} never ran", *outcome])
        return Standing(status=BackfillStatus.CANCELLED, sentence=sentence)
    if counts.failed:
        return Standing(
            status=BackfillStatus.DONE_WITH_FAILURES, sentence=", ".join(outcome), remedy=RERUN_FAILED
        )
    sentence = ", ".join(outcome) if counts.included else ", ".join(["no run was needed", *outcome])
    return Standing(status=BackfillStatus.DONE, sentence=sentence)


def outcome_words(counts: RunCounts) -> list[str]:
    """What became of the dates, a part each: `3 succeeded`."""
    parts = (
        (counts.success, "succeeded"),
        (counts.failed, "failed"),
        (counts.skipped, "skipped"),
        (counts.deleted, "deleted"),
        (counts.taken_over, "taken over"),
    )
    return [f"{number:,} {word}" for number, word in parts if number]


def _unfinished(facts: BackfillFacts, counts: RunCounts, now: Instant) -> Standing:
    left = f"{counts.running:,} running, {counts.queued:,} queued"
    if blocked := what_blocks(facts, now):
        return blocked
    if is_held_by_cancel(facts):
        return _cancelled_but_unfinished(counts)
    if facts.is_paused:
        return Standing(status=BackfillStatus.PAUSED, sentence=f"{left}: no queued run starts", remedy=RESUME)
    if facts.completed_at is not None and counts.active > counts.rerunning:
        return Standing(
            status=BackfillStatus.ORPHANED,
            sentence=f"{left}, but Airflow counts it as complete",
            remedy=REOPEN,
        )
    if counts.running == 0 and counts.finished == 0:
        return Standing(status=BackfillStatus.QUEUED, sentence=f"{counts.queued:,} queued")
    return Standing(
        status=BackfillStatus.RUNNING, sentence=f"{counts.running:,} of {facts.max_active_runs:,} slots"
    )


def is_held_by_cancel(facts: GridFacts) -> bool:
    """Whether Airflow starts no queued run of it any more: cancelling pauses a backfill for ever."""
    return isinstance(facts, BackfillFacts) and facts.is_paused and facts.completed_at is not None


def _cancelled_but_unfinished(counts: RunCounts) -> Standing:
    """Cancelling lets running runs go on; queued runs were cleared since, and Airflow never starts them.

    Airflow starts no run of a paused backfill, and lets no one resume one that is completed.
    """
    if not counts.running:
        return Standing(
            status=BackfillStatus.BLOCKED,
            sentence="its backfill was cancelled, so cleared runs stay queued",
            remedy=RERUN_HELD,
        )
    waiting = f", {counts.queued:,} queued will not start" if counts.queued else ""
    return Standing(
        status=BackfillStatus.RUNNING,
        sentence=f"cancelled: {counts.running:,} running go on to the end{waiting}",
    )


def what_stops(facts: GridFacts, now: Instant) -> tuple[Cause, ...]:
    """What of the Dag and of the scheduler lets nothing start, the gravest first; `now` is the database's."""
    found = []
    if facts.dag_is_paused:
        found.append(
            Cause(
                code=CauseCode.DAG_PAUSED,
                sentence="the Dag is paused, so nothing starts",
                remedy=UNPAUSE_DAG,
            )
        )
    if facts.dag_is_stale:
        found.append(
            Cause(
                code=CauseCode.DAG_STALE,
                sentence="the Dag is no longer in its file, so nothing starts",
                remedy="restore the Dag and parse again",
            )
        )
    beat = facts.scheduler_heartbeat
    if beat is None or now - beat > STALE_HEARTBEAT_SECONDS * SECOND:
        silent = f"no scheduler heartbeat for {clock(now - beat)}" if beat else "no scheduler is running"
        found.append(Cause(code=CauseCode.NO_SCHEDULER, sentence=silent, remedy=_START_SCHEDULER))
    return in_order(found)


def what_blocks(facts: GridFacts, now: Instant) -> Standing | None:
    """The standing of what the Dag or the scheduler keeps from moving; None where neither does."""
    for cause in what_stops(facts, now):
        return Standing(status=BackfillStatus.BLOCKED, sentence=cause.sentence, remedy=cause.remedy)
    return None


def with_causes(stands: Standing, causes: Sequence[Cause]) -> Standing:
    """The standing with the remedy of the main cause, where it has none of its own and is not at its end.

    It keeps its words, but that somebody has paused the Dag is less than that Airflow has, and why.
    """
    if stands.status.finished or not causes:
        return stands
    if causes[0].code is CauseCode.DAG_AUTO_PAUSED and stands.remedy == causes[0].remedy:
        return replace(stands, sentence=causes[0].sentence)
    return stands if stands.remedy else replace(stands, remedy=causes[0].remedy)


def with_engine(stands: Standing, engine: EngineStatus | None) -> Standing:
    """The standing where the scheduler is the embedded engine's, None where it is not.

    An engine that is coming up is no missing scheduler, and one that was stopped can be started.
    """
    if engine is None or stands.remedy != _START_SCHEDULER or engine.ready:
        return stands
    if engine.running:
        return Standing(status=BackfillStatus.QUEUED, sentence="the engine is starting")
    return Standing(status=BackfillStatus.BLOCKED, sentence="the engine is not running", remedy=START_ENGINE)


def failed_rows(rows: Iterable[RunRow]) -> list[RunRow]:
    """The rows whose run ran and failed."""
    return [row for row in rows if row.failed]


def last_end(rows: Iterable[RunRow], counts: RunCounts) -> Instant | None:
    """When the last run ended, None while one has not, or none ever began."""
    ends = (
        row.ended_at for row in rows if row.membership is Membership.INCLUDED and row.ended_at is not None
    )
    return None if counts.active else max(ends, default=None)
