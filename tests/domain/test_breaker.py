"""The circuit breaker pauses once, and again only for new failures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.support.rows import NOW, some_facts

from backfill_tui.domain.breaker import Breaker, breaker_of
from backfill_tui.domain.watching import RunCounts

RUNNING = some_facts()
PAUSED = some_facts(is_paused=True)


def test_it_trips_when_so_many_runs_have_failed() -> None:
    breaker = Breaker(limit=3)
    assert not breaker.trips(RUNNING, RunCounts(queued=1, failed=2, running=1))
    assert breaker.trips(RUNNING, RunCounts(queued=1, failed=3))


def test_what_is_paused_or_at_its_end_is_left() -> None:
    assert not Breaker(limit=1).trips(PAUSED, RunCounts(queued=1, failed=5))
    assert not Breaker(limit=1).trips(some_facts(completed_at=NOW), RunCounts(queued=1, failed=5))


def test_where_no_run_is_queued_pausing_would_stop_nothing() -> None:
    assert not Breaker(limit=1).trips(RUNNING, RunCounts(failed=5, running=2))


def test_whoever_resumes_accepts_the_failures_so_far() -> None:
    breaker = Breaker(limit=2).seen(PAUSED, RunCounts(queued=1, failed=3))
    assert not breaker.trips(RUNNING, RunCounts(queued=1, failed=4))
    assert breaker.trips(RUNNING, RunCounts(queued=1, failed=5))


def test_a_rerun_that_takes_failures_back_makes_new_ones_count() -> None:
    breaker = Breaker(limit=2, accepted=3).seen(RUNNING, RunCounts(queued=1, failed=0, running=3))
    assert breaker.trips(RUNNING, RunCounts(queued=1, failed=2))


def test_the_wish_at_the_launch_holds_unless_the_watcher_has_another() -> None:
    asked = some_facts(stop_after_failures=4, failures_accepted=2)
    assert breaker_of(asked) == Breaker(limit=4, accepted=2)
    assert breaker_of(asked, 1) == Breaker(limit=1, accepted=2)
    assert breaker_of(asked, 0) == Breaker(limit=None, accepted=2)
    assert breaker_of(RUNNING) == Breaker()


@given(st.lists(st.integers(0, 50)), st.integers(1, 10))
def test_without_a_pause_it_never_trips_below_its_limit(failures: list[int], limit: int) -> None:
    breaker = Breaker(limit=limit)
    for failed in failures:
        counts = RunCounts(queued=1, failed=failed)
        breaker = breaker.seen(RUNNING, counts)
        assert breaker.trips(RUNNING, counts) == (failed >= limit)
