"""Marks on SQLite and PostgreSQL: what Airflow's own API leaves, and no other run with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.controlled import Stage, forget, stage_on
from tests.support.marked import MAIN, ask_mark

from backfill_tui.domain.control import Deed
from backfill_tui.domain.journal import Phase
from backfill_tui.domain.marking import MarkAs, MarkOutcome, MarkScope
from backfill_tui.domain.problems import BadRequest, Interrupted, NotThere, Refused
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.wire.journal import entries

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("marking")]

STATES = (
    "running", "deferred", "up_for_reschedule", "awaiting_input", "up_for_retry", "restarting", "scheduled",
    "queued", "success", "failed",
)  # fmt: skip
BOTH = pytest.mark.parametrize("mark_as", list(MarkAs))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on(request.param, tmp_path_factory.mktemp("marking"), MAIN) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return forget(shared_stage)


def heard(stage: Stage) -> list[str]:
    file = stage.place.home / "heard"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def states_of(outcome: MarkOutcome) -> dict[str, str]:
    return {str(task.key.task_id): str(task.becomes) for task in outcome.affected}


def run_states(stage: Stage, dag_id: str) -> list[str]:
    return [row[3] for row in stage.worker("picture") if row[0] == "run" and row[1] == dag_id]


@BOTH
@pytest.mark.parametrize("before", ["running", "failed", "success", "queued"])
def test_a_whole_run_becomes_what_airflows_own_mark_makes_of_it(
    stage: Stage, mark_as: MarkAs, before: str
) -> None:
    for dag_id in ("wide", "wide_twin"):
        run_id, *_ = stage.run_ids(stage.backfill(dag_id, 2))
        stage.run(dag_id, run_id, before, **{state: state for state in STATES})
        if dag_id == "wide":
            preview = ask_mark(stage, dag_id, [run_id], mark_as, dry=True)
            assert stage.tasks(dag_id, run_id) == {"none": None} | {state: state for state in STATES}
            assert ask_mark(stage, dag_id, [run_id], mark_as) == preview
            told = heard(stage)
        else:
            stage.worker("stock_mark_run", dag_id=dag_id, run_id=run_id, state=str(mark_as))
    assert stage.picture_of("wide", "it") == stage.picture_of("wide_twin", "it")
    assert (preview.ended, preview.skipped, preview.untouched, preview.failed_left) == (4, 5, 2, 1)
    assert states_of(preview)["running"] == str(mark_as)
    assert states_of(preview)["none"] == "skipped"
    assert [(run.state, run.becomes) for run in preview.runs] == (
        [] if before == mark_as else [(before, str(mark_as))]
    )
    assert f"run wide {mark_as}" in told
    assert f"task deferred {mark_as}" in told


@BOTH
@pytest.mark.parametrize("before", [*STATES, "none"])
def test_a_task_in_any_state_becomes_what_airflows_own_mark_makes_of_it(
    stage: Stage, mark_as: MarkAs, before: str
) -> None:
    for dag_id in ("wide", "wide_twin"):
        run_id, *_ = stage.run_ids(stage.backfill(dag_id, 2))
        stage.run(dag_id, run_id, **{state: state for state in STATES})
        if dag_id == "wide":
            outcome = ask_mark(stage, dag_id, [run_id], mark_as, MarkScope.TASK, task_id=before)
        elif before != mark_as:
            stage.worker("stock_mark_task", dag_id=dag_id, run_id=run_id, task_id=before, state=str(mark_as))
    assert stage.picture_of("wide", "it") == stage.picture_of("wide_twin", "it")
    assert len(outcome.affected) == (before != mark_as)
    assert outcome.runs == (), "a run that goes on follows its tasks by itself"


def test_what_failed_downstream_of_a_marked_task_runs_again_as_with_airflow(stage: Stage) -> None:
    for dag_id in ("chain", "twin"):
        run_id, *_ = stage.run_ids(stage.backfill(dag_id, 2))
        stage.run(dag_id, run_id, "failed", a="failed", b="upstream_failed")
        if dag_id == "chain":
            outcome = ask_mark(stage, dag_id, [run_id], MarkAs.SUCCESS, MarkScope.TASK, task_id="a")
        else:
            stage.worker("stock_mark_task", dag_id=dag_id, run_id=run_id, task_id="a", state="success")
    assert stage.picture_of("chain", "it") == stage.picture_of("twin", "it")
    assert [(str(task.key.task_id), task.state) for task in outcome.again] == [
        ("b", TaskState.UPSTREAM_FAILED)
    ]
    assert [run.becomes for run in outcome.runs] == [RunState.QUEUED]
    assert stage.tasks("chain", run_id) == {"a": "success", "b": None}


def test_what_failed_downstream_is_not_cleared_where_it_would_never_run(stage: Stage) -> None:
    backfill_id = stage.backfill("chain", 2)
    run_id, _ = stage.run_ids(backfill_id)
    stage.run("chain", run_id, "failed", a="failed", b="upstream_failed")
    stage.control(Deed.CANCEL, backfill_id)
    outcome = ask_mark(stage, "chain", [run_id], MarkAs.SUCCESS, MarkScope.TASK, task_id="a")
    (left,) = outcome.left_alone
    assert left.reason.startswith(f"its backfill {backfill_id} was cancelled, so what failed downstream")
    assert stage.tasks("chain", run_id) == {"a": "failed", "b": "upstream_failed"}


def test_all_failed_tasks_marked_success_make_their_run_succeed(stage: Stage) -> None:
    first, second = stage.run_ids(stage.backfill("chain", 2))
    stage.run("chain", first, "failed", a="success", b="failed")
    stage.run("chain", second, "failed", a="failed", b="upstream_failed")
    outcome = ask_mark(stage, "chain", [first, second], MarkAs.SUCCESS, MarkScope.FAILED)
    assert (len(outcome.affected), outcome.untouched, outcome.again) == (3, 1, ())
    assert [(run.state, run.becomes) for run in outcome.runs] == [("failed", "success")] * 2
    assert stage.tasks("chain", second) == {"a": "success", "b": "success"}
    assert run_states(stage, "chain") == ["success", "success"]
    assert heard(stage).count("run chain success") == 2


def test_the_last_task_marked_failed_makes_an_ended_run_fail(stage: Stage) -> None:
    run_id, *_ = stage.run_ids(stage.backfill("chain", 2))
    stage.run("chain", run_id, "success", a="success", b="success")
    outcome = ask_mark(stage, "chain", [run_id], MarkAs.FAILED, MarkScope.TASK, task_id="b")
    assert (outcome.overwritten_successes, [run.becomes for run in outcome.runs]) == (1, [RunState.FAILED])
    # A failed task in the middle does not: the last ones succeeded.
    stage.run("chain", run_id, "success", a="success", b="success")
    assert ask_mark(stage, "chain", [run_id], MarkAs.FAILED, MarkScope.TASK, task_id="a").runs == ()


@BOTH
def test_a_run_with_a_teardown_task_goes_on_until_that_is_done(stage: Stage, mark_as: MarkAs) -> None:
    for dag_id in ("torn", "torn_twin"):
        run_id, _ = stage.run_ids(stage.backfill(dag_id, 2))
        stage.run(dag_id, run_id, up="success", work="running")
        if dag_id == "torn":
            outcome = ask_mark(stage, dag_id, [run_id], mark_as)
            again = ask_mark(stage, dag_id, [run_id], mark_as)
        else:
            stage.worker("stock_mark_run", dag_id=dag_id, run_id=run_id, state=str(mark_as))
    assert stage.picture_of("torn", "it") == stage.picture_of("torn_twin", "it")
    assert (outcome.teardowns, outcome.runs, outcome.ended, outcome.skipped) == (1, (), 1, 1)
    assert [left.reason for left in again.left_alone] == ["only its teardown tasks are left to run"]


def test_tasks_of_a_neighbouring_run_stay_as_they_are(stage: Stage) -> None:
    """Where a logical date lies an interval before its tick, Airflow's own mark takes them too."""
    neighbour = {}
    for dag_id in ("lagging", "lagging_twin"):
        first, second, _ = stage.run_ids(stage.backfill(dag_id, 4))
        stage.run(dag_id, first, "failed", a="failed", b="failed")
        stage.run(dag_id, second, a="running")
        if dag_id == "lagging":
            ask_mark(stage, dag_id, [second], MarkAs.SUCCESS, MarkScope.TASK, task_id="a")
        else:
            stage.worker("stock_mark_task", dag_id=dag_id, run_id=second, task_id="a", state="success")
        neighbour[dag_id] = stage.tasks(dag_id, first)["a"]
        assert stage.tasks(dag_id, second) == {"a": "success", "b": None}
    assert neighbour == {"lagging": "failed", "lagging_twin": "success"}


