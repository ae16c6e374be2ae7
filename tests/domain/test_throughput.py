"""How fast runs end and how long the rest takes: a range, from enough runs, else nothing at all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.grids import a_row
from tests.support.world import NOW

from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.states import RunState
from backfill_tui.domain.throughput import FEWEST, Pace, pace_of
from backfill_tui.domain.watching import RunRow

MINUTE = 60 * SECOND


def ended(*times: tuple[int, int]) -> list[RunRow | None]:
    """Runs that began and ended so many seconds after `NOW`."""
    return [
        a_row(number, started_at=Instant(NOW + begun * SECOND), ended_at=Instant(NOW + end * SECOND))
        for number, (begun, end) in enumerate(times, 1)
    ]


def one_after_the_other(number: int, seconds: int, *, at_once: int = 1) -> list[RunRow | None]:
    waves = [(wave * seconds, (wave + 1) * seconds) for wave in range(-(-number // at_once))]
    return ended(*[wave for wave in waves for _ in range(at_once)][:number])


def pace(rows: Sequence[RunRow | None], after: int, *, running: int = 0, left: int = 0) -> Pace:
    return pace_of(rows, Instant(NOW + after * SECOND), running=running, left=left)


def test_of_a_few_runs_nothing_is_said() -> None:
    few = one_after_the_other(FEWEST - 1, 10)
    assert pace(few, 30, running=1, left=50) == Pace()
    assert pace([], 30, left=50) == Pace()


def test_runs_that_never_began_or_have_not_ended_tell_nothing() -> None:
    rows = [
        None,
        a_row(1, RunState.RUNNING),
        a_row(2, RunState.QUEUED),
        a_row(3, RunState.FAILED, started_at=None, cancelled=True),
    ]
    assert pace([*rows, *rows], 30, running=2, left=4) == Pace()


def test_what_ended_in_equal_times_is_counted_in_equal_parts() -> None:
    known = pace(one_after_the_other(32, 10), 320, running=1, left=4)
    assert known.ended == (2,) * 16
    stalled = pace(one_after_the_other(8, 10), 160, running=1, left=4)
    assert sum(stalled.ended) == 8
    assert stalled.ended[9:] == (0,) * 7


def test_after_the_end_the_time_since_does_not_count() -> None:
    assert pace(one_after_the_other(32, 10), 99_999).ended == (2,) * 16


def test_runs_one_after_the_other_have_the_pace_of_one() -> None:
    known = pace(one_after_the_other(32, 10), 320, running=1, left=18)
    assert known.per_minute == pytest.approx(6)
    assert known.left is not None
    assert known.left.low < 180 * SECOND < known.left.high
    assert known.left.high < 240 * SECOND


def test_runs_side_by_side_are_not_taken_for_a_burst() -> None:
    known = pace(one_after_the_other(16, 600, at_once=16), 601, running=16, left=160)
    assert known.per_minute is None, "one wave tells no pace"
    assert known.left is not None
    assert known.left.low > 50 * MINUTE
    assert known.left.high < 200 * MINUTE


def test_the_runs_that_are_left_may_all_be_about_to_end() -> None:
    known = pace(one_after_the_other(16, 600, at_once=8), 1_201, running=8, left=8)
    assert known.left is not None
    assert known.left.low == 0
    assert known.left.high >= 600 * SECOND


def test_of_a_few_runs_that_ended_of_late_no_pace_is_told() -> None:
    yesterday = ended(*[(at, at + 10) for at in range(0, 40, 10)])
    of_late = ended(*[(at, at + 10) for at in range(86_000, 86_000 + FEWEST * 10, 10)])
    known = pace([*yesterday, *of_late], 86_100, running=1, left=9)
    assert known.per_minute is None
    more = [*yesterday, *of_late, *ended((86_050, 86_060))]
    assert pace(more, 86_100, running=1, left=9).per_minute is not None


def test_how_long_a_run_takes_is_told_by_those_that_ended_last() -> None:
    slower = [(160 + start, 220 + start) for start in range(0, 16 * 60, 60)]
    known = pace(
        ended(*[(start, start + 10) for start in range(0, 160, 10)], *slower), 1_120, running=1, left=2
    )
    assert known.left is not None
    assert known.left.low > 40 * SECOND


def test_runs_that_wait_between_them_make_the_range_wider() -> None:
    gaps = ended(*[(start, start + 10) for start in range(0, 600, 40)])
    known = pace(gaps, 600, running=1, left=10)
    assert known.left is not None
    assert known.left.low < 100 * SECOND
    assert known.left.high > 400 * SECOND


def test_what_ended_yesterday_is_no_pace_of_today() -> None:
    known = pace(one_after_the_other(32, 10), 86_400, running=4, left=4)
    assert known.per_minute is None
    assert known.left is not None
    assert known.left.high < 60 * SECOND


def test_where_nothing_runs_the_end_is_not_known() -> None:
    known = pace(one_after_the_other(32, 10), 320, running=0, left=18)
    assert known.left is None
    assert pace(one_after_the_other(32, 10), 320).left is None


times = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(lambda pair: (min(pair), max(pair)))


@given(
    known=st.lists(times, max_size=40),
    after=st.integers(0, 20_000),
    running=st.integers(0, 16),
    left=st.integers(0, 500),
)
def test_every_run_is_counted_once_and_the_range_is_one(
    known: list[tuple[int, int]], after: int, running: int, left: int
) -> None:
    found = pace(ended(*known), after, running=running, left=left)
    assert sum(found.ended) == (len(known) if len(known) >= FEWEST else 0)
    assert found.left is None or 0 <= found.left.low <= found.left.high
    assert (found.left is None) == (len(known) < FEWEST or not running or not left)
