"""What stands behind one cell of the grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.bridges import RunningBridge
from tests.support.edits import Edits

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.tasks import CellQuery

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]


def _query(dag_id: str, run_id: str, task_id: str) -> CellQuery:
    return CellQuery(dag_id=DagId(dag_id), run_id=RunId(run_id), task_id=TaskId(task_id))


def test_a_cell_tells_state_try_times_and_operator(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    (waiting,) = bridge.gateway.cell(_query(dag_id, run_id, "clean")).instances
    assert (waiting.state, waiting.try_number, waiting.started_at) == (TaskState.NONE, 0, None)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="clean", state="failed", try_number=1)
    (ended,) = bridge.gateway.cell(_query(dag_id, run_id, "clean")).instances
    assert (ended.state, ended.try_number, ended.max_tries) == (TaskState.FAILED, 1, 1)
    assert ended.operator == "@task"
    assert ended.started_at is not None
    assert ended.ended_at is not None
    assert ended.ended_at >= ended.started_at
    assert (ended.key.run_id, ended.key.task_id, ended.key.map_index) == (run_id, "clean", -1)


def test_a_mapped_cell_has_one_instance_for_each_map_index(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("mapped")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("expand", dag_id=dag_id, run_id=run_id, task_id="each", states=["success", "failed", None])
    found = bridge.gateway.cell(_query(dag_id, run_id, "each")).instances
    assert [(instance.key.map_index, instance.state) for instance in found] == [
        (0, TaskState.SUCCESS),
        (1, TaskState.FAILED),
        (2, TaskState.NONE),
    ]


def test_of_a_mapped_task_only_what_is_asked_for_is_read(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("mapped")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    every = _query(dag_id, run_id, "each")
    only_first = replace(every, last_index=0)
    assert [one.key.map_index for one in bridge.gateway.cell(only_first).instances] == [-1]
    states = ["success"] * 700
    states[650], states[660] = "failed", "running"
    edits.do("expand", dag_id=dag_id, run_id=run_id, task_id="each", states=states)
    found = bridge.gateway.cell(replace(every, map_index=699))
    indexes = [one.key.map_index for one in found.instances]
    assert indexes == sorted(indexes)
    assert (len(indexes), found.left_out) == (500, 200)
    # Of those that are alike the first ones are told, and the one that is looked at.
    assert set(indexes) == {*range(497), 650, 660, 699}
    (one,) = bridge.gateway.cell(replace(every, first_index=650, last_index=650)).instances
    assert (one.key.map_index, one.state) == (650, TaskState.FAILED)
    rest = bridge.gateway.cell(replace(every, first_index=690))
    assert [one.key.map_index for one in rest.instances] == list(range(690, 700))
    assert rest.left_out == 0


def test_a_run_without_that_task_has_nothing_behind_the_cell(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    assert bridge.gateway.cell(_query(dag_id, run_id, "nothing")).instances == ()
    assert bridge.gateway.cell(_query(dag_id, "gone", "clean")).instances == ()


def test_past_tries_pool_and_queue_are_told(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id=dag_id, run_id=run_id, failed="clean")
    (once,) = bridge.gateway.cell(_query(dag_id, run_id, "clean")).instances
    assert (once.pool, once.pool_slots, once.queue) == ("default_pool", 1, "default")
    assert once.past_tries == ()
    edits.do("clear", dag_id=dag_id, run_id=run_id, only_failed=True)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="clean", state="success", try_number=2)
    (twice,) = bridge.gateway.cell(_query(dag_id, run_id, "clean")).instances
    assert [(one.number, one.state) for one in twice.past_tries] == [(1, TaskState.FAILED)]
    assert (twice.past_tries[0].started_at, twice.past_tries[0].ended_at) == (once.started_at, once.ended_at)
