"""All task instances of some runs as a gateway tells them, against a full reading of the database."""

from __future__ import annotations

from typing import Any

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.instances import InstancesFound, InstancesQuery, whole_runs
from backfill_tui.gateway.port import Gateway
from tests.support.edits import Edits

_MANY = 4_500


def read_instances_of_an_expansion(gateway: Gateway, edits: Edits, dag_id: str) -> None:
    """Of a run that is expanded very far, between two that are not: every one, in parts, in their order."""
    backfill_id = BackfillId(edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3))
    first, middle, last = edits.do("runs_of", backfill_id=backfill_id)
    states = ["failed" if index % 3 else "success" for index in range(_MANY)]
    edits.do("expand", dag_id=dag_id, run_id=middle, task_id="each", states=states)
    edits.do("task", dag_id=dag_id, run_id=first, task_id="total", state="success")
    tasks = (TaskId("total"), TaskId("each"))
    query = InstancesQuery(
        dag_id=DagId(dag_id),
        run_ids=(RunId(last), RunId(middle), RunId("gone"), RunId(first)),
        task_ids=tasks,
        backfill_id=backfill_id,
    )
    with gateway.instances(query) as found:
        parts = list(found)
    assert max(_sizes(parts)) < _MANY, "read in parts"
    runs = list(whole_runs(run for part in parts for run in part.runs))
    assert tuple(run.run_id for run in runs) == query.run_ids
    for run in runs:
        told = [(line.task_id, line.map_index, _state(line.state)) for line in run.instances]
        assert sorted(told) == sorted(_in_database(edits, dag_id, run.run_id))
        # Those that are named first, in their order, and each task by map index.
        places = [(tasks.index(name) if name in tasks else len(tasks), name, at) for name, at, _ in told]
        assert places == sorted(places)
    assert [run.run_type for run in runs] == ["backfill", "backfill", "", "backfill"]


def _sizes(parts: list[InstancesFound]) -> list[int]:
    return [sum(len(run.instances) for run in part.runs) for part in parts]


def _state(state: str) -> str | None:
    return None if state == "no_status" else str(state)


def _in_database(edits: Edits, dag_id: str, run_id: str) -> list[tuple[Any, ...]]:
    found = edits.do("instances", dag_id=dag_id, run_id=run_id)
    return [(task_id, map_index, state) for task_id, map_index, state, *_ in found]
