from __future__ import annotations

from backfill_tui.engine.restarts import CALM_SECONDS, LIMIT, Restarts


def test_each_failure_in_a_row_waits_longer_until_it_is_given_up() -> None:
    restarts = Restarts()
    delays = [restarts.failed(now) for now in range(LIMIT)]
    assert delays == [0.5, 1.0, 2.0, 4.0, None]
    assert restarts.total == LIMIT


def test_a_minute_of_good_health_wipes_the_failures_out() -> None:
    restarts = Restarts()
    for now in range(LIMIT - 1):
        restarts.failed(now)
    restarts.is_healthy(100)
    assert restarts.failed(100 + CALM_SECONDS) == 0.5


def test_a_moment_of_good_health_does_not() -> None:
    restarts = Restarts()
    restarts.failed(0)
    restarts.is_healthy(1)
    assert restarts.failed(2) == 1.0
