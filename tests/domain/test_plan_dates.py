"""Dates as columns say the same as dates one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.plan_dates import ABSENT, ColumnsBuilder, DateColumns, Occurrence, columns_of

HOUR = 3600 * SECOND
# Every instant that Python knows, to the microsecond; the smallest number stands for none.
instants = st.integers(-62_135_596_800 * SECOND, 253_402_300_799 * SECOND).map(Instant)


def a_date(at: int, end: int | None = None, after: int | None = None) -> Occurrence:
    """A date whose interval ends, and whose run may start, when it begins unless another time is given."""
    ends = Instant(at if end is None else end)
    return Occurrence(
        logical_date=Instant(at),
        data_interval_start=Instant(at),
        data_interval_end=ends,
        run_after=Instant(ends if after is None else after),
    )


def a_partition(at: int, key: str = "p", after: int | None = None) -> Occurrence:
    return Occurrence(
        logical_date=None,
        data_interval_start=None,
        data_interval_end=None,
        run_after=Instant(at if after is None else after),
        partition_key=key,
        partition_date=Instant(at),
    )


NO_INTERVAL = Occurrence(
    logical_date=None, data_interval_start=None, data_interval_end=None, run_after=Instant(5)
)

any_dates = st.lists(
    st.builds(a_date, instants, st.none() | instants, st.none() | instants)
    | st.builds(lambda at: replace(a_date(at), data_interval_end=None), instants)
    | st.just(NO_INTERVAL),
    max_size=8,
)
any_partitions = st.lists(
    st.builds(a_partition, instants, st.text(max_size=8), st.none() | instants), max_size=8
)


@given(any_dates | any_partitions)
def test_dates_come_out_of_columns_as_they_went_in(dates: list[Occurrence]) -> None:
    columns = columns_of(iter(dates))
    assert len(columns) == len(dates)
    assert [columns.occurrence(place) for place in range(len(columns))] == dates


@given(any_dates | any_partitions)
def test_columns_cross_the_wire_as_they_are(dates: list[Occurrence]) -> None:
    columns = columns_of(dates)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(columns), type=DateColumns) == columns


@given(any_dates | any_partitions)
def test_columns_ascend_when_they_can_be_searched_by_halves(dates: list[Occurrence]) -> None:
    columns = columns_of(dates)
    present = ABSENT not in {*columns.dates, *columns.ends}
    assert columns.ascending == (
        present
        and strictly_ascend(columns.dates)
        and strictly_ascend(columns.afters)
        and list(columns.ends) == sorted(columns.ends)
    )


def strictly_ascend(numbers: Sequence[int]) -> bool:
    return list(numbers) == sorted(set(numbers))


@pytest.mark.parametrize(
    "dates",
    [
        [a_date(1), a_date(1)],
        [a_date(2), a_date(1)],
        [a_date(1, 9), a_date(2, 8, 10)],
        [a_date(1, 9), a_date(2, 9)],
        [a_date(1, 9), NO_INTERVAL],
        [a_partition(1, after=2), a_partition(2, after=2)],
    ],
    ids=["a date twice", "backwards", "ends backwards", "run after twice", "no interval", "partitions"],
)
def test_once_dates_do_not_ascend_nothing_that_follows_makes_them(dates: list[Occurrence]) -> None:
    assert not columns_of([*dates, a_date(100)] if dates[0].partition_key is None else dates).ascending
    assert columns_of(dates[:1]).ascending


def test_intervals_that_end_together_still_ascend() -> None:
    assert columns_of([a_date(1, 9, 9), a_date(2, 9, 10)]).ascending


def test_columns_that_say_the_same_as_another_are_left_out() -> None:
    exact = columns_of([a_date(1), a_date(2)])
    assert (exact.interval_ends, exact.run_afters) == (b"", b"")
    lagging = columns_of([a_date(1, 3), a_date(2, 4)])
    assert (len(lagging.interval_ends), lagging.run_afters) == (16, b"")
    late = columns_of([a_date(1, after=3), a_date(2, after=4)])
    assert (late.interval_ends, len(late.run_afters)) == (b"", 16)
    partitions = columns_of([a_partition(1), a_partition(2)])
    assert (partitions.interval_ends, partitions.run_afters) == (b"", b"")
    assert columns_of([a_date(1, 2, 1)]).run_afters != b""


def test_a_date_that_runs_when_it_begins_is_not_taken_for_one_that_runs_at_its_end() -> None:
    early = a_date(1, 2, 1)
    assert columns_of([early]).occurrence(0) == early


def test_no_dates_are_no_columns() -> None:
    nothing = columns_of([])
    assert nothing == DateColumns(identities=b"")
    assert (len(nothing), nothing.partitioned, nothing.ascending) == (0, False, True)


def test_partitions_are_found_by_their_date_and_other_dates_by_the_logical_one() -> None:
    assert (a_partition(7).identity, a_date(8).identity, NO_INTERVAL.identity) == (7, 8, None)
    columns = columns_of([a_partition(7, "x", after=9)])
    assert (columns.partitioned, list(columns.dates), list(columns.ends), list(columns.afters)) == (
        True,
        [7],
        [7],
        [9],
    )


@given(any_dates, st.data())
def test_the_dates_at_some_places_are_those(dates: list[Occurrence], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.sampled_from(range(len(dates))), max_size=12)) if dates else []
    assert columns_of(dates).taken(places) == columns_of(dates[place] for place in places)


AsGiven = Callable[[Iterable[int]], Iterable[int]]


def a_generator(numbers: Iterable[int]) -> Iterable[int]:
    yield from numbers


@given(
    chunks=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=6),
    step=st.integers(1, 3 * HOUR),
    lag=st.sampled_from([0, 0, HOUR]),
    as_given=st.sampled_from([list, tuple, a_generator]),
)
def test_many_dates_at_a_time_and_one_by_one_are_the_same_in_any_mixture(
    chunks: list[tuple[int, bool]], step: int, lag: int, as_given: AsGiven
) -> None:
    builder, dates, at = ColumnsBuilder(), [], 0
    for count, at_once in chunks:
        starts = range(at, at + count * step, step)
        at += count * step
        some = [a_date(start, start + lag) for start in starts]
        if at_once:
            builder.extend(as_given(starts), as_given(start + lag for start in starts))
        else:
            for date in some:
                builder.add(date)
        dates += some
        assert len(builder) == len(dates)
        assert builder.last_after == (dates[-1].run_after if dates else None)
    assert builder.columns() == columns_of(dates)
    assert builder.columns().ascending


def test_dates_that_are_their_own_ends_are_read_once() -> None:
    builder, same = ColumnsBuilder(), a_generator([1, 2, 3])
    builder.extend(same, same)
    assert builder.columns() == columns_of(a_date(at) for at in (1, 2, 3))


def test_many_partitions_at_a_time_have_their_keys() -> None:
    builder = ColumnsBuilder()
    builder.add(a_partition(1, "1"))
    builder.extend([2, 3], [2, 3], iter(["2", "3"]))
    builder.add(a_partition(4, "4"))
    assert builder.columns() == columns_of(a_partition(at, str(at)) for at in (1, 2, 3, 4))


def test_what_is_there_so_far_does_not_change_when_more_is_added() -> None:
    builder = ColumnsBuilder()
    builder.extend([1, 2], [1, 2])
    so_far = builder.columns()
    builder.add(a_date(0))
    assert so_far == columns_of([a_date(1), a_date(2)])
    assert not builder.columns().ascending
