"""What a backfill is doing, in words, from its runs (never from `completed_at` alone)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.environment import STALE_HEARTBEAT_SECONDS
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import BackfillFacts, Membership, RunCounts, RunRow


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


def count_runs(rows: Iterable[RunRow]) -> RunCounts:
    """The rows of a backfill, counted."""
    found = Counter(_kind(row) for row in rows)
    return RunCounts(**found)


def _kind(row: RunRow) -> str:
    if row.membership is Membership.TAKEN_OVER:
        return "taken_over"
    if row.membership is Membership.DELETED:
        return "deleted"
    if row.membership is not Membership.INCLUDED or row.state is None:
        return "skipped"
    if row.cancelled:
        return "cancelled"
    return str(row.state)


def standing(facts: BackfillFacts, counts: RunCounts, now: Instant) -> Standing:
    """Where a backfill stands, read off its runs and off what decides whether they move.

    `now` is the database's clock. A backfill whose row is completed while runs are unfinished is orphaned:
    Airflow no longer counts it as active, but its runs still start (Airflow 3.3 scheduler_job_runner.py,
    `_mark_backfills_complete`).
    """
    if counts.total == 0 and facts.completed_at is None:
        return Standing(status=BackfillStatus.CREATING, sentence="Its runs are being created")
    if counts.active:
        return _unfinished(facts, counts, now)
    return _finished(counts)


def _finished(counts: RunCounts) -> Standing:
    if counts.cancelled:
        parts = [f"{counts.cancelled} never ran", *_outcome(counts)]
        return Standing(status=BackfillStatus.CANCELLED, sentence=", ".join(parts))
    if counts.failed:
        return Standing(
            status=BackfillStatus.DONE_WITH_FAILURES,
            sentence=", ".join(_outcome(counts)),
            remedy="rerun what failed",
        )
    sentence = ", ".join(_outcome(counts)) or "no run was needed"
    return Standing(status=BackfillStatus.DONE, sentence=sentence)


def _outcome(counts: RunCounts) -> list[str]:
    parts = []
    if counts.success:
        parts.append(f"{counts.success} succeeded")
    if counts.failed:
        parts.append(f"{counts.failed} failed")
    return parts


def _unfinished(facts: BackfillFacts, counts: RunCounts, now: Instant) -> Standing:
    left = f"{counts.running} running, {counts.queued} queued"
    if blocked := _what_blocks(facts, now):
        return blocked
    if facts.is_paused and facts.completed_at is not None:
        # Cancelled, then cleared: Airflow starts no run of a paused backfill, and lets no one unpause it.
        if counts.queued and not counts.running:
            return Standing(
                status=BackfillStatus.BLOCKED,
                sentence="its backfill was cancelled, so cleared runs stay queued",
                remedy="rerun them from here",
            )
        return Standing(status=BackfillStatus.CANCELLED, sentence=left)
    if facts.is_paused:
        return Standing(
            status=BackfillStatus.PAUSED, sentence=f"{left}: no queued run starts", remedy="resume"
        )
    if counts.running == 0 and counts.finished == 0:
        return Standing(status=BackfillStatus.QUEUED, sentence=f"{counts.queued} queued")
    return Standing(
        status=BackfillStatus.RUNNING, sentence=f"{counts.running} of {facts.max_active_runs} slots"
    )


def _what_blocks(facts: BackfillFacts, now: Instant) -> Standing | None:
    if facts.dag_is_paused:
        return Standing(
            status=BackfillStatus.BLOCKED,
            sentence="the Dag is paused, so nothing starts",
            remedy="unpause the Dag",
        )
    if facts.dag_is_stale:
        return Standing(
            status=BackfillStatus.BLOCKED,
            sentence="the Dag is no longer in its file, so nothing starts",
            remedy="restore the Dag and parse again",
        )
    beat = facts.scheduler_heartbeat
    if beat is None or now - beat > STALE_HEARTBEAT_SECONDS * SECOND:
        age = "ever" if beat is None else f"for {(now - beat) // SECOND} s"
        return Standing(
            status=BackfillStatus.BLOCKED,
            sentence=f"no scheduler heartbeat {age}",
            remedy="start a scheduler",
        )
    return None


def failed_rows(rows: Iterable[RunRow]) -> list[RunRow]:
    """The rows whose run ran and failed."""
    return [
        row
        for row in rows
        if row.membership is Membership.INCLUDED and row.state is RunState.FAILED and not row.cancelled
    ]
