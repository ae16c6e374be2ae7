"""Estimates: always ranges, never better for more runs or fewer places, and words that hold what they say."""

from __future__ import annotations

import re
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.creation_time import creation_time
from backfill_tui.domain.estimates import (
    Estimate,
    Limits,
    OneByOne,
    PoolUse,
    RunDurations,
    durations_of,
    estimate,
    run_time,
    sentence,
)
from backfill_tui.domain.instants import SECOND, Microseconds
from backfill_tui.domain.time_ranges import TimeRange, in_words

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LOOPBACK = Microseconds(50)
UNITS = {"s": SECOND, "min": MINUTE, "h": HOUR, "days": DAY}

durations = st.lists(st.integers(1, 3 * DAY), min_size=1, max_size=30)
worked = st.none() | durations.map(lambda taken: durations_of(map(Microseconds, taken)))
counts = st.integers(1, 100_000)
places = st.integers(1, 500)
pools = st.builds(
    PoolUse, name=st.just("a pool"), slots=st.none() | st.integers(0, 200), wanted=st.integers(1, 30)
)
limits = st.builds(
    Limits,
    examined=st.integers(1, 50),
    parallelism=st.none() | st.integers(1, 100),
    width=st.integers(1, 30),
    tasks=st.just(2),
    pools=st.lists(pools, max_size=3).map(tuple),
    task_limits=st.lists(st.integers(1, 10), max_size=2).map(tuple),
    one_by_one=st.none() | st.builds(OneByOne, work=worked, slowest=worked),
)


def between(low: float, high: float) -> TimeRange:
    return TimeRange(low=Microseconds(int(low * SECOND)), high=Microseconds(int(high * SECOND)))


def past(*seconds: float) -> RunDurations:
    found = durations_of(Microseconds(int(taken * SECOND)) for taken in seconds)
    assert found is not None
    return found


def meant_by(words: str) -> tuple[int, int]:
    """The bounds that words name; the ones of `under` begin at nothing."""
    if under := re.fullmatch(r"under ([\d,]+) (\w+)", words):
        return 0, int(under[1].replace(",", "")) * UNITS[under[2]]
    found = re.fullmatch(r"([\d,]+)(?: (\w+))? to ([\d,]+) (\w+)", words)
    assert found, words
    low, low_unit, high, unit = found.groups()
    return int(low.replace(",", "")) * UNITS[low_unit or unit], int(high.replace(",", "")) * UNITS[unit]


def an_estimate(**different: object) -> Estimate:
    usual: dict[str, object] = {
        "creates": 100,
        "reprocesses": 0,
        "tasks_per_run": 3,
        "max_active_runs": 10,
        "durations": past(*[60] * 15, *[70] * 5),
        "limits": Limits(examined=20, parallelism=32),
        "database": "sqlite",
        "round_trip": LOOPBACK,
    }
    return estimate(**{**usual, **different})  # type: ignore[arg-type]  # each is the type it says


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (between(0, 0), "under 1 s"),
        (between(0.2, 0.9), "under 1 s"),
        (between(0.2, 1), "under 2 s"),
        (between(0.9, 700), "under 12 min"),
        (between(1, 1), "1 to 2 s"),
        (between(1.2, 1.9), "1 to 2 s"),
        (between(42, 68), "40 to 70 s"),
        (between(60, 60), "60 to 65 s"),
        (between(50, 170), "50 s to 3 min"),
        (between(570, 820), "9 to 14 min"),
        (between(7_300, 10_700), "2 to 3 h"),
        (between(3_700, 7_300), "1 to 3 h"),
        (between(300, 3 * 86_400), "5 min to 3 days"),
        (between(3 * 86_400, 4.2 * 86_400), "3 to 5 days"),
        (between(1_234 * 86_400, 12_345 * 86_400), "1,200 to 13,000 days"),
    ],
)
def test_a_range_is_said_in_the_unit_of_its_length(span: TimeRange, words: str) -> None:
    assert in_words(span) == words


@given(st.integers(0, 10_000 * DAY), st.integers(0, 10_000 * DAY))
def test_words_contain_the_range_and_are_never_one_number(one: int, other: int) -> None:
    span = TimeRange(low=Microseconds(min(one, other)), high=Microseconds(max(one, other)))
    low, high = meant_by(in_words(span))
    assert low <= span.low <= span.high <= high
    assert low < high


