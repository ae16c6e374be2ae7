"""Reruns: exactly what was chosen runs again, and nothing else is touched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.bridges import RunningBridge, running_bridge
from tests.support.edits import Edits

from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.problems import NotThere, Refused
from backfill_tui.domain.repairing import RerunOutcome, RerunRequest, RerunScope
from backfill_tui.domain.states import TaskState

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]


def _request(dag_id: str, run_ids: Iterable[str], scope: RerunScope = RerunScope.FAILED) -> RerunRequest:
    return RerunRequest(dag_id=DagId(dag_id), run_ids=tuple(RunId(run) for run in run_ids), scope=scope)


def _affected(outcome: RerunOutcome) -> list[tuple[str, int, TaskState]]:
    return [(task.key.task_id, task.key.map_index, task.state) for task in outcome.affected]


def _reasons(outcome: RerunOutcome) -> dict[str, str]:
    return {left.run_id: left.reason for left in outcome.left_alone}


def _instances(edits: Edits, dag_id: str, run_id: str) -> dict[tuple[str, int], dict[str, Any]]:
    found = edits.do("instances", dag_id=dag_id, run_id=run_id)
    return {
        (task, index): {"state": state, "tries": tries, "id": id_} for task, index, state, tries, id_ in found
    }


def test_only_failed_tasks_run_again_and_only_in_the_runs_asked_for(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3)
    first, second, third = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id=dag_id, run_id=first, failed="clean")
    edits.do("finish", dag_id=dag_id, run_id=second, failed="clean")
    edits.do("finish", dag_id=dag_id, run_id=third)
    before = {run: _instances(edits, dag_id, run) for run in (first, second, third)}

    preview = bridge.gateway.preview_rerun(_request(dag_id, [first, third]))
    assert _affected(preview) == [
        ("clean", -1, TaskState.FAILED),
        ("load", -1, TaskState.UPSTREAM_FAILED),
    ]
    assert preview.untouched == 1
    assert _reasons(preview) == {third: "nothing in it failed"}
    assert preview.overwritten_successes == 0
    assert {run: _instances(edits, dag_id, run) for run in before} == before, "a preview changes nothing"

    assert bridge.gateway.rerun(_request(dag_id, [first, third])) == preview
    after = {run: _instances(edits, dag_id, run) for run in before}
    assert after[second] == before[second]
    assert after[third] == before[third]
    assert after[first]["extract", -1] == before[first]["extract", -1]
    assert after[first]["clean", -1]["state"] is None
    assert after[first]["load", -1]["state"] is None
    assert edits.do("run_state", dag_id=dag_id, run_id=first) == "queued"
    assert edits.do("run_state", dag_id=dag_id, run_id=second) == "failed"
    assert [task for task, *_ in edits.do("history", dag_id=dag_id, run_id=first)] == ["clean", "load"]
    assert edits.do("history", dag_id=dag_id, run_id=second) == []


def test_a_whole_run_says_how_many_successes_it_overwrites(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="load")
    outcome = bridge.gateway.rerun(_request(dag_id, [run_id], RerunScope.WHOLE_RUN))
    assert [task for task, *_ in _affected(outcome)] == ["extract", "clean", "load"]
    assert (outcome.overwritten_successes, outcome.untouched) == (2, 0)
    assert {found["state"] for found in _instances(edits, dag_id, run_id).values()} == {None}


def test_failed_and_downstream_takes_also_what_succeeded_behind_the_failure(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="clean")
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="load", state="success")
    assert [t for t, *_ in _affected(bridge.gateway.preview_rerun(_request(dag_id, [run_id])))] == ["clean"]
    outcome = bridge.gateway.rerun(_request(dag_id, [run_id], RerunScope.FAILED_AND_DOWNSTREAM))
    assert _affected(outcome) == [("clean", -1, TaskState.FAILED), ("load", -1, TaskState.SUCCESS)]
    assert _instances(edits, dag_id, run_id)["extract", -1]["state"] == "success"


@pytest.mark.parametrize("source", ["files", None], ids=["counted", "count unknown"])
@pytest.mark.parametrize("scope", [RerunScope.FAILED, RerunScope.FAILED_AND_DOWNSTREAM])
def test_of_a_mapped_task_only_the_failed_map_indexes_run_again(
    bridge: RunningBridge, edits: Edits, fresh: Fresh, scope: RerunScope, source: str | None
) -> None:
    dag_id = fresh("mapped")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="each")
    edits.do(
        "expand", dag_id=dag_id, run_id=run_id, task_id="each",
        states=["success", "failed", "success"], source=source,
    )  # fmt: skip
    outcome = bridge.gateway.rerun(_request(dag_id, [run_id], scope))
    assert _affected(outcome) == [
        ("each", 1, TaskState.FAILED),
        ("total", -1, TaskState.UPSTREAM_FAILED),
        ("beside.nothing", -1, TaskState.UPSTREAM_FAILED),
    ]
    assert outcome.untouched == 3
    states = {key: found["state"] for key, found in _instances(edits, dag_id, run_id).items()}
    assert states["each", 0] == states["each", 2] == states["files", -1] == "success"


def test_runs_that_go_on_or_are_gone_are_left_alone_with_the_reason(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=2)
    running, queued = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("run", dag_id=dag_id, run_id=running, state="running")
    edits.do("task", dag_id=dag_id, run_id=running, task_id="extract", state="failed")
    outcome = bridge.gateway.rerun(_request(dag_id, [running, queued, "gone"], RerunScope.WHOLE_RUN))
    assert outcome.affected == ()
    assert _reasons(outcome) == {
        running: "it is running: wait for its end",
        queued: "it is queued: it runs by itself",
        "gone": "it was deleted",
    }
    assert _instances(edits, dag_id, running)["extract", -1]["state"] == "failed"


def test_an_unknown_dag_is_not_there(bridge: RunningBridge) -> None:
    with pytest.raises(NotThere, match='no Dag "nobody"'):
        bridge.gateway.preview_rerun(_request("nobody", ["some"]))


def test_read_only_previews_and_refuses_to_rerun(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="load")
    with running_bridge(bridge.home, "--read-only", opened=False, log="read-only.log") as second:
        assert len(second.gateway.preview_rerun(_request(dag_id, [run_id])).affected) == 1
        with pytest.raises(Refused, match="Read-only"):
            second.gateway.rerun(_request(dag_id, [run_id]))
    assert edits.do("run_state", dag_id=dag_id, run_id=run_id) == "failed"


class TestRunsOfACancelledBackfill:
    """Airflow pauses a cancelled backfill for ever, and starts no queued run of a paused one."""

    def test_a_rerun_lifts_the_pause_that_would_keep_it_queued(
        self, bridge: RunningBridge, edits: Edits, fresh: Fresh
    ) -> None:
        dag_id = fresh("chain")
        backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3)
        first, second, _third = edits.do("runs_of", backfill_id=backfill_id)
        edits.do("finish", dag_id=dag_id, run_id=first, failed="load")
        edits.do("cancel", backfill_id=backfill_id)
        request = _request(dag_id, [first, second])
        preview = bridge.gateway.preview_rerun(request)
        assert preview.unblocked == (backfill_id,)
        assert edits.do("backfill_row", backfill_id=backfill_id)["is_paused"] is True
        assert _reasons(preview) == {
            second: "it was cancelled before it started, so no task of it failed: rerun the whole run"
        }
        assert bridge.gateway.rerun(request) == preview
        assert edits.do("backfill_row", backfill_id=backfill_id) == {"is_paused": False, "completed": True}

    def test_a_run_that_never_started_runs_as_a_whole(
        self, bridge: RunningBridge, edits: Edits, fresh: Fresh
    ) -> None:
        dag_id = fresh("chain")
        backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
        (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
        edits.do("cancel", backfill_id=backfill_id)
        outcome = bridge.gateway.rerun(_request(dag_id, [run_id], RerunScope.WHOLE_RUN))
        assert [state for *_, state in _affected(outcome)] == [TaskState.NONE] * 3
        assert outcome.unblocked == (backfill_id,)
        assert edits.do("run_state", dag_id=dag_id, run_id=run_id) == "queued"

    def test_a_run_that_was_cleared_elsewhere_and_hangs_is_let_go(
        self, bridge: RunningBridge, edits: Edits, fresh: Fresh
    ) -> None:
        dag_id = fresh("chain")
        backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
        (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
        edits.do("finish", dag_id=dag_id, run_id=run_id, failed="load")
        edits.do("cancel", backfill_id=backfill_id)
        edits.do("clear", dag_id=dag_id, run_id=run_id, only_failed=True)
        before = _instances(edits, dag_id, run_id)
        outcome = bridge.gateway.rerun(_request(dag_id, [run_id]))
        assert _affected(outcome) == [("load", -1, TaskState.NONE)]
        assert outcome.unblocked == (backfill_id,)
        assert _instances(edits, dag_id, run_id) == before, "it is cleared already"
        assert edits.do("backfill_row", backfill_id=backfill_id)["is_paused"] is False

    def test_one_that_hangs_with_all_its_tasks_ended_is_let_go(
        self, bridge: RunningBridge, edits: Edits, fresh: Fresh
    ) -> None:
        dag_id = fresh("chain")
        backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=2)
        hanging, failed = edits.do("runs_of", backfill_id=backfill_id)
        edits.do("finish", dag_id=dag_id, run_id=hanging)
        edits.do("finish", dag_id=dag_id, run_id=failed, failed="load")
        edits.do("cancel", backfill_id=backfill_id)
        edits.do("run", dag_id=dag_id, run_id=hanging, state="queued")
        alone = bridge.gateway.preview_rerun(_request(dag_id, [hanging]))
        assert (alone.affected, alone.let_go, alone.run_ids) == ((), (hanging,), (hanging,))
        assert (alone.changes, alone.unblocked, alone.left_alone) == (True, (backfill_id,), ())
        both = bridge.gateway.preview_rerun(_request(dag_id, [hanging, failed]))
        assert (both.cleared, both.let_go, both.run_ids) == ((failed,), (hanging,), (failed, hanging))
        before = _instances(edits, dag_id, hanging)
        assert bridge.gateway.rerun(_request(dag_id, [hanging])) == alone
        assert _instances(edits, dag_id, hanging) == before
        assert edits.do("backfill_row", backfill_id=backfill_id)["is_paused"] is False

    def test_it_is_left_alone_when_lifting_would_start_others_too(
        self, bridge: RunningBridge, edits: Edits, fresh: Fresh
    ) -> None:
        dag_id = fresh("chain")
        backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=2)
        first, second = edits.do("runs_of", backfill_id=backfill_id)
        for run_id in (first, second):
            edits.do("finish", dag_id=dag_id, run_id=run_id, failed="load")
        edits.do("cancel", backfill_id=backfill_id)
        edits.do("clear", dag_id=dag_id, run_id=second, only_failed=True)
        alone = bridge.gateway.rerun(_request(dag_id, [first]))
        assert alone.affected == ()
        assert "1 other queued run" in _reasons(alone)[first]
        assert edits.do("run_state", dag_id=dag_id, run_id=first) == "failed"
        assert edits.do("backfill_row", backfill_id=backfill_id)["is_paused"] is True
        together = bridge.gateway.rerun(_request(dag_id, [first, second]))
        assert together.run_ids == (first, second)
        assert together.unblocked == (backfill_id,)

    def test_a_backfill_that_is_merely_paused_stays_paused(
        self, bridge: RunningBridge, edits: Edits, fresh: Fresh
    ) -> None:
        dag_id = fresh("chain")
        backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
        (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
        edits.do("finish", dag_id=dag_id, run_id=run_id, failed="load")
        edits.do("set_backfill", backfill_id=backfill_id, is_paused=True)
        outcome = bridge.gateway.rerun(_request(dag_id, [run_id]))
        assert len(outcome.affected) == 1
        assert outcome.unblocked == ()
        assert edits.do("backfill_row", backfill_id=backfill_id)["is_paused"] is True


_CHANGING = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
with DAG(dag_id="changing", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
    for name in {tasks}:
        PythonOperator(task_id=name, python_callable=print)
"""


