"""Airflow's own steps from one date to the next, and a way out of a timetable that never answers."""

from __future__ import annotations

import ctypes
import math
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from backfill_tui.bridge.compat.dags import next_info
from backfill_tui.bridge.compat.schema import value
from backfill_tui.bridge.planned_dag import instant_of
from backfill_tui.domain.plan_dates import Occurrence

LONGEST_STEP_SECONDS: Final = 10.0
"""A timetable that thinks longer than this about one date is taken for one that never answers."""

_LOOK_SECONDS: Final = 0.05
_SHORT_STEP_SECONDS: Final = 0.2
_AGAIN_SECONDS: Final = 0.5
_ENOUGH_TO_ARRIVE: Final = 1_000


class Steps:
    """The dates between two bounds, one by one, as `SerializedDAG.iter_dagrun_infos_between` has them.

    That one swallows what a timetable raises and goes on with the dates it has (Airflow 3.3
    serialization/definitions/dag.py); here it ends the steps as well, and `failure` says what it was.
    """

    def __init__(self, timetable: Any, earliest: datetime, latest: datetime) -> None:
        from airflow._shared.timezones.timezone import coerce_datetime
        from airflow.timetables.base import TimeRestriction

        self._timetable = timetable
        self._restriction = TimeRestriction(coerce_datetime(earliest), coerce_datetime(latest), catchup=True)
        self._info: Any = None
        self.failure: Exception | None = None

    def next(self) -> Occurrence | None:
        """The next date, None when there is none."""
        try:
            self._info = next_info(self._timetable, self._info, self._restriction)
        except Exception as failure:  # as Airflow does, but not silently
            self.failure = failure
            return None
        return occurrence_of(self._info) if self._info else None

    def go_on_from(self, start: datetime, end: datetime) -> None:
        """The next step is the one after the date whose interval is given."""
        from airflow._shared.timezones.timezone import coerce_datetime
        from airflow.timetables.base import DagRunInfo

        self._info = DagRunInfo.interval(start=coerce_datetime(start), end=coerce_datetime(end))


class PartitionSteps:
    """The partitions of a `CronPartitionTimetable`, as its `iter_partition_dagrun_infos` has them.

    Airflow does not catch what such a timetable raises, and neither does this.
    """

    failure: Exception | None = None

    def __init__(self, timetable: Any, earliest: datetime, latest: datetime) -> None:
        from airflow._shared.timezones.timezone import coerce_datetime

        self._timetable = timetable
        self._latest = timetable.localize_partition_datetime(coerce_datetime(latest))
        self._next: Callable[[], Any] = lambda: timetable._align_to_next(  # noqa: SLF001
            timetable.localize_partition_datetime(coerce_datetime(earliest))
        )

    def next(self) -> Occurrence | None:
        """The next partition, None when there is none."""
        tick = self._next()
        if tick > self._latest:
            return None
        self._next = lambda: self._timetable._get_next(tick)  # noqa: SLF001
        at = instant_of(tick)
        key = self._timetable._format_key(tick)  # noqa: SLF001
        return Occurrence(
            logical_date=None,
            data_interval_start=None,
            data_interval_end=None,
            run_after=at,
            partition_key=key,
            partition_date=at,
        )

    def go_on_from(self, _start: datetime, end: datetime) -> None:
        """The next step is the one after the partition of that date."""
        from airflow._shared.timezones.timezone import coerce_datetime

        tick = coerce_datetime(end)
        self._next = lambda: self._timetable._get_next(tick)  # noqa: SLF001


class IteratedSteps:
    """The partitions of a timetable of someone else, from its own iteration."""

    failure: Exception | None = None

    def __init__(self, timetable: Any, earliest: datetime, latest: datetime) -> None:
        from airflow._shared.timezones.timezone import coerce_datetime

        self._infos = iter(
            timetable.iter_partition_dagrun_infos(
                earliest=coerce_datetime(earliest), latest=coerce_datetime(latest)
            )
        )

    def next(self) -> Occurrence | None:
        """The next partition, None when there is none."""
        info = next(self._infos, None)
        return None if info is None else occurrence_of(info)


def occurrence_of(info: Any) -> Occurrence:
    """One of Airflow's `DagRunInfo` as a date."""
    interval, of_partition = info.data_interval, value(info, "partition_date")
    return Occurrence(
        logical_date=None if interval is None else instant_of(interval.start),
        data_interval_start=None if interval is None else instant_of(interval.start),
        data_interval_end=None if interval is None else instant_of(interval.end),
        run_after=instant_of(info.run_after),
        partition_key=value(info, "partition_key"),
        partition_date=None if of_partition is None else instant_of(of_partition),
    )


class NeverAnswersError(BaseException):
    """Raised inside a timetable whose step was given up; no `except Exception` of its own keeps it."""


class Patience:
    """Whether the present step is still waited for: until its time is up, or nobody wants the dates."""

    def __init__(self, unwanted: Callable[[], bool], seconds: float = LONGEST_STEP_SECONDS) -> None:
        self._unwanted = unwanted
        self._seconds = seconds
        self._began = time.monotonic()
        self.cancelled = False

    def begin_step(self) -> None:
        """A step begins now."""
        self._began = time.monotonic()

    def end_step(self) -> None:
        """What follows is not the timetable's doing, so it may take as long as it takes."""
        self._began = math.inf

    @property
    def over(self) -> bool:
        """Whether to give the step up; between short steps whoever takes them looks up by themselves."""
        taken = time.monotonic() - self._began
        self.cancelled = taken > _SHORT_STEP_SECONDS and self._unwanted()
        return self.cancelled or taken > self._seconds


@contextmanager
def given_up_when(patience: Patience) -> Generator[None, None, None]:
    """Run code of a Dag's author, such as a timetable, and raise NeverAnswersError in it when it is given up.

    It reaches Python code only: one that sleeps or waits in C goes on until that returns.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    left, given_up = threading.Event(), threading.Event()
    lock = threading.Lock()

    def look() -> None:
        pause = _LOOK_SECONDS
        while not left.wait(pause):
            with lock:
                if not left.is_set() and patience.over:
                    given_up.set()
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(NeverAnswersError))
                    # Again and again, for code that keeps whatever is raised in it.
                    pause = _AGAIN_SECONDS

    watcher = threading.Thread(target=look, name="patience", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        with lock:
            left.set()
        if given_up.is_set():
            # It arrives between two steps of the interpreter, so here at the latest and nowhere later.
            for _ in range(_ENOUGH_TO_ARRIVE):
                pass
        watcher.join()
