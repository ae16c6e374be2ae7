"""Pausing, resuming and stopping a backfill, and putting right one that is in the way."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.progress import BackfillStatus, standing
from backfill_tui.domain.watching import BackfillFacts, RunCounts


class Deed(StrEnum):
    """What can be done to a backfill as a whole."""

    PAUSE = "pause"
    """Start no further run; what runs goes on."""
    RESUME = "resume"
    """Start its queued runs again."""
    CANCEL = "cancel"
    """Airflow's cancel: its queued runs never run, what runs goes on to its end."""
    CANCEL_RUNNING = "cancel_running"
    """The same, and its running runs are marked failed, so that their processes end."""
    REOPEN = "reopen"
    """Take back the mark of completion that came too early, so that it can be paused and cancelled again."""
    REMOVE = "remove"
    """Delete a backfill that has no dates, left by a creation that died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRequest:
    """A deed on a backfill. `reason` is why, where it was not a person's wish; it is for the journal."""

    backfill_id: BackfillId
    deed: Deed
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlOutcome:
    """What a deed touches (preview) or touched.

    `changed` is false when the backfill was so already. `stopped_queued` runs will never run.
    `stopped_running` runs are marked failed: `ended_tasks` of their task instances are under way and end,
    `skipped_tasks` never start. `left_running` runs go on to their end. `teardowns` of the stopped running
    runs end only after their teardown tasks have run. `starting` queued runs may start. `remarks` are
    sentences on what else is to be known.
    """

    backfill_id: BackfillId
    dag_id: DagId
    deed: Deed
    changed: bool = True
    stopped_queued: int = 0
    stopped_running: int = 0
    ended_tasks: int = 0
    skipped_tasks: int = 0
    left_running: int = 0
    teardowns: int = 0
    starting: int = 0
    remarks: tuple[str, ...] = ()


def possible_deeds(facts: BackfillFacts, counts: RunCounts, now: Instant) -> frozenset[Deed]:
    """What makes sense for a backfill as it is; the rest is refused. `now` is the database's clock.

    Airflow pauses, resumes and cancels only what it does not count as complete. Stopping is possible as long
    as something is left to stop: also runs that a cancel left running, that were cleared after the end, or
    that a mark of completion forgot. The running runs of one that moves can always be stopped: that none is
    running at this moment says nothing of the next.
    """
    status = standing(facts, counts, now).status
    if status is BackfillStatus.ABANDONED:
        return frozenset({Deed.REMOVE})
    if not counts.active:
        return frozenset()
    deeds = {Deed.CANCEL} if counts.queued or facts.completed_at is None else set()
    if counts.running or facts.completed_at is None:
        deeds.add(Deed.CANCEL_RUNNING)
    if facts.completed_at is None:
        deeds.add(Deed.RESUME if facts.is_paused else Deed.PAUSE)
    elif not facts.is_paused and counts.active > counts.rerunning:
        deeds.add(Deed.REOPEN)
    return frozenset(deeds)
