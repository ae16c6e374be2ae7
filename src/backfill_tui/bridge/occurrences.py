"""The dates of a range, from Airflow's own iteration over its timetable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from backfill_tui.bridge.planned_dag import PlannedDag, instant_of
from backfill_tui.domain.planning import BackfillRequest, Occurrence
from backfill_tui.domain.problems import AirflowFailed, BadRequest
from backfill_tui.domain.text import one_line

MOST_DATES: Final = 200_000
"""The longest plan: 22 years of hours. Creating its runs would take about half an hour in one transaction."""

_CHECK_EVERY: Final = 64
_ESTIMATE_AFTER: Final = 2_000
_PROBES: Final = 8
_PROBE_LENGTH: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    """The dates in the timetable's order, those not due yet included.

    `cut_short` is the exception with which the timetable ended the iteration, in words: Airflow logs it and
    goes on with the dates it has (Airflow 3.3 serialization/definitions/dag.py,
    `iter_dagrun_infos_between`). Empty when the iteration came to its own end.
    """

    occurrences: tuple[Occurrence, ...]
    cut_short: str = ""


def enumerate_dates(planned: PlannedDag, request: BackfillRequest, check: Callable[[], None]) -> Enumeration:
    """Every date of the request's range.

    `check` is called between dates and may raise, which ends the enumeration. Raises BadRequest for more
    than `MOST_DATES`, AirflowFailed when a partitioned timetable raises.
    """
    dag = planned.dag
    earliest, latest = planned.bounds(request)
    recorder = _Recorder(dag.timetable)
    found: list[Occurrence] = []
    dag.timetable = recorder
    try:
        for info in dag.iter_dagrun_infos_between(earliest, latest):
            if len(found) % _CHECK_EVERY == 0:
                check()
            if len(found) == _ESTIMATE_AFTER:
                _refuse_far_too_many(dag, earliest, latest)
            if len(found) == MOST_DATES:
                raise _too_many(len(found) * _share(earliest, latest, info.run_after))
            found.append(_occurrence(info))
    except (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError) as broken:
        raise AirflowFailed(
            f"The timetable of {one_line(planned.dag_id)} can not say its dates: {one_line(str(broken))}",
            remedy="choose another range, or mend the timetable",
        ) from broken
    finally:
        dag.timetable = recorder.timetable
    return Enumeration(occurrences=tuple(found), cut_short=recorder.failure)


class _Recorder:
    """A timetable that remembers the exception Airflow swallows."""

    def __init__(self, timetable: Any) -> None:
        self.timetable = timetable
        self.failure = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.timetable, name)

    def next_dagrun_info_v2(self, **arguments: Any) -> Any:
        try:
            return self.timetable.next_dagrun_info_v2(**arguments)
        except Exception as failure:
            self.failure = one_line(f"{type(failure).__name__}: {failure}")
            raise


def _occurrence(info: Any) -> Occurrence:
    interval = info.data_interval
    return Occurrence(
        logical_date=None if interval is None else instant_of(interval.start),
        data_interval_start=None if interval is None else instant_of(interval.start),
        data_interval_end=None if interval is None else instant_of(interval.end),
        run_after=instant_of(info.run_after),
        partition_key=info.partition_key,
        partition_date=None if info.partition_date is None else instant_of(info.partition_date),
    )


def _refuse_far_too_many(dag: Any, earliest: datetime, latest: datetime) -> None:
    """Raise BadRequest when samples over the range promise more than twice as many dates as allowed.

    Samples, because a schedule may be dense in one part of the year only; twice, because they may mislead.
    """
    segment = (latest - earliest) / _PROBES
    expected = 0.0
    for number in range(_PROBES):
        start = earliest + segment * number
        dates = [
            info.run_after for info in islice(dag.iter_dagrun_infos_between(start, latest), _PROBE_LENGTH)
        ]
        if not dates or dates[0] > start + segment:
            continue
        seconds = (dates[-1] - dates[0]).total_seconds()
        per_second = (len(dates) - 1) / seconds if seconds > 0 else 0.0
        expected += max(1.0, segment.total_seconds() * per_second)
    if expected > 2 * MOST_DATES:
        raise _too_many(expected)


def _share(earliest: datetime, latest: datetime, reached: datetime) -> float:
    done = (reached - earliest).total_seconds()
    return max(1.0, (latest - earliest).total_seconds() / done) if done > 0 else 1.0


def _too_many(expected: float) -> BadRequest:
    digits = len(str(int(expected))) - 2
    return BadRequest(
        f"The range has about {round(expected, -digits):,.0f} dates, and a plan has at most {MOST_DATES:,}",
        remedy="choose a shorter range",
    )