def test_past_runs_are_summed_up_by_their_middle_and_their_ninth_tenth() -> None:
    assert past(5, 1, 2) == RunDurations(
        median=Microseconds(2 * SECOND), p90=Microseconds(5 * SECOND), samples=3
    )
    assert past(*range(1, 101)).p90 == 90 * SECOND
    assert past(1, 2).median == 1.5 * SECOND
    assert durations_of([]) is None


@given(durations, counts, counts, places, places)
def test_more_runs_are_never_faster_and_more_places_never_slower(
    taken: list[int], runs: int, more: int, at_once: int, further: int
) -> None:
    known = durations_of(map(Microseconds, taken))
    assert known is not None
    span = run_time(runs, known, at_once)
    assert 0 <= span.low < span.high
    longer = run_time(runs + more, known, at_once)
    assert span.low <= longer.low
    assert span.high <= longer.high
    faster = run_time(runs, known, at_once + further)
    assert faster.low <= span.low
    assert faster.high <= span.high


@given(durations, counts, places)
def test_no_number_of_places_is_faster_than_one_run(taken: list[int], runs: int, at_once: int) -> None:
    known = durations_of(map(Microseconds, taken))
    assert known is not None
    one = run_time(1, known, 1)
    span = run_time(runs, known, at_once)
    assert span.low >= one.low
    assert span.high >= one.high


def test_runs_all_alike_take_about_their_number_over_the_places() -> None:
    span = run_time(100, past(*[60] * 20), 10)
    assert span.low < 10 * MINUTE < span.high
    assert in_words(span) == "9 to 12 min"


@pytest.mark.parametrize(
    ("at_once", "median", "p90", "samples", "took"),
    [(4, 5.1, 6.4, 12, 30.6), (8, 4.7, 6.2, 36, 17.0), (16, 4.8, 5.7, 60, 11.1)],
)
def test_24_runs_took_on_a_real_engine_what_the_runs_before_them_let_expect(
    at_once: int, median: float, p90: float, samples: int, took: float
) -> None:
    known = RunDurations(
        median=Microseconds(int(median * SECOND)), p90=Microseconds(int(p90 * SECOND)), samples=samples
    )
    span = run_time(24, known, at_once)
    assert span.low <= took * SECOND <= span.high
    assert span.high < 3 * span.low


def test_two_runs_taken_again_took_on_a_busy_machine_no_longer_than_was_said() -> None:
    span = run_time(2, past(3.4, 3.6, 3.9), 10)
    assert span.low <= 8 * SECOND <= span.high
    assert in_words(span) == "2 to 10 s"


def test_runs_with_a_task_that_waits_for_its_last_run_gain_nothing_by_more_at_a_time() -> None:
    # What a real engine did: 58 runs of one such task took 32 s, each 5 s from start to end.
    one = past(*[0.3] * 15, *[0.4] * 5)
    waiting = Limits(examined=20, task_limits=(1,), one_by_one=OneByOne(work=one, slowest=one))
    found = an_estimate(creates=58, durations=past(*[5] * 20), limits=waiting)
    assert found.useful == 1
    assert all(pace.capped and pace.time == found.at[0].time for pace in found.at)
    assert found.at[0].time is not None
    assert found.at[0].time.low == 58 * 0.27 * SECOND
    assert found.at[0].time.low <= 32 * SECOND <= found.at[0].time.high
    assert sentence(found) == (
        "15 s to 3 min with 1 at a time, more gains nothing, and a task waits for the run before; "
        "creating the runs takes under 1 s"
    )


