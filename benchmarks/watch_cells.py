"""What it costs to say why one task waits, in a database of very many task instances."""

from __future__ import annotations

import statistics
import time
from typing import Final

from tests.support.databases import Database

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.tasks import CellQuery
from backfill_tui.gateway.bridge import BridgeGateway

TIMES: Final = 20
WAITING: Final = {"no status": None, "scheduled": "scheduled", "deferred": "deferred"}
"""States that different rules hold back: the tasks before it, slots, a triggerer."""


def time_cells(gateway: BridgeGateway, database: Database, dag_id: str) -> dict[str, float]:
    """How long the bridge takes to answer for a task in each of these states, in ms, the median."""
    run_id = database.ask(
        f"SELECT run_id FROM dag_run WHERE dag_id = '{dag_id}' AND state = 'running' LIMIT 1"  # noqa: S608
    )
    query = CellQuery(dag_id=DagId(dag_id), run_id=RunId(run_id), task_id=TaskId("task_050"))
    _set(database, query, "task_049", "running")
    found = {}
    for name, state in WAITING.items():
        _set(database, query, query.task_id, state)
        gateway.cell(query)
        found[name] = statistics.median(_timed(gateway, query) for _ in range(TIMES))
    return found


def _timed(gateway: BridgeGateway, query: CellQuery) -> float:
    began = time.perf_counter()
    (instance,) = gateway.cell(query).instances
    took = (time.perf_counter() - began) * 1000
    if not instance.waits and instance.state != "scheduled":
        message = f"{instance.state} waits for nothing"
        raise AssertionError(message)
    return took


def _set(database: Database, query: CellQuery, task_id: str, state: str | None) -> None:
    value = "NULL" if state is None else f"'{state}'"
    database.do(
        f"UPDATE task_instance SET state = {value} "  # noqa: S608
        f"WHERE dag_id = '{query.dag_id}' AND run_id = '{query.run_id}' AND task_id = '{task_id}'"
    )
