"""One process with Airflow for `benchmarks.preview`: our plan and Airflow's dry run of the same request."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support import worker_main  # it takes over stdout


def fill(dag_id: str, request: dict[str, Any], share: int) -> int:
    """Runs for one of `share` dates of a range: most succeeded, most are of the schedule; as plain rows."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import insert

    rows = []
    for number, run in enumerate(worker_main.plan({**request, "dag_id": dag_id}).runs):
        if number % share or run.occurrence.logical_date is None:
            continue
        kind = "manual" if number % 7 == 0 else "scheduled"
        date = worker_main.moment(run.occurrence.logical_date)
        rows.append(
            {
                "dag_id": dag_id,
                "run_id": f"{kind}__{date.isoformat()}",
                "logical_date": date,
                "data_interval_start": date,
                "data_interval_end": worker_main.moment(run.occurrence.data_interval_end or 0),
                "run_after": worker_main.moment(run.occurrence.run_after),
                "run_type": kind,
                "state": "failed" if number % 6 == 0 else "success",
                "start_date": date,
                "end_date": date,
                "triggered_by": "TEST",
                "conf": {},
                "clear_number": 0,
                "log_template_id": None,
            }
        )
    with create_session(scoped=False) as session:
        for start in range(0, len(rows), 500):
            session.execute(insert(DagRun), rows[start : start + 500])
    return len(rows)


def ours(request: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Our plan as the bridge makes and encodes it: the least CPU and wall seconds of some rounds."""
    import msgspec

    cpu, wall = [], []
    for _ in range(rounds):
        gc.collect()
        began = (time.process_time(), time.perf_counter())
        plan = worker_main.plan(request)
        encoded = msgspec.msgpack.encode(plan)
        cpu.append(time.process_time() - began[0])
        wall.append(time.perf_counter() - began[1])
    dates = [run.occurrence.logical_date for run in plan.runs if run.verdict.runs]
    return {"dates": dates, "all": len(plan.runs), "bytes": len(encoded), "cpu": min(cpu), "wall": min(wall)}


def airflows(request: dict[str, Any]) -> dict[str, Any]:
    """Airflow's dry run of the same, once."""
    began = (time.process_time(), time.perf_counter())
    dates = worker_main.dry_run(request)
    return {
        "dates": dates,
        "cpu": time.process_time() - began[0],
        "wall": time.perf_counter() - began[1],
    }


_MORE: tuple[Callable[..., Any], ...] = (fill, ours, airflows)


if __name__ == "__main__":
    worker_main.DEEDS.update({deed.__name__: deed for deed in _MORE})
    worker_main.main()
