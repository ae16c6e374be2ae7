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

from backfill_tui.bridge.enumeration import MOST_DATES, Asker, enumerate_dates
from backfill_tui.bridge.fast_dates import jumps_of
from backfill_tui.bridge.own_steps import NeverAnswersError, Patience, given_up_when, occurrence_of
from backfill_tui.bridge.plan_warnings.situation import Situation
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.bridge.sql_instants import as_instant, from_row
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.instants import Instant, to_datetime
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.problems import BadRequest

_SOME: Final = 1_000
"""So many dates are counted where only Airflow itself can say them, one by one."""
_LONGEST_SECONDS: Final = 1.0


def released_by_unpausing(it: Situation) -> str:
    """`93 scheduled runs`, `more than 1,000 scheduled runs`; empty for none, and where none is scheduled."""
    if it.airflow.mode is Mode.EMBEDDED or not _would_be_scheduled(it):
        return ""
    dates = _at_once(it) if it.planned.dag.catchup and jumps_of(it.timetable) else _one_by_one(it)
    if isinstance(dates, str):
        return dates
    count = len(dates) - _already_there(it, dates)
    if not count:
        return ""
    return "1 scheduled run" if count == 1 else f"{count:,} scheduled runs"


def _would_be_scheduled(it: Situation) -> bool:
    model = it.model
    allowed = model.allowed_run_types
    if allowed is not None and "scheduled" not in {str(kind) for kind in allowed}:
        return False
    if model.is_stale or model.has_import_errors or model.next_dagrun_create_after is None:
        return False
    return instant_of(model.next_dagrun_create_after) <= it.now


def _at_once(it: Situation) -> list[int] | str:
    """The dates from the next one on, as those of a range that begins there; that is their catchup."""
    by_interval = not it.bounded_by_trigger and not it.planned.partitioned
    first = it.model.next_dagrun if by_interval else it.model.next_dagrun_create_after
    if first is None:
        return []
    end = it.planned.dag._time_restriction.latest  # noqa: SLF001  # the scheduler's own way to its bounds
    last = it.now if end is None else min(it.now, instant_of(end))
    try:
        request = replace(it.request, from_date=instant_of(first), to_date=last)
        found = enumerate_dates(it.planned, request, Asker()).dates
    except BadRequest:
        return f"more than {MOST_DATES:,} scheduled runs"
    return [date for date, after in zip(found.dates, found.afters, strict=True) if after <= it.now]


def _one_by_one(it: Situation) -> list[int] | str:
    """The dates as the scheduler comes to them; some only, and for a while only."""
    found: list[int] = []
    try:
        with given_up_when(Patience(lambda: False, _LONGEST_SECONDS)):
            found.extend(date.identity or 0 for date in islice(_due(it), _SOME + 1))
    except NeverAnswersError:
        return f"at least {len(found):,} scheduled runs" if found else ""
    return f"more than {_SOME:,} scheduled runs" if len(found) > _SOME else found


def _due(it: Situation) -> Iterator[Occurrence]:
    """The dates whose time to be scheduled has come."""
    timetable, dag = it.planned.dag.timetable, it.planned.dag
    info = timetable.next_run_info_from_dag_model(dag_model=it.model)
    latest = None
    while info is not None:
        date = occurrence_of(info)
        if date.run_after > it.now or (latest is not None and date.run_after <= latest):
            return
        yield date
        latest = date.run_after
        info = _after(timetable, info, dag._time_restriction)  # noqa: SLF001


def _after(timetable: Any, info: Any, restriction: Any) -> Any:
    try:
        return timetable.next_dagrun_info_v2(last_dagrun_info=info, restriction=restriction)
    except Exception:  # whatever it raises, Airflow logs it and schedules nothing more
        return None


def _already_there(it: Situation, dates: list[int]) -> int:
    """How many of the dates have a run: the scheduler passes over these."""
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    if not dates or it.planned.partitioned:
        return 0
    column: Any = DagRun.logical_date
    first, last = (to_datetime(Instant(date)) for date in (min(dates), max(dates)))
    wanted = select(as_instant(it.session, column)).where(
        DagRun.dag_id == it.request.dag_id, column.between(first, last)
    )
    return len(set(dates).intersection(from_row(date) for date in it.session.scalars(wanted)))
