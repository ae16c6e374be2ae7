"""The dates of a plan: a column of integers for each property, and one date as a value where it is seen.

A plan can have 100,000 dates. As columns they are made, compared, sent and held at the cost of a few copies
of memory; an `Occurrence` is made only for a row that somebody looks at.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.instants import Instant

ABSENT: Final = Instant(-(2**63))
"""Stands in a column where a date has no such instant: the smallest number it can hold."""

_KIND: Final = "q"
"""Signed, 64 bits, in the byte order of the machine, on which both processes run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One date of a timetable. Of a partitioned Dag `logical_date` is None and the partition is named."""

    logical_date: Instant | None
    data_interval_start: Instant | None
    data_interval_end: Instant | None
    run_after: Instant
    partition_key: str | None = None
    partition_date: Instant | None = None

    @property
    def identity(self) -> Instant | None:
        """What a run of this occurrence is found by: its partition date, else its logical date."""
        return self.partition_date if self.partition_date is not None else self.logical_date


@dataclass(frozen=True, slots=True, kw_only=True)
class DateColumns:
    """Dates in the timetable's order.

    `identities` are logical dates, of a partitioned Dag partition dates. `interval_ends` is empty where every
    interval ends as it begins, `run_afters` where every run may start when its interval ends (of a partition:
    at its partition date). `partition_keys` is None for a Dag that is not partitioned. `ascending` says that
    identities and times to run after strictly increase and interval ends never decrease, and that none is
    `ABSENT`, so that they can be searched by halves.
    """

    identities: bytes
    interval_ends: bytes = b""
    run_afters: bytes = b""
    partition_keys: tuple[str, ...] | None = None
    ascending: bool = True

    def __len__(self) -> int:
        return len(self.identities) // 8

    @property
    def partitioned(self) -> bool:
        """Whether the dates are partitions."""
        return self.partition_keys is not None

    @property
    def dates(self) -> Sequence[int]:
        """The identities as integers."""
        return _integers(self.identities)

    @property
    def ends(self) -> Sequence[int]:
        """The ends of the data intervals; of partitions, which have none, their dates."""
        return _integers(self.interval_ends or self.identities)

    @property
    def afters(self) -> Sequence[int]:
        """The times before which no run may start."""
        return _integers(self.run_afters or self.interval_ends or self.identities)

    def occurrence(self, place: int) -> Occurrence:
        """One date as a value."""
        identity, run_after = _or_none(self.dates[place]), Instant(self.afters[place])
        if self.partition_keys is not None:
            return Occurrence(
                logical_date=None,
                data_interval_start=None,
                data_interval_end=None,
                run_after=run_after,
                partition_key=self.partition_keys[place],
                partition_date=identity,
            )
        return Occurrence(
            logical_date=identity,
            data_interval_start=identity,
            data_interval_end=_or_none(self.ends[place]),
            run_after=run_after,
        )

    def taken(self, places: Sequence[int]) -> DateColumns:
        """The dates at some places, in the order of these."""
        return columns_of(self.occurrence(place) for place in places)


def columns_of(occurrences: Iterable[Occurrence]) -> DateColumns:
    """The columns of dates that are there one by one."""
    builder = ColumnsBuilder()
    for occurrence in occurrences:
        builder.add(occurrence)
    return builder.columns()


class ColumnsBuilder:
    """Collects dates, one or many at a time."""

    def __init__(self) -> None:
        self._identities = array(_KIND)
        self._ends = array(_KIND)
        self._afters = array(_KIND)
        self._keys: list[str] = []
        self._ascending = True

    def __len__(self) -> int:
        return len(self._identities)

    @property
    def last_after(self) -> Instant | None:
        """When the run of the latest date may start."""
        return Instant(self._afters[-1]) if self._afters else None

    def add(self, occurrence: Occurrence) -> None:
        """One more date."""
        identity = ABSENT if occurrence.identity is None else occurrence.identity
        end = occurrence.data_interval_end
        if occurrence.partition_key is not None:
            self._keys.append(occurrence.partition_key)
            end = identity
        end = ABSENT if end is None else end
        if self._ascending and (ABSENT in {identity, end} or not self._is_after(identity, end, occurrence)):
            self._ascending = False
        self._identities.append(identity)
        self._ends.append(end)
        self._afters.append(occurrence.run_after)

    def extend(self, identities: Iterable[int], ends: Iterable[int], keys: Iterable[str] = ()) -> None:
        """Many more dates, ascending and later than those before; each may run when its interval ends."""
        column = array(_KIND, ends)
        self._identities.extend(column if identities is ends else array(_KIND, identities))
        self._ends.extend(column)
        self._afters.extend(column)
        self._keys.extend(keys)

    def columns(self) -> DateColumns:
        """What was collected so far; columns that say the same as another are left out."""
        identities, ends, afters = (
            column.tobytes() for column in (self._identities, self._ends, self._afters)
        )
        return DateColumns(
            identities=identities,
            interval_ends=b"" if ends == identities else ends,
            run_afters=b"" if afters == ends else afters,
            partition_keys=tuple(self._keys) if self._keys else None,
            ascending=self._ascending,
        )

    def _is_after(self, identity: int, end: int, occurrence: Occurrence) -> bool:
        return not self._identities or (
            identity > self._identities[-1]
            and end >= self._ends[-1]
            and occurrence.run_after > self._afters[-1]
        )


def _integers(column: bytes) -> Sequence[int]:
    return memoryview(column).cast(_KIND)


def _or_none(number: int) -> Instant | None:
    return None if number == ABSENT else Instant(number)
