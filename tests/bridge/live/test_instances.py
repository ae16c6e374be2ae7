"""All task instances of some runs, as an export reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.bridges import RunningBridge
from tests.support.edits import Edits
from tests.support.instances import read_instances_of_an_expansion

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.instances import InstancesQuery
from backfill_tui.domain.tasks import CellQuery

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]


def test_a_run_with_very_many_task_instances_is_read_in_parts_and_whole(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    read_instances_of_an_expansion(bridge.gateway, edits, fresh("mapped"))


def test_times_are_told_as_the_database_has_them(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("task", dag_id=dag_id, run_id=run_id, task_id="extract", state="success")
    query = InstancesQuery(dag_id=DagId(dag_id), run_ids=(RunId(run_id),))
    with bridge.gateway.instances(query) as found:
        _, told = list(found)
    (run,) = told.runs
    lines = {line.task_id: line for line in run.instances}
    assert [str(name) for name in lines] == ["clean", "extract", "load"], "by name where none is asked for"
    for task_id, line in lines.items():
        cell = CellQuery(dag_id=DagId(dag_id), run_id=RunId(run_id), task_id=task_id)
        (instance,) = bridge.gateway.cell(cell).instances
        assert (line.started_at, line.ended_at) == (instance.started_at, instance.ended_at)
        assert (line.state, line.try_number) == (instance.state, instance.try_number)
    assert lines[TaskId("extract")].ended_at is not None


def test_a_reader_that_leaves_in_the_middle_ends_the_call(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3)
    run_ids = tuple(map(RunId, edits.do("runs_of", backfill_id=backfill_id)))
    query = InstancesQuery(dag_id=DagId(dag_id), run_ids=run_ids * 500)
    with bridge.gateway.instances(query) as found:
        next(found)
    with bridge.gateway.instances(query) as found:
        assert sum(len(part.runs) for part in found) == 1_500
