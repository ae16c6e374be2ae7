"""Whether the dates of a timedelta schedule lie where the Dag's other runs do.

Such a schedule counts from where the range begins (Airflow 3.3 timetables/_delta.py, `_align_to_next` gives
back what it gets), so a range that begins beside the Dag's grid makes runs beside those that are there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from backfill_tui.bridge.plan_warnings.situation import Situation, warning
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.instants import SECOND, Instant, to_datetime
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.planning import PlanWarning

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

_MOST_STEPS: Final = 10_000
"""The longest walk along a grid of months: 800 years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchor:
    """A point of the Dag's grid, and whose it is."""

    at: Instant
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """The points of the grid around the first date; equal when that one is a point of it."""

    before: Instant
    after: Instant


def off_the_grid(it: Situation) -> Iterator[PlanWarning]:
    """A timedelta or relativedelta schedule whose dates lie off the grid of the Dag's runs."""
    from airflow.timetables._delta import DeltaMixin

    timetable = it.timetable
    if not isinstance(timetable, DeltaMixin) or not it.run_count:
        return
    anchor = _anchor(it)
    grid = None if anchor is None else _grid_around(it, timetable, anchor.at)
    first = it.bound_at(0)
    if anchor is None or grid is None or first in {grid.before, grid.after}:
        return
    earlier, later = first - grid.before, grid.after - first
    sooner = earlier <= later
    # Within the range, so that nothing runs that was not asked for, unless it has no point of the grid.
    inside = grid.after <= min(it.request.to_date, it.now - 1)
    yield warning(
        "off_grid",
        f"A timedelta schedule counts from where the range begins, so its dates lie "
        f"{_in_units(earlier if sooner else later)} {'after' if sooner else 'before'} those {anchor.words}",
        f"begin the range at {it.said(grid.after if inside else grid.before)}",
    )


def _in_units(microseconds: int) -> str:
    """`2 hours`, `3 days 4 hours`, `1 minute 30 seconds`: the two largest units there are."""
    words, seconds = [], microseconds // SECOND
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        count, seconds = divmod(seconds, size)
        if count:
            words.append(counted(count, unit))
    return " ".join(words[:2]) or "less than a second"


def _anchor(it: Situation) -> _Anchor | None:
    """The run nearest to where the range begins, scheduled ones first; without runs, where they will begin.

    The next run of the model counts only where Airflow schedules. Without catchup that of intervals lies on
    whole steps since 1970 (Airflow 3.3 timetables/interval.py, `_round`), and that of a trigger at the moment
    of the latest parse (timetables/trigger.py), which is no grid.
    """
    for kind, words in (("scheduled", "of its scheduled runs"), ("backfill", "of its earlier backfills")):
        if (found := _nearest_run(it, kind)) is not None:
            return _Anchor(at=found, words=words)
    model, start = it.model, it.planned.dag.start_date
    settled = it.planned.dag.catchup or not it.bounded_by_trigger
    if settled and it.airflow.mode is Mode.ATTACHED and model is not None and model.next_dagrun is not None:
        upcoming = model.next_dagrun_create_after if it.bounded_by_trigger else model.next_dagrun
        return _Anchor(at=instant_of(upcoming), words="of the runs that Airflow will schedule")
    return None if start is None else _Anchor(at=instant_of(start), words="counted from its start date")


def _nearest_run(it: Situation, kind: str) -> Instant | None:
    """The latest run of a type up to the first date, else the earliest after it: two looks into an index."""
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    first = to_datetime(Instant(it.judged.dates.dates[0]))
    date: Any = DagRun.logical_date
    wanted: ColumnElement[datetime] = DagRun.run_after if it.bounded_by_trigger else date
    runs = select(wanted).where(DagRun.dag_id == it.request.dag_id, DagRun.run_type == kind).limit(1)
    found = it.session.scalar(runs.where(date <= first).order_by(date.desc()))
    if found is None:
        found = it.session.scalar(runs.where(date > first).order_by(date))
    return None if found is None else instant_of(found)


def _grid_around(it: Situation, timetable: Any, anchor: Instant) -> _Grid | None:
    first = it.bound_at(0)
    step = _fixed(timetable)
    if step is not None:
        before = Instant(first - (first - anchor) % step)
        return _Grid(before=before, after=before if before == first else Instant(before + step))
    if anchor <= first:
        return _walked(timetable, anchor, first)
    return _walked_back(it, timetable, anchor)


def _fixed(timetable: Any) -> int | None:
    """The step in microseconds, None for one whose length depends on where it begins."""
    delta = timetable._delta  # noqa: SLF001  # Airflow has no other way to read it
    if not isinstance(delta, timedelta):
        absolute = (delta.year, delta.month, delta.day, delta.hour, delta.minute, delta.second)
        if delta.years or delta.months or delta.weekday or any(part is not None for part in absolute):
            return None
        if delta.microsecond is not None or delta.leapdays:
            return None
        delta = timedelta(
            days=delta.days,
            hours=delta.hours,
            minutes=delta.minutes,
            seconds=delta.seconds,
            microseconds=delta.microseconds,
        )
    return max(1, delta // timedelta(microseconds=1))


def _walked(timetable: Any, anchor: Instant, first: Instant) -> _Grid | None:
    """The grid of months from its anchor on, by Airflow's own steps: they clamp, and do not come back."""
    before = after = anchor
    for _ in range(_MOST_STEPS):
        if after >= first:
            return _Grid(before=after if after == first else before, after=after)
        before, after = after, _moved(timetable._get_next, after)  # noqa: SLF001
    return None


def _walked_back(it: Situation, timetable: Any, anchor: Instant) -> _Grid | None:
    """The grid before its anchor: of the points that lead there, those around the first date."""
    first = it.bound_at(0)
    if _leads_to(it, timetable, anchor):
        return _Grid(before=first, after=first)
    before = after = anchor
    for _ in range(_MOST_STEPS):
        if before <= first:
            return _Grid(before=before, after=after)
        before, after = _moved(timetable._get_prev, before), before  # noqa: SLF001
    return None


def _leads_to(it: Situation, timetable: Any, anchor: Instant) -> bool:
    """Whether the dates of the plan, gone on with, come to a point of the grid."""
    columns = it.judged.dates
    bounds = columns.afters if it.bounded_by_trigger else columns.dates
    if anchor <= bounds[-1]:
        place = bisect_left(bounds, anchor)
        return bounds[place] == anchor
    walked = _walked(timetable, Instant(bounds[-1]), anchor)
    return walked is not None and walked.before == anchor


def _moved(step: Any, instant: Instant) -> Instant:
    from airflow._shared.timezones.timezone import coerce_datetime

    return instant_of(step(coerce_datetime(to_datetime(instant))))
