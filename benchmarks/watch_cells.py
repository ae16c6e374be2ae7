"""What it costs to say why one task waits, in a database of very many task instances."""

from __future__ import annotations

from typing import Final

import psutil
from tests.support.databases import Database

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.tasks import CellQuery
from backfill_tui.gateway.bridge import BridgeGateway

TIMES: Final = 50
WAITING: Final = {"no status": None, "scheduled": "scheduled", "deferred": "deferred"}
"""States that different rules hold back: the tasks before it, slots, a triggerer."""


def time_cells(
    gateway: BridgeGateway, bridge: psutil.Process, database: Database, dag_id: str
) -> dict[str, float]:
    """CPU in ms that the bridge takes to answer for a task in each of these states."""
    run_id = database.ask(
        f"SELECT run_id FROM dag_run WHERE dag_id = '{dag_id}' AND state = 'running' LIMIT 1"  # noqa: S608
    )
    query = CellQuery(dag_id=DagId(dag_id), run_id=RunId(run_id), task_id=TaskId("task_050"))
    _set(database, query, "task_049", "running")
    slots = database.ask("SELECT slots FROM slot_pool WHERE pool = 'default_pool'")
    # The task before it has the only slot, so that a scheduled one waits as well.
    database.do("UPDATE slot_pool SET slots = 1 WHERE pool = 'default_pool'")
    found = {}
    for name, state in WAITING.items():
        _set(database, query, query.task_id, state)
        _ask(gateway, query)
        began = _cpu(bridge)
        for _ in range(TIMES):
            _ask(gateway, query)
        found[name] = (_cpu(bridge) - began) / TIMES * 1000
    database.do(f"UPDATE slot_pool SET slots = {slots} WHERE pool = 'default_pool'")  # noqa: S608
    return found


def _ask(gateway: BridgeGateway, query: CellQuery) -> None:
    (instance,) = gateway.cell(query).instances
    if not instance.waits:
        message = f"{instance.state} waits for nothing"
        raise AssertionError(message)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _set(database: Database, query: CellQuery, task_id: str, state: str | None) -> None:
    value = "NULL" if state is None else f"'{state}'"
    database.do(
        f"UPDATE task_instance SET state = {value} "  # noqa: S608
        f"WHERE dag_id = '{query.dag_id}' AND run_id = '{query.run_id}' AND task_id = '{task_id}'"
    )
