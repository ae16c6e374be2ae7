"""What is to be said about the dates: those that are missing, unexpected, or called by two names."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import time
from itertools import islice
from typing import Final

from backfill_tui.bridge.own_steps import Steps
from backfill_tui.bridge.plan_warnings.situation import Situation, dates_are, warning
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.bridge.schedules import zone_name
from backfill_tui.domain.instants import SECOND, Instant, to_datetime
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.outcomes import Clash
from backfill_tui.domain.plan_dates import DateColumns
from backfill_tui.domain.planning import PlanWarning
from backfill_tui.domain.text import one_line

_MINUTE: Final = 60 * SECOND


def cut_short(it: Situation) -> Iterator[PlanWarning]:
    """Airflow logs what a timetable raises and goes on with the dates it has.

    Airflow 3.3 serialization/definitions/dag.py, `iter_dagrun_infos_between`.
    """
    found = it.enumeration.dates
    if not it.enumeration.cut_short or not len(found):
        return
    yield warning(
        "dates_cut_short",
        f"The timetable failed after {it.said(found.afters[-1])} ({one_line(it.enumeration.cut_short)}), "
        "and Airflow leaves out the dates after that without a word",
        "launch the later dates with a range of their own",
    )


def out_of_order(it: Situation) -> Iterator[PlanWarning]:
    """Airflow takes the dates in the order in which a timetable gives them."""
    found = it.enumeration.dates
    back = None if found.ascending else _first_step_back(found)
    if back is not None:
        yield warning(
            "dates_out_of_order",
            f"The timetable goes back in time, first to {it.said(found.dates[back])}, "
            "and Airflow runs the dates in the order it gives them",
            "mend the timetable to run them in the order of time",
        )


def _first_step_back(found: DateColumns) -> int | None:
    dates = found.dates
    pairs = enumerate(zip(dates, islice(dates, 1, None), strict=False), start=1)
    return next((place for place, (before, date) in pairs if date < before), None)


def clashes(it: Situation) -> Iterator[PlanWarning]:
    """Airflow notes "in flight" for a date whose run it can not insert (Airflow 3.3 models/backfill.py)."""
    clashes = dict.fromkeys(Clash, 0)
    for outcome, count in zip(it.judged.outcomes, it.judged.tally, strict=True):
        clashes[outcome.clash] += count
    if again := clashes[Clash.SAME_DATE]:
        yield warning(
            "same_date",
            f"The timetable gives {counted(again, 'date')} that it has given before, "
            "and Airflow makes one run of each",
            "mend the timetable",
        )
    if taken := clashes[Clash.RUN_ID_TAKEN]:
        yield warning(
            "run_id_taken",
            f"Airflow can make no run for {counted(taken, 'date')}: the run id, which comes from run after "
            "alone, belongs to a run of another date",
            "delete the run of the other date, or leave these dates out",
        )


def outside_the_dag(it: Situation) -> Iterator[PlanWarning]:
    """A backfill ignores start and end date of the Dag.

    The iteration is restricted by the range alone (Airflow 3.3 serialization/definitions/dag.py,
    `iter_dagrun_infos_between`).
    """
    dag = it.planned.dag
    start = None if dag.start_date is None else instant_of(dag.start_date)
    end = None if dag.end_date is None else instant_of(dag.end_date)
    if start is not None and (early := it.running_before(start)):
        yield warning(
            "before_start_date",
            f"{dates_are(early)} before the Dag's start date, and Airflow runs them all the same",
            _to_begin_from(it, start),
        )
    if end is not None and (late := it.running_after(end)):
        yield warning(
            "after_end_date",
            f"{dates_are(late)} after the Dag's end date, and Airflow runs them all the same",
            _to_end_with(it, end),
        )


def _to_begin_from(it: Situation, start: Instant) -> str:
    place = it.place_from(start)
    if place is not None:
        return f"begin the range at {it.said(it.bound_at(place))} to leave them out"
    bound = it.bound_for(start)
    if bound >= it.now:
        return f"wait until {it.said(bound)}, for no date before that is within the Dag's"
    return (
        f"begin the range at {it.said(bound)} and end it later, for no date of this one is within the Dag's"
    )


def _to_end_with(it: Situation, end: Instant) -> str:
    place = it.place_up_to(end)
    if place is not None:
        return f"end the range at {it.said(it.bound_at(place))} to leave them out"
    bound = it.said(it.bound_for(end))
    return f"end the range at {bound} and begin it earlier, for no date of this one is within the Dag's"


def future_partitions(it: Situation) -> Iterator[PlanWarning]:
    """Airflow leaves out intervals that are not over, but no partition (`_get_info_list`)."""
    if it.planned.partitioned and (waiting := it.waiting()):
        yield warning(
            "future_partitions",
            f"{dates_are(waiting)} in the future, and the runs of these partitions wait for it",
            "end the range now to leave them out",
        )


def trigger_interval(it: Situation) -> Iterator[PlanWarning]:
    """Of a trigger timetable with an interval the logical date lies before the moment that the bounds bound.

    Airflow 3.3 timetables/trigger.py, `_TriggerTimetable.next_dagrun_info`. Nothing is said of a range that
    begins at such a moment of its own accord, as it does once the remedy was followed.
    """
    columns = it.judged.dates
    if not len(columns) or not it.bounded_by_trigger or columns.dates[0] == columns.afters[0]:
        return
    if _begins_at_a_trigger(it, columns):
        return
    yield warning(
        "trigger_interval",
        "The range bounds the moment a run is triggered: the first logical date is "
        f"{it.said(columns.dates[0])}, whose run may start at {it.said(columns.afters[0])}",
        _for_logical_dates(it, columns),
    )


def _begins_at_a_trigger(it: Situation, columns: DateColumns) -> bool:
    """Whether the range begins at a trigger on purpose: midnight is where any range of days begins."""
    begin, first = it.request.from_date, columns.afters[0]
    return (begin == first and not _is_midnight(it, begin)) or (
        begin == first - _MINUTE and _is_midnight(it, Instant(first))
    )


def _is_midnight(it: Situation, instant: Instant) -> bool:
    return to_datetime(instant, it.planned.zone).time() == time()


def _for_logical_dates(it: Situation, columns: DateColumns) -> str:
    """Where a range begins whose first logical date is the first one from the begin of this range on."""
    wanted = next(_logical_dates_from(it, columns, it.request.from_date), None)
    if wanted is None or wanted[1] >= it.now:
        return "leave it so, if these are the dates that are meant"
    date, after = wanted
    # At midnight it would look like any range of days; nothing else is triggered in the minute before.
    begin = after - _MINUTE if _is_midnight(it, after) else after
    later = " and end it later," if after > it.request.to_date else ""
    return f"begin the range at {it.said(begin)}{later} for {it.said(date)} as the first logical date"


def _logical_dates_from(
    it: Situation, columns: DateColumns, instant: Instant
) -> Iterator[tuple[Instant, Instant]]:
    """The logical dates from an instant on and when their runs may start, also those after the range."""
    place = bisect_left(columns.dates, instant) if columns.ascending else len(columns)
    for at in range(place, len(columns)):
        yield Instant(columns.dates[at]), Instant(columns.afters[at])
    last = to_datetime(Instant(columns.afters[-1]))
    steps = Steps(it.planned.dag.timetable, last, to_datetime(it.now))
    while (date := steps.next()) is not None:
        if date.logical_date is not None and date.logical_date >= instant:
            yield date.logical_date, date.run_after


def partition_wall_clock(it: Situation) -> Iterator[PlanWarning]:
    """Airflow reads the bounds for a partitioned Dag on the clock of its timetable, whatever the Dag's own.

    Airflow 3.3 timetables/_cron.py, `localize_partition_datetime`. So does this program.
    """
    partitions, own = (
        one_line(name) for name in (it.planned.partition_zone, zone_name(it.planned.dag.timezone))
    )
    if not partitions or partitions == own:
        return
    first, last = it.said(it.request.from_date), it.said_end(it.request.to_date)
    yield warning(
        "partition_wall_clock",
        f"The partitions go by the clock of {partitions}, not by the Dag's {own}: "
        f"the range is {first} to {last}",
        "write dates for Airflow's own commands on that clock too",
    )