def test_runs_that_nothing_is_marked_of_are_left_alone_with_the_reason(stage: Stage) -> None:
    backfill_id = stage.backfill("chain", 4)
    good, bad, cancelled, _ = stage.run_ids(backfill_id)
    stage.run("chain", good, "success", a="success", b="success")
    stage.run("chain", bad, "failed", a="success", b="failed")
    stage.control(Deed.CANCEL, backfill_id)
    runs = [good, bad, cancelled, "never_was"]

    def reasons(scope: MarkScope, **more: Any) -> dict[str, str]:
        outcome = ask_mark(stage, "chain", runs, MarkAs.SUCCESS, scope, dry=True, **more)
        return {left.run_id: left.reason for left in outcome.left_alone}

    assert reasons(MarkScope.WHOLE_RUN) == {good: "it is success already", "never_was": "it was deleted"}
    assert reasons(MarkScope.FAILED) == {
        good: "nothing in it failed",
        cancelled: "it was cancelled before it started, so no task of it failed: mark the whole run",
        "never_was": "it was deleted",
    }
    assert reasons(MarkScope.TASK, task_id="a") == {
        good: '"a" is success in it already', bad: '"a" is success in it already',
        "never_was": "it was deleted",
    }  # fmt: skip
    assert set(reasons(MarkScope.TASK, task_id="z").values()) == {
        'the Dag has no task "z"', "it was deleted"
    }  # fmt: skip


