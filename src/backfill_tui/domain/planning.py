"""What a backfill would do: its request, its runs with verdicts and reasons, its warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, overload

from backfill_tui.domain import reasons
from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.estimates import Estimate
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant, zone_named
from backfill_tui.domain.outcomes import ExistingRun, JudgedDates, Verdict
from backfill_tui.domain.plan_dates import Occurrence

DEFAULT_MAX_ACTIVE_RUNS: Final = 10
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One date of the plan; `ordinal` is its place in the order of execution, from 1, or None."""

    occurrence: Occurrence
    verdict: Verdict
    reason: str
    ordinal: int | None = None
    existing: ExistingRun | None = None


class Gravity(StrEnum):
    """What a warning wants."""

    BLOCKS = "blocks"
    """Must be put right: Airflow would refuse, or nothing at all could come of it."""
    ASKS = "asks"
    """Wants a yes: the launch does something that is easily not meant, or can not go on by itself."""
    TELLS = "tells"
    """Is good to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWarning:
    """Something about the plan as a whole, with its remedy."""

    code: str
    message: str
    remedy: str
    gravity: Gravity = Gravity.ASKS

    @property
    def blocks(self) -> bool:
        """Whether it must be put right before a launch."""
        return self.gravity is Gravity.BLOCKS


@dataclass(frozen=True, slots=True, kw_only=True)
class DagBounds:
    """The Dag's own start and end date, which its backfills ignore."""

    start: Instant | None = None
    end: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillPlan:
    """The dry run and the reason for every date.

    `fingerprint` stands for the dates, their verdicts and the states of existing runs; two plans of the
    same world have the same one. A plan that is not `complete` holds the dates found so far, of a timetable
    that takes long, and no warnings. `estimate` is None while it is not complete. Its dates are written on
    the clock of `timezone`: of a partitioned Dag that of its timetable, which `partition_zone` then is too.
    `masked_conf` is the conf of the request as it may be shown and kept, JSON text, where something in it is
    what Airflow masks, else None; what is launched is the request's.
    """

    request: BackfillRequest
    timezone: str
    judged: JudgedDates
    warnings: tuple[PlanWarning, ...]
    planned_at: Instant
    fingerprint: str = ""
    depends_on_past: bool = False
    bounds: DagBounds = DagBounds()
    estimate: Estimate | None = None
    partition_zone: str = ""
    complete: bool = True
    masked_conf: str | None = None

    @property
    def runs(self) -> PlannedRuns:
        """The dates in the order of execution, those not yet due last."""
        return PlannedRuns(self)

    def count(self, *verdicts: Verdict) -> int:
        """How many dates have one of the verdicts."""
        return self.judged.count(*verdicts)

    @property
    def shown_conf(self) -> str:
        """The conf as it may be shown and kept, JSON text; empty where none was given."""
        return self.request.conf.strip() if self.masked_conf is None else self.masked_conf

    @property
    def run_count(self) -> int:
        """How many runs would start."""
        return self.count(Verdict.CREATE, Verdict.REPROCESS)

    @property
    def blocking(self) -> tuple[PlanWarning, ...]:
        """The warnings that forbid a launch."""
        return tuple(warning for warning in self.warnings if warning.blocks)

    def place(self, row: int) -> int:
        """Where the date of a row of `runs` stands in the columns, and the other way round."""
        due = self.judged.due
        return due - 1 - row if self.request.run_backwards and row < due else row


class PlannedRuns(Sequence[PlannedRun]):
    """The dates of a plan in the order of execution, each made when it is asked for."""

    def __init__(self, plan: BackfillPlan) -> None:
        self._plan = plan
        self._zone = zone_named(plan.timezone)
        self._conf_given = bool(plan.request.conf.strip())

    def __len__(self) -> int:
        return len(self._plan.judged)

    @overload
    def __getitem__(self, row: int) -> PlannedRun: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[PlannedRun]: ...
    def __getitem__(self, row: int | slice) -> PlannedRun | Sequence[PlannedRun]:
        rows = range(len(self))[row]
        return self._run(rows) if isinstance(rows, int) else [self._run(each) for each in rows]

    def __iter__(self) -> Iterator[PlannedRun]:
        return (self._run(row) for row in range(len(self)))

    def _run(self, row: int) -> PlannedRun:
        plan = self._plan
        place = plan.place(row)
        occurrence, outcome = plan.judged.dates.occurrence(place), plan.judged.outcome(place)
        return PlannedRun(
            occurrence=occurrence,
            verdict=outcome.verdict,
            reason=reasons.reason(
                occurrence,
                outcome,
                now=plan.planned_at,
                zone=self._zone,
                bounds=(plan.bounds.start, plan.bounds.end),
                conf_given=self._conf_given,
            ),
            ordinal=row + 1 if row < plan.judged.due else None,
            existing=outcome.existing,
        )
