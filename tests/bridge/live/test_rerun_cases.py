"""Reruns on SQLite and on PostgreSQL: every scope equals Airflow's own dry clear, every odd run is named."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.attached import attached_to_postgresql
from tests.support.bridges import home_with_database, running_bridge
from tests.support.edits import Edits, editing

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.repairing import (
    RerunOutcome,
    RerunProgress,
    RerunRequest,
    RerunScope,
    the_rest,
    together,
)
from backfill_tui.gateway.bridge import BridgeGateway
from backfill_tui.gateway.child import BridgeChild

pytestmark = [pytest.mark.airflow]

_DAGS = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, setup, task, task_group, teardown

def chain(dag_id):
    with DAG(dag_id=dag_id, schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
        first, middle, last = (EmptyOperator(task_id=name) for name in ("extract", "clean", "load"))
        first >> middle >> last

for number in range(12):
    chain(f"chain_{number:02}")

with DAG(dag_id="knotty", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
    @setup
    def rent(): pass
    @teardown
    def give_back(): pass
    @task
    def files(): return [1, 2, 3]
    @task
    def each(name): return name
    @task
    def total(names): pass
    @task_group
    def beside():
        EmptyOperator(task_id="one") >> EmptyOperator(task_id="two")
    begun, ended = rent(), give_back()
    alone = EmptyOperator(task_id="alone")
    begun >> total(each.expand(name=files())) >> beside() >> ended.as_teardown(setups=begun)
    alone
"""


