"""What a watched backfill looks like: the facts, the rows and the changes that keep a screen true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backfill_tui.domain.causes import Cause
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


def membership_of(
    backfill_id: int, *, dag_run_id: int | None, exception_reason: str | None, owner_id: int | None
) -> Membership:
    """What an entry of `backfill_dag_run` says about its date.

    `owner_id` is the `backfill_id` of its Dag run: a later backfill that takes the run again writes itself
    there and leaves the entry of the former one as it was. An entry that names neither a run nor a reason
    lost its run: the database sets the reference to null when a run is deleted.
    """
    if exception_reason is not None:
        return _REASONS.get(exception_reason, Membership.NOT_CREATED)
    if dag_run_id is None:
        return Membership.DELETED
    return Membership.INCLUDED if owner_id == backfill_id else Membership.TAKEN_OVER


_REASONS: dict[str, Membership] = {
    "already exists": Membership.ALREADY_EXISTS,
    "in flight": Membership.IN_FLIGHT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillFacts:
    """The row of a backfill, and what around it decides whether it moves.

    Its bounds are read on the clock of `timezone`: of a partitioned Dag that of its timetable. The last three
    are what the journal knows of a backfill launched from here: the note of its launch, how many failed runs
    are to pause it, and how many had failed when somebody resumed it from here.
    """

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
    note: str = ""
    stop_after_failures: int | None = None
    failures_accepted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskColumn:
    """One column of the grid; a mapped task's instances share it.

    `groups` are the ids of the task groups it is in, the outermost first.
    """

    task_id: TaskId
    mapped: bool = False
    operator: str = ""
    groups: tuple[str, ...] = ()


def merge_columns(orders: Sequence[Sequence[TaskColumn]]) -> tuple[TaskColumn, ...]:
    """One order of columns out of several; each task once, described as in the first order that has it.

    A task that only a later order has comes right after the one before it there, else first.
    """
    merged: list[TaskColumn] = []
    for order in orders:
        place = 0
        for column in order:
            known = next((at for at, have in enumerate(merged) if have.task_id == column.task_id), None)
            if known is None:
                merged.insert(place, column)
                known = place
            place = known + 1
    return tuple(merged)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One row of the grid: a date of the backfill, whether it has a run or not.

    `ordinal` is its place in the order of execution and its key: it never changes. Only a row that is
    included has a run. `cancelled` is a run that the cancelling of its backfill failed before it started
    (Airflow leaves it without a start and an end). `cleared` is a run that was cleared at least once.
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
    cleared: bool = False

    @property
    def failed(self) -> bool:
        """Whether its run ran and failed."""
        return self.state is RunState.FAILED and not self.cancelled and self.membership is Membership.INCLUDED


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRows:
    """What changed of a grid since the update before; the first carries the columns.

    `cells` has the whole of each changed row, one after the other: a byte a column, each a code of
    `states.CODES`, then the tallies of the mapped ones (see `tallies.row_size`). `columns` is None while they
    stay the same; when it is not, every row comes anew. `loaded` turns true once every row has been sent.
    `read_at` is the database's clock. `causes` say why something of it waits, the main one
    first; None while they stay the same.
    """

    read_at: Instant
    columns: tuple[TaskColumn, ...] | None
    rows: tuple[RunRow, ...]
    cells: bytes
    total_rows: int
    loaded: bool
    causes: tuple[Cause, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridUpdate(GridRows):
    """What changed of a backfill since the update before."""

    facts: BackfillFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """The runs of a backfill, counted; they add up to its number of dates.

    `rerunning` is not one of the parts: it says how many of the active runs were cleared.
    """

    queued: int = 0
    running: int = 0
    success: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0
    deleted: int = 0
    taken_over: int = 0
    rerunning: int = 0

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
    """One backfill in a list: its facts and its runs, counted by Airflow's database.

    `ended_at` is when the last of its runs ended, None while one has not, or none ever began. `causes` say
    why something of it waits, the main one first.
    """

    facts: BackfillFacts
    counts: RunCounts
    read_at: Instant
    ended_at: Instant | None = None
    causes: tuple[Cause, ...] = ()
