"""Fingerprints tell whether, and in words what, has changed since a plan was shown."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.fingerprint import fingerprint_of, what_changed
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.judging import decide
from backfill_tui.domain.outcomes import ExistingRun, JudgedDates, runs_at
from backfill_tui.domain.plan_dates import ColumnsBuilder, Occurrence, columns_of
from backfill_tui.domain.planning import ReprocessBehavior
from backfill_tui.domain.states import RunState

DAY = 86_400 * SECOND
States = dict[int, RunState]


def planned(
    states: States,
    *,
    days: int = 10,
    today: int = 100,
    backwards: bool = False,
    behavior: ReprocessBehavior = ReprocessBehavior.FAILED,
    ids_taken: Iterable[int] = (),
) -> JudgedDates:
    dates = columns_of(
        Occurrence(
            logical_date=Instant(day * DAY),
            data_interval_start=Instant(day * DAY),
            data_interval_end=Instant((day + 1) * DAY),
            run_after=Instant((day + 1) * DAY),
        )
        for day in range(days)
    )
    runs = {
        Instant(day * DAY): ExistingRun(state=state, run_type="scheduled") for day, state in states.items()
    }
    existing = replace(runs_at(dates, runs), ids_taken=frozenset(ids_taken))
    now = Instant(today * DAY + 1)
    return decide(dates, existing, behavior=behavior, now=now, run_backwards=backwards)


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


def test_thousands_of_changes_are_told_with_their_thousands_apart() -> None:
    before = fingerprint_of(planned({}, days=3_000, today=9_000))
    states = {day: SUCCESS if day < 1_200 else FAILED for day in range(2_500)}
    after = planned(states, days=3_000, today=9_000)
    assert what_changed(before, after) == "1,300 dates now failed, 1,200 now succeeded"
    assert what_changed(before, planned({}, days=4_000)).endswith("other dates, 4,000 of them")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1.2.3",
        "1..",
        "2.2.3",
        "2..",
        "2.abc.eNpjYAACAAAFAAE=",
        "1.é.",
        "2.é.é",
        "1.a.eNpjYAACAAAFAAE=.b",
        "2.a.eNpjYAACAAAFAAE=.b",
        "2.\x1b[31m.[/red]",
    ],
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


def test_no_fingerprint_is_too_long_for_a_word_of_a_command() -> None:
    # Linux takes 131,072 bytes; a plan has 200,000 dates at most, and no run like that of the day before.
    dice = Random(0)  # noqa: S311  # the same states each time
    states = {day: dice.choice(list(RunState)) for day in range(200_000) if dice.random() < 0.8}
    assert len(fingerprint_of(planned(states, days=200_000))) < 100_000


def test_a_fingerprint_that_would_unpack_to_gigabytes_is_not_unpacked() -> None:
    bomb = urlsafe_b64encode(zlib.compress(bytes(64 * 1024 * 1024), 9)).decode()
    assert what_changed(f"2.a.{bomb}", planned({})) == "the fingerprint is not one of this program"


def test_one_taken_before_runs_were_told_apart_as_columns_is_not_taken_for_the_plan() -> None:
    former = fingerprint_of(planned({})).replace("2.", "1.", 1)
    assert what_changed(former, planned({})) == "the fingerprint is not one of this program"


def test_dates_of_which_some_time_moves_are_other_dates() -> None:
    def shifted(*, dates: int, ends: int) -> JudgedDates:
        builder = ColumnsBuilder()
        builder.extend([dates + day * DAY for day in range(5)], [ends + day * DAY for day in range(5)])
        nothing = runs_at(builder.columns(), {})
        now = Instant(100 * DAY)
        return decide(
            builder.columns(), nothing, behavior=ReprocessBehavior.NONE, now=now, run_backwards=False
        )

    before = fingerprint_of(shifted(dates=0, ends=0))
    for moved in (shifted(dates=1, ends=1), shifted(dates=0, ends=1), shifted(dates=-1, ends=0)):
        assert what_changed(before, moved) == "the schedule now gives other dates, 5 of them"


def test_a_date_that_has_become_due_is_due_even_if_it_has_a_run() -> None:
    before = fingerprint_of(planned({6: SUCCESS}, today=5))
    assert what_changed(before, planned({6: SUCCESS}, today=7)) == "2 dates are now due"
    assert what_changed(before, planned({6: FAILED}, today=7)) == "1 date now failed, 1 is now due"


def test_a_clock_that_went_back_is_said() -> None:
    before = fingerprint_of(planned({}, today=7))
    assert what_changed(before, planned({}, today=5)) == "2 dates are not due any more"


def test_a_run_id_that_another_date_has_taken_is_said_and_so_is_its_being_free_again() -> None:
    free, taken = planned({}), planned({}, ids_taken={3, 4})
    assert what_changed(fingerprint_of(free), taken) == "2 dates have a run id that is taken"
    assert what_changed(fingerprint_of(taken), free) == "2 dates can have a run now"


def test_another_reprocess_behavior_is_not_taken_for_news_of_the_runs() -> None:
    states = {1: FAILED, 2: SUCCESS}
    before = fingerprint_of(planned(states))
    none = planned(states, behavior=ReprocessBehavior.NONE)
    every = planned(states, behavior=ReprocessBehavior.COMPLETED)
    assert what_changed(before, none) == "1 date is left now"
    assert what_changed(before, every) == "1 date is taken again now"


worlds = st.dictionaries(st.integers(0, 9), st.sampled_from(list(RunState)))


@given(worlds, worlds)
def test_two_worlds_have_one_fingerprint_only_if_they_are_the_same(one: States, other: States) -> None:
    assert (what_changed(fingerprint_of(planned(one)), planned(other)) == "") == (one == other)
