"""The dates of a plan on the Dag's clock: in groups of years, months, days or hours, and in columns.

Pure arithmetic, no drawing. A date is a cell: its number in calendar order. Its place is its number in the
columns of the plan, which is another one only where a timetable does not go steadily forward.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import MAXYEAR, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.instants import SECOND, Instant, from_datetime, to_datetime
from backfill_tui.domain.plan_dates import ABSENT, DateColumns

_HOUR: Final = 3600 * SECOND
_DAY: Final = 24 * _HOUR
_MINUTES_A_DAY_HOLDS: Final = 14
_HOURS_A_MONTH_HOLDS: Final = 5
_DAYS_A_YEAR_HOLDS: Final = 10
_FOREVER: Final = Instant(2**63 - 1)
_INTEGERS: Final = "q"


class Grain(StrEnum):
    """What one group of dates is."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"

    @property
    def head_width(self) -> int:
        """Room for what several groups share (`2024`, `2024 Jan`, `2024-01-02`) and a space."""
        return {"year": 0, "month": 5, "day": 9, "hour": 11}[self.value]

    @property
    def label_width(self) -> int:
        """Room for what a group is called (`2024`, `Jan`, `Tue 02`, `14h`) and a space."""
        return {"year": 5, "month": 4, "day": 7, "hour": 4}[self.value]

    def head(self, begun: datetime) -> str:
        """What the groups of one block share."""
        return "" if self is Grain.YEAR else begun.strftime(_HEADS[self])

    def label(self, begun: datetime) -> str:
        """What a group is called within its block."""
        return begun.strftime(_LABELS[self])


_DEPTHS: Final = {Grain.YEAR: 0, Grain.MONTH: 1, Grain.DAY: 2, Grain.HOUR: 3}
"""How much of year, month and day the groups of one block have in common."""

_HEADS: Final = {Grain.MONTH: "%Y", Grain.DAY: "%Y %b", Grain.HOUR: "%Y-%m-%d"}
_LABELS: Final = {Grain.YEAR: "%Y", Grain.MONTH: "%b", Grain.DAY: "%a %d", Grain.HOUR: "%Hh"}


def grain_of(moments: Sequence[int]) -> Grain:
    """The grain for dates as far apart as these are on average: a group then has a handful to some dozens."""
    if len(moments) < 2:  # noqa: PLR2004
        return Grain.MONTH
    apart = (moments[-1] - moments[0]) // (len(moments) - 1)
    if apart >= _DAYS_A_YEAR_HOLDS * _DAY:
        return Grain.YEAR
    if apart >= _HOURS_A_MONTH_HOLDS * _HOUR:
        return Grain.MONTH
    return Grain.DAY if apart >= _MINUTES_A_DAY_HOLDS * 60 * SECOND else Grain.HOUR


class Calendar:
    """The dates of a plan in calendar order, in groups on a clock.

    `starts` has one entry more than there are groups: the first cell of each, then the number of cells.
    `begun` is where each group begins on that clock, and `blocks` are the groups with which another year
    begins (of days another month, of hours another day), then the number of groups. An hour that the clock
    shows twice is two groups; what it shows twice around midnight belongs to the day that had begun.

    Dates of about one a day (of days: one an hour) stand in `columns` by their day of the month (hour of the
    day), so that those of every group are below each other.
    """

    def __init__(self, columns: DateColumns, zone: tzinfo) -> None:
        self._order: Sequence[int] | None = None
        self._cells: Sequence[int] | None = None
        self.moments: Sequence[int] = columns.dates
        if not columns.ascending:
            self._sort(columns)
        self.grain = grain_of(self.moments)
        self.starts = array(_INTEGERS)
        self.begun: list[datetime] = []
        self.blocks = array(_INTEGERS)
        self._unit = _unit_of(self.moments, self.grain)
        self._set_out: dict[int, Sequence[int]] = {}
        """Of the groups that do not fill their period from its first unit on."""
        self._group(zone)

    def __len__(self) -> int:
        return len(self.moments)

    @property
    def group_count(self) -> int:
        """How many groups there are."""
        return len(self.begun)

    def instant(self, cell: int) -> Instant:
        """The date of a cell; for a date that has none, the time at which its run may start."""
        return Instant(self.moments[cell])

    def place(self, cell: int) -> int:
        """Where the date of a cell stands in the columns."""
        return cell if self._order is None else self._order[cell]

    def cell(self, place: int) -> int:
        """The cell of the date that stands at a place in the columns."""
        return place if self._cells is None else self._cells[place]

    def group_of(self, cell: int) -> int:
        """The group that has a cell."""
        return bisect_right(self.starts, cell, 0, self.group_count) - 1

    def columns(self, group: int) -> Sequence[int]:
        """Where the cells of a group stand beside each other, from 0; ascending."""
        return self._set_out.get(group) or range(self.starts[group + 1] - self.starts[group])

    def nearest(self, instant: Instant) -> int:
        """The cell of a date, else of the first one after it, else the last."""
        return max(0, min(bisect_left(self.moments, instant), len(self) - 1))

    def _sort(self, columns: DateColumns) -> None:
        afters = columns.afters
        moments = [afters[place] if at == ABSENT else at for place, at in enumerate(columns.dates)]
        order = sorted(range(len(moments)), key=moments.__getitem__)
        cells = array(_INTEGERS, bytes(8 * len(order)))
        for cell, place in enumerate(order):
            cells[place] = cell
        self.moments = array(_INTEGERS, (moments[place] for place in order))
        self._order, self._cells = array(_INTEGERS, order), cells

    def _group(self, zone: tzinfo) -> None:
        moments, depth = self.moments, _DEPTHS[self.grain]
        shared: tuple[int, ...] | None = None
        period: _Period | None = None
        first = 0
        while first < len(moments):
            period = _period_of(Instant(moments[first]), zone, self.grain, period)
            begun = period.begun
            if (share := (begun.year, begun.month, begun.day)[:depth]) != shared:
                self.blocks.append(len(self.begun))
                shared = share
            self.starts.append(first)
            self.begun.append(begun)
            stop = bisect_left(moments, period.end, first + 1)
            if self._unit and (columns := _columns_of(moments[first:stop], period, self._unit, zone)):
                self._set_out[len(self.begun) - 1] = columns
            first = stop
        self.blocks.append(len(self.begun))
        self.starts.append(len(moments))


