"""How many scheduled runs unpausing a Dag would release.

The scheduler makes a run as soon as the next one's time to create it has come, and computes the one after it
from that, by the Dag's own start, end and catchup (Airflow 3.3 jobs/scheduler_job_runner.py,
`_create_dag_runs`; models/dag.py, `dags_needing_dagruns` and `calculate_dagrun_date_fields`). With catchup
these are all that are due; without, the next one and at most the latest. Max active runs only delays them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from backfill_tui.bridge.compat.dags import next_info, next_scheduled, run_info
from backfill_tui.bridge.compat.schema import value
from backfill_tui.bridge.enumeration import MOST_DATES, Asker, enumerate_dates
from backfill_tui.bridge.fast_dates import jumps_of
from backfill_tui.bridge.own_steps import NeverAnswersError, Patience, given_up_when, occurrence_of
from backfill_tui.bridge.plan_warnings.situation import Situation
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.bridge.sql_instants import as_instant
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.problems import BadRequest

_SOME: Final = 1_000
"""So many dates are counted where only Airflow itself can say them, one by one."""
_LONGEST_SECONDS: Final = 1.0


def released_by_unpausing(it: Situation) -> str:
    """`; unpausing it releases 93 scheduled runs as well`; empty for none, and where none is scheduled.

    The launch itself leaves the next run as it is, and the scheduler passes over dates that have a run. The
    next parse counts on from the latest run, those of the plan included (Airflow 3.3
    dag_processing/collection.py, `_get_latest_runs_stmt`). Where that makes a difference, both are said.
    """
    if it.airflow.mode is Mode.EMBEDDED or not _would_be_scheduled(it):
        return ""
    at_first = _count_from(it, next_scheduled(it.planned.dag.timetable, it.model))
    latest = _latest_after_launch(it)
    parsed = at_first if latest is None else _count_from(it, _after(it, latest))
    if at_first == parsed:
        return f"; unpausing it releases {parsed} as well" if parsed else ""
    return (
        f"; unpausing it right after the launch releases {at_first or 'no scheduled runs'} as well, "
        f"and once Airflow has parsed it again {parsed or 'none'}"
    )


def _count_from(it: Situation, info: Any) -> str:
    """How many runs are scheduled at once when this is the next one, in words; empty for none."""
    if info is None or instant_of(info.run_after) > it.now:
        return ""
    several = it.planned.dag.catchup and jumps_of(it.timetable)
    dates = _at_once(it, info) if several else _one_by_one(it, info)
    if isinstance(dates, str):
        return dates
    count = len(dates) - _already_there(it, dates)
    if not count:
        return ""
    return counted(count, "scheduled run")


def _latest_after_launch(it: Situation) -> Any:
    """The latest of the runs to come, None where a run that is there already is later, or none comes."""
    from airflow.models.dagrun import DagRun
    from sqlalchemy import func, select

    places = it.running_places()
    if not places:
        return None
    dates = it.judged.dates
    place = max(places, key=dates.dates.__getitem__)
    column: Any = DagRun.partition_date if it.planned.partitioned else DagRun.logical_date
    of_the_schedule = DagRun.run_type.in_(("scheduled", "backfill"))
    there = it.session.scalar(
        select(func.max(column)).where(DagRun.dag_id == it.request.dag_id, of_the_schedule)
    )
    if there is not None and instant_of(there) >= dates.dates[place]:
        return None
    return _info_of(dates.occurrence(place))


def _info_of(date: Occurrence) -> Any:
    """A date as Airflow has it, the other way round."""
    from airflow._shared.timezones.timezone import coerce_datetime
    from airflow.timetables.base import DataInterval

    def moment(instant: Instant | None) -> Any:
        return None if instant is None else coerce_datetime(to_datetime(instant))

    start, end = moment(date.data_interval_start), moment(date.data_interval_end)
    interval = None if start is None or end is None else DataInterval(start=start, end=end)
    return run_info(moment(date.run_after), interval, date.partition_key, moment(date.partition_date))


def _would_be_scheduled(it: Situation) -> bool:
    model = it.model
    allowed = value(model, "allowed_run_types")
    if allowed is not None and "scheduled" not in {str(kind) for kind in allowed}:
        return False
    return not (model.is_stale or model.has_import_errors)


def _at_once(it: Situation, info: Any) -> list[int] | str:
    """The dates from one on, as those of a range that begins there; that is their catchup."""
    by_interval = not it.bounded_by_trigger and not it.planned.partitioned
    first = info.data_interval.start if by_interval else info.run_after
    end = it.planned.dag._time_restriction.latest  # noqa: SLF001  # the scheduler's own way to its bounds
    last = it.now if end is None else min(it.now, instant_of(end))
    try:
        request = replace(it.request, from_date=instant_of(first), to_date=last)
        found = enumerate_dates(it.planned, request, Asker()).dates
    except BadRequest:
        return f"more than {MOST_DATES:,} scheduled runs"
    return [date for date, after in zip(found.dates, found.afters, strict=True) if after <= it.now]


def _one_by_one(it: Situation, info: Any) -> list[int] | str:
    """The dates as the scheduler comes to them; some only, and for a while only."""
    found: list[int] = []
    try:
        with given_up_when(Patience(lambda: False, _LONGEST_SECONDS)):
            found.extend(date.identity or 0 for date in islice(_due(it, info), _SOME + 1))
    except NeverAnswersError:
        return f"at least {len(found):,} scheduled runs" if found else ""
    return f"more than {_SOME:,} scheduled runs" if len(found) > _SOME else found


def _due(it: Situation, info: Any) -> Iterator[Occurrence]:
    """The dates whose time to be scheduled has come."""
    latest = None
    while info is not None:
        date = occurrence_of(info)
        if date.run_after > it.now or (latest is not None and date.run_after <= latest):
            return
        yield date
        latest = date.run_after
        info = _after(it, info)


def _after(it: Situation, info: Any) -> Any:
    dag = it.planned.dag
    try:
        bounds = dag._time_restriction  # noqa: SLF001  # the scheduler's own way to its bounds
        return next_info(dag.timetable, info, bounds)
    except Exception:  # whatever it raises, Airflow logs it and schedules nothing more
        return None


def _already_there(it: Situation, dates: list[int]) -> int:
    """How many of the dates have a run after the launch: the scheduler passes over these."""
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    if not dates or it.planned.partitioned:
        return 0
    column: Any = DagRun.logical_date
    first, last = (to_datetime(Instant(date)) for date in (min(dates), max(dates)))
    wanted = select(as_instant(it.session, column)).where(
        DagRun.dag_id == it.request.dag_id, column.between(first, last)
    )
    there = set(it.session.scalars(wanted))
    there.update(it.running_dates())
    return len(there.intersection(dates))
