"""When the Dags are read again."""

from __future__ import annotations

import pytest

from backfill_tui.ui.pulse import Pulse


class Clock:
    """Stands still until it is told to go on."""

    seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def read_once(clock: Clock, changes: int | None, took: float = 0.1) -> Pulse:
    pulse = Pulse(clock)
    pulse.heard(changes)
    assert pulse.dags_are_due, "nothing was read yet"
    pulse.dags_asked()
    clock.seconds += took
    pulse.dags_read(took)
    return pulse


def are_due(pulse: Pulse, changes: int | None) -> bool:
    pulse.heard(changes)
    return pulse.dags_are_due


def test_where_somebody_wrote_they_are_due_soon(clock: Clock) -> None:
    pulse = read_once(clock, 7)
    clock.seconds += 3.9
    assert not are_due(pulse, 8)
    clock.seconds += 0.2
    assert are_due(pulse, 8)
    assert not are_due(pulse, 7), "nobody wrote"


def test_where_nobody_wrote_they_are_looked_for_now_and_then(clock: Clock) -> None:
    pulse = read_once(clock, 7)
    clock.seconds += 14.8
    assert not are_due(pulse, 7)
    clock.seconds += 0.2
    assert are_due(pulse, 7)


def test_where_nothing_is_known_of_changes_they_are_due_soon(clock: Clock) -> None:
    pulse = read_once(clock, None)
    clock.seconds += 4.1
    assert are_due(pulse, None)


def test_what_took_long_is_not_read_again_soon(clock: Clock) -> None:
    pulse = read_once(clock, 7, took=2.0)
    clock.seconds += 39
    assert not are_due(pulse, 8)
    clock.seconds += 1.1
    assert are_due(pulse, 8)


def test_after_a_failure_they_are_due_whether_anybody_wrote_or_not(clock: Clock) -> None:
    pulse = read_once(clock, 7)
    clock.seconds += 4.1
    pulse.dags_asked()
    pulse.dags_failed()
    assert are_due(pulse, 7)


def test_silence_is_counted_in_whole_seconds(clock: Clock) -> None:
    pulse = Pulse(clock)
    clock.seconds += 2.9
    assert pulse.silent_seconds == 2
    pulse.heard(None)
    assert pulse.silent_seconds == 0
