"""A worker on which a test lives through everything that can happen to backfills, a step at a time.

Started as `python machine_main.py`, as `worker_main.py` is. What this program does goes through the handlers
of its bridge; what Airflow and other tools do is Airflow's own code: the scheduler's loop, clear, mark,
delete.
Only the workers are played: a task instance that the scheduler has scheduled ends as the test wishes.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import worker_main  # it takes over stdout, and this file is started by itself

Row = dict[str, Any]


@cache
def _server() -> Any:
    from backfill_tui.bridge.handlers import register_all
    from backfill_tui.bridge.server import Server
    from backfill_tui.wire.frames import FrameReader

    server = Server(FrameReader(io.BytesIO()), io.BytesIO())
    register_all(server, worker_main.environment(mode="attached"))
    return server


def ask(method: str, params: Row) -> Any:
    """What the bridge answers to a call."""
    from backfill_tui.bridge.server import Call

    known, handler = _server()._handlers[method]
    call: Call[object] = Call(lambda _event: None, threading.Event())
    return handler(msgspec.convert(params, known.params), call)


def grid(backfill_id: int) -> Row:
    """The first whole reading of a backfill that is watched: its rows and cells, and the task ids."""
    from backfill_tui.bridge.server import Call

    seen: list[Any] = []

    def take(update: Any) -> None:
        seen.append(update)
        if update.loaded:
            call.cancel()

    call: Call[object] = Call(take, threading.Event())
    known, handler = _server()._handlers["watch"]
    handler(msgspec.convert({"backfill_id": backfill_id, "interval_ms": 20}, known.params), call)
    columns = next(update.columns for update in seen if update.columns is not None)
    return {
        "task_ids": [column.task_id for column in columns],
        "rows": [row for update in seen for row in update.rows],
        "cells": [code for update in seen for code in update.cells],
    }


def truth() -> Row:
    """Every backfill, entry, run and task instance, as the tables have them."""
    from airflow.models.backfill import Backfill, BackfillDagRun
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        backfills = session.scalars(select(Backfill).order_by(Backfill.id)).all()
        entries = session.scalars(
            select(BackfillDagRun).order_by(BackfillDagRun.backfill_id, BackfillDagRun.sort_ordinal)
        ).all()
        runs = session.scalars(select(DagRun).order_by(DagRun.id)).all()
        tasks = session.execute(select(TaskInstance.run_id, TaskInstance.task_id, TaskInstance.state)).all()
        return {
            "backfills": [
                {
                    "id": one.id, "is_paused": bool(one.is_paused), "completed": one.completed_at is not None,
                    "max_active_runs": one.max_active_runs, "dag_id": one.dag_id,
                }
                for one in backfills
            ],
            "entries": [
                {
                    "backfill_id": one.backfill_id, "ordinal": one.sort_ordinal, "dag_run_id": one.dag_run_id,
                    "reason": one.exception_reason,
                }
                for one in entries
            ],
            "runs": [
                {
                    "id": one.id, "run_id": one.run_id, "state": str(one.state), "type": str(one.run_type),
                    "backfill_id": one.backfill_id, "cleared": one.clear_number > 0, "dag_id": one.dag_id,
                    "never_ran": one.start_date is None and one.end_date is None,
                }
                for one in runs
            ],
            "tasks": [[run_id, task_id, state] for run_id, task_id, state in tasks],
        }  # fmt: skip


def clear_run(dag_id: str, run_id: str, *, only_failed: bool) -> None:
    """Airflow's own clear, as its web page and its CLI do it."""
    from airflow.models.dagbag import DBDagBag
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        assert dag is not None
        dag.clear(run_id=run_id, only_failed=only_failed, run_on_latest_version=True, session=session)


def delete_run(dag_id: str, run_id: str) -> None:
    """Delete a run as Airflow's API does."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        session.delete(session.scalars(select(DagRun).filter_by(dag_id=dag_id, run_id=run_id)).one())


def mark_run(dag_id: str, run_id: str, state: str) -> None:
    """Mark a run as a success or a failure, as Airflow's API does."""
    from airflow.api.common import mark_tasks
    from airflow.models.dagbag import DBDagBag
    from airflow.utils.session import create_session

    mark = getattr(mark_tasks, f"set_dag_run_state_to_{state}")
    with create_session(scoped=False) as session:
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        mark(dag=dag, run_id=run_id, commit=True, session=session)


@cache
def _runner() -> Any:
    return worker_main._scheduler()


def scheduler_step(failing: list[str]) -> None:
    """One loop of Airflow's scheduler, and its workers: `failing` are the run ids whose tasks fail."""
    from airflow._shared.timezones import timezone
    from airflow.jobs.job import Job
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.sqlalchemy import prohibit_commit
    from sqlalchemy import select, update

    runner = _runner()
    with create_session(scoped=False) as session, prohibit_commit(session) as guard:
        runner._start_queued_dagruns(session)
        guard.commit()
        runs = list(DagRun.get_running_dag_runs_to_examine(session=session))
        runner._schedule_all_dag_runs(guard, runs, session)
    now = timezone.utcnow()
    with create_session(scoped=False) as session:
        for task in session.scalars(select(TaskInstance).where(TaskInstance.state == "running")):
            task.state = "failed" if task.run_id in failing else "success"
            task.end_date = now
        for task in session.scalars(select(TaskInstance).where(TaskInstance.state == "restarting")):
            # It was cleared while it ran: its process ends, and then it is to run again.
            task.state = None
        for task in session.scalars(select(TaskInstance).where(TaskInstance.state == "scheduled")):
            task.state, task.start_date = "running", now
            task.try_number += 1
        session.execute(
            update(Job).where(Job.job_type == "SchedulerJob").values(latest_heartbeat=now, state="running")
        )


def mark_complete() -> None:
    """What Airflow's scheduler does every half minute."""
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        _runner()._mark_backfills_complete(session=session)


def forget() -> None:
    """Forget every run and backfill, and unpause all Dags."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import update

    worker_main.reset()
    with create_session(scoped=False) as session:
        session.execute(update(DagModel).values(is_paused=False))


_MORE: tuple[Callable[..., Any], ...] = (
    ask, grid, truth, clear_run, delete_run, mark_run, scheduler_step, mark_complete, forget
)  # fmt: skip

if __name__ == "__main__":
    worker_main.DEEDS.update({deed.__name__: deed for deed in _MORE})
    worker_main.main()
