"""Verdicts, their reasons and their order."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.judging import decide, verdict_of
from backfill_tui.domain.outcomes import (
    Clash,
    ExistingRun,
    ExistingRuns,
    JudgedDates,
    Outcome,
    Verdict,
    runs_at,
)
from backfill_tui.domain.plan_dates import ColumnsBuilder, DateColumns, Occurrence, columns_of
from backfill_tui.domain.planning import (
    BackfillPlan,
    BackfillRequest,
    DagBounds,
    Gravity,
    PlannedRun,
    PlanWarning,
    ReprocessBehavior,
)
from backfill_tui.domain.states import RunState, TaskState

World = Mapping[Instant, ExistingRun]


class Asked(TypedDict):
    """What a plan is made by besides dates and runs."""

    behavior: ReprocessBehavior
    now: Instant
    run_backwards: bool


HOUR = 3600 * SECOND
START = Instant(1_704_067_200 * SECOND)
"""2024-01-01 00:00 UTC."""
LONG_AFTER = Instant(START + 1000 * HOUR)


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
        state=state,
        run_type=run_type,
        triggering_user=user,
        task_counts=tuple((TaskState(word), count) for word, count in tasks.items()),
    )


def planned(
    dates: Sequence[Occurrence],
    world: World | None = None,
    *,
    behavior: ReprocessBehavior = ReprocessBehavior.NONE,
    now: Instant = LONG_AFTER,
    run_backwards: bool = False,
    timezone: str = "UTC",
    bounds: DagBounds | None = None,
) -> Sequence[PlannedRun]:
    columns = columns_of(dates)
    judged = decide(
        columns, runs_at(columns, world or {}), behavior=behavior, now=now, run_backwards=run_backwards
    )
    return plan_of(
        judged, run_backwards=run_backwards, now=now, timezone=timezone, bounds=bounds or DagBounds()
    ).runs


def plan_of(
    judged: JudgedDates,
    *,
    run_backwards: bool = False,
    now: Instant = START,
    timezone: str = "UTC",
    bounds: DagBounds = DagBounds(),  # noqa: B008  # it is frozen
) -> BackfillPlan:
    return BackfillPlan(
        request=BackfillRequest(
            dag_id=DagId("sales"), from_date=START, to_date=now, run_backwards=run_backwards
        ),
        timezone=timezone,
        judged=judged,
        warnings=(),
        planned_at=now,
        bounds=bounds,
    )


def judged(
    run: ExistingRun | None,
    behavior: ReprocessBehavior = ReprocessBehavior.NONE,
    occurrence: Occurrence | None = None,
) -> PlannedRun:
    date = occurrence or hourly(0)
    identity = date.identity
    assert identity is not None
    (only,) = planned([date], {} if run is None else {identity: run}, behavior=behavior)
    return only


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
            (
                "succeeded, 3 of 3 tasks succeeded: all 3 run again; "
                "manual run by alice is taken over with its conf"
            ),
        ),
        (
            a_run(RunState.FAILED, "operator_triggered", failed=2),
            FAILED,
            (
                "failed, 0 of 2 tasks succeeded: all 2 run again; "
                "operator triggered run is taken over with its conf"
            ),
        ),
        (a_run(RunState.FAILED), FAILED, "failed without any task, so Airflow counts it in but runs nothing"),
    ],
)
def test_the_reason_says_what_stands_there_and_what_becomes_of_it(
    run: ExistingRun | None, behavior: ReprocessBehavior, reason: str
) -> None:
    assert judged(run, behavior).reason == reason


def test_a_partition_that_is_reprocessed_gets_a_run_beside_the_old_one() -> None:
    reprocessed = judged(a_run(RunState.FAILED, success=1, failed=1), FAILED, partition(0))
    assert reprocessed.reason == "failed, 1 of 2 tasks succeeded: a new run is created beside it"


def test_a_partition_of_the_future_is_created_and_waits() -> None:
    (waiting,) = planned([partition(5)], now=START)
    assert waiting.verdict is Verdict.CREATE
    assert waiting.reason == "no run exists; its run waits until 2024-01-01 05:00 UTC"


def test_an_interval_that_ends_just_now_is_not_over_for_airflow() -> None:
    end = hourly(0).data_interval_end
    assert end is not None
    at_its_end = planned([hourly(0)], now=end)
    after_it = planned([hourly(0)], now=Instant(end + 1))
    assert [run.verdict for run in (*at_its_end, *after_it)] == [Verdict.NOT_YET, Verdict.CREATE]


def test_a_date_not_due_says_when_in_the_dags_zone() -> None:
    (waiting,) = planned([hourly(0)], now=START, timezone="Europe/Zurich")
    assert waiting.reason == "its data interval ends 2024-01-01 02:00 Europe/Zurich"


worlds = st.dictionaries(
    st.integers(0, 30).map(lambda number: Instant(START + number * HOUR)),
    st.sampled_from(list(RunState)).map(lambda state: a_run(state, success=1)),
)
ranges = st.lists(st.integers(0, 30), unique=True).map(sorted)
clocks = st.integers(-1, 33).map(lambda number: Instant(START + number * HOUR + 1))


def dates_that_run(runs: Iterable[PlannedRun]) -> set[int | None]:
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
    runs = planned(dates, world, behavior=behavior, now=now, run_backwards=backwards)
    assert sorted(run.occurrence.run_after for run in runs) == [date.run_after for date in dates]
    taken_up = [run for run in runs if run.verdict is not Verdict.NOT_YET]
    assert [run.ordinal for run in taken_up] == list(range(1, len(taken_up) + 1))
    assert runs[: len(taken_up)] == taken_up
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
            for run in planned(dates, world, behavior=behavior, now=now, run_backwards=reverse)
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
        dates_that_run(planned(dates, world, behavior=behavior, now=now))
        for behavior in (NONE, FAILED, COMPLETED)
    )
    assert none <= failed <= completed


@given(ranges, worlds, clocks)
def test_a_second_plan_of_what_was_created_creates_nothing(
    numbers: list[int], world: dict[Instant, ExistingRun], now: Instant
) -> None:
    dates = [hourly(number) for number in numbers]
    first = planned(dates, world, now=now)
    made = {
        run.occurrence.identity: a_run(RunState.QUEUED)
        for run in first
        if run.verdict.runs and run.occurrence.identity is not None
    }
    second = planned(dates, {**world, **made}, now=now)
    assert dates_that_run(second) == set()


def airflows(
    dates: Sequence[Occurrence],
    world: World,
    *,
    ids: Iterable[int] = (),
    behavior: ReprocessBehavior,
    now: Instant,
    run_backwards: bool,
) -> list[tuple[Occurrence, Verdict, Clash]]:
    """Airflow's creation in miniature, one date after the other, with its database as a dictionary.

    `ids` are the times to run after of runs of other dates: run ids that are taken.
    """
    due = [
        date
        for date in dates
        if date.partition_key is not None
        or (date.data_interval_end is not None and date.data_interval_end < now)
    ]
    states = {date: run.state for date, run in world.items()}
    made: set[Instant] = set()
    taken = set(ids)
    found = []
    for date in due[::-1] if run_backwards else due:
        identity = date.identity
        assert identity is not None
        state = states.get(identity)
        verdict, clash = verdict_of(None if state is None else a_run(state), behavior), Clash.NONE
        if identity in made and verdict is Verdict.SKIP_IN_FLIGHT:
            clash = Clash.SAME_DATE
        if verdict is Verdict.CREATE and date.partition_key is None and date.run_after in taken:
            verdict, clash = Verdict.SKIP_IN_FLIGHT, Clash.RUN_ID_TAKEN
        if verdict.runs:
            states[identity] = RunState.QUEUED
            made.add(identity)
        if verdict is Verdict.CREATE:
            taken.add(date.run_after)
        found.append((date, verdict, clash))
    return found + [(date, Verdict.NOT_YET, Clash.NONE) for date in dates if date not in due]


def decided(
    columns: DateColumns,
    existing: ExistingRuns,
    *,
    behavior: ReprocessBehavior,
    now: Instant,
    run_backwards: bool,
) -> list[tuple[Occurrence, Verdict, Clash]]:
    """What is planned, in the order of execution."""
    judged = decide(columns, existing, behavior=behavior, now=now, run_backwards=run_backwards)
    plan = plan_of(judged, run_backwards=run_backwards, now=now)
    outcomes = [judged.outcome(plan.place(row)) for row in range(len(judged))]
    return [
        (run.occurrence, outcome.verdict, outcome.clash)
        for run, outcome in zip(plan.runs, outcomes, strict=True)
    ]


few_hours = st.integers(0, 8).map(lambda number: Instant(START + number * HOUR))
few_worlds = st.dictionaries(few_hours, st.sampled_from(list(RunState)).map(a_run))
few_clocks = st.integers(-1, 11).map(lambda number: Instant(START + number * HOUR + 1))
behaviors = st.sampled_from(list(ReprocessBehavior))


def asked_at(now: st.SearchStrategy[Instant]) -> st.SearchStrategy[Asked]:
    return st.fixed_dictionaries({"behavior": behaviors, "now": now, "run_backwards": st.booleans()}).map(
        lambda fields: Asked(**fields)  # type: ignore[typeddict-item]  # as the strategies above have it
    )


@st.composite
def odd_dates(draw: st.DrawFn) -> list[Occurrence]:
    """What a timetable that repeats itself, stands still or goes backwards gives."""
    odd = []
    for date in draw(st.lists(few_hours, max_size=8)):
        end = draw(st.none() | st.sampled_from([date, Instant(date + HOUR), Instant(date - HOUR)]))
        after = draw(st.sampled_from([date, Instant(date + HOUR), Instant(date + 2 * HOUR)]))
        odd.append(
            Occurrence(logical_date=date, data_interval_start=date, data_interval_end=end, run_after=after)
        )
    return odd


@st.composite
def odd_partitions(draw: st.DrawFn) -> list[Occurrence]:
    """Partitions, some of them twice."""
    numbers = draw(st.lists(st.integers(0, 8), max_size=8))
    return [replace(partition(number), partition_key=f"{place}") for place, number in enumerate(numbers)]


@given(odd_dates() | odd_partitions(), few_worlds, st.sets(few_hours), asked_at(few_clocks))
def test_a_plan_of_any_timetable_is_what_airflow_does_date_after_date(
    dates: list[Occurrence],
    world: World,
    ids: set[Instant],
    asked: Asked,
) -> None:
    columns = columns_of(dates)
    # The run id of a partition ends in something random, so that of none is taken.
    taken = () if columns.partitioned else (place for place, at in enumerate(columns.afters) if at in ids)
    existing = replace(runs_at(columns, world), ids_taken=frozenset(taken))
    assert decided(columns, existing, **asked) == airflows(dates, world, ids=ids, **asked)


@given(ranges, worlds, st.sets(st.integers(0, 30)), asked_at(clocks))
def test_dates_that_ascend_are_judged_as_if_nobody_knew_that_they_do(
    numbers: list[int],
    world: World,
    taken: set[int],
    asked: Asked,
) -> None:
    columns = columns_of(hourly(number) for number in numbers)
    assert columns.ascending
    existing = replace(
        runs_at(columns, world), ids_taken=frozenset(place for place in taken if place < len(columns))
    )
    known, unknown = (
        decided(each, existing, **asked) for each in (columns, replace(columns, ascending=False))
    )
    assert known == unknown


@given(st.lists(st.integers(0, 30), unique=True), worlds, asked_at(clocks))
def test_no_partition_is_ever_not_yet_due(
    numbers: list[int],
    world: World,
    asked: Asked,
) -> None:
    dates = [partition(number) for number in numbers]
    runs = planned(dates, world, **asked)
    assert [run.occurrence for run in runs] == (dates[::-1] if asked["run_backwards"] else dates)
    assert [run.ordinal for run in runs] == list(range(1, len(dates) + 1))
    assert Verdict.NOT_YET not in {run.verdict for run in runs}


@pytest.mark.parametrize(("backwards", "made_as"), [(False, 0), (True, 1)])
def test_of_a_date_given_twice_the_run_is_made_once_by_the_entry_that_comes_first(
    *, backwards: bool, made_as: int
) -> None:
    twice = [hourly(0), replace(hourly(0), run_after=Instant(START + 5 * HOUR))]
    first, second = planned(twice, run_backwards=backwards)
    assert first.occurrence == twice[made_as]
    assert (first.verdict, second.verdict) == (Verdict.CREATE, Verdict.SKIP_IN_FLIGHT)
    assert second.reason == "the timetable gives this date twice, and its run is made once"


@pytest.mark.parametrize(("backwards", "made_as"), [(False, 0), (True, 1)])
def test_of_two_dates_with_one_run_after_the_first_has_the_run_id(*, backwards: bool, made_as: int) -> None:
    dates = [hourly(0), replace(hourly(1), run_after=hourly(0).run_after)]
    first, second = planned(dates, run_backwards=backwards)
    assert first.occurrence == dates[made_as]
    assert (first.verdict, second.verdict) == (Verdict.CREATE, Verdict.SKIP_IN_FLIGHT)
    assert second.reason == (
        "a run of another date already has the run id of 2024-01-01 01:00 UTC, so Airflow can make none"
    )


def test_a_run_id_that_is_taken_stands_in_the_way_of_a_new_run_only() -> None:
    columns = columns_of(hourly(number) for number in range(3))
    existing = replace(runs_at(columns, {START: a_run(RunState.FAILED)}), ids_taken=frozenset({0, 1, 2}))
    now = Instant(START + 2 * HOUR + 1)
    judged = decide(columns, existing, behavior=FAILED, now=now, run_backwards=False)
    taken = Outcome(verdict=Verdict.SKIP_IN_FLIGHT, clash=Clash.RUN_ID_TAKEN)
    assert [judged.outcome(place) for place in range(3)] == [
        Outcome(verdict=Verdict.REPROCESS, existing=a_run(RunState.FAILED)),
        taken,
        Outcome(verdict=Verdict.NOT_YET),
    ]


def test_a_run_id_that_is_taken_is_so_for_every_date_that_would_have_it() -> None:
    late = Instant(START + 5 * HOUR)
    columns = columns_of(replace(hourly(number), run_after=late) for number in range(3))
    existing = ExistingRuns(kind_at={}, ids_taken=frozenset({2}))
    judged = decide(columns, existing, behavior=NONE, now=LONG_AFTER, run_backwards=False)
    assert {judged.outcome(place).clash for place in range(3)} == {Clash.RUN_ID_TAKEN}


def test_a_date_without_an_interval_is_left_out_and_comes_last() -> None:
    without = replace(hourly(0), data_interval_end=None)
    runs = planned([without, hourly(1)])
    assert [(run.occurrence, run.verdict, run.ordinal) for run in runs] == [
        (hourly(1), Verdict.CREATE, 1),
        (without, Verdict.NOT_YET, None),
    ]
    assert runs[1].reason == "it has no data interval, so Airflow leaves it out"


def test_a_run_of_a_date_that_is_not_yet_due_is_known() -> None:
    (waiting,) = planned([hourly(0)], {START: a_run(RunState.SUCCESS)}, now=START)
    assert (waiting.verdict, waiting.existing) == (Verdict.NOT_YET, a_run(RunState.SUCCESS))


def test_runs_of_other_dates_play_no_part() -> None:
    columns = columns_of([hourly(1)])
    assert runs_at(columns, {START: a_run(RunState.SUCCESS)}) == ExistingRuns(kind_at={})


def test_dates_outside_the_dag_are_created_and_say_so() -> None:
    bounds = DagBounds(start=Instant(START + HOUR), end=Instant(START + 2 * HOUR))
    world = {START: a_run(RunState.SUCCESS)}
    reasons = [run.reason for run in planned([hourly(place) for place in range(4)], world, bounds=bounds)]
    assert reasons == [
        "already succeeded",
        "no run exists",
        "no run exists",
        "no run exists; after the Dag's end date",
    ]
    assert planned([hourly(0)], bounds=bounds)[0].reason == "no run exists; before the Dag's start date"


@given(ranges, worlds, asked_at(clocks), st.integers(-32, 32), st.integers(-32, 32))
def test_the_dates_of_a_plan_are_a_sequence_like_any_other(
    numbers: list[int],
    world: World,
    asked: Asked,
    start: int,
    stop: int,
) -> None:
    dates = [hourly(number) for number in numbers]
    runs = planned(dates, world, **asked)
    every = list(runs)
    assert len(every) == len(runs) == len(dates)
    assert runs[start:stop] == every[start:stop]
    assert runs[::-2] == every[::-2]
    if -len(every) <= start < len(every):
        assert runs[start] == every[start]
    else:
        with pytest.raises(IndexError):
            _ = runs[start]


@given(ranges, worlds, asked_at(clocks))
def test_counts_are_those_of_the_rows(
    numbers: list[int],
    world: World,
    asked: Asked,
) -> None:
    columns = columns_of(hourly(number) for number in numbers)
    judged = decide(columns, runs_at(columns, world), **asked)
    plan = plan_of(judged, run_backwards=asked["run_backwards"], now=asked["now"])
    verdicts = [run.verdict for run in plan.runs]
    assert {verdict: plan.count(verdict) for verdict in Verdict} == {
        verdict: verdicts.count(verdict) for verdict in Verdict
    }
    assert plan.run_count == sum(verdict.runs for verdict in verdicts)
    assert [plan.place(plan.place(row)) for row in range(len(judged))] == list(range(len(judged)))
    assert sum(judged.tally) == len(judged)


def test_only_warnings_that_block_forbid_a_launch() -> None:
    warnings = tuple(
        PlanWarning(code=gravity.value, message="m", remedy="r", gravity=gravity) for gravity in Gravity
    )
    plan = replace(plan_of(decide_of([hourly(0)])), warnings=warnings)
    assert plan.blocking == (warnings[0],)
    assert PlanWarning(code="c", message="m", remedy="r").gravity is Gravity.ASKS


def decide_of(dates: Iterable[Occurrence]) -> JudgedDates:
    columns = columns_of(dates)
    return decide(columns, ExistingRuns(kind_at={}), behavior=NONE, now=START, run_backwards=False)


MANY = 100_000


def many_judged(*, lag: int = 0) -> JudgedDates:
    """As many dates as a plan of eleven years of hours has, with a run of some kind at every fifth."""
    builder = ColumnsBuilder()
    dates = range(START, START + MANY * HOUR, HOUR)
    builder.extend(dates, [date + lag for date in dates] if lag else dates)
    kinds = tuple(a_run(state, success=count) for state in RunState for count in range(3))
    kind_at = {place: place // 5 % len(kinds) for place in range(0, MANY, 5)}
    return decide(
        builder.columns(),
        ExistingRuns(kinds=kinds, kind_at=kind_at),
        behavior=COMPLETED,
        now=Instant(START + MANY * HOUR),
        run_backwards=True,
    )


def test_of_a_hundred_thousand_dates_only_the_row_that_is_seen_is_made() -> None:
    plan = plan_of(many_judged(), run_backwards=True, now=Instant(START + MANY * HOUR))
    made_before = made_runs()
    tracemalloc.start()
    try:
        runs = plan.runs
        row = runs[4]
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(runs), row.ordinal) == (MANY, 5)
    assert made_runs() == made_before + 1
    assert most < 20_000


def made_runs() -> int:
    gc.collect()
    return sum(type(each) is PlannedRun for each in gc.get_objects())


@pytest.mark.parametrize("lag", [0, HOUR])
def test_a_hundred_thousand_dates_travel_in_two_and_a_half_megabytes(lag: int) -> None:
    plan = plan_of(many_judged(lag=lag), run_backwards=True)
    sent = msgspec.msgpack.encode(plan)
    assert len(sent) < 2_500_000
    assert msgspec.msgpack.decode(sent, type=BackfillPlan) == plan