def test_what_the_other_tasks_take_is_gained_until_the_waiting_task_is_busy_all_the_time() -> None:
    work, slowest = past(*[100] * 20), past(*[20] * 20)
    waiting = Limits(examined=20, tasks=2, task_limits=(1,), one_by_one=OneByOne(work=work, slowest=slowest))
    found = an_estimate(max_active_runs=2, durations=past(*[110] * 20), limits=waiting)
    assert found.useful == 5
    lows = [pace.time.low // SECOND for pace in found.at if pace.time is not None]
    assert lows == [90 * 100 // 2, 90 * 100 // 4, 90 * 100 // 5]
    assert [pace.capped for pace in found.at] == [False, False, True]


def test_a_run_takes_no_less_than_it_took_with_its_waits() -> None:
    known = past(*[60] * 20)
    span = run_time(1, known, 1, one_by_one=OneByOne(work=past(*[2] * 20), slowest=past(*[1] * 20)))
    assert span.high >= known.p90


def test_a_single_run_waits_for_none_of_the_others() -> None:
    waiting = Limits(examined=20, task_limits=(1,), one_by_one=OneByOne())
    assert sentence(an_estimate(creates=1, limits=waiting)).startswith("50 to 75 s; ")


def test_one_past_run_tells_less_than_twenty() -> None:
    few, many = run_time(100, past(60), 10), run_time(100, past(*[60] * 20), 10)
    assert few.low < many.low
    assert few.high > many.high


def test_the_scheduler_bounds_the_runs_at_a_time() -> None:
    bounded = Limits(examined=20)
    assert [bounded.at_most(wanted) for wanted in (10, 20, 40)] == [10, 20, 20]
    assert Limits(examined=20, parallelism=4).at_most(10) == 4


def test_pools_bound_the_runs_at_a_time_only_when_every_task_is_in_one_with_a_limit() -> None:
    small, open_ended = PoolUse(name="small", slots=3), PoolUse(name="open", slots=None)
    assert Limits(examined=20, pools=(small,)).at_most(10) == 3
    assert Limits(examined=20, pools=(small, small)).at_most(10) == 6
    assert Limits(examined=20, pools=(small, open_ended)).at_most(10) == 10
    assert Limits(examined=20, pools=(small, open_ended)).at_least(10) == 3
    assert Limits(examined=20, pools=(PoolUse(name="wide", slots=16, wanted=8),)).at_least(10) == 2


def test_max_active_tasks_bounds_no_number_of_runs() -> None:
    assert Limits(examined=20, max_active_tasks=1).at_least(10) == 10


def test_runs_that_are_wide_share_the_parallelism() -> None:
    limits = Limits(examined=20, parallelism=8, width=4)
    assert (limits.at_most(10), limits.at_least(10)) == (8, 2)


def test_a_task_that_may_run_once_at_a_time_is_the_narrowest_place() -> None:
    one_of_two = Limits(examined=20, tasks=2, task_limits=(1,))
    assert (one_of_two.at_most(10), one_of_two.at_least(10)) == (10, 1)
    assert Limits(examined=20, tasks=1, task_limits=(4,)).at_most(10) == 4


@given(limits, places, places)
def test_what_is_certain_is_never_more_than_what_is_possible(bounds: Limits, at_once: int, more: int) -> None:
    assert 1 <= bounds.at_least(at_once) <= bounds.at_most(at_once) <= at_once
    assert bounds.at_most(at_once) <= bounds.at_most(at_once + more)
    assert bounds.at_least(at_once) <= bounds.at_least(at_once + more)


@pytest.mark.parametrize(
    ("database", "reprocess", "tasks", "round_trip", "measured"),
    [
        # Milliseconds for one run, Airflow 3.3.2: several machines and days.
        ("sqlite", False, 1, 50, (2.84, 3.1)),
        ("sqlite", False, 5, 50, (3.25, 3.59)),
        ("sqlite", False, 10, 50, (6.2,)),
        ("sqlite", False, 20, 50, (5.04, 5.84, 8)),
        ("sqlite", True, 1, 50, (6.82, 9.63)),
        ("sqlite", True, 5, 50, (13.69, 17.34)),
        ("sqlite", True, 20, 50, (48.48, 67.46)),
        ("postgresql", False, 1, 80, (4.12, 4.36, 10.2)),
        ("postgresql", False, 5, 80, (5.07, 5.22)),
        ("postgresql", False, 10, 80, (7, 9)),
        ("postgresql", False, 20, 80, (7.26, 7.53, 19.9)),
        ("postgresql", True, 1, 80, (11.0, 12.49)),
        ("postgresql", True, 5, 80, (20.56, 29.12)),
        ("postgresql", True, 20, 80, (62, 70.59, 95.67)),
        ("postgresql", False, 1, 2_260, (27.9,)),
        ("postgresql", False, 20, 2_260, (35.37,)),
        ("postgresql", True, 1, 2_260, (68.89,)),
        ("postgresql", True, 5, 2_260, (136.68,)),
        ("postgresql", True, 20, 2_260, (434.09,)),
    ],
)
def test_the_creation_takes_what_was_measured(
    database: str, tasks: int, round_trip: int, measured: tuple[float, ...], *, reprocess: bool
) -> None:
    creates, reprocesses = (0, 1_000) if reprocess else (1_000, 0)
    span = creation_time(creates, reprocesses, tasks, database, Microseconds(round_trip))
    for milliseconds in measured:
        assert span.low <= milliseconds * SECOND <= span.high


@given(counts, counts, st.integers(1, 500), st.integers(0, SECOND), st.sampled_from(["sqlite", "postgresql"]))
def test_creating_more_takes_longer(
    creates: int, reprocesses: int, tasks: int, away: int, database: str
) -> None:
    span = creation_time(creates, reprocesses, tasks, database, Microseconds(away))
    assert 0 < span.low < span.high
    for more in (
        creation_time(creates + 1, reprocesses, tasks, database, Microseconds(away)),
        creation_time(creates, reprocesses + 1, tasks, database, Microseconds(away)),
        creation_time(creates, reprocesses, tasks + 1, database, Microseconds(away)),
    ):
        assert more.low > span.low
        assert more.high > span.high


def test_a_server_far_away_makes_the_creation_longer_and_a_file_has_no_distance() -> None:
    near = creation_time(100, 0, 1, "postgresql", LOOPBACK)
    far = creation_time(100, 0, 1, "postgresql", Microseconds(10_100))
    assert far.low - near.low == 100 * 10 * 10_000
    assert creation_time(100, 0, 1, "sqlite", Microseconds(10_100)) == creation_time(
        100, 0, 1, "sqlite", LOOPBACK
    )


def test_the_estimate_says_what_the_double_gives_and_that_more_gives_nothing() -> None:
    found = an_estimate()
    assert [(pace.max_active_runs, pace.capped) for pace in found.at] == [
        (10, False),
        (20, False),
        (40, True),
    ]
    assert found.at[1].time == found.at[2].time
    assert sentence(found) == (
        "9 to 12 min with 10 at a time, 4 to 6 min with 20, more gains nothing; "
        "creating the runs takes under 1 s"
    )


def test_more_at_a_time_than_the_scheduler_looks_at_is_counted_as_what_it_looks_at() -> None:
    assert sentence(an_estimate(max_active_runs=50)).startswith(
        "4 to 6 min with 20 at a time, more gains nothing; "
    )


def test_as_many_at_a_time_as_there_are_runs_is_all_of_them() -> None:
    found = an_estimate(creates=5)
    assert sentence(found) == "50 to 75 s with all 5 at a time; creating the runs takes under 1 s"
    assert all(pace.capped for pace in found.at)


def test_a_single_run_is_not_counted() -> None:
    assert sentence(an_estimate(creates=1)) == "50 to 75 s; creating the run takes under 1 s"


def test_a_dag_without_a_successful_run_has_no_time_but_its_creation_has() -> None:
    found = an_estimate(creates=1_000, durations=None)
    assert all(pace.time is None for pace in found.at)
    assert sentence(found) == (
        "How long its runs take is not known: this Dag has no successful run yet; "
        "creating the runs takes 2 to 8 s"
    )


def test_a_pool_that_a_task_does_not_fit_into_makes_the_time_endless() -> None:
    bounds = Limits(examined=20, pools=(PoolUse(name="no\x1b[2J\nroom", slots=2, heaviest=3),))
    found = an_estimate(limits=bounds)
    assert all(pace.time is None for pace in found.at)
    assert sentence(found).startswith(
        'Its runs would wait for ever: a task has no place in the pool "no room";'
    )
    assert PoolUse(name="gone", slots=None, missing=True).impossible
    assert PoolUse(name="closed", slots=0).impossible
    assert not PoolUse(name="just enough", slots=2, heaviest=2).impossible


def test_a_plan_without_runs_takes_no_time() -> None:
    assert sentence(an_estimate(creates=0)) == "No run would start"


@given(limits, st.none() | durations, st.integers(0, 10_000), st.integers(0, 10_000), places)
def test_every_estimate_is_made_of_ranges_said_on_one_line(
    bounds: Limits, taken: list[int] | None, creates: int, reprocesses: int, at_once: int
) -> None:
    found = an_estimate(
        limits=bounds,
        durations=durations_of(map(Microseconds, taken or [])),
        creates=creates,
        reprocesses=reprocesses,
        max_active_runs=at_once,
    )
    assert [pace.max_active_runs for pace in found.at] == [at_once, 2 * at_once, 4 * at_once]
    times = [pace.time for pace in found.at if pace.time is not None]
    for slower, faster in pairwise(times):
        assert faster.low <= slower.low
        assert faster.high <= slower.high
    assert sentence(found).isprintable()


@given(limits, st.none() | durations)
def test_an_estimate_comes_back_from_the_wire_as_it_was(bounds: Limits, taken: list[int] | None) -> None:
    found = an_estimate(limits=bounds, durations=durations_of(map(Microseconds, taken or [])))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Estimate) == found
