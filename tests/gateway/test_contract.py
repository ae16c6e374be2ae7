"""What every gateway promises: the same sentences hold for the tests' double and for the real bridge."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.support.stages import BridgeStage, ScriptedStage, Stage, daily

from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.domain.dag_range import DagRange
from backfill_tui.domain.environment import Mode, StartupPhase, StartupStep
from backfill_tui.domain.failures import Failure, FailureKind, FailuresFound, FailuresQuery
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instances import InstancesFound, InstancesQuery, whole_runs
from backfill_tui.domain.journal import JournalQuery, Phase, whole_entries
from backfill_tui.domain.launching import CreationProgress, Launch
from backfill_tui.domain.map_indexes import IndexQuery
from backfill_tui.domain.marking import MarkAs, MarkOutcome, MarkProgress, MarkRequest, MarkScope
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest, Gravity, ReprocessBehavior
from backfill_tui.domain.problems import BadRequest, Interrupted, NotThere, Problem, Refused, Unreachable
from backfill_tui.domain.repairing import (
    RerunOutcome,
    RerunProgress,
    RerunRequest,
    RerunScope,
    TaskInstanceKey,
)
from backfill_tui.domain.states import CODE_OF, RunState, TaskState
from backfill_tui.domain.tasks import CellQuery, LogPlace, LogQuery, LogSearch
from backfill_tui.domain.undoing import UndoOutcome, UndoRequest
from backfill_tui.domain.watching import BackfillSummary, GridUpdate

TASKS = (TaskId("extract"), TaskId("load"))


@pytest.fixture(scope="module")
def bridge_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BridgeStage]:
    with BridgeStage.on(tmp_path_factory.mktemp("contract")) as stage:
        yield stage


@pytest.fixture(
    params=[
        "scripted",
        pytest.param("bridge", marks=[pytest.mark.airflow, pytest.mark.xdist_group("contract")]),
    ]
)
def stage(request: pytest.FixtureRequest) -> Stage:
    if request.param == "scripted":
        return ScriptedStage()
    found: BridgeStage = request.getfixturevalue("bridge_stage")
    return found


def january(dag_id: DagId, days: int = 10, **more: object) -> BackfillRequest:
    asked = BackfillRequest(dag_id=dag_id, from_date=daily(1), to_date=daily(days))
    return replace(asked, **more)  # type: ignore[arg-type]


def launched(stage: Stage, dag_id: DagId, days: int = 3) -> BackfillId:
    return stage.gateway.launch(Launch(request=january(dag_id, days))).backfill_id


def verdicts(plan: BackfillPlan) -> list[str]:
    return [run.verdict.value for run in plan.runs]


def read_whole(stage: Stage, backfill_id: BackfillId) -> GridStore:
    store = GridStore()
    with stage.gateway.watch(backfill_id) as updates:
        for update in updates:
            store.apply(update)
            if store.loaded:
                return store
    raise AssertionError("the stream ended before everything was read")


def run_ids(store: GridStore) -> list[RunId]:
    return [row.run_id for row in store.rows if row is not None and row.run_id is not None]


def test_the_environment_names_the_airflow_it_is_on(stage: Stage) -> None:
    environment = stage.gateway.environment()
    assert (environment.mode, environment.executor, environment.database, environment.read_only) == (
        Mode.EMBEDDED,
        "LocalExecutor",
        "sqlite",
        False,
    )
    assert environment.version.startswith("3.3.")


def test_the_dags_are_listed_in_alphabetical_order_with_their_tasks_in_topological_order(
    stage: Stage,
) -> None:
    dag_id = stage.fresh_dag()
    listed = stage.gateway.dags()
    names = [dag.dag_id for dag in listed.dags]
    assert names == sorted(names)
    dag = next(dag for dag in listed.dags if dag.dag_id == dag_id)
    assert (dag.task_ids, dag.timezone, dag.backfillable, dag.is_paused) == (TASKS, "UTC", True, False)
    assert dag.schedule == "every day at 00:00"


def test_the_last_success_of_a_dag_is_the_latest_date_that_succeeded(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    assert last_success(stage, dag_id) is None
    launched(stage, dag_id, 3)
    assert last_success(stage, dag_id) is None
    stage.end_runs(dag_id, RunState.SUCCESS)
    assert last_success(stage, dag_id) == daily(3)
    launched(stage, dag_id, 5)
    stage.end_runs(dag_id, RunState.FAILED)
    assert last_success(stage, dag_id) == daily(3)


def test_parsing_again_tells_its_steps_and_lists_the_dags(stage: Stage) -> None:
    steps: list[StartupStep] = []
    listed = stage.gateway.parse(steps.append)
    assert StartupPhase.PARSING in {step.phase for step in steps}
    assert stage.fresh_dag() in {dag.dag_id for dag in listed.dags}


def test_a_plan_creates_every_date_of_the_range_both_bounds_included(stage: Stage) -> None:
    plan = stage.gateway.plan(january(stage.fresh_dag()))
    assert verdicts(plan) == ["create"] * 10
    assert [run.ordinal for run in plan.runs] == list(range(1, 11))
    assert [run.occurrence.logical_date for run in plan.runs] == [daily(day) for day in range(1, 11)]
    assert plan.timezone == "UTC"


def test_a_plan_backwards_is_the_same_the_other_way_round(stage: Stage) -> None:
    plan = stage.gateway.plan(january(stage.fresh_dag(), run_backwards=True))
    assert [run.occurrence.logical_date for run in plan.runs] == [daily(day) for day in range(10, 0, -1)]
    assert [run.ordinal for run in plan.runs] == list(range(1, 11))


def test_two_plans_of_the_same_world_have_the_same_fingerprint(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    first, second = stage.gateway.plan(january(dag_id)), stage.gateway.plan(january(dag_id))
    assert first.fingerprint == second.fingerprint != stage.gateway.plan(january(dag_id, 9)).fingerprint


def test_an_answered_plan_is_complete_and_what_was_told_before_it_was_not(stage: Stage) -> None:
    told: list[BackfillPlan] = []
    plan = stage.gateway.plan(january(stage.fresh_dag()), on_partial=told.append)
    assert plan.complete
    assert not [partial for partial in told if partial.complete]


def test_a_plan_that_nobody_wants_does_no_harm_to_the_next(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    # The answer may be there before the bridge hears of it.
    with contextlib.suppress(Interrupted):
        assert stage.gateway.plan(january(dag_id), lambda: True).complete
    assert verdicts(stage.gateway.plan(january(dag_id, 2))) == ["create"] * 2


def test_rows_of_a_plan_can_be_asked_for_in_any_order(stage: Stage) -> None:
    plan = stage.gateway.plan(january(stage.fresh_dag(), run_backwards=True))
    assert [plan.runs[row].ordinal for row in (9, 0, -2)] == [10, 1, 9]
    assert [plan.place(row) for row in (0, 9)] == [9, 0]
    assert plan.judged.dates.occurrence(0).logical_date == daily(1)
    assert plan.judged.due == plan.run_count == 10


def test_a_plan_of_no_date_has_no_rows_and_no_run(stage: Stage) -> None:
    plan = stage.gateway.plan(january(stage.fresh_dag(), from_date=daily(1) + 1, to_date=daily(2) - 1))
    assert (len(plan.runs), list(plan.runs), plan.run_count) == (0, [], 0)


def test_dates_before_the_start_of_the_dag_are_created_and_say_so(stage: Stage) -> None:
    # The scripted Dags begin in 2024, those of the bridge in 2023: both after this.
    plan = stage.gateway.plan(january(stage.fresh_dag(), from_date=daily(-400), to_date=daily(-399)))
    assert [run.reason for run in plan.runs] == ["no run exists; before the Dag's start date"] * 2
    assert plan.bounds.start is not None
    assert plan.bounds.end is None


def test_a_plan_changes_nothing(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    stage.gateway.plan(january(dag_id))
    assert stage.gateway.backfills(dag_id) == ()


def test_an_unknown_dag_is_named(stage: Stage) -> None:
    with pytest.raises(NotThere, match="no_such_dag"):
        stage.gateway.plan(january(DagId("no_such_dag")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"from_date": daily(10), "to_date": daily(1)},
        {"max_active_runs": 0},
        {"conf": "{not json"},
        {"conf": "[1, 2]"},
    ],
    ids=["backwards range", "no active runs", "conf not JSON", "conf no object"],
)
def test_what_can_not_be_meant_is_a_bad_request_with_a_remedy(stage: Stage, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as raised:
        stage.gateway.plan(january(stage.fresh_dag(), **wrong))
    assert raised.value.remedy


def test_a_launch_creates_what_the_plan_said_and_tells_its_progress(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    plan = stage.gateway.plan(january(dag_id))
    told: list[CreationProgress] = []
    done = stage.gateway.launch(Launch(request=plan.request, fingerprint=plan.fingerprint), told.append)
    assert (done.created, done.reprocessed, done.skipped) == (10, 0, 0)
    assert told[-1].done == told[-1].total == 10
    (summary,) = stage.gateway.backfills(dag_id)
    assert summary.facts.backfill_id == done.backfill_id
    assert (summary.counts.queued, summary.counts.total) == (10, 10)


def test_a_second_launch_is_refused_while_the_first_is_active(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    first = launched(stage, dag_id)
    with pytest.raises(Refused, match=str(first)):
        stage.gateway.launch(Launch(request=january(dag_id)))
    assert [entry.facts.backfill_id for entry in stage.gateway.backfills(dag_id)] == [first]


def test_a_launch_right_after_the_end_of_the_one_before_need_not_wait(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    first = launched(stage, dag_id, 2)
    stage.end_runs(dag_id, RunState.SUCCESS)
    assert stage.gateway.plan(january(dag_id, 4)).blocking == ()
    second = launched(stage, dag_id, 4)
    numbers = [entry.facts.backfill_id for entry in stage.gateway.backfills(dag_id)]
    assert numbers == [second, first]


def test_dates_in_flight_are_skipped_and_an_active_backfill_blocks(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    active = launched(stage, dag_id, 3)
    plan = stage.gateway.plan(january(dag_id, 5))
    assert verdicts(plan) == ["skip_in_flight"] * 3 + ["create"] * 2
    (blocking,) = plan.blocking
    assert (blocking.code, blocking.gravity, blocking.blocks) == ("active_backfill", Gravity.BLOCKS, True)
    assert blocking.message.startswith(f"Backfill {active} of this Dag is active")
    assert blocking.remedy
    assert {run.reason for run in plan.runs[:3]} == {f"its backfill run of backfill {active} is queued"}


def test_a_launch_against_a_changed_world_is_refused(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    plan = stage.gateway.plan(january(dag_id, reprocess_behavior=ReprocessBehavior.FAILED))
    launched(stage, dag_id, 2)
    stage.end_runs(dag_id, RunState.FAILED)
    with pytest.raises(Refused):
        stage.gateway.launch(Launch(request=plan.request, fingerprint=plan.fingerprint))


def test_a_cancelled_launch_leaves_nothing(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    begun = threading.Event()

    def on_progress(progress: CreationProgress) -> None:
        if progress.done:
            begun.set()

    with pytest.raises(Interrupted):
        stage.gateway.launch(Launch(request=january(dag_id, 31 * 12)), on_progress, begun.is_set)
    assert stage.gateway.backfills(dag_id) == ()
    assert verdicts(stage.gateway.plan(january(dag_id, 2))) == ["create"] * 2


SENTENCES = {
    (Verdict.SKIP_EXISTS, RunState.SUCCESS): "already succeeded",
    (Verdict.SKIP_EXISTS, RunState.FAILED): "already failed, and failed runs are left",
    (Verdict.REPROCESS, RunState.SUCCESS): (
        "succeeded, 2 of 2 tasks succeeded: all 2 run again; it leaves backfill {backfill}"
    ),
    (Verdict.REPROCESS, RunState.FAILED): (
        "failed, 1 of 2 tasks succeeded: all 2 run again; it leaves backfill {backfill}"
    ),
}


@pytest.mark.parametrize(
    ("behavior", "state", "expected"),
    [
        (ReprocessBehavior.NONE, RunState.SUCCESS, Verdict.SKIP_EXISTS),
        (ReprocessBehavior.NONE, RunState.FAILED, Verdict.SKIP_EXISTS),
        (ReprocessBehavior.FAILED, RunState.SUCCESS, Verdict.SKIP_EXISTS),
        (ReprocessBehavior.FAILED, RunState.FAILED, Verdict.REPROCESS),
        (ReprocessBehavior.COMPLETED, RunState.SUCCESS, Verdict.REPROCESS),
        (ReprocessBehavior.COMPLETED, RunState.FAILED, Verdict.REPROCESS),
    ],
)
def test_finished_runs_are_taken_again_only_when_asked(
    stage: Stage, behavior: ReprocessBehavior, state: RunState, expected: Verdict
) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 2)
    stage.end_runs(dag_id, state)
    plan = stage.gateway.plan(january(dag_id, 2, reprocess_behavior=behavior))
    assert {run.verdict for run in plan.runs} == {expected}
    words = SENTENCES[expected, state].format(backfill=backfill_id)
    assert {run.reason for run in plan.runs} == {words}
    assert {(run.existing.state, run.existing.backfill_id) for run in plan.runs if run.existing} == {
        (state, backfill_id)
    }


def test_the_first_reading_of_a_watch_has_every_row_and_column(stage: Stage) -> None:
    store = read_whole(stage, launched(stage, stage.fresh_dag()))
    assert tuple(column.task_id for column in store.columns) == TASKS
    assert [row.logical_date for row in store.rows if row is not None] == [daily(day) for day in (1, 2, 3)]
    assert {row.state for row in store.rows if row is not None} == {RunState.QUEUED}
    assert store.row_cells(0) == bytes([CODE_OF[TaskState.NONE]] * 2)


def test_a_watch_tells_what_changes(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id)
    store = GridStore()
    with stage.gateway.watch(backfill_id) as updates:
        for update in updates:
            loaded_before = store.loaded
            store.apply(update)
            if store.loaded and not loaded_before:
                stage.end_runs(dag_id, RunState.SUCCESS)
            if store.counts().success == 3:
                break
    assert store.row_cells(1) == bytes([CODE_OF[TaskState.SUCCESS]] * 2)


def read_dates(stage: Stage, dag_id: DagId, first: int, last: int) -> GridStore:
    """All dates of a Dag from one day of 2024 to another."""
    store = GridStore()
    dates = DagRange(dag_id=dag_id, from_date=daily(first), to_date=daily(last))
    with stage.gateway.watch_range(dates) as updates:
        for update in updates:
            store.apply(update)
            if store.loaded:
                assert update.facts.dag_id == dag_id
                assert (update.facts.from_date, update.facts.to_date) == (daily(first), daily(last))
                return store
    raise AssertionError("the stream ended before everything was read")


def test_the_dates_of_a_dag_in_a_range_are_read_both_ends_included(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    launched(stage, dag_id, 4)
    stage.end_runs(dag_id, RunState.FAILED)
    launched(stage, dag_id, 6)
    store = read_dates(stage, dag_id, 2, 5)
    assert tuple(column.task_id for column in store.columns) == TASKS
    assert [row.logical_date for row in store.rows if row is not None] == [daily(day) for day in (2, 3, 4, 5)]
    assert [row.state for row in store.rows if row is not None] == [RunState.FAILED] * 3 + [RunState.QUEUED]
    assert store.row_cells(0) == bytes([CODE_OF[TaskState.SUCCESS], CODE_OF[TaskState.FAILED]])
    assert read_dates(stage, dag_id, 20, 25).rows == []


def test_a_range_tells_what_changes_and_what_comes_to_it(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    launched(stage, dag_id, 2)
    store, seen = GridStore(), 0
    dates = DagRange(dag_id=dag_id, from_date=daily(1), to_date=daily(5))
    with stage.gateway.watch_range(dates) as updates:
        for update in updates:
            store.apply(update)
            counts = store.counts()
            if store.loaded and counts.queued == 2 and not seen:
                stage.end_runs(dag_id, RunState.SUCCESS)
                seen = 1
            elif counts.success == 2 and seen == 1:
                launched(stage, dag_id, 3)
                seen = 2
            elif counts.queued == 1 and seen == 2:
                break
    assert [row.logical_date for row in store.rows if row is not None] == [daily(day) for day in (1, 2, 3)]
    assert store.row_cells(1) == bytes([CODE_OF[TaskState.SUCCESS]] * 2)


def test_the_dates_of_an_unknown_dag_are_a_problem(stage: Stage) -> None:
    dates = DagRange(dag_id=DagId("no_such_dag"), from_date=daily(1), to_date=daily(2))
    with pytest.raises(NotThere, match="no_such_dag"), stage.gateway.watch_range(dates) as updates:
        next(updates)


def test_watching_an_unknown_backfill_is_a_problem(stage: Stage) -> None:
    with pytest.raises(NotThere, match="999999"), stage.gateway.watch(BackfillId(999_999)) as updates:
        next(updates)


def test_a_rerun_takes_the_failed_tasks_and_leaves_the_good_ones(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id)
    stage.end_runs(dag_id, RunState.FAILED)
    runs = tuple(run_ids(read_whole(stage, backfill_id)))
    request = RerunRequest(dag_id=dag_id, run_ids=runs)
    preview = stage.gateway.preview_rerun(request)
    assert what_runs_again(preview) == {"load": 3}
    assert preview.untouched == 3
    assert read_whole(stage, backfill_id).counts().failed == 3
    assert what_runs_again(stage.gateway.rerun(request)) == {"load": 3}
    after = read_whole(stage, backfill_id)
    assert after.counts().queued == 3
    assert after.row_cells(0) == bytes([CODE_OF[TaskState.SUCCESS], CODE_OF[TaskState.NONE]])


def test_a_rerun_of_whole_runs_says_what_it_overwrites(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id)
    stage.end_runs(dag_id, RunState.FAILED)
    runs = tuple(run_ids(read_whole(stage, backfill_id)))
    preview = stage.gateway.preview_rerun(
        RerunRequest(dag_id=dag_id, run_ids=runs, scope=RerunScope.WHOLE_RUN)
    )
    assert what_runs_again(preview) == {"extract": 3, "load": 3}
    assert preview.overwritten_successes == 3


def test_a_rerun_of_one_task_takes_it_whatever_its_state_and_tells_its_progress(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id)
    stage.end_runs(dag_id, RunState.FAILED)
    runs = tuple(run_ids(read_whole(stage, backfill_id)))
    request = RerunRequest(
        dag_id=dag_id, run_ids=runs, scope=RerunScope.TASK, task_id=TASKS[0], backfill_id=backfill_id
    )
    told: list[RerunProgress] = []
    outcome = stage.gateway.rerun(request, told.append)
    assert what_runs_again(outcome) == {"extract": 3}
    assert [(one.done, one.total) for one in told] == [(0, 3), (3, 3)]
    assert told[-1].part == outcome
    downstream = replace(request, scope=RerunScope.TASK_AND_DOWNSTREAM)
    assert {left.reason for left in stage.gateway.preview_rerun(downstream).left_alone} == {
        "it is queued: it runs by itself"
    }
    stage.end_runs(dag_id, RunState.FAILED)
    assert what_runs_again(stage.gateway.preview_rerun(downstream)) == {"extract": 3, "load": 3}
    with pytest.raises(BadRequest, match="needs the task"):
        stage.gateway.preview_rerun(replace(request, task_id=None))


def test_a_rerun_takes_only_the_runs_of_the_backfill_it_is_asked_for(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 1)
    stage.end_runs(dag_id, RunState.FAILED)
    runs = tuple(run_ids(read_whole(stage, backfill_id)))
    other = RerunRequest(dag_id=dag_id, run_ids=runs, backfill_id=BackfillId(backfill_id + 1_000))
    (left,) = stage.gateway.preview_rerun(other).left_alone
    assert left.reason == f"backfill {backfill_id} has taken it over: rerun it from there"


def test_runs_without_failures_and_unknown_runs_are_left_alone_with_a_reason(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 1)
    stage.end_runs(dag_id, RunState.SUCCESS)
    (good,) = run_ids(read_whole(stage, backfill_id))
    outcome = stage.gateway.rerun(RerunRequest(dag_id=dag_id, run_ids=(good, RunId("never_was"))))
    assert outcome.affected == ()
    assert {left.run_id for left in outcome.left_alone} == {good, "never_was"}
    assert all(left.reason for left in outcome.left_alone)
    assert read_whole(stage, backfill_id).counts().success == 1


def mark(stage: Stage, request: MarkRequest) -> MarkOutcome:
    """Preview a mark, and do what it told of."""
    preview = stage.gateway.preview_mark(request)
    told: list[MarkProgress] = []
    assert stage.gateway.mark(request, told.append) == preview
    total = len(preview.run_ids)
    assert [(one.done, one.total) for one in told] == [(done, total) for done in range(1, total + 1)]
    return preview


def test_failed_tasks_that_are_marked_make_their_runs_succeed(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id)
    stage.end_runs(dag_id, RunState.FAILED)
    runs = tuple(run_ids(read_whole(stage, backfill_id)))
    request = MarkRequest(dag_id=dag_id, run_ids=runs, mark_as=MarkAs.SUCCESS, scope=MarkScope.FAILED)
    done = mark(stage, request)
    assert {(task.key.task_id, task.state, task.becomes) for task in done.affected} == {
        (TASKS[1], TaskState.FAILED, TaskState.SUCCESS)
    }
    assert [(run.state, run.becomes) for run in done.runs] == [(RunState.FAILED, RunState.SUCCESS)] * 3
    assert (done.untouched, done.failed_left, done.again, done.ended) == (3, 0, (), 0)
    assert read_whole(stage, backfill_id).counts().success == 3


def test_a_whole_run_that_is_marked_keeps_what_has_ended(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 1)
    stage.end_runs(dag_id, RunState.FAILED)
    runs = tuple(run_ids(read_whole(stage, backfill_id)))
    done = mark(stage, MarkRequest(dag_id=dag_id, run_ids=runs, mark_as=MarkAs.SUCCESS))
    assert (done.affected, done.untouched, done.failed_left) == ((), 2, 1)
    again = mark(stage, MarkRequest(dag_id=dag_id, run_ids=runs, mark_as=MarkAs.SUCCESS))
    assert (again.changes, [left.run_id for left in again.left_alone]) == (False, list(runs))


def test_queued_runs_that_are_marked_failed_skip_their_tasks(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    runs = tuple(run_ids(read_whole(stage, launched(stage, dag_id, 2))))
    done = mark(stage, MarkRequest(dag_id=dag_id, run_ids=runs, mark_as=MarkAs.FAILED))
    assert (len(done.affected), done.skipped, done.ended) == (4, 4, 0)
    assert [(run.state, run.becomes) for run in done.runs] == [(RunState.QUEUED, RunState.FAILED)] * 2


def test_what_failed_downstream_of_a_task_that_is_marked_runs_again(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 1)
    stage.end_runs(dag_id, RunState.FAILED)
    runs = tuple(run_ids(read_whole(stage, backfill_id)))
    one = MarkRequest(
        dag_id=dag_id, run_ids=runs, mark_as=MarkAs.FAILED, scope=MarkScope.TASK, task_id=TASKS[0]
    )
    done = mark(stage, one)
    assert done.overwritten_successes == 1
    assert [task.key.task_id for task in done.again] == [TASKS[1]]
    assert [run.becomes for run in done.runs] == [RunState.QUEUED]
    assert read_whole(stage, backfill_id).row_cells(0) == bytes(
        [CODE_OF[TaskState.FAILED], CODE_OF[TaskState.NONE]]
    )


def undo(stage: Stage, dag_id: DagId) -> UndoOutcome:
    """Preview the undoing of the last deed on a Dag, and do what it told of."""
    request = UndoRequest(dag_id=dag_id)
    preview = stage.gateway.preview_undo(request)
    assert stage.gateway.undo(UndoRequest(number=preview.number)) == preview
    return preview


def test_a_mark_that_is_undone_leaves_everything_as_it_was(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id)
    stage.end_runs(dag_id, RunState.FAILED)
    before = read_whole(stage, backfill_id)
    runs = tuple(run_ids(before))
    mark(stage, MarkRequest(dag_id=dag_id, run_ids=runs, mark_as=MarkAs.SUCCESS, scope=MarkScope.FAILED))
    mark(stage, MarkRequest(dag_id=dag_id, run_ids=runs[:1], mark_as=MarkAs.FAILED))
    first = undo(stage, dag_id)
    assert (first.deed, first.tasks, first.run_ids) == ("mark_failed", 0, runs[:1])
    second = undo(stage, dag_id)
    assert (second.deed, second.tasks, second.run_ids, second.left_alone) == ("mark_success", 3, runs, ())
    after = read_whole(stage, backfill_id)
    assert after.rows == before.rows
    assert [after.row_cells(row) for row in range(3)] == [before.row_cells(row) for row in range(3)]
    with pytest.raises(Refused, match="no way back from the last deed, a launch"):
        undo(stage, dag_id)
    with pytest.raises(NotThere, match="nothing to be undone"):
        undo(stage, stage.fresh_dag())
    with pytest.raises(Refused, match="it was undone already"):
        stage.gateway.undo(UndoRequest(number=second.number))


def test_a_run_that_was_cleared_after_its_mark_is_left_by_the_undoing(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 2)
    stage.end_runs(dag_id, RunState.FAILED)
    runs = tuple(run_ids(read_whole(stage, backfill_id)))
    mark(stage, MarkRequest(dag_id=dag_id, run_ids=runs, mark_as=MarkAs.SUCCESS, scope=MarkScope.FAILED))
    marked = stage.gateway.preview_undo(UndoRequest(dag_id=dag_id)).number
    again = RerunRequest(dag_id=dag_id, run_ids=runs[:1], scope=RerunScope.WHOLE_RUN)
    stage.gateway.rerun(again)
    with pytest.raises(Refused, match="There is no way back from the last deed, a rerun"):
        stage.gateway.preview_undo(UndoRequest(dag_id=dag_id))
    done = stage.gateway.undo(UndoRequest(number=marked))
    assert (done.run_ids, [left.run_id for left in done.left_alone]) == (runs[1:], [runs[0]])
    counts = read_whole(stage, backfill_id).counts()
    assert (counts.queued, counts.failed) == (1, 1)


def test_a_pause_is_undone_once(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 2)
    control(stage, Deed.PAUSE, backfill_id)
    done = undo(stage, dag_id)
    assert (done.deed, done.backfill_id, done.starting, done.changes) == ("pause", backfill_id, 2, True)
    assert not summary_of(stage, backfill_id).facts.is_paused
    with pytest.raises(Refused, match="it was undone already"):
        stage.gateway.undo(UndoRequest(number=done.number))
    stage.gateway.pause_dag(dag_id, is_paused=True)
    done = undo(stage, dag_id)
    assert (done.deed, done.starting) == ("pause_dag", 2)
    assert not next(dag for dag in stage.gateway.dags().dags if dag.dag_id == dag_id).is_paused


def test_a_pause_that_somebody_has_lifted_is_not_undone(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 2)
    control(stage, Deed.PAUSE, backfill_id)
    paused = stage.gateway.preview_undo(UndoRequest(dag_id=dag_id)).number
    control(stage, Deed.RESUME, backfill_id)
    with pytest.raises(Refused, match="is not paused any more"):
        stage.gateway.undo(UndoRequest(number=paused))
    with pytest.raises(Refused, match="no way back from the last deed, a resume"):
        stage.gateway.preview_undo(UndoRequest(dag_id=dag_id))
    with pytest.raises(NotThere, match='nothing "fff'):
        stage.gateway.undo(UndoRequest(number="ffffffffffff0"))


def control(stage: Stage, deed: Deed, backfill_id: BackfillId) -> ControlOutcome:
    """Preview a deed, see that this changed nothing, and do what it told of."""
    request = ControlRequest(backfill_id=backfill_id, deed=deed)
    before = summary_of(stage, backfill_id)
    preview = stage.gateway.preview_control(request)
    assert summary_of(stage, backfill_id) == before
    done = stage.gateway.control(request)
    assert done == preview
    return done


def summary_of(stage: Stage, backfill_id: BackfillId) -> BackfillSummary:
    found = next(found for found in stage.gateway.backfills() if found.facts.backfill_id == backfill_id)
    return replace(found, read_at=daily(1))


def test_every_failed_task_instance_is_told_in_the_order_of_execution(stage: Stage) -> None:
    backfill_id = launched(stage, dag_id := stage.fresh_dag(), 3)
    query = FailuresQuery(about=backfill_id)
    assert stage.gateway.failures(query).total == 0
    stage.end_runs(dag_id, RunState.FAILED)
    told: list[FailuresFound] = []
    read = stage.gateway.failures(query, told.append)
    found: list[Failure] = [failure for part in told for failure in part.failures]
    assert (read.dag_id, read.timezone, read.total) == (dag_id, "UTC", 3)
    assert [one.done for one in told][-1] == 3
    assert {one.total for one in told} == {3}
    assert [one.run_id for one in found] == run_ids(read_whole(stage, backfill_id))
    assert [(one.ordinal, one.logical_date, one.task_id, one.map_index, one.kind) for one in found] == [
        (day, daily(day), "load", -1, FailureKind.NO_LOG) for day in (1, 2, 3)
    ]


def test_failures_of_a_range_are_told_in_the_order_of_their_dates(stage: Stage) -> None:
    launched(stage, dag_id := stage.fresh_dag(), 5)
    stage.end_runs(dag_id, RunState.FAILED)
    dates = DagRange(dag_id=dag_id, from_date=daily(2), to_date=daily(4))
    told: list[FailuresFound] = []
    read = stage.gateway.failures(FailuresQuery(about=dates), told.append)
    assert (read.dag_id, read.timezone, read.total) == (dag_id, "UTC", 3)
    found = [failure for part in told for failure in part.failures]
    assert [(one.ordinal, one.logical_date, one.task_id) for one in found] == [
        (rank, daily(rank + 1), "load") for rank in (1, 2, 3)
    ]
    unknown = replace(dates, dag_id=DagId("nothing"))
    with pytest.raises(NotThere):
        stage.gateway.failures(FailuresQuery(about=unknown))


def test_failures_of_a_backfill_that_is_not_there_and_those_nobody_wants(stage: Stage) -> None:
    with pytest.raises(NotThere):
        stage.gateway.failures(FailuresQuery(about=BackfillId(9_999)))
    backfill_id = launched(stage, dag_id := stage.fresh_dag(), 2)
    stage.end_runs(dag_id, RunState.FAILED)
    # The answer may be there before the bridge hears of it.
    with contextlib.suppress(Interrupted):
        stage.gateway.failures(FailuresQuery(about=backfill_id), is_cancelled=lambda: True)
    assert stage.gateway.failures(FailuresQuery(about=backfill_id)).total == 2


def test_a_paused_backfill_says_so_until_it_is_resumed(stage: Stage) -> None:
    backfill_id = launched(stage, dag_id := stage.fresh_dag(), 5)
    stage.start_runs(dag_id, 2)
    paused = control(stage, Deed.PAUSE, backfill_id)
    assert (paused.dag_id, paused.changed, paused.left_running, paused.starting) == (dag_id, True, 2, 0)
    assert summary_of(stage, backfill_id).facts.is_paused
    assert not control(stage, Deed.PAUSE, backfill_id).changed
    resumed = control(stage, Deed.RESUME, backfill_id)
    assert (resumed.changed, resumed.starting) == (True, 3)
    after = summary_of(stage, backfill_id)
    assert (after.facts.is_paused, after.counts.running, after.counts.queued) == (False, 2, 3)
    assert not control(stage, Deed.RESUME, backfill_id).changed


def test_a_cancel_ends_what_is_queued_and_lets_go_on_what_runs(stage: Stage) -> None:
    backfill_id = launched(stage, dag_id := stage.fresh_dag(), 5)
    stage.start_runs(dag_id, 2)
    done = control(stage, Deed.CANCEL, backfill_id)
    assert (done.stopped_queued, done.stopped_running, done.left_running) == (3, 0, 2)
    after = summary_of(stage, backfill_id)
    assert (after.counts.cancelled, after.counts.running, after.ended_at) == (3, 2, None)
    assert (after.facts.is_paused, after.facts.completed_at is None) == (True, False)
    store = read_whole(stage, backfill_id)
    assert store.row_cells(0) == bytes([CODE_OF[TaskState.RUNNING], CODE_OF[TaskState.NONE]])


@pytest.mark.parametrize("before", [None, Deed.CANCEL], ids=["at once", "after a cancel"])
def test_a_cancel_of_the_running_runs_fails_what_is_under_way_and_skips_the_rest(
    stage: Stage, before: Deed | None
) -> None:
    backfill_id = launched(stage, dag_id := stage.fresh_dag(), 5)
    stage.start_runs(dag_id, 2)
    if before is not None:
        control(stage, before, backfill_id)
    done = control(stage, Deed.CANCEL_RUNNING, backfill_id)
    assert done.stopped_queued == (3 if before is None else 0)
    assert (done.stopped_running, done.ended_tasks, done.skipped_tasks) == (2, 2, 2)
    assert (done.left_running, done.teardowns, done.remarks) == (0, 0, ())
    after = summary_of(stage, backfill_id)
    assert (after.counts.cancelled, after.counts.failed, after.counts.active) == (3, 2, 0)
    assert after.ended_at is not None
    store = read_whole(stage, backfill_id)
    assert store.row_cells(1) == bytes([CODE_OF[TaskState.FAILED], CODE_OF[TaskState.SKIPPED]])


def test_what_is_at_its_end_is_neither_paused_nor_cancelled_nor_removed(stage: Stage) -> None:
    backfill_id = launched(stage, dag_id := stage.fresh_dag(), 2)
    stage.end_runs(dag_id, RunState.SUCCESS)
    before = summary_of(stage, backfill_id)
    for deed in Deed:
        request = ControlRequest(backfill_id=backfill_id, deed=deed)
        with pytest.raises(Refused, match=rf"^Backfill {backfill_id} ") as raised:
            stage.gateway.preview_control(request)
        assert ("is at its end: 2 succeeded" in str(raised.value)) is (deed is not Deed.REMOVE)
        with pytest.raises(Refused):
            stage.gateway.control(request)
    assert summary_of(stage, backfill_id) == before


def test_a_cancelled_backfill_is_not_resumed(stage: Stage) -> None:
    backfill_id = launched(stage, dag_id := stage.fresh_dag(), 3)
    stage.start_runs(dag_id, 1)
    control(stage, Deed.CANCEL, backfill_id)
    for deed in (Deed.PAUSE, Deed.RESUME, Deed.CANCEL, Deed.REOPEN, Deed.REMOVE):
        with pytest.raises(Refused) as raised:
            stage.gateway.control(ControlRequest(backfill_id=backfill_id, deed=deed))
        assert raised.value.remedy


def test_a_mark_of_completion_that_came_too_early_is_taken_back(stage: Stage) -> None:
    backfill_id = launched(stage, stage.fresh_dag(), 3)
    stage.complete(backfill_id)
    with pytest.raises(Refused) as raised:
        stage.gateway.control(ControlRequest(backfill_id=backfill_id, deed=Deed.PAUSE))
    assert raised.value.remedy
    assert control(stage, Deed.REOPEN, backfill_id).changed
    assert summary_of(stage, backfill_id).facts.completed_at is None
    assert control(stage, Deed.PAUSE, backfill_id).changed


def test_a_backfill_whose_creation_died_is_in_the_way_until_it_is_removed(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = stage.abandon(dag_id)
    (blocking,) = stage.gateway.plan(january(dag_id)).blocking
    words = f"Backfill {backfill_id} of this Dag is in the way: its creation died before it had any run"
    assert (blocking.code, blocking.remedy) == ("active_backfill", "remove it")
    assert blocking.message.startswith(words)
    with pytest.raises(Refused, match="its creation died"):
        stage.gateway.control(ControlRequest(backfill_id=backfill_id, deed=Deed.CANCEL))
    assert control(stage, Deed.REMOVE, backfill_id).changed
    assert stage.gateway.backfills(dag_id) == ()
    assert launched(stage, dag_id, 2)


def test_a_backfill_that_is_not_there_is_not_controlled(stage: Stage) -> None:
    request = ControlRequest(backfill_id=BackfillId(999_999), deed=Deed.PAUSE)
    for ask in (stage.gateway.preview_control, stage.gateway.control):
        with pytest.raises(NotThere, match="999999"):
            ask(request)


def test_a_cell_shows_its_task_instance(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 1)
    stage.end_runs(dag_id, RunState.FAILED)
    (run_id,) = run_ids(read_whole(stage, backfill_id))
    details = stage.gateway.cell(CellQuery(dag_id=dag_id, run_id=run_id, task_id=TaskId("load")))
    (instance,) = details.instances
    assert (instance.key.map_index, instance.state) == (-1, TaskState.FAILED)
    assert instance.operator


def test_map_indexes_are_told_of_the_runs_that_are_there_and_a_single_instance_is_the_first(
    stage: Stage,
) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 1)
    stage.end_runs(dag_id, RunState.FAILED)
    (run_id,) = run_ids(read_whole(stage, backfill_id))
    query = IndexQuery(dag_id=dag_id, run_ids=(run_id, RunId("gone")), task_ids=(TaskId("load"),))
    (cell,) = stage.gateway.indexes(query).cells
    assert (cell.run_id, cell.task_id, cell.number) == (run_id, "load", 1)
    assert cell.codes == bytes([CODE_OF[TaskState.FAILED]])


def test_all_task_instances_of_some_runs_are_told_in_the_order_that_is_asked_for(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    request = january(dag_id, 3, conf='{"why": "[/red]"}')
    backfill_id = stage.gateway.launch(Launch(request=request)).backfill_id
    stage.end_runs(dag_id, RunState.FAILED)
    wanted = (*reversed(run_ids(read_whole(stage, backfill_id))), RunId("gone"))
    query = InstancesQuery(
        dag_id=dag_id, run_ids=wanted, task_ids=(TaskId("load"), TaskId("extract")), backfill_id=backfill_id
    )
    found = all_instances(stage, query)
    assert json.loads(found[0].conf) == {"why": "[/red]"}
    runs = list(whole_runs(run for part in found for run in part.runs))
    assert tuple(run.run_id for run in runs) == wanted
    assert [run.run_type for run in runs] == [*["backfill"] * 3, ""]
    assert runs[0].data_interval_start == daily(3)
    assert [
        (line.task_id, line.map_index, line.state, line.try_number, line.started_at is not None)
        for line in runs[0].instances
    ] == [("load", -1, TaskState.FAILED, 1, True), ("extract", -1, TaskState.SUCCESS, 1, True)]
    assert runs[3].instances == ()


def test_what_airflow_masks_in_a_conf_is_launched_and_neither_shown_nor_kept(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    whole, shown = {"password": "hunter2", "why": "late"}, {"password": "***", "why": "late"}
    request = january(dag_id, 1, conf=json.dumps(whole))
    plan = stage.gateway.plan(request)
    assert (plan.request.conf, json.loads(plan.shown_conf)) == (request.conf, shown)
    plain = stage.gateway.plan(january(dag_id, 1, conf=' {"why": "late"}'))
    assert (plain.masked_conf, plain.shown_conf) == (None, '{"why": "late"}')
    backfill_id = stage.gateway.launch(Launch(request=request)).backfill_id
    query = InstancesQuery(dag_id=dag_id, run_ids=(), backfill_id=backfill_id)
    assert json.loads(all_instances(stage, query)[0].conf) == shown


def test_task_instances_of_a_range_need_no_backfill_and_those_of_an_unknown_backfill_are_refused(
    stage: Stage,
) -> None:
    dag_id = stage.fresh_dag()
    (nothing,) = all_instances(stage, InstancesQuery(dag_id=dag_id, run_ids=()))
    assert (nothing.runs, nothing.conf) == ((), "")
    query = InstancesQuery(dag_id=dag_id, run_ids=(), backfill_id=BackfillId(9_999))
    with pytest.raises(NotThere, match="9999"):
        all_instances(stage, query)


def all_instances(stage: Stage, query: InstancesQuery) -> list[InstancesFound]:
    with stage.gateway.instances(query) as found:
        return list(found)


def test_the_log_of_a_try_that_never_was_is_named(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 1)
    (run_id,) = run_ids(read_whole(stage, backfill_id))
    cell = stage.gateway.cell(CellQuery(dag_id=dag_id, run_id=run_id, task_id=TaskId("load")))
    with pytest.raises(NotThere, match="load"):
        stage.gateway.log(LogQuery(dag_id=dag_id, key=cell.instances[0].key, try_number=1))


@pytest.fixture
def long_log(stage: Stage) -> tuple[Stage, LogQuery, list[str]]:
    """A log of 500 lines that is read by 60 of them."""
    dag_id = stage.fresh_dag()
    backfill_id = launched(stage, dag_id, 1)
    stage.end_runs(dag_id, RunState.FAILED)
    (run_id,) = run_ids(read_whole(stage, backfill_id))
    lines = [f"line {number:03}{' ERROR' if number == 33 else ''}" for number in range(500)]
    stage.write_log(dag_id, run_id, "load", lines)
    key = TaskInstanceKey(run_id=RunId(run_id), task_id=TaskId("load"))
    return stage, LogQuery(dag_id=dag_id, key=key, try_number=1, max_lines=60), lines


def test_the_pages_of_a_log_go_both_ways(long_log: tuple[Stage, LogQuery, list[str]]) -> None:
    stage, query, lines = long_log
    page = stage.gateway.log(query)
    read = list(page.lines)
    assert (len(read), page.followed) == (60, False)
    while page.truncated:
        page = stage.gateway.log(replace(query, before=page.begins))
        read = [*page.lines, *read]
    assert read == lines
    page = stage.gateway.log(replace(query, after=page.begins, forwards=True))
    read = list(page.lines)
    while page.followed:
        page = stage.gateway.log(replace(query, after=page.ends, forwards=True))
        read += page.lines
    assert read == lines


@pytest.mark.parametrize("step", [1, -1])
def test_a_line_is_found_in_the_whole_of_a_log_around_its_end(
    long_log: tuple[Stage, LogQuery, list[str]], step: int
) -> None:
    stage, query, _ = long_log
    search = LogSearch(query=query, words="LINE 25", step=step)
    assert stage.gateway.find_in_log(search).log is None
    search = replace(search, words="line 25")
    found = []
    for _ in range(11):
        match = stage.gateway.find_in_log(search)
        assert match.log is not None
        assert 1 < len(match.log.lines) <= 60
        found.append(int(match.log.lines[match.line].split()[1]))
        begins = stage.gateway.count_in_log(replace(search, words=f"line {found[-1]}", start=None)).places[0]
        place = begins + 1 if step > 0 else begins
        search = replace(search, start=replace(match.log.begins or LogPlace(at=0), at=place))
    assert found == [*range(250, 260), 250] if step > 0 else [*range(259, 249, -1), 259]


def test_errors_are_found_and_lines_are_counted_from_a_place_on(
    long_log: tuple[Stage, LogQuery, list[str]],
) -> None:
    stage, query, _ = long_log
    match = stage.gateway.find_in_log(LogSearch(query=query, words=""))
    assert match.log is not None
    assert match.log.lines[match.line] == "line 033 ERROR"
    counted = stage.gateway.count_in_log(LogSearch(query=query, words="line 4"))
    assert (len(counted.places), counted.more, counted.begins.at) == (100, False, 0)
    rest = LogSearch(query=query, words="line 4", start=counted.ends)
    assert stage.gateway.count_in_log(rest).places == ()


def test_a_paused_dag_is_listed_as_paused_and_the_plan_warns(stage: Stage) -> None:
    dag_id = stage.fresh_dag()
    stage.gateway.pause_dag(dag_id, is_paused=True)
    assert is_paused(stage, dag_id)
    plan = stage.gateway.plan(january(dag_id))
    (warning,) = [warning for warning in plan.warnings if warning.code == "dag_paused"]
    assert warning.message.startswith("The Dag is paused, so no run will start")
    assert warning.remedy == "unpause it"
    assert (warning.gravity, warning.blocks) == (Gravity.ASKS, False)
    assert plan.blocking == ()
    stage.gateway.pause_dag(dag_id, is_paused=False)
    assert not is_paused(stage, dag_id)


@pytest.mark.parametrize(
    "write",
    [
        launched,
        lambda stage, dag_id: stage.gateway.rerun(RerunRequest(dag_id=dag_id, run_ids=(RunId("r"),))),
        lambda stage, dag_id: stage.gateway.pause_dag(dag_id, is_paused=True),
        lambda stage, _: stage.gateway.control(ControlRequest(backfill_id=BackfillId(1), deed=Deed.PAUSE)),
    ],
    ids=["launch", "rerun", "pause", "control"],
)
def test_a_read_only_session_refuses_every_write(
    stage: Stage, write: Callable[[Stage, DagId], object]
) -> None:
    dag_id = stage.fresh_dag()
    with stage.read_only() as reading:
        assert reading.gateway.environment().read_only
        with pytest.raises(Refused, match="read-only"):
            write(reading, dag_id)
    assert stage.gateway.backfills(dag_id) == ()
    assert not is_paused(stage, dag_id)


def test_after_close_every_call_is_unreachable(stage: Stage) -> None:
    with stage.read_only() as reading:
        reading.gateway.close()
        with pytest.raises(Unreachable):
            reading.gateway.environment()


def test_close_ends_a_watch_that_waits(stage: Stage) -> None:
    backfill_id = launched(stage, stage.fresh_dag())
    first = threading.Event()
    ended: list[Problem] = []
    with stage.read_only() as reading:

        def follow() -> None:
            try:
                with reading.gateway.watch(backfill_id) as updates:
                    for _ in updates:
                        first.set()
            except Problem as problem:
                ended.append(problem)

        thread = threading.Thread(target=follow)
        thread.start()
        assert first.wait(30)
        reading.gateway.close()
        thread.join(10)
    assert not thread.is_alive()
    assert [type(problem) for problem in ended] == [Unreachable]


def test_the_age_of_what_is_shown_is_known_also_when_nothing_changes(stage: Stage) -> None:
    seen: list[GridUpdate] = []
    with stage.gateway.watch(launched(stage, stage.fresh_dag())) as updates:
        for update in updates:
            seen.append(update)
            if update.loaded and len(seen) >= 4:
                break
    assert seen[-1].rows == ()
    assert seen[-1].read_at >= seen[0].read_at


def what_runs_again(outcome: RerunOutcome) -> dict[str, int]:
    tasks = [str(task.key.task_id) for task in outcome.affected]
    return {task: tasks.count(task) for task in dict.fromkeys(tasks)}


def last_success(stage: Stage, dag_id: DagId) -> int | None:
    return next(dag.last_success for dag in stage.gateway.dags().dags if dag.dag_id == dag_id)


def is_paused(stage: Stage, dag_id: DagId) -> bool:
    return next(dag.is_paused for dag in stage.gateway.dags().dags if dag.dag_id == dag_id)


def test_what_was_done_is_in_the_journal_and_only_what_is_asked_for(stage: Stage) -> None:
    first, second = stage.fresh_dag(), stage.fresh_dag()
    number = launched(stage, first)
    stage.end_runs(first, RunState.FAILED)
    store = read_whole(stage, number)
    again = RerunRequest(dag_id=first, run_ids=tuple(run_ids(store)), scope=RerunScope.FAILED, attempt=1)
    stage.gateway.rerun(again)
    stage.gateway.pause_dag(second, is_paused=True)
    assert deeds(stage, JournalQuery(dag_id=first)) == ["launch", "rerun"]
    assert deeds(stage, JournalQuery(dag_id=second)) == ["pause_dag"]
    assert deeds(stage, JournalQuery())[-3:] == ["launch", "rerun", "pause_dag"]
    with stage.gateway.journal(JournalQuery(dag_id=first, attempts_only=True)) as parts:
        begun, done = whole_entries(parts)
    assert (begun.phase, done.phase) == (Phase.BEGUN, Phase.DONE)
    assert begun.number == done.number
    assert {run.run_id for run in begun.runs} == set(again.run_ids)
    assert not done.runs


def deeds(stage: Stage, query: JournalQuery) -> list[str]:
    with stage.gateway.journal(query) as parts:
        return [entry.deed for entry in whole_entries(parts) if entry.phase is Phase.DONE]


def test_of_a_journal_without_what_is_asked_for_there_is_one_empty_part(stage: Stage) -> None:
    with stage.gateway.journal(JournalQuery(dag_id=DagId("nobody"))) as parts:
        (part,) = parts
    assert part.entries == ()
    assert part.place.endswith(".jsonl")


def test_one_at_a_time_reruns_a_dag_until_nothing_fails(stage: Stage) -> None:
    dag_id, other = stage.fresh_dag(), stage.fresh_dag()
    with stage.gateway.hold_attempts(dag_id), stage.read_only() as second:
        with pytest.raises(Refused, match=f"Another rerun with --max-attempts is at work on {dag_id}"):
            second.gateway.hold_attempts(dag_id).__enter__()
        with second.gateway.hold_attempts(other):
            pass
    with stage.gateway.hold_attempts(dag_id):
        pass
