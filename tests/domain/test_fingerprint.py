"""Fingerprints tell whether, and in words what, has changed since a plan was shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.fingerprint import fingerprint_of, what_changed
from backfill_tui.domain.ids import RunId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.outcomes import ExistingRun
from backfill_tui.domain.plan_dates import Occurrence
from backfill_tui.domain.planning import PlannedRun, ReprocessBehavior, decide
from backfill_tui.domain.states import RunState

DAY = 86_400 * SECOND
States = dict[int, RunState]


def planned(
    states: States, *, days: int = 10, today: int = 100, backwards: bool = False
) -> tuple[PlannedRun, ...]:
    dates = [
        Occurrence(
            logical_date=Instant(day * DAY),
            data_interval_start=Instant(day * DAY),
            data_interval_end=Instant((day + 1) * DAY),
            run_after=Instant((day + 1) * DAY),
        )
        for day in range(days)
    ]
    existing = {
        Instant(day * DAY): ExistingRun(run_id=RunId(str(day)), state=state, run_type="scheduled")
        for day, state in states.items()
    }
    now = Instant(today * DAY + 1)
    return decide(dates, existing, behavior=ReprocessBehavior.FAILED, now=now, run_backwards=backwards)


SUCCESS, FAILED, RUNNING = RunState.SUCCESS, RunState.FAILED, RunState.RUNNING


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {1: SUCCESS}, "1 date now succeeded"),
        ({}, {1: SUCCESS, 2: SUCCESS, 3: RUNNING}, "2 dates now succeeded, 1 is running"),
        ({1: FAILED, 2: FAILED}, {1: RunState.QUEUED, 2: RunState.QUEUED}, "2 dates are queued"),
        ({1: RUNNING}, {1: FAILED}, "1 date now failed"),
        ({1: SUCCESS, 2: SUCCESS, 3: FAILED}, {3: FAILED}, "2 dates have no run any more"),
        ({1: SUCCESS}, {1: SUCCESS}, ""),
    ],
)
def test_what_became_of_runs_is_said(before: States, after: States, words: str) -> None:
    assert what_changed(fingerprint_of(planned(before)), planned(after)) == words


def test_dates_that_have_become_due_are_counted() -> None:
    before = fingerprint_of(planned({}, today=5))
    assert what_changed(before, planned({}, today=7)) == "2 dates are now due"


def test_another_schedule_is_named_as_such() -> None:
    before = fingerprint_of(planned({}, days=10))
    assert what_changed(before, planned({}, days=8)) == "the schedule now gives other dates, 8 of them"


@pytest.mark.parametrize(
    "text", ["x", "1.2.3", "1..", "2.abc.eNpjYAACAAAFAAE=", "1.é.", "1.a.eNpjYAACAAAFAAE=.b"]
)
def test_what_is_no_fingerprint_is_named_as_such(text: str) -> None:
    assert what_changed(text, planned({})) in {
        "the fingerprint is not one of this program",
        "the schedule now gives other dates, 10 of them",
    }


def test_a_cut_fingerprint_is_not_taken_for_the_plan() -> None:
    whole = fingerprint_of(planned({1: SUCCESS}))
    assert all(what_changed(whole[:length], planned({1: SUCCESS})) for length in range(len(whole)))


def test_the_order_of_execution_is_no_part_of_it() -> None:
    assert fingerprint_of(planned({1: FAILED})) == fingerprint_of(planned({1: FAILED}, backwards=True))


def test_that_of_a_hundred_thousand_dates_is_short() -> None:
    states = {day: (SUCCESS, FAILED)[day % 7 == 0] for day in range(100_000)}
    assert len(fingerprint_of(planned(states, days=100_000))) < 2_000


worlds = st.dictionaries(st.integers(0, 9), st.sampled_from(list(RunState)))


@given(worlds, worlds)
def test_two_worlds_have_one_fingerprint_only_if_they_are_the_same(one: States, other: States) -> None:
    assert (what_changed(fingerprint_of(planned(one)), planned(other)) == "") == (one == other)
