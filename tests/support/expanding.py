"""A mapped task that is expanded while it is watched: the grid against a full reading of the database."""

from __future__ import annotations

from typing import Any

from backfill_tui.domain.columns import Folding
from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.map_indexes import IndexCells, IndexQuery
from backfill_tui.domain.states import CODES, TaskState
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.gateway.port import Gateway
from backfill_tui.ui.widgets.column_view import ColumnView
from tests.support.edits import Edits
from tests.support.following import Following, following

_EACH = TaskId("each")
_MANY = (*["success"] * 254, "failed", *["success"] * 20, "failed", "running", None)


def watch_an_expansion(gateway: Gateway, edits: Edits, dag_id: str) -> None:
    """Expand, move, widen, shrink and clear a mapped task; after each the unfolded grid is the truth."""
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3)
    run_ids: list[str] = edits.do("runs_of", backfill_id=backfill_id)
    first, second, _ = run_ids
    here: dict[str, Any] = {"dag_id": dag_id, "run_id": first, "task_id": "each"}
    with following(gateway, backfill_id) as followed:
        view = ColumnView(followed.store)
        for command, arguments in (
            ("run", {"dag_id": dag_id, "run_id": first, "state": "running"}),
            ("expand", {**here, "states": ["running", None, "success"]}),
            ("task", {**here, "state": "failed", "map_index": 0}),
            ("task", {**here, "state": "success", "map_index": 1}),
            ("expand", {**here, "run_id": second, "states": _MANY}),
            ("expand", {**here, "states": ["removed", "success"]}),
            ("finish", {"dag_id": dag_id, "run_id": first, "failed": "each"}),
            ("clear", {"dag_id": dag_id, "run_id": first}),
            ("expand", {**here, "run_id": second, "states": []}),
        ):
            edits.do(command, **arguments)
            followed.until_it_shows(edits, backfill_id)
            _check_unfolded(followed, view, gateway, edits, run_ids)


def _check_unfolded(
    followed: Following, view: ColumnView, gateway: Gateway, edits: Edits, run_ids: list[str]
) -> None:
    store = followed.store
    assert store.facts is not None
    view.fold(Folding(tasks=frozenset({_EACH})))
    view.learn_indexes(_read(gateway, store.facts.dag_id, run_ids))
    view.outgrown()
    place = next(at for at, column in enumerate(store.columns) if column.task_id == _EACH)
    for index, run_id in enumerate(run_ids):
        found = edits.do("instances", dag_id=store.facts.dag_id, run_id=run_id)
        expected = {max(0, at): state or "no_status" for task, at, state, *_ in found if task == "each"}
        whole: list[str] = []
        for column, code in zip(view.shown, view.cells(index), strict=True):
            if column.place != place or column.map_index is None:
                continue
            if not column.rest:
                assert CODES[code] == expected.pop(column.map_index, TaskState.ABSENT)
                continue
            tally = view.tally(index, view.shown.index(column))
            whole = list(expected.values())
            assert tally.total == len(whole)
            assert tally.shown == whole.count(str(CODES[code]))
            expected.clear()
        assert not expected, "no task instance is left out"


def _read(gateway: Gateway, dag_id: DagId, run_ids: list[str]) -> IndexCells:
    wanted = tuple(RunId(run_id) for run_id in run_ids)
    return gateway.indexes(IndexQuery(dag_id=dag_id, run_ids=wanted, task_ids=(_EACH,)))


def groups_of(update: GridUpdate) -> dict[str, tuple[str, ...]]:
    """The task groups around each task, by the columns of an update."""
    assert update.columns is not None
    return {str(column.task_id): column.groups for column in update.columns}