@pytest.mark.parametrize("scope", [MarkScope.WHOLE_RUN, MarkScope.FAILED])
def test_a_run_whose_dag_can_not_be_read_is_left_alone_and_it_is_said_why(
    stage: Stage, scope: MarkScope
) -> None:
    dag_id = f"unread_{scope}"
    run_id, *_ = stage.run_ids(stage.backfill(dag_id, 1))
    stage.run(dag_id, run_id, "failed", a="failed", b="upstream_failed")
    stage.worker("break_timetable", dag_id=dag_id)
    (left,) = ask_mark(stage, dag_id, [run_id], MarkAs.SUCCESS, scope).left_alone
    assert left.reason.startswith(f"Airflow can not read the Dag {dag_id}: ")
    assert "no_such_plugin.Timetable" in left.reason


def test_a_mark_that_is_stopped_halfway_leaves_nothing_and_says_so_in_the_journal(
    stage: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "journal.jsonl"
    runs = stage.run_ids(stage.backfill("chain", 5))
    before = stage.worker("picture")
    with pytest.raises(Interrupted):
        ask_mark(stage, "chain", runs, MarkAs.FAILED, journal=file, at=3)
    assert stage.worker("picture") == before
    assert [entry.phase for entry in entries(file)] == [Phase.BEGUN, Phase.UNDONE]
    assert heard(stage) == []
    assert len(ask_mark(stage, "chain", runs, MarkAs.FAILED).runs) == 5


def test_what_can_not_be_written_to_the_journal_is_marked_and_said(stage: Stage, tmp_path: Path) -> None:
    nowhere = tmp_path / "gone" / "journal.jsonl"
    run_id, *_ = stage.run_ids(stage.backfill("chain", 1))
    outcome = ask_mark(stage, "chain", [run_id], MarkAs.FAILED, journal=nowhere)
    assert outcome.changes
    assert outcome.remarks == (f"The journal {nowhere} can not be written: No such file or directory",)


def test_the_audit_log_and_the_journal_say_what_was_marked(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    first, second = stage.run_ids(stage.backfill("chain", 2))
    stage.run("chain", first, "failed", a="success", b="failed")
    stage.run("chain", second, a="running")
    ask_mark(stage, "chain", [first], MarkAs.SUCCESS, MarkScope.FAILED, journal=file)
    ask_mark(stage, "chain", [second], MarkAs.FAILED, journal=file)
    ask_mark(stage, "chain", [second], MarkAs.FAILED, journal=file)
    source = {"source": "backfill-tui"}
    assert stage.audit() == [
        ("patch_task_instance", "chain", first, {"new_state": "success", **source}),
        ("patch_dag_run", "chain", first, {"state": "success", **source}),
        ("patch_dag_run", "chain", second, {"state": "failed", **source}),
    ]
    assert stage.database.ask("SELECT task_id FROM log WHERE event = 'patch_task_instance'") == "b"
    begun = [entry for entry in entries(file) if entry.phase is Phase.BEGUN]
    done = [entry for entry in entries(file) if entry.phase is Phase.DONE]
    assert [entry.deed for entry in begun] == ["mark_success", "mark_failed"]
    assert [run.tasks for run in begun[0].runs] == [{"success": 1, "failed": 1}]
    (mark,) = begun[1].marks
    assert (mark.was, mark.became, len(mark.tasks)) == ("running", "failed", 2)
    assert {(task.task_id, task.was, task.became) for task in mark.tasks} == {
        ("a", "running", "failed"), ("b", None, "skipped")
    }  # fmt: skip
    assert done[1].details == {"scope": "whole_run", "task_instances": 2, "cleared": 0}
    assert not done[1].marks


def test_a_mark_needs_a_dag_a_right_to_write_and_a_task_where_it_is_of_one(stage: Stage) -> None:
    run_id, *_ = stage.run_ids(stage.backfill("chain", 2))
    with pytest.raises(NotThere, match='There is no Dag "nobody"'):
        ask_mark(stage, "nobody", [run_id], MarkAs.FAILED)
    for scope, task_id in ((MarkScope.TASK, None), (MarkScope.FAILED, "a")):
        with pytest.raises(BadRequest, match="A mark of one task names it"):
            ask_mark(stage, "chain", [run_id], MarkAs.FAILED, scope, task_id=task_id)
    params = {"dag_id": "chain", "run_ids": [run_id], "mark_as": "failed"}
    with pytest.raises(Refused, match="read-only"):
        stage.worker("ask", method="mark", params=params, read_only=True)
    assert stage.tasks("chain", run_id) == {"a": None, "b": None}
