"""Verdicts, their reasons and their order."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.ids import RunId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.planning import (
    ExistingRun,
    Occurrence,
    PlannedRun,
    ReprocessBehavior,
    Verdict,
    decide,
)
from backfill_tui.domain.states import RunState, TaskState

HOUR = 3600 * SECOND
START = Instant(1_704_067_200 * SECOND)
"""2024-01-01 00:00 UTC."""


def hourly(number: int) -> Occurrence:
    at = Instant(START + number * HOUR)
    end = Instant(at + HOUR)
    return Occurrence(logical_date=at, data_interval_start=at, data_interval_end=end, run_after=end)


def partition(number: int) -> Occurrence:
    at = Instant(START + number * HOUR)
    return Occurrence(
        logical_date=None,
        data_interval_start=None,
        data_interval_end=None,
        run_after=at,
        partition_key=f"p{number}",
        partition_date=at,
    )


def a_run(state: RunState, run_type: str = "scheduled", user: str | None = None, **tasks: int) -> ExistingRun:
    return ExistingRun(
        run_id=RunId("a run"),
        state=state,
        run_type=run_type,
        triggering_user=user,
        task_counts=tuple((TaskState(word), count) for word, count in tasks.items()),
    )


def judged(
    run: ExistingRun | None,
    behavior: ReprocessBehavior = ReprocessBehavior.NONE,
    occurrence: Occurrence | None = None,
) -> PlannedRun:
    date = occurrence or hourly(0)
    identity = date.identity
    assert identity is not None
    (planned,) = decide(
        [date],
        {} if run is None else {identity: run},
        behavior=behavior,
        now=Instant(START + 1000 * HOUR),
        run_backwards=False,
    )
    return planned


NONE, FAILED, COMPLETED = ReprocessBehavior.NONE, ReprocessBehavior.FAILED, ReprocessBehavior.COMPLETED


@pytest.mark.parametrize(
    ("state", "behavior", "verdict"),
    [
        (None, NONE, Verdict.CREATE),
        (None, COMPLETED, Verdict.CREATE),
        (RunState.QUEUED, NONE, Verdict.SKIP_IN_FLIGHT),
        (RunState.RUNNING, FAILED, Verdict.SKIP_IN_FLIGHT),
        (RunState.RUNNING, COMPLETED, Verdict.SKIP_IN_FLIGHT),
        (RunState.SUCCESS, NONE, Verdict.SKIP_EXISTS),
        (RunState.SUCCESS, FAILED, Verdict.SKIP_EXISTS),
        (RunState.SUCCESS, COMPLETED, Verdict.REPROCESS),
        (RunState.FAILED, NONE, Verdict.SKIP_EXISTS),
        (RunState.FAILED, FAILED, Verdict.REPROCESS),
        (RunState.FAILED, COMPLETED, Verdict.REPROCESS),
    ],
)
def test_the_state_of_a_run_and_the_reprocess_behavior_decide(
    state: RunState | None, behavior: ReprocessBehavior, verdict: Verdict
) -> None:
    assert judged(None if state is None else a_run(state), behavior).verdict is verdict


@pytest.mark.parametrize(
    ("run", "behavior", "reason"),
    [
        (None, NONE, "no run exists"),
        (a_run(RunState.QUEUED, "asset_triggered"), NONE, "its asset triggered run is queued"),
        (a_run(RunState.SUCCESS), NONE, "already succeeded"),
        (a_run(RunState.FAILED), NONE, "already failed, and failed runs are left"),
        (
            a_run(RunState.FAILED, success=2, failed=1, upstream_failed=2),
            FAILED,
            "failed, 2 of 5 tasks succeeded: all 5 run again",
        ),
        (
            a_run(RunState.SUCCESS, success=1),
            COMPLETED,
            "succeeded, 1 of 1 task succeeded: it runs again",
        ),
        (
            a_run(RunState.SUCCESS, "manual", "ali\x1b[31mce", success=3),
            COMPLETED,
            "succeeded, 3 of 3 tasks succeeded: all 3 run again; manual run by alice is taken over",
        ),
        (
            a_run(RunState.FAILED, "operator_triggered", failed=2),
            FAILED,
            "failed, 0 of 2 tasks succeeded: all 2 run again; operator triggered run is taken over",
        ),
        (a_run(RunState.FAILED), FAILED, "failed without any task, so Airflow counts it in but runs nothing"),
    ],
)
def test_the_reason_says_what_stands_there_and_what_becomes_of_it(
    run: ExistingRun | None, behavior: ReprocessBehavior, reason: str
) -> None:
    assert judged(run, behavior).reason == reason


def test_a_partition_that_is_reprocessed_gets_a_run_beside_the_old_one() -> None:
    planned = judged(a_run(RunState.FAILED, success=1, failed=1), FAILED, partition(0))
    assert planned.reason == "failed, 1 of 2 tasks succeeded: a new run is created beside it"


def test_a_partition_of_the_future_is_created_and_waits() -> None:
    (planned,) = decide([partition(5)], {}, behavior=NONE, now=START, run_backwards=False)
    assert planned.verdict is Verdict.CREATE
    assert planned.reason == "no run exists; its run waits until 2024-01-01 05:00 UTC"


def test_an_interval_that_ends_just_now_is_not_over_for_airflow() -> None:
    end = hourly(0).data_interval_end
    assert end is not None
    at_its_end = decide([hourly(0)], {}, behavior=NONE, now=end, run_backwards=False)
    after_it = decide([hourly(0)], {}, behavior=NONE, now=Instant(end + 1), run_backwards=False)
    assert [run.verdict for run in (*at_its_end, *after_it)] == [Verdict.NOT_YET, Verdict.CREATE]


def test_a_date_not_due_says_when_in_the_dags_zone() -> None:
    (planned,) = decide(
        [hourly(0)], {}, behavior=NONE, now=START, run_backwards=False, zone=ZoneInfo("Europe/Zurich")
    )
    assert planned.reason == "its data interval ends 2024-01-01 02:00 Europe/Zurich"


worlds = st.dictionaries(
    st.integers(0, 30).map(lambda number: Instant(START + number * HOUR)),
    st.sampled_from(list(RunState)).map(lambda state: a_run(state, success=1)),
)
ranges = st.lists(st.integers(0, 30), unique=True).map(sorted)
clocks = st.integers(-1, 33).map(lambda number: Instant(START + number * HOUR + 1))


def dates_that_run(runs: tuple[PlannedRun, ...]) -> set[int | None]:
    return {run.occurrence.identity for run in runs if run.verdict.runs}


@given(ranges, worlds, clocks, st.sampled_from(list(ReprocessBehavior)), st.booleans())
def test_every_date_is_judged_once_and_ordinals_count_from_one(
    numbers: list[int],
    world: dict[Instant, ExistingRun],
    now: Instant,
    behavior: ReprocessBehavior,
    backwards: bool,  # hypothesis fills it by position
) -> None:
    dates = [hourly(number) for number in numbers]
    runs = decide(dates, world, behavior=behavior, now=now, run_backwards=backwards)
    assert sorted(run.occurrence.run_after for run in runs) == [date.run_after for date in dates]
    taken_up = [run for run in runs if run.verdict is not Verdict.NOT_YET]
    assert [run.ordinal for run in taken_up] == list(range(1, len(taken_up) + 1))
    assert runs[: len(taken_up)] == tuple(taken_up)
    ends = [run.occurrence.data_interval_end or 0 for run in taken_up]
    assert all(end < now for end in ends)
    assert ends == sorted(ends, reverse=backwards)


@given(ranges, worlds, clocks, st.sampled_from(list(ReprocessBehavior)))
def test_backwards_is_the_same_in_reverse(
    numbers: list[int], world: dict[Instant, ExistingRun], now: Instant, behavior: ReprocessBehavior
) -> None:
    dates = [hourly(number) for number in numbers]
    forwards, backwards = (
        [
            (run.occurrence, run.verdict, run.reason)
            for run in decide(dates, world, behavior=behavior, now=now, run_backwards=reverse)
            if run.verdict is not Verdict.NOT_YET
        ]
        for reverse in (False, True)
    )
    assert backwards == forwards[::-1]


@given(ranges, worlds, clocks)
def test_each_reprocess_behavior_takes_all_that_the_one_before_takes(
    numbers: list[int], world: dict[Instant, ExistingRun], now: Instant
) -> None:
    dates = [hourly(number) for number in numbers]
    none, failed, completed = (
        dates_that_run(decide(dates, world, behavior=behavior, now=now, run_backwards=False))
        for behavior in (NONE, FAILED, COMPLETED)
    )
    assert none <= failed <= completed


@given(ranges, worlds, clocks)
def test_a_second_plan_of_what_was_created_creates_nothing(
    numbers: list[int], world: dict[Instant, ExistingRun], now: Instant
) -> None:
    dates = [hourly(number) for number in numbers]
    first = decide(dates, world, behavior=NONE, now=now, run_backwards=False)
    made = {
        run.occurrence.identity: a_run(RunState.QUEUED)
        for run in first
        if run.verdict.runs and run.occurrence.identity is not None
    }
    second = decide(dates, {**world, **made}, behavior=NONE, now=now, run_backwards=False)
    assert dates_that_run(second) == set()
