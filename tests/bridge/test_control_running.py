"""Running runs that are ended: the way Airflow marks a run as failed, and no other run with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.controlled import Stage, forget, stage_on

from backfill_tui.domain.control import Deed

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("control-running")]

STATES = (
    "running", "deferred", "up_for_reschedule", "awaiting_input", "up_for_retry", "restarting", "scheduled",
    "queued", "success", "failed",
)  # fmt: skip
UNDER_WAY = STATES[:4]
ENDED_BEFORE = ("success", "failed")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on(request.param, tmp_path_factory.mktemp("control")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return forget(shared_stage)


def heard(stage: Stage) -> list[str]:
    """What a listener among Airflow's plugins was told of."""
    file = stage.place.home / "heard"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_every_state_of_a_task_becomes_what_airflows_own_marking_makes_of_it(stage: Stage) -> None:
    for dag_id in ("wide", "wide_twin"):
        backfill_id = stage.backfill(dag_id, 3)
        (run_id, *_) = stage.run_ids(backfill_id)
        stage.run(dag_id, run_id, **{state: state for state in STATES})
        if dag_id == "wide":
            preview = stage.preview(Deed.CANCEL_RUNNING, backfill_id)
            assert stage.tasks(dag_id, run_id) == {"none": None} | {state: state for state in STATES}
            assert stage.control(Deed.CANCEL_RUNNING, backfill_id) == preview
            told = heard(stage)
        else:
            stage.worker("stock_cancel", backfill_id=backfill_id)
            stage.worker("stock_fail", dag_id=dag_id, run_id=run_id)
    assert stage.picture_of("wide", "it") == stage.picture_of("wide_twin", "it")
    assert (preview.stopped_queued, preview.stopped_running, preview.left_running) == (2, 1, 0)
    assert (preview.ended_tasks, preview.skipped_tasks, preview.teardowns) == (4, 5, 0)
    tasks = stage.tasks("wide", run_id)
    assert {tasks[state] for state in UNDER_WAY} == {"failed"}
    assert {tasks[state] for state in (*STATES[4:8], "none")} == {"skipped"}
    assert {state: tasks[state] for state in ENDED_BEFORE} == {state: state for state in ENDED_BEFORE}
    assert sorted(told) == ["run wide failed", *sorted(f"task {state} failed" for state in UNDER_WAY)]


def test_the_audit_log_names_the_runs_that_were_ended(stage: Stage) -> None:
    backfill_id = stage.backfill("chain", 2)
    first, _ = stage.run_ids(backfill_id)
    stage.run("chain", first, a="running")
    stage.control(Deed.CANCEL_RUNNING, backfill_id)
    assert stage.audit() == [
        ("cancel_backfill", "chain", None, {"backfill_id": str(backfill_id), "source": "backfill-tui"}),
        ("patch_dag_run", "chain", first, {"state": "failed", "source": "backfill-tui"}),
    ]


def test_a_run_with_a_teardown_task_goes_on_until_that_is_done(stage: Stage) -> None:
    for dag_id in ("torn", "torn_twin"):
        backfill_id = stage.backfill(dag_id, 2)
        first, _ = stage.run_ids(backfill_id)
        stage.run(dag_id, first, up="success", work="running")
        if dag_id == "torn":
            outcome = stage.control(Deed.CANCEL_RUNNING, backfill_id)
            again = stage.control(Deed.CANCEL_RUNNING, backfill_id)
        else:
            stage.worker("stock_cancel", backfill_id=backfill_id)
            stage.worker("stock_fail", dag_id=dag_id, run_id=first)
    assert stage.picture_of("torn", "it") == stage.picture_of("torn_twin", "it")
    assert (outcome.stopped_running, outcome.ended_tasks, outcome.skipped_tasks) == (1, 1, 1)
    assert (outcome.teardowns, outcome.left_running) == (1, 0)
    (remark,) = outcome.remarks
    assert remark.startswith("Runs with teardown tasks end after these; Airflow then counts one as succeeded")
    assert (again.changed, again.teardowns, again.ended_tasks, again.skipped_tasks) == (False, 1, 0, 0)
    assert heard(stage)[0] == "task work failed"
    assert stage.states(backfill_id) == ["running", "failed"]

    stage.worker("scheduler_steps", count=2)
    assert stage.tasks("torn", first) == {
        "up": "success", "work": "failed", "more": "skipped", "down": "success"
    }  # fmt: skip
    # As the remark says: the last task before the teardown was only skipped.
    assert [row[3] for row in stage.worker("picture") if row[:3] == ["run", "torn", first]] == ["success"]


