"""A small table of outcomes says of each date what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.outcomes import (
    Clash,
    ExistingRun,
    ExistingRuns,
    JudgedDates,
    Outcome,
    OutcomeTable,
    Verdict,
    runs_at,
)
from backfill_tui.domain.plan_dates import ColumnsBuilder, DateColumns
from backfill_tui.domain.states import RunState, TaskState

RUN = ExistingRun(
    state=RunState.FAILED,
    run_type="manual",
    triggering_user="alice",
    backfill_id=BackfillId(3),
    task_counts=((TaskState.SUCCESS, 2), (TaskState.FAILED, 1), (TaskState.UPSTREAM_FAILED, 4)),
)
outcomes = st.builds(
    Outcome,
    verdict=st.sampled_from(Verdict),
    existing=st.sampled_from([None, RUN, replace(RUN, state=RunState.SUCCESS)]),
    clash=st.sampled_from(Clash),
)


def dates(count: int) -> DateColumns:
    builder = ColumnsBuilder()
    builder.extend(range(count), range(count))
    return builder.columns()


def judged_as(said: list[Outcome]) -> JudgedDates:
    table = OutcomeTable(len(said))
    for place, outcome in enumerate(said):
        table.outcome_of[place] = table.number(outcome)
    return table.judged(dates(len(said)), due=len(said))


@given(st.lists(outcomes, max_size=20))
def test_every_date_keeps_its_outcome(said: list[Outcome]) -> None:
    judged = judged_as(said)
    assert [judged.outcome(place) for place in range(len(judged))] == said
    assert set(judged.outcomes) == set(said)
    assert judged.tally == tuple(said.count(outcome) for outcome in judged.outcomes)


@given(st.lists(outcomes, max_size=20), st.sets(st.sampled_from(Verdict)))
def test_dates_are_counted_and_found_by_their_verdicts(said: list[Outcome], wanted: set[Verdict]) -> None:
    judged = judged_as(said)
    where = [place for place, outcome in enumerate(said) if outcome.verdict in wanted]
    assert judged.where(*wanted) == where
    assert judged.count(*wanted) == len(where)


@given(st.lists(outcomes, max_size=20))
def test_what_was_judged_crosses_the_wire_as_it_is(said: list[Outcome]) -> None:
    judged = judged_as(said)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(judged), type=JudgedDates) == judged


@given(st.integers(0, 9), st.integers(0, 9))
def test_a_span_is_filled_without_its_neighbours(start: int, length: int) -> None:
    table = OutcomeTable(20)
    create, waiting = Outcome(verdict=Verdict.CREATE), Outcome(verdict=Verdict.NOT_YET)
    table.fill(0, 20, waiting)
    table.fill(start, start + length, create)
    judged = table.judged(dates(20), due=20)
    assert judged.where(Verdict.CREATE) == list(range(start, start + length))
    assert judged.count(Verdict.NOT_YET) == 20 - length


def test_outcomes_that_are_alike_share_a_number() -> None:
    table = OutcomeTable(0)
    first, second, third = (
        table.number(Outcome(verdict=Verdict.SKIP_EXISTS, existing=run))
        for run in (RUN, replace(RUN), replace(RUN, backfill_id=BackfillId(4)))
    )
    assert first == second != third


def test_runs_are_told_apart_by_all_that_is_said_of_them() -> None:
    runs = {Instant(0): RUN, Instant(2): replace(RUN, triggering_user="bob"), Instant(3): replace(RUN)}
    found = runs_at(dates(4), runs)
    assert found == ExistingRuns(kinds=(RUN, replace(RUN, triggering_user="bob")), kind_at={0: 0, 2: 1, 3: 0})


def test_tasks_are_counted_by_their_states() -> None:
    assert RUN.task_total == 7
    assert RUN.count_of(TaskState.SUCCESS) == 2
    assert RUN.count_of(TaskState.FAILED, TaskState.UPSTREAM_FAILED) == 5
    assert RUN.count_of() == replace(RUN, task_counts=()).task_total == 0


@pytest.mark.parametrize(
    ("verdict", "runs", "label"),
    [
        (Verdict.CREATE, True, "create"),
        (Verdict.REPROCESS, True, "reprocess"),
        (Verdict.SKIP_EXISTS, False, "skip"),
        (Verdict.SKIP_IN_FLIGHT, False, "skip"),
        (Verdict.NOT_YET, False, "not yet"),
    ],
)
def test_a_verdict_has_a_word_and_says_whether_a_run_comes_of_it(
    verdict: Verdict, label: str, *, runs: bool
) -> None:
    assert (verdict.runs, verdict.label) == (runs, label)
