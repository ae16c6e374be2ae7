"""One process with Airflow for `benchmarks.rerun`: our rerun and Airflow's clear of the same failed runs."""

from __future__ import annotations

import gc
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support import worker_main  # it takes over stdout

_FIRST = datetime(2021, 3, 1, tzinfo=timezone.utc)
_FAILED = {"t8": "failed", "t9": "upstream_failed"}


def prepared(dag_id: str, runs: int) -> int:
    """A backfill of so many runs of which the last two tasks are to fail; its number."""
    from datetime import timedelta

    from airflow.models.backfill import ReprocessBehavior, _create_backfill

    worker_main.reset()
    made = _create_backfill(
        dag_id=dag_id, from_date=_FIRST, to_date=_FIRST + timedelta(days=runs - 1), max_active_runs=10,
        reverse=False, dag_run_conf=None, triggering_user_name="bench",
        reprocess_behavior=ReprocessBehavior.NONE, run_on_latest_version=True,
    )  # fmt: skip
    return int(made.id)


def ours(dag_id: str, backfill_id: int, *, memory: bool = False, journal: str = "") -> dict[str, Any]:
    """The bridge's rerun of what failed, its progress told and its journal written."""
    from backfill_tui.bridge.repairing import register
    from backfill_tui.bridge.server import Call
    from backfill_tui.domain.ids import DagId, RunId
    from backfill_tui.domain.repairing import RerunProgress, RerunRequest
    from backfill_tui.wire.methods import RERUN

    handlers: dict[str, Any] = {}

    class Noting:
        def handle(self, method: Any, handler: Any) -> None:
            handlers[method.name] = handler

    register(Noting(), worker_main.environment(journal=journal))  # type: ignore[arg-type]  # it only notes
    run_ids = tuple(RunId(run_id) for run_id in _again_failed(dag_id, backfill_id))
    told: list[int] = []
    call: Call[RerunProgress] = Call(lambda progress: told.append(progress.done), threading.Event())
    request = RerunRequest(dag_id=DagId(dag_id), run_ids=run_ids)
    return _measured(dag_id, lambda: handlers[RERUN.name](request, call), memory=memory)


def stock(dag_id: str, backfill_id: int, *, memory: bool = False) -> dict[str, Any]:
    """What `airflow tasks clear --only-failed --yes` does once it has started."""
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.utils.cli import get_db_dag

    _again_failed(dag_id, backfill_id)

    def clear() -> None:
        dags = [get_db_dag(bundle_names=None, dag_id=dag_id)]
        SerializedDAG.clear_dags(dags, only_failed=True)

    return _measured(dag_id, clear, memory=memory)


def _again_failed(dag_id: str, backfill_id: int) -> list[str]:
    """Every run failed, and as if nothing had ever been cleared; the run ids."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskinstancehistory import TaskInstanceHistory
    from airflow.utils.session import create_session
    from sqlalchemy import case, delete, select, update

    now = datetime.fromtimestamp(time.time(), timezone.utc)
    with create_session(scoped=False) as session:
        session.execute(delete(TaskInstanceHistory))
        state = case(_FAILED, value=TaskInstance.task_id, else_="success")
        session.execute(
            update(TaskInstance)
            .where(TaskInstance.dag_id == dag_id)
            .values(state=state, try_number=1, start_date=now, end_date=now)
        )
        session.execute(
            update(DagRun).where(DagRun.dag_id == dag_id)
            .values(_state="failed", start_date=now, end_date=now, clear_number=0)
        )  # fmt: skip
        query = select(DagRun.run_id).where(DagRun.backfill_id == backfill_id).order_by(DagRun.logical_date)
        return list(session.scalars(query))


def _measured(dag_id: str, clear: Callable[[], Any], *, memory: bool) -> dict[str, Any]:
    gc.collect()
    if memory:
        tracemalloc.start()
    began = (time.process_time(), time.perf_counter())
    clear()
    took = (time.process_time() - began[0], time.perf_counter() - began[1])
    peak = tracemalloc.get_traced_memory()[1] if memory else 0
    tracemalloc.stop()
    return {"cpu": took[0], "wall": took[1], "peak": peak, **_cleared(dag_id)}


def _cleared(dag_id: str) -> dict[str, int]:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    with create_session(scoped=False) as session:
        runs = select(func.count()).select_from(DagRun)
        tasks = select(func.count()).select_from(TaskInstance)
        return {
            "runs": session.scalar(runs.where(DagRun.dag_id == dag_id, DagRun.state == "queued")) or 0,
            "task_instances": session.scalar(
                tasks.where(TaskInstance.dag_id == dag_id, TaskInstance.state.is_(None))
            ) or 0,
        }  # fmt: skip


if __name__ == "__main__":
    worker_main.DEEDS.update({deed.__name__: deed for deed in (prepared, ours, stock)})
    worker_main.main()