def test_tasks_of_a_neighbouring_run_stay_as_they_are(stage: Stage) -> None:
    """Where a logical date lies an interval before its tick, Airflow's own marking fails them too."""
    before = {}
    for dag_id in ("lagging", "lagging_twin"):
        backfill_id = stage.backfill(dag_id, 4)
        first, second, _ = stage.run_ids(backfill_id)
        stage.run(dag_id, first, "success", a="success", b="success")
        stage.run(dag_id, second, a="running")
        if dag_id == "lagging":
            outcome = stage.control(Deed.CANCEL_RUNNING, backfill_id)
        else:
            stage.worker("stock_cancel", backfill_id=backfill_id)
            stage.worker("stock_fail", dag_id=dag_id, run_id=second)
        before[dag_id] = stage.tasks(dag_id, first)
    assert (outcome.stopped_running, outcome.ended_tasks) == (1, 1)
    assert stage.tasks("lagging", second) == stage.tasks("lagging_twin", second)
    assert before == {
        "lagging": {"a": "success", "b": "success"},
        "lagging_twin": {"a": "failed", "b": "success"},
    }


def test_runs_whose_version_is_gone_are_left_and_said(stage: Stage) -> None:
    backfill_id = stage.backfill("gone", 3)
    first, *_ = stage.run_ids(backfill_id)
    stage.run("gone", first, a="running")
    stage.database.do("DELETE FROM serialized_dag WHERE dag_id = 'gone'")
    outcome = stage.control(Deed.CANCEL_RUNNING, backfill_id)
    assert (outcome.stopped_queued, outcome.stopped_running, outcome.left_running) == (2, 0, 1)
    (remark,) = outcome.remarks
    assert remark.startswith("1 run goes on, because the version of the Dag is gone")
    assert stage.states(backfill_id) == ["running", "failed", "failed"]
    assert stage.tasks("gone", first)["a"] == "running"
    assert not stage.control(Deed.CANCEL_RUNNING, backfill_id).changed


def test_runs_whose_dag_can_not_be_read_are_left_and_it_is_said_why(stage: Stage) -> None:
    backfill_id = stage.backfill("unread", 2)
    first, *_ = stage.run_ids(backfill_id)
    stage.run("unread", first, a="running")
    stage.worker("break_timetable", dag_id="unread")
    outcome = stage.control(Deed.CANCEL_RUNNING, backfill_id)
    assert (outcome.stopped_running, outcome.left_running) == (0, 1)
    (remark,) = outcome.remarks
    assert remark.startswith("1 run goes on, because Airflow can not read the Dag unread: ")
    assert "no_such_plugin.Timetable" in remark


def test_a_task_that_the_dag_has_lost_ends_with_the_others(stage: Stage) -> None:
    backfill_id = stage.backfill("lost", 1)
    (run_id,) = stage.run_ids(backfill_id)
    stage.run("lost", run_id, a="running", b="running")
    stage.database.do(f"UPDATE task_instance SET task_id = 'x' WHERE run_id = '{run_id}' AND task_id = 'b'")  # noqa: S608
    assert stage.control(Deed.CANCEL_RUNNING, backfill_id).ended_tasks == 2
    assert stage.tasks("lost", run_id) == {"a": "failed", "x": "failed"}