class _Period(NamedTuple):
    """Where a period begins on the clock, the instant at which it is over, and where the next one begins.

    `after` is None where that is found only by looking at the clock.
    """

    begun: datetime
    end: Instant
    after: datetime | None


def _period_of(at: Instant, zone: tzinfo, grain: Grain, before: _Period | None) -> _Period:
    """The period of an instant, which is mostly the one after the period before."""
    if before is not None and before.after is not None:
        period = _period_from(before.after, grain)
        if at < period.end:
            return period
    local = to_datetime(at, zone)
    if grain is Grain.HOUR:
        begun = local.replace(minute=0, second=0, microsecond=0)
        return _Period(begun, Instant(at + _HOUR - (local - begun) // timedelta(microseconds=1)), None)
    begun = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if grain is not Grain.DAY:
        begun = begun.replace(day=1, month=1 if grain is Grain.YEAR else local.month)
    period = _period_from(begun, grain)
    while period.end <= at and period.after is not None:
        period = _period_from(period.after, grain)
    return period


def _unit_of(moments: Sequence[int], grain: Grain) -> int:
    """What a column of such dates is, a day or an hour; 0 where there is about one date in more or less."""
    unit = {Grain.MONTH: _DAY, Grain.DAY: _HOUR}.get(grain, 0)
    apart = (moments[-1] - moments[0]) // (len(moments) - 1) if len(moments) > 1 else 0
    return unit if 5 * unit <= 6 * apart <= 9 * unit else 0


def _columns_of(moments: Sequence[int], period: _Period, unit: int, zone: tzinfo) -> Sequence[int]:
    """The columns of the dates of one period by their days or hours; none for those that fill it.

    Of dates in one unit, as where the clock shows an hour twice, each pushes the next one on.
    """
    begin = from_datetime(period.begun)
    length = period.end - begin
    steady = period.after is not None and period.begun.utcoffset() == period.after.utcoffset()
    if steady and len(moments) == length // unit:
        return ()
    columns = array(_INTEGERS)
    for moment in moments:
        since = moment - begin
        if not steady:
            local = to_datetime(Instant(moment), zone).replace(tzinfo=None)
            since = (local - period.begun.replace(tzinfo=None)) // timedelta(microseconds=1)
        columns.append(max(since // unit, columns[-1] + 1 if columns else 0))
    return columns


def _period_from(begun: datetime, grain: Grain) -> _Period:
    # A midnight that the clock leaves out is taken for the instant at which it is put forward.
    after = _next(begun, grain)
    return _Period(begun, _FOREVER if after is None else from_datetime(after), after)


def _next(begun: datetime, grain: Grain) -> datetime | None:
    """Where the next year, month or day begins; None after the last that has a name."""
    if grain is Grain.DAY:
        last = (begun.year, begun.month, begun.day) == (MAXYEAR, 12, 31)
        return None if last else begun + timedelta(days=1)
    years, month = divmod(begun.month, 12) if grain is Grain.MONTH else (1, 0)
    return None if begun.year + years > MAXYEAR else begun.replace(year=begun.year + years, month=month + 1)
