"""Mapped tasks one map index at a time, and the task groups around tasks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.bridges import RunningBridge
from tests.support.edits import Edits
from tests.support.expanding import groups_of, watch_an_expansion
from tests.support.following import following

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.map_indexes import FIRST_OF_REST, IndexQuery
from backfill_tui.domain.states import CODE_OF, TaskState
from backfill_tui.domain.tallies import Tally

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]


def test_whatever_becomes_of_an_expansion_the_unfolded_grid_equals_a_full_reading(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    watch_an_expansion(bridge.gateway, edits, fresh("mapped"))


def test_the_columns_know_the_task_groups_around_their_tasks(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id = edits.do("backfill", dag_id=fresh("mapped"), first="2024-01-01", days=1)
    with following(bridge.gateway, backfill_id) as followed:
        assert groups_of(followed.updates[0]) == {
            "files": (), "each": (), "total": (), "beside.nothing": ("beside",),
        }  # fmt: skip
    source = bridge.home.dags_folder / "nested.py"
    source.write_text(_NESTED, encoding="utf-8")
    bridge.gateway.parse()
    backfill_id = edits.do("backfill", dag_id="nested", first="2024-01-01", days=1)
    with following(bridge.gateway, backfill_id) as followed:
        assert groups_of(followed.updates[0]) == {
            "outer.inner.deep": ("outer", "outer.inner"),
            "outer.plain": ("outer",),
            "bare": ("unnamed",),
        }


_NESTED = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup

with DAG(dag_id="nested", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
    with TaskGroup("outer"):
        with TaskGroup("inner"):
            deep = EmptyOperator(task_id="deep")
        deep >> EmptyOperator(task_id="plain")
    with TaskGroup("unnamed", prefix_group_id=False):
        EmptyOperator(task_id="bare")
"""


def test_map_indexes_beyond_the_last_column_are_counted_by_state(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("mapped")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=2)
    run_id, other = edits.do("runs_of", backfill_id=backfill_id)
    states = ["success"] * FIRST_OF_REST + ["success", "failed", "failed"]
    edits.do("expand", dag_id=dag_id, run_id=run_id, task_id="each", states=states)
    query = IndexQuery(
        dag_id=DagId(dag_id), run_ids=(RunId(run_id), RunId(other)), task_ids=(TaskId("each"),)
    )
    cells = {cell.run_id: cell for cell in bridge.gateway.indexes(query).cells}
    assert cells[RunId(run_id)].codes == bytes([CODE_OF[TaskState.SUCCESS]]) * FIRST_OF_REST
    assert cells[RunId(run_id)].rest == Tally(CODE_OF[TaskState.FAILED], 2, 3)
    assert cells[RunId(run_id)].number == FIRST_OF_REST + 3
    assert cells[RunId(other)].codes == bytes([CODE_OF[TaskState.NONE]]), "one that is not expanded"


def test_what_is_not_there_is_left_out(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = DagId(fresh("mapped"))
    edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    nothing = IndexQuery(dag_id=dag_id, run_ids=(RunId("gone"),), task_ids=(TaskId("each"),))
    assert bridge.gateway.indexes(nothing).cells == ()
    assert bridge.gateway.indexes(IndexQuery(dag_id=dag_id, run_ids=(), task_ids=())).cells == ()
