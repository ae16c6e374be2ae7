"""The dates of a range: many at a time where that is exact, else by Airflow's own steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backfill_tui.bridge.compat.dags import is_partitioned
from backfill_tui.bridge.fast_dates import OWN_STEPS, Jumps, jumps_of
from backfill_tui.bridge.own_steps import (
    LONGEST_STEP_SECONDS,
    IteratedSteps,
    NeverAnswersError,
    PartitionSteps,
    Patience,
    Steps,
    given_up_when,
)
from backfill_tui.bridge.planned_dag import PlannedDag, instant_of
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.plan_dates import ColumnsBuilder, DateColumns, Occurrence
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, BadRequest, Interrupted, Problem
from backfill_tui.domain.reasons import moment
from backfill_tui.domain.text import one_line

MOST_DATES: Final = 200_000
"""The longest plan: 22 years of hours. Creating its runs would take about half an hour in one transaction."""

_CHECK_EVERY: Final = 64
_MOST_WORDS: Final = 300
_ESTIMATE_AFTER: Final = 2_000
_PROBES: Final = 8
_PROBE_LENGTH: Final = 12
_STANDING_STILL: Final = 1_000
"""So many dates in a row that are no later than one before: such a timetable never reaches its end."""
_FIRST_TELLING_SECONDS: Final = 0.4
_LONGEST_PAUSE_SECONDS: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    """The dates in the timetable's order, those not due yet included.

    `cut_short` is the exception with which the timetable ended the iteration, in words: Airflow logs it and
    goes on with the dates it has. Empty when the iteration came to its own end.
    """

    dates: DateColumns
    cut_short: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who waits for the dates.

    `unwanted` says that nobody does any more; `tell` is given the dates so far from time to time, if they
    take long.
    """

    unwanted: Callable[[], bool] = lambda: False
    tell: Callable[[DateColumns], None] = lambda _: None
    step_seconds: float = LONGEST_STEP_SECONDS


def enumerate_dates(planned: PlannedDag, request: BackfillRequest, asker: Asker) -> Enumeration:
    """Every date of the request's range.

    Raises Interrupted once the dates are not wanted any more, BadRequest for more than `MOST_DATES`,
    AirflowFailed when a timetable comes to no end or does not answer, or a partitioned one raises.
    """
    earliest, latest = planned.bounds(request)
    timetable = planned.dag.timetable
    jumps = jumps_of(timetable)
    if jumps is not None:
        _refuse_more(jumps.about_how_many(instant_of(earliest), instant_of(latest)), slack=1.01)
    patience = Patience(asker.unwanted, asker.step_seconds)
    walk = _Walk(planned, (earliest, latest), jumps, patience, asker)
    try:
        with given_up_when(patience):
            return walk.to_the_end()
    except NeverAnswersError:
        raise walk.given_up() from None
    except Problem:
        raise
    except (Exception, SystemExit) as broken:
        # What Airflow would raise as well; only the dates of a timetable without partitions are cut short.
        raise AirflowFailed(
            f"The timetable of {one_line(planned.dag_id)} can not say its dates: {_words(broken)}",
            remedy="choose another range, or mend the timetable",
        ) from broken


