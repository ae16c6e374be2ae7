"""What a warning about a plan may look at, and the codes there are with the gravity of each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from backfill_tui.bridge.enumeration import Enumeration
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.bridge.planned_dag import PlannedDag
from backfill_tui.domain.estimates import Estimate, Limits
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.outcomes import JudgedDates, Verdict
from backfill_tui.domain.plan_dates import ABSENT
from backfill_tui.domain.planning import BackfillRequest, Gravity, PlanWarning
from backfill_tui.domain.reasons import moment, moment_up_to

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

GRAVITIES: Final[Mapping[str, Gravity]] = MappingProxyType(
    {
        "active_backfill": Gravity.BLOCKS,
        "run_type_not_allowed": Gravity.BLOCKS,
        "depends_on_past_backwards": Gravity.BLOCKS,
        "depends_on_past_missing_only": Gravity.BLOCKS,
        "conf_invalid": Gravity.BLOCKS,
        "run_id_not_allowed": Gravity.BLOCKS,
        "conf_not_for_all": Gravity.BLOCKS,
        "no_dates": Gravity.BLOCKS,
        "no_dates_due": Gravity.BLOCKS,
        "nothing_to_do": Gravity.ASKS,
        "dates_cut_short": Gravity.ASKS,
        "same_date": Gravity.ASKS,
        "run_id_taken": Gravity.ASKS,
        "off_grid": Gravity.ASKS,
        "before_start_date": Gravity.ASKS,
        "after_end_date": Gravity.ASKS,
        "future_partitions": Gravity.ASKS,
        "depends_on_past": Gravity.ASKS,
        "dag_paused": Gravity.ASKS,
        "dag_stale": Gravity.ASKS,
        "import_errors": Gravity.ASKS,
        "no_scheduler": Gravity.ASKS,
        "catchup_hole": Gravity.ASKS,
        "stuck_in_pool": Gravity.ASKS,
        "creation_time": Gravity.ASKS,
        "orphaned_backfill": Gravity.TELLS,
        "dates_out_of_order": Gravity.TELLS,
        "trigger_interval": Gravity.TELLS,
        "partition_wall_clock": Gravity.TELLS,
        "above_scheduler_limit": Gravity.TELLS,
        "runs_at_once": Gravity.TELLS,
    }
)
"""Every code, in the order of docs/warnings.md: blocks, asks, tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a warning may look at.

    `model` is Airflow's `DagModel`, None for a Dag without that row. `estimate` is None where none was made,
    `now` is the clock of the process that creates.
    """

    airflow: AirflowEnvironment
    session: Session
    planned: PlannedDag
    request: BackfillRequest
    enumeration: Enumeration
    judged: JudgedDates
    model: Any
    limits: Limits
    estimate: Estimate | None
    now: Instant

    @property
    def run_count(self) -> int:
        """How many runs would start."""
        return self.judged.count(Verdict.CREATE, Verdict.REPROCESS)

    @property
    def timetable(self) -> Any:
        """Airflow's timetable that says the dates: of one that waits for assets as well, the one for time."""
        from airflow.timetables.assets import AssetOrTimeSchedule

        timetable = self.planned.dag.timetable
        return timetable.timetable if isinstance(timetable, AssetOrTimeSchedule) else timetable

    @property
    def bounded_by_trigger(self) -> bool:
        """Whether the bounds of a range are those of the moment a run is triggered, not of its logical date.

        So it is for the trigger timetables (Airflow 3.3 timetables/trigger.py, `next_dagrun_info`).
        """
        from airflow.timetables.trigger import (
            CronTriggerTimetable,
            DeltaTriggerTimetable,
            MultipleCronTriggerTimetable,
        )

        kinds = (CronTriggerTimetable, DeltaTriggerTimetable, MultipleCronTriggerTimetable)
        return not self.planned.partitioned and isinstance(self.timetable, kinds)

    def bound_at(self, place: int) -> Instant:
        """The bound of a range that begins or ends with the date at a place."""
        dates = self.judged.dates
        return Instant((dates.afters if self.bounded_by_trigger else dates.dates)[place])

    def place_from(self, instant: Instant) -> int | None:
        """The place of the first due date of the plan from an instant on, None when there is none."""
        dates = self.judged.dates
        place = bisect_left(dates.dates, instant) if dates.ascending else self.judged.due
        return place if place < self.judged.due else None

    def place_up_to(self, instant: Instant) -> int | None:
        """The place of the last date of the plan up to an instant, None when there is none."""
        dates = self.judged.dates
        place = bisect_right(dates.dates, instant) if dates.ascending else 0
        return place - 1 if place else None

    def bound_for(self, date: Instant) -> Instant:
        """The bound of a range that begins or ends with the dates around one that the plan does not have."""
        dates = self.judged.dates
        lag = dates.afters[-1] - dates.dates[-1] if self.bounded_by_trigger and len(dates) else 0
        return Instant(date + lag)

    def said(self, instant: int) -> str:
        """An instant on the clock of the plan, that of the Dag or of its partitions."""
        return moment(Instant(instant), self.planned.zone)

    def said_end(self, last: int) -> str:
        """An inclusive end on that clock: `24:00` for the last microsecond of a day."""
        return moment_up_to(Instant(last), self.planned.zone)

    def running_before(self, instant: Instant) -> int:
        """How many of the dates that run are earlier."""
        dates = self.judged.dates
        if dates.ascending:
            return self._running_in(0, bisect_left(dates.dates, instant))
        return sum(1 for date in self.running_dates() if ABSENT < date < instant)

    def running_after(self, instant: Instant) -> int:
        """How many of the dates that run are later."""
        dates = self.judged.dates
        if dates.ascending:
            return self._running_in(bisect_right(dates.dates, instant), len(dates))
        return sum(1 for date in self.running_dates() if date > instant)

    def waiting(self) -> int:
        """How many of the dates that run may only start in the future."""
        dates = self.judged.dates
        if dates.ascending:
            return self._running_in(bisect_right(dates.afters, self.now), len(dates))
        afters = dates.afters
        return sum(1 for place in self.running_places() if afters[place] > self.now)

    def running_places(self) -> list[int]:
        """The places of the dates that run, in the timetable's order."""
        return self.judged.where(Verdict.CREATE, Verdict.REPROCESS)

    def running_dates(self) -> list[int]:
        """The dates that run, in the timetable's order."""
        dates = self.judged.dates.dates
        return [dates[place] for place in self.running_places()]

    def _running_in(self, start: int, stop: int) -> int:
        if start >= stop:
            return 0
        counted = Counter(self.judged.places[start:stop])
        return sum(
            counted[number] for number, outcome in enumerate(self.judged.outcomes) if outcome.verdict.runs
        )


Look = Callable[[Situation], Iterator[PlanWarning]]
"""Looks at a plan as a whole: yields at most one warning of each of its codes."""


def warning(code: str, message: str, remedy: str) -> PlanWarning:
    """A warning with the gravity of its code; the message is one sentence, the remedy what to do."""
    return PlanWarning(code=code, message=message, remedy=remedy, gravity=GRAVITIES[code])


def dates_are(count: int) -> str:
    """`1 date is` or `1,200 dates are`, to begin a sentence with."""
    return "1 date is" if count == 1 else f"{count:,} dates are"
