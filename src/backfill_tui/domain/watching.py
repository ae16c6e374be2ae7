"""What a watched backfill looks like: the facts, the rows and the changes that keep a screen true."""

from __future__ import annotations

from dataclasses import dataclass

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.planning import ReprocessBehavior
from backfill_tui.domain.states import RunState


class Membership(StrEnum):
    """What an entry of `backfill_dag_run` means (decoded as in Airflow 3.3 models/backfill.py)."""

    INCLUDED = "included"
    ALREADY_EXISTS = "already_exists"
    IN_FLIGHT = "in_flight"
    NOT_CREATED = "not_created"
    DELETED = "deleted"
    TAKEN_OVER = "taken_over"

    @property
    def words(self) -> str:
        """Why such a row has no run of its own, for the screen; empty for a run that is included."""
        return _WORDS[self]


_WORDS: dict[Membership, str] = {
    Membership.INCLUDED: "",
    Membership.ALREADY_EXISTS: "skipped: a run already existed",
    Membership.IN_FLIGHT: "skipped: a run was in flight",
    Membership.NOT_CREATED: "skipped: Airflow gave no reason",
    Membership.DELETED: "its run was deleted",
    Membership.TAKEN_OVER: "taken over by a later backfill",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillFacts:
    """The row of a backfill, and what around it decides whether it moves."""

    backfill_id: BackfillId
    dag_id: DagId
    timezone: str
    from_date: Instant
    to_date: Instant
    reprocess_behavior: ReprocessBehavior
    max_active_runs: int
    is_paused: bool
    created_at: Instant
    completed_at: Instant | None
    triggering_user: str | None
    dag_is_paused: bool
    dag_is_stale: bool
    scheduler_heartbeat: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskColumn:
    """One column of the grid; a mapped task's instances share it."""

    task_id: TaskId
    mapped: bool = False
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One row of the grid: a date of the backfill, whether it has a run or not.

    `ordinal` is its place in the order of execution and its key: it never changes. `cancelled` is a run
    that the cancelling of its backfill failed before it started (Airflow leaves its tasks without a state).
    """

    ordinal: int
    logical_date: Instant | None
    partition_key: str | None
    membership: Membership
    run_id: RunId | None = None
    state: RunState | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GridUpdate:
    """What changed since the update before; the first carries the columns.

    `cells` has `len(rows) * number of columns` bytes, row-major: the whole of each changed row, each byte a
    code of `states.CODES`. `columns` is None while they stay the same; when it is not, every row comes anew.
    `loaded` turns true once every row of the backfill has been sent. `read_at` is the database's clock.
    """

    read_at: Instant
    facts: BackfillFacts
    columns: tuple[TaskColumn, ...] | None
    rows: tuple[RunRow, ...]
    cells: bytes
    total_rows: int
    loaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """The runs of a backfill, counted; they add up to its number of dates."""

    queued: int = 0
    running: int = 0
    success: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0
    deleted: int = 0
    taken_over: int = 0

    @property
    def total(self) -> int:
        """All dates of the backfill."""
        return self.included + self.skipped + self.deleted + self.taken_over

    @property
    def included(self) -> int:
        """The dates that have a run of this backfill."""
        return self.active + self.finished

    @property
    def active(self) -> int:
        """The runs that are queued or running."""
        return self.queued + self.running

    @property
    def finished(self) -> int:
        """The runs that ended or will never start."""
        return self.success + self.failed + self.cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillSummary:
    """One backfill in a list: its facts and its runs, counted by Airflow's database."""

    facts: BackfillFacts
    counts: RunCounts
    read_at: Instant