def test_tasks_that_the_dag_lost_stay_and_those_it_got_are_announced(
    bridge: RunningBridge, edits: Edits
) -> None:
    source = bridge.home.dags_folder / "changing.py"
    source.write_text(_CHANGING.format(tasks=["a", "lost"]), encoding="utf-8")
    bridge.gateway.parse()
    backfill_id = edits.do("backfill", dag_id="changing", first="2024-01-01", days=2)
    first, second = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id="changing", run_id=first, failed="a")
    edits.do("finish", dag_id="changing", run_id=second, failed="lost")
    source.write_text(_CHANGING.format(tasks=["a", "got"]), encoding="utf-8")
    bridge.gateway.parse()
    outcome = bridge.gateway.rerun(_request("changing", [first, second]))
    assert _affected(outcome) == [("a", -1, TaskState.FAILED), ("got", -1, TaskState.ABSENT)]
    assert _reasons(outcome) == {second: 'the Dag no longer has its failed task "lost"'}
    states = {key: found["state"] for key, found in _instances(edits, "changing", first).items()}
    assert states["got", -1] is None
    assert edits.do("run_state", dag_id="changing", run_id=second) == "failed"


def test_a_rerun_waits_for_another_writer(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=2)
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    for run_id in run_ids:
        edits.do("finish", dag_id=dag_id, run_id=run_id, failed="load")
    with ThreadPoolExecutor(1) as pool:
        locked = pool.submit(edits.do, "lock", seconds=1.0)
        while locked.running() is False and not locked.done():
            time.sleep(0.01)
        outcome = bridge.gateway.rerun(_request(dag_id, run_ids))
        locked.result()
    assert outcome.run_ids == tuple(run_ids)
    assert [edits.do("run_state", dag_id=dag_id, run_id=run_id) for run_id in run_ids] == ["queued"] * 2
