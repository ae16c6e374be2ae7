"""What the Dag list shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.states import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentRun:
    """One of a Dag's last runs, oldest first in the list that holds it."""

    run_id: RunId
    logical_date: Instant | None
    state: RunState


OWN_BUNDLE: Final = "dags-folder"
"""The bundle of the Dags folder, which is the only one as long as nobody configures others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DagFile:
    """A Dag file: its bundle by name, and its path in that. Two bundles may have files of the same name."""

    bundle: str
    path: str

    @property
    def words(self) -> str:
        """`sales.py`, or `team_b: sales.py` where there is a bundle to be told."""
        return self.path if self.bundle in {"", OWN_BUNDLE} else f"{self.bundle}: {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DagSummary:
    """One Dag, as the list and its detail pane show it.

    `schedule` is in words (`every day at 00:00`), `timetable` Airflow's own summary of it. `backfillable`
    is false for a schedule without periods, and `not_backfillable_because` then says so. `task_ids` are in
    topological order. `active_backfills` are those not completed, newest first. `last_success` is the latest
    logical date (of a partitioned Dag, partition date) that has a run that succeeded. `partition_zone` is
    the timezone of the timetable of a partitioned Dag, empty for others: its partitions have names of that
    clock.

    Not `detailed`, it has what a list of very many tells of each: its schedule is Airflow's own summary,
    nothing is known of its clock, its dates, its tasks and its runs, and whether it can be backfilled is seen
    when it is looked at.
    """

    dag_id: DagId
    display_name: str
    file: str
    schedule: str
    timetable: str
    timezone: str
    backfillable: bool
    not_backfillable_because: str = ""
    partitioned: bool = False
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    description: str = ""
    is_paused: bool = False
    is_stale: bool = False
    catchup: bool = False
    depends_on_past: bool = False
    start_date: Instant | None = None
    end_date: Instant | None = None
    next_run: Instant | None = None
    max_active_runs: int = 16
    task_ids: tuple[TaskId, ...] = ()
    recent_runs: tuple[RecentRun, ...] = ()
    active_backfills: tuple[BackfillId, ...] = ()
    last_success: Instant | None = None
    partition_zone: str = ""
    bundle: str = ""
    detailed: bool = True

    @property
    def dag_file(self) -> DagFile:
        """The file it is in."""
        return DagFile(bundle=self.bundle, path=self.file)

    @property
    def clock(self) -> str:
        """The name of the timezone on whose clock its dates are written and its ranges are read."""
        return self.partition_zone or self.timezone


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProblem:
    """A Dag file that does not import: the shortest useful sentence, an advice, and the whole traceback."""

    file: str
    sentence: str
    advice: str
    traceback: str
    bundle: str = ""

    @property
    def dag_file(self) -> DagFile:
        """That file."""
        return DagFile(bundle=self.bundle, path=self.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class DagList:
    """The Dags in alphabetical order, the files that do not import, and when both were read.

    Not `detailed`, the list is so long that none of its Dags is.
    """

    dags: tuple[DagSummary, ...]
    import_problems: tuple[ImportProblem, ...]
    read_at: Instant
    detailed: bool = True