class _Walk:
    """One enumeration."""

    def __init__(
        self,
        planned: PlannedDag,
        bounds: tuple[datetime, datetime],
        jumps: Jumps | None,
        patience: Patience,
        asker: Asker,
    ) -> None:
        self._planned = planned
        self._bounds = bounds
        self._jumps = jumps
        self._patience = patience
        self._asker = asker
        self._found = ColumnsBuilder()
        self._latest = _latest_of(planned, bounds[1])
        self._latest_after = 0
        self._standing = 0
        self._tell_at = time.monotonic() + _FIRST_TELLING_SECONDS
        self._pause = _FIRST_TELLING_SECONDS

    def to_the_end(self) -> Enumeration:
        """Step and jump until there is no further date."""
        steps = _steps(self._planned.dag.timetable, *self._bounds)
        own = 0
        while True:
            if self._asker.unwanted():
                raise Interrupted("The call was cancelled")
            self._patience.begin_step()
            date = steps.next()
            self._patience.end_step()
            if date is None:
                break
            own += 1
            self._refuse_standing_still(date)
            self._found.add(date)
            if len(self._found) > MOST_DATES:
                raise _too_many(len(self._found) * self._share(date.run_after))
            if own % _CHECK_EVERY == 0 or time.monotonic() >= self._tell_at:
                self._look_up(own)
            if self._jumps is not None and own >= OWN_STEPS:
                self._jump(self._jumps, steps, date)
        cut_short = "" if steps.failure is None else _words(steps.failure)
        return Enumeration(dates=self._found.columns(), cut_short=cut_short)

    def given_up(self) -> Problem:
        """Why a step was given up."""
        if self._patience.cancelled:
            return Interrupted("The call was cancelled")
        last = self._found.last_after
        where = "its first date" if last is None else f"the date after {moment(last, self._planned.zone)}"
        return AirflowFailed(
            f"The timetable of {one_line(self._planned.dag_id)} has not given {where} "
            f"for {self._asker.step_seconds:g} s",
            remedy="mend the timetable: a backfill would hang in Airflow as well",
        )

    def _jump(self, jumps: Jumps, steps: Any, date: Occurrence) -> None:
        tick = date.run_after
        start = tick if date.logical_date is None else date.logical_date
        jump = jumps.after(start, tick, self._latest)
        if jump is None:
            return
        jump.add_to(self._found)
        _refuse_more(len(self._found), slack=1.0)
        steps.go_on_from(*(to_datetime(Instant(ends[-1])) for ends in (jump.starts, jump.ends)))

    def _look_up(self, own: int) -> None:
        if own == _ESTIMATE_AFTER - _ESTIMATE_AFTER % _CHECK_EVERY and self._jumps is None:
            self._refuse_far_too_many()
        now = time.monotonic()
        if now >= self._tell_at:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
            self._asker.tell(self._found.columns())
            self._tell_at = time.monotonic() + self._pause

    def _refuse_standing_still(self, date: Occurrence) -> None:
        if date.run_after > self._latest_after:
            self._latest_after, self._standing = date.run_after, 0
            return
        self._standing += 1
        if self._standing == _STANDING_STILL:
            reached = moment(Instant(self._latest_after), self._planned.zone)
            raise AirflowFailed(
                f"The timetable of {one_line(self._planned.dag_id)} does not go on after {reached}, "
                f"so its dates have no end: {_STANDING_STILL:,} in a row were no later",
                remedy="mend the timetable: a backfill would hang in Airflow as well",
            )

    def _refuse_far_too_many(self) -> None:
        """Raise BadRequest when samples over the range promise more than twice as many dates as allowed.

        Samples, for a schedule may be dense in one part of the year only; twice, because they may mislead.
        """
        earliest, latest = self._bounds
        segment = (latest - earliest) / _PROBES
        expected = 0.0
        for number in range(_PROBES):
            start = earliest + segment * number
            steps = _steps(self._planned.dag.timetable, start, latest)
            afters: list[int] = []
            while len(afters) < _PROBE_LENGTH and (date := steps.next()) is not None:
                afters.append(date.run_after)
            if not afters or afters[0] > instant_of(start + segment):
                continue
            span = afters[-1] - afters[0]
            per_second = (len(afters) - 1) * 1_000_000 / span if span > 0 else 0.0
            expected += max(1.0, segment.total_seconds() * per_second)
        if expected > 2 * MOST_DATES:
            raise _too_many(expected)

    def _share(self, reached: int) -> float:
        """How many times longer the range is than what of it is done."""
        earliest, latest = (instant_of(bound) for bound in self._bounds)
        return max(1.0, (latest - earliest) / (reached - earliest)) if reached > earliest else 1.0


def _steps(timetable: Any, earliest: datetime, latest: datetime) -> Steps | PartitionSteps | IteratedSteps:
    if not is_partitioned(timetable):
        return Steps(timetable, earliest, latest)
    kind = type(timetable)
    airflows_own = (kind.__module__, kind.__name__) == (
        "airflow.timetables.trigger",
        "CronPartitionTimetable",
    )
    return (PartitionSteps if airflows_own else IteratedSteps)(timetable, earliest, latest)


def _latest_of(planned: PlannedDag, latest: datetime) -> Instant:
    """The last instant at which a date may be: for partitions what the timetable makes of the wall clock."""
    if planned.partitioned:
        return instant_of(planned.dag.timetable.localize_partition_datetime(latest))
    return instant_of(latest)


def _refuse_more(dates: int, *, slack: float) -> None:
    if dates > slack * MOST_DATES:
        raise _too_many(dates)


def _too_many(expected: float) -> BadRequest:
    digits = len(str(int(expected))) - 2
    return BadRequest(
        f"The range has about {round(expected, -digits):,.0f} dates, and a plan has at most {MOST_DATES:,}",
        remedy="choose a shorter range",
    )


def _words(failure: BaseException) -> str:
    words = one_line(f"{type(failure).__name__}: {failure}")
    return words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]} ..."
