"""What is to be said about the dates: those that are missing, unexpected, or called by two names."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import timezone
from itertools import islice

from backfill_tui.bridge.plan_warnings.situation import Situation, dates_are, warning
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.bridge.schedules import zone_name
from backfill_tui.domain.instants import minute
from backfill_tui.domain.outcomes import Clash
from backfill_tui.domain.plan_dates import DateColumns
from backfill_tui.domain.planning import PlanWarning
from backfill_tui.domain.text import one_line


def cut_short(it: Situation) -> Iterator[PlanWarning]:
    """Airflow logs what a timetable raises and goes on with the dates it has.

    Airflow 3.3 serialization/definitions/dag.py, `iter_dagrun_infos_between`.
    """
    if not it.enumeration.cut_short:
        return
    found = it.enumeration.dates
    reached = f"after {it.said(found.afters[-1])}" if len(found) else "at its first date"
    yield warning(
        "dates_cut_short",
        f"The timetable failed {reached} ({one_line(it.enumeration.cut_short)}), "
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
    counted = dict.fromkeys(Clash, 0)
    for outcome, count in zip(it.judged.outcomes, it.judged.tally, strict=True):
        counted[outcome.clash] += count
    if again := counted[Clash.SAME_DATE]:
        yield warning(
            "same_date",
            f"The timetable gives {_some(again)} that it has given before, and Airflow makes one run of each",
            "mend the timetable",
        )
    if taken := counted[Clash.RUN_ID_TAKEN]:
        yield warning(
            "run_id_taken",
            f"Airflow can make no run for {_some(taken)}: the run id, which comes from run after alone, "
            "belongs to a run of another date",
            "delete the run of the other date, or leave these dates out",
        )


def _some(count: int) -> str:
    return "1 date" if count == 1 else f"{count:,} dates"


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
            f"begin the range at {it.said(it.bound_from(start))} to leave them out",
        )
    if end is not None and (late := it.running_after(end)):
        yield warning(
            "after_end_date",
            f"{dates_are(late)} after the Dag's end date, and Airflow runs them all the same",
            f"end the range at {it.said(it.bound_up_to(end))} to leave them out",
        )


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

    Airflow 3.3 timetables/trigger.py, `_TriggerTimetable.next_dagrun_info`.
    """
    columns = it.judged.dates
    if not len(columns) or not it.bounded_by_trigger or columns.dates[0] == columns.afters[0]:
        return
    yield warning(
        "trigger_interval",
        "The range bounds the moment a run is triggered: the first logical date is "
        f"{it.said(columns.dates[0])}, whose run may start at {it.said(columns.afters[0])}",
        _for_logical_dates(it, columns),
    )


def _for_logical_dates(it: Situation, columns: DateColumns) -> str:
    place = bisect_left(columns.dates, it.request.from_date) if columns.ascending else 0
    if 0 < place < len(columns):
        return f"begin the range at {it.said(columns.afters[place])} for logical dates from its begin on"
    return "move the range by that interval to bound logical dates"


def partition_wall_clock(it: Situation) -> Iterator[PlanWarning]:
    """Airflow reads the bounds for a partitioned Dag on the clock of its timetable's zone.

    Airflow 3.3 timetables/_cron.py, `localize_partition_datetime`. This program gives it the wall clock that
    means the instants of the request; the same instants given to Airflow itself mean other partitions.
    """
    zone = getattr(it.timetable, "_timezone", None)
    if not it.planned.partitioned or zone is None:
        return
    name = one_line(zone_name(zone))
    if name == it.planned.timezone == "UTC":
        return
    bounds = (it.request.from_date, it.request.to_date)
    local, in_utc = (" to ".join(minute(bound, clock) for bound in bounds) for clock in (zone, timezone.utc))
    yield warning(
        "partition_wall_clock",
        f"The partitions go by the clock of {name}: there the range is {local}, which is {in_utc} UTC",
        "give Airflow's own commands that wall clock, not the instants",
    )