@dataclass(frozen=True, kw_only=True)
class Ground:
    gateway: BridgeGateway
    edits: Edits
    child: BridgeChild

    def failed_runs(self, dag_id: str, days: int, failed: str = "load") -> tuple[BackfillId, list[RunId]]:
        """A backfill all of whose runs have failed at that task."""
        number = self.edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=days)
        self.edits.do("finish_all", dag_id=dag_id, backfill_id=number, failed=failed)
        return BackfillId(number), [RunId(run) for run in self.edits.do("runs_of", backfill_id=number)]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("sqlite", marks=pytest.mark.xdist_group("rerun-sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("rerun-postgresql")),
    ],
)
def ground(
    request: pytest.FixtureRequest, database_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("ground")
    with ExitStack() as stack:
        if request.param == "postgresql":
            found = stack.enter_context(attached_to_postgresql(folder, _DAGS))
            yield Ground(gateway=found.gateway, edits=found.edits, child=found.child)
            return
        home = home_with_database(database_template, folder, {"many.py": _DAGS})
        running = stack.enter_context(running_bridge(home))
        edits = stack.enter_context(editing(running.home))
        yield Ground(gateway=running.gateway, edits=edits, child=running.child)


def _request(dag_id: str, run_ids: list[RunId], **more: object) -> RerunRequest:
    return replace(RerunRequest(dag_id=DagId(dag_id), run_ids=tuple(run_ids)), **more)  # type: ignore[arg-type]


def _keys(outcome: RerunOutcome) -> list[list[object]]:
    return sorted([task.key.task_id, task.key.map_index] for task in outcome.affected)


def _reasons(outcome: RerunOutcome) -> dict[str, str]:
    return {left.run_id: left.reason for left in outcome.left_alone}


@pytest.fixture(scope="module")
def knot(ground: Ground) -> RunId:
    """A failed run with set-up and teardown, a group, and a mapped task one index of which failed."""
    _, (run_id,) = ground.failed_runs("knotty", 1, "alone")
    ground.edits.do("task", dag_id="knotty", run_id=run_id, task_id="alone", state="success")
    ground.edits.do(
        "expand", dag_id="knotty", run_id=run_id, task_id="each",
        states=["success", "failed", "success"], source="files",
    )  # fmt: skip
    ground.edits.do("task", dag_id="knotty", run_id=run_id, task_id="total", state="upstream_failed")
    return run_id


class TestEveryScopeIsAirflowsOwnDryClear:
    def test_failed_tasks(self, ground: Ground, knot: RunId) -> None:
        oracle = ground.edits.do("api_dry_clear", dag_id="knotty", run_id=knot, only_failed=True)
        preview = ground.gateway.preview_rerun(_request("knotty", [knot]))
        assert _keys(preview) == oracle == [["each", 1], ["total", -1]]
        assert preview.untouched == 8

    def test_failed_tasks_and_everything_downstream(self, ground: Ground, knot: RunId) -> None:
        oracle = ground.edits.do(
            "api_dry_clear", dag_id="knotty", run_id=knot, only_failed=False, downstream=True,
            task_ids=[["each", 1], "total"],
        )  # fmt: skip
        request = _request("knotty", [knot], scope=RerunScope.FAILED_AND_DOWNSTREAM)
        assert _keys(ground.gateway.preview_rerun(request)) == oracle
        assert ["beside.two", -1] in oracle
        assert ["each", 0] not in oracle

    def test_the_whole_run(self, ground: Ground, knot: RunId) -> None:
        oracle = ground.edits.do("api_dry_clear", dag_id="knotty", run_id=knot, only_failed=False)
        preview = ground.gateway.preview_rerun(_request("knotty", [knot], scope=RerunScope.WHOLE_RUN))
        assert _keys(preview) == oracle
        assert (len(oracle), preview.untouched, preview.overwritten_successes) == (10, 0, 8)

    @pytest.mark.parametrize("task_id", ["rent", "files", "each", "total", "beside.one", "give_back"])
    @pytest.mark.parametrize("scope", [RerunScope.TASK, RerunScope.TASK_AND_DOWNSTREAM])
    def test_one_task_alone_or_with_everything_downstream(
        self, ground: Ground, knot: RunId, task_id: str, scope: RerunScope
    ) -> None:
        oracle = ground.edits.do(
            "api_dry_clear", dag_id="knotty", run_id=knot, only_failed=False, task_ids=[task_id],
            downstream=scope is RerunScope.TASK_AND_DOWNSTREAM,
        )  # fmt: skip
        request = _request("knotty", [knot], scope=scope, task_id=TaskId(task_id))
        assert _keys(ground.gateway.preview_rerun(request)) == oracle
        assert task_id in {task for task, _ in oracle}

    def test_a_task_has_to_be_named(self, ground: Ground, knot: RunId) -> None:
        with pytest.raises(BadRequest, match="needs the task"):
            ground.gateway.preview_rerun(_request("knotty", [knot], scope=RerunScope.TASK))


def test_a_task_is_cleared_in_all_runs_whatever_its_state_and_the_others_stay(ground: Ground) -> None:
    backfill_id, runs = ground.failed_runs("chain_00", 3)
    ground.edits.do("finish", dag_id="chain_00", run_id=runs[1])
    request = _request("chain_00", runs, scope=RerunScope.TASK, task_id=TaskId("clean"))
    outcome = ground.gateway.rerun(request)
    assert _keys(outcome) == [["clean", -1]] * 3
    assert (outcome.run_ids, outcome.untouched, outcome.overwritten_successes) == (tuple(runs), 6, 3)
    for run_id in runs:
        states = {
            task: state
            for task, _, state, *_ in ground.edits.do("instances", dag_id="chain_00", run_id=run_id)
        }
        last = "success" if run_id == runs[1] else "failed"
        assert states == {"extract": "success", "clean": None, "load": last}
    assert ground.edits.do("states_of", dag_id="chain_00") == {"queued": 3}
    assert outcome.completed == ()
    ground.edits.do("set_backfill", backfill_id=backfill_id, completed=True)
    ground.edits.do("finish_all", dag_id="chain_00", backfill_id=backfill_id, failed="load")
    assert ground.gateway.preview_rerun(request).completed == (backfill_id,)


def test_runs_of_another_backfill_or_of_none_are_named_when_one_backfill_is_meant(ground: Ground) -> None:
    backfill_id, runs = ground.failed_runs("chain_01", 3)
    ground.edits.do("set_backfill", backfill_id=backfill_id, completed=True)
    later = ground.edits.do("backfill", dag_id="chain_01", first="2024-01-02", days=1, reprocess="failed")
    ground.edits.do("finish_all", dag_id="chain_01", backfill_id=later, failed="load")
    ground.edits.do("set_owner", dag_id="chain_01", run_id=runs[2], backfill_id=None)
    outcome = ground.gateway.preview_rerun(_request("chain_01", runs, backfill_id=backfill_id))
    assert outcome.run_ids == (runs[0],)
    assert _reasons(outcome) == {
        runs[1]: f"backfill {later} has taken it over: rerun it from there",
        runs[2]: f"it is no longer a run of backfill {backfill_id}",
    }
    assert ground.gateway.preview_rerun(_request("chain_01", runs)).run_ids == tuple(runs)


def test_a_run_that_never_started_is_taken_only_as_a_whole(ground: Ground) -> None:
    number = ground.edits.do("backfill", dag_id="chain_02", first="2024-01-01", days=1)
    (run_id,) = map(RunId, ground.edits.do("runs_of", backfill_id=number))
    ground.edits.do("cancel", backfill_id=number)
    one_task = _request("chain_02", [run_id], scope=RerunScope.TASK, task_id=TaskId("clean"))
    assert _reasons(ground.gateway.preview_rerun(one_task)) == {
        run_id: "it was cancelled before it started, so all of it would run: rerun the whole run"
    }
    whole = ground.gateway.preview_rerun(_request("chain_02", [run_id], scope=RerunScope.WHOLE_RUN))
    assert (len(whole.affected), whole.unblocked, whole.completed) == (3, (number,), (number,))


def test_what_has_not_run_yet_counts_for_it_runs_too(ground: Ground) -> None:
    _, (run_id,) = ground.failed_runs("chain_03", 1, "extract")
    ground.edits.do("task", dag_id="chain_03", run_id=run_id, task_id="load", state=None)
    preview = ground.gateway.preview_rerun(_request("chain_03", [run_id]))
    assert _keys(preview) == [["extract", -1], ["load", -1]]
    assert preview.untouched == 1


def test_a_note_is_put_on_the_runs_that_run_again_and_on_no_other(ground: Ground) -> None:
    _, runs = ground.failed_runs("chain_04", 3)
    ground.edits.do("finish", dag_id="chain_04", run_id=runs[2])
    ground.edits.do("set_note", dag_id="chain_04", run_id=runs[0], note="looked at by ann")
    ground.gateway.rerun(_request("chain_04", runs, note="upstream is [/] mended"))
    notes = [ground.edits.do("note_of", dag_id="chain_04", run_id=run_id) for run_id in runs]
    assert notes == ["upstream is [/] mended", "upstream is [/] mended", None]
    with pytest.raises(BadRequest, match="1,001 characters"):
        ground.gateway.rerun(_request("chain_04", runs, note="x" * 1001))


def test_a_task_that_the_version_does_not_have_is_named(ground: Ground) -> None:
    _, runs = ground.failed_runs("chain_05", 1)
    request = _request("chain_05", runs, scope=RerunScope.TASK, task_id=TaskId("never_was"))
    assert _reasons(ground.gateway.preview_rerun(request)) == {
        runs[0]: 'it was made without a task "never_was"'
    }


def test_of_a_bundle_without_versions_the_own_version_is_the_code_as_it_is_now(ground: Ground) -> None:
    _, runs = ground.failed_runs("chain_06", 2)
    own = _request("chain_06", runs, run_on_latest_version=False)
    assert ground.gateway.preview_rerun(own).unversioned == 2
    assert ground.gateway.preview_rerun(_request("chain_06", runs)).unversioned == 0


class TestInParts:
    def test_the_progress_tells_what_is_committed_part_by_part(self, ground: Ground) -> None:
        _, runs = ground.failed_runs("chain_07", 120)
        told: list[RerunProgress] = []
        queued: list[int] = []

        def tell(progress: RerunProgress) -> None:
            told.append(progress)
            queued.append(ground.edits.do("states_of", dag_id="chain_07").get("queued", 0))

        outcome = ground.gateway.rerun(_request("chain_07", runs), tell)
        assert [(one.done, one.total) for one in told] == [(0, 120), (50, 120), (100, 120), (120, 120)]
        assert [count >= one.done for count, one in zip(queued, told, strict=True)] == [True] * 4
        assert together(one.part for one in told) == outcome
        assert outcome.run_ids == tuple(runs)
        assert (outcome.stopped, outcome.not_done) == ("", ())

    def test_cancelled_between_two_parts_it_keeps_what_is_done_and_the_rest_can_be_done(
        self, ground: Ground
    ) -> None:
        _, runs = ground.failed_runs("chain_08", 120)
        cancelled = threading.Event()

        def tell(progress: RerunProgress) -> None:
            if progress.done:
                cancelled.set()

        request = _request("chain_08", runs)
        outcome = ground.gateway.rerun(request, tell, cancelled.is_set)
        done = len(outcome.run_ids)
        assert done in {50, 100}, "the part that was under way is finished"
        assert (outcome.stopped, outcome.unsure) == ("you stopped it", ())
        assert outcome.not_done == tuple(runs[done:])
        assert ground.edits.do("states_of", dag_id="chain_08") == {"queued": done, "failed": 120 - done}
        rest = ground.gateway.rerun(the_rest(request, outcome))
        assert rest.run_ids == tuple(runs[done:])
        assert ground.edits.do("states_of", dag_id="chain_08") == {"queued": 120}

    def test_runs_that_were_cleared_since_a_moment_are_not_run_a_third_time(self, ground: Ground) -> None:
        backfill_id, runs = ground.failed_runs("chain_10", 2)
        began_at = None

        def tell(progress: RerunProgress) -> None:
            nonlocal began_at
            began_at = progress.began_at

        whole = _request("chain_10", [runs[0]], scope=RerunScope.WHOLE_RUN)
        ground.gateway.rerun(whole, tell)
        ground.edits.do("finish_all", dag_id="chain_10", backfill_id=backfill_id, failed="load")
        again = _request("chain_10", runs, scope=RerunScope.WHOLE_RUN, not_since=began_at)
        outcome = ground.gateway.rerun(again)
        assert outcome.run_ids == (runs[1],)
        assert _reasons(outcome) == {runs[0]: "it was cleared already, and has ended since"}


def test_when_the_bridge_dies_halfway_what_is_done_is_told_and_the_doubt_is_named(ground: Ground) -> None:
    """The last test of this file on its ground: it kills the bridge."""
    _, runs = ground.failed_runs("chain_11", 170)

    def tell(progress: RerunProgress) -> None:
        if progress.done:
            ground.child.end()

    request = _request("chain_11", runs)
    outcome = ground.gateway.rerun(request, tell)
    done = len(outcome.run_ids)
    assert done in {50, 100, 150}
    assert "bridge" in outcome.stopped
    assert outcome.unsure == tuple(runs[done : done + 50])
    assert outcome.not_done == tuple(runs[done + 50 :])
    queued = ground.edits.do("states_of", dag_id="chain_11")["queued"]
    assert queued in {done, done + 50, 170}, "no part is done by half"
    assert the_rest(request, outcome).run_ids == tuple(runs[done:])
