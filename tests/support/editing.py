"""The child of `tests.support.edits`: changes and reads Airflow's tables with Airflow's own models.

One JSON list a line on stdin, `[name, {arguments}]`; one JSON value a line on the real stdout. Every command
is a function of this module and one transaction.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import uuid6
from airflow import settings
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.executors.local_executor import LocalExecutor
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.backfill import Backfill, BackfillDagRun, ReprocessBehavior, _create_backfill
from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.tasklog import LogTemplate
from airflow.models.taskmap import TaskMap
from airflow.sdk.timezone import utcnow
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from sqlalchemy import delete, func, insert, select, text, update

from tests.support import reading, rerun_edits, ticking

_FINISHED = {"success", "failed", "skipped", "upstream_failed", "removed"}


def create_database() -> None:
    """The tables of a new metadata database."""
    initdb()


def sync(folder: str) -> None:
    """Parse the folder and write its Dags, as a Dag processor would."""
    DagBundlesManager().sync_bundles_to_db()
    path = Path(folder)
    bag = DagBag(path, bundle_path=path, bundle_name="dags-folder")
    assert not bag.import_errors, bag.import_errors
    sync_bag_to_db(bag, "dags-folder", bundle_version=None)


def backfill(
    dag_id: str,
    first: str,
    days: int,
    *,
    reprocess: str = "none",
    max_active_runs: int = 10,
    reverse: bool = False,
) -> int:
    """Create a backfill with Airflow's own function; its number."""
    from_date = datetime.fromisoformat(first).replace(tzinfo=timezone.utc)
    made = _create_backfill(
        dag_id=dag_id,
        from_date=from_date,
        to_date=from_date + timedelta(days=days - 1),
        max_active_runs=max_active_runs,
        reverse=reverse,
        dag_run_conf=None,
        triggering_user_name="tester",
        reprocess_behavior=ReprocessBehavior(reprocess),
        run_on_latest_version=True,
    )
    return int(made.id)


def empty_backfill(dag_id: str, completed: bool = False) -> int:
    """A backfill whose runs are not there (yet)."""
    now = utcnow()
    with create_session(scoped=False) as session:
        made = Backfill(dag_id=dag_id, from_date=now, to_date=now, completed_at=now if completed else None)
        session.add(made)
        session.flush()
        return int(made.id)


def run(dag_id: str, run_id: str, state: str, started: bool = True) -> None:
    """Set a run's state as the scheduler would."""
    with create_session(scoped=False) as session:
        found = session.scalars(select(DagRun).filter_by(dag_id=dag_id, run_id=run_id)).one()
        if started and state in {"success", "failed"} and found.start_date is None:
            found.start_date = utcnow()
        found.set_state(DagRunState(state))


def task(
    dag_id: str, run_id: str, task_id: str, state: str | None, *, map_index: int = -1, try_number: int = 1
) -> None:
    """Set a task instance's state, and its dates and try as if it had run."""
    now = utcnow()
    with create_session(scoped=False) as session:
        found = _instance(session, dag_id, run_id, task_id, map_index)
        found.state = state
        if state in {"running", "success", "failed", "up_for_retry"}:
            found.try_number = try_number
            found.start_date = now
        found.end_date = now if state in _FINISHED else None


def finish(dag_id: str, run_id: str, failed: str | None = None) -> None:
    """End a run: all its tasks succeeded, or one failed and all behind it could not run."""
    with create_session(scoped=False) as session:
        found = session.scalars(select(DagRun).filter_by(dag_id=dag_id, run_id=run_id)).one()
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        assert dag is not None
        behind = dag.get_task(failed).get_flat_relative_ids(upstream=False) if failed else set()
        for instance in session.scalars(select(TaskInstance).filter_by(dag_id=dag_id, run_id=run_id)):
            instance.state = "success"
            if instance.task_id == failed:
                instance.state = "failed"
            elif instance.task_id in behind:
                instance.state = "upstream_failed"
            if instance.state != "upstream_failed":
                instance.try_number += 1
                instance.start_date = instance.end_date = utcnow()
        found.set_state(DagRunState.RUNNING)
        found.set_state(DagRunState.FAILED if failed else DagRunState.SUCCESS)


def expand(
    dag_id: str, run_id: str, task_id: str, states: list[str | None], source: str | None = None
) -> None:
    """Put one mapped task instance for each state in the place of the unmapped one.

    `source` is the task that is said to have returned a list of that length.
    """
    with create_session(scoped=False) as session:
        if source is not None:
            session.add(
                TaskMap(
                    dag_id=dag_id, task_id=source, run_id=run_id, map_index=-1, length=len(states), keys=None
                )
            )
        old = session.scalars(
            select(TaskInstance).filter_by(dag_id=dag_id, run_id=run_id, task_id=task_id).limit(1)
        ).one()
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        assert dag is not None
        version = old.dag_version_id
        session.execute(
            delete(TaskInstance).where(
                TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id, TaskInstance.task_id == task_id
            )
        )
        for index, state in enumerate(states):
            made = TaskInstance(dag.get_task(task_id), run_id=run_id, map_index=index, dag_version_id=version)
            made.state = state
            made.try_number = 0 if state in {None, "upstream_failed"} else 1
            session.add(made)


def clear(dag_id: str, run_id: str, only_failed: bool = False, latest: bool = False) -> None:
    """Airflow's own clear of a run."""
    with create_session(scoped=False) as session:
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        assert dag is not None
        dag.clear(run_id=run_id, only_failed=only_failed, run_on_latest_version=latest, session=session)


def delete_run(dag_id: str, run_id: str) -> None:
    """Delete a run as the API does."""
    with create_session(scoped=False) as session:
        session.delete(session.scalars(select(DagRun).filter_by(dag_id=dag_id, run_id=run_id)).one())


def cancel(backfill_id: int) -> None:
    """What the API's cancel does (Airflow 3.3 routes/public/backfills.py)."""
    with create_session(scoped=False) as session:
        found = session.get(Backfill, backfill_id)
        assert found is not None
        found.is_paused = True
        session.execute(
            update(DagRun)
            .where(DagRun.backfill_id == backfill_id, DagRun.state == "queued")
            .values(state="failed")
        )
        found.completed_at = utcnow()


def set_backfill(backfill_id: int, is_paused: bool | None = None, completed: bool | None = None) -> None:
    """Pause or resume, complete or re-open."""
    with create_session(scoped=False) as session:
        found = session.get(Backfill, backfill_id)
        assert found is not None
        if is_paused is not None:
            found.is_paused = is_paused
        if completed is not None:
            found.completed_at = utcnow() if completed else None


def delete_backfill(backfill_id: int) -> None:
    """Delete a backfill with its entries, and let its runs belong to none."""
    with create_session(scoped=False) as session:
        session.execute(update(DagRun).where(DagRun.backfill_id == backfill_id).values(backfill_id=None))
        session.execute(delete(BackfillDagRun).where(BackfillDagRun.backfill_id == backfill_id))
        session.execute(delete(Backfill).where(Backfill.id == backfill_id))


def pause_dag(dag_id: str, is_paused: bool) -> None:
    """Pause or unpause a Dag."""
    with create_session(scoped=False) as session:
        session.execute(update(DagModel).where(DagModel.dag_id == dag_id).values(is_paused=is_paused))


def beat(seconds_ago: float) -> None:
    """The heartbeat of a running scheduler."""
    with create_session(scoped=False) as session:
        job = Job(job_type="SchedulerJob", state="running")
        job.job_type = "SchedulerJob"
        job.latest_heartbeat = utcnow() - timedelta(seconds=seconds_ago)
        session.add(job)


def bulk(dag_id: str, runs: int, running: int = 10, first: str = "2000-01-01") -> int:
    """A backfill of very many hourly runs with all tasks of the Dag, most of them done; its number."""
    start = datetime.fromisoformat(first).replace(tzinfo=timezone.utc)
    backfill_id = empty_backfill(dag_id)
    with create_session(scoped=False) as session:
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        version = DagVersion.get_latest_version(dag_id, session=session)
        assert dag is not None
        assert version is not None
        task_ids = list(dag.task_ids)
        first_id = (session.scalar(select(func.max(DagRun.id))) or 0) + 1
        for place in range(0, runs, 500):
            numbers = range(place, min(runs, place + 500))
            dates = {number: start + timedelta(hours=number) for number in numbers}
            session.execute(
                insert(DagRun),
                [
                    {
                        "id": first_id + number, "dag_id": dag_id,
                        "run_id": f"backfill__{dates[number].isoformat()}",
                        "logical_date": dates[number], "run_after": dates[number], "run_type": "backfill",
                        "_state": "running" if number >= runs - running else "success",
                        "start_date": dates[number], "backfill_id": backfill_id, "clear_number": 0,
                        "created_dag_version_id": version.id, "span_status": "not_started",
                    }
                    for number in numbers
                ],
            )  # fmt: skip
            session.execute(
                insert(BackfillDagRun),
                [
                    {
                        "backfill_id": backfill_id, "dag_run_id": first_id + number,
                        "sort_ordinal": number + 1, "logical_date": dates[number],
                    }
                    for number in numbers
                ],
            )  # fmt: skip
            session.execute(
                insert(TaskInstance),
                [
                    {
                        "id": uuid6.uuid7(), "dag_id": dag_id, "task_id": task_id, "map_index": -1,
                        "run_id": f"backfill__{dates[number].isoformat()}", "state": "success",
                        "pool": "default_pool", "pool_slots": 1, "try_number": 1, "max_tries": 0,
                        "dag_version_id": version.id, "span_status": "not_started", "queue": "default",
                        "priority_weight": 1, "operator": "PythonOperator", "executor_config": {},
                    }
                    for number in numbers for task_id in task_ids
                ],
            )  # fmt: skip
    return backfill_id


def ran(dag_id: str, run_id: str, task_id: str, seconds: float) -> None:
    """Let a task instance that ended have taken so long."""
    with create_session(scoped=False) as session:
        found = _instance(session, dag_id, run_id, task_id, -1)
        found.end_date = found.start_date + timedelta(seconds=seconds)


def lose(dag_id: str, run_id: str, task_id: str) -> None:
    """Let an executor report a queued task instance as failed, and the scheduler do what it then does."""
    with create_session(scoped=False) as session:
        found = _instance(session, dag_id, run_id, task_id, -1)
        found.state, found.try_number = "queued", 1
        session.flush()
        executor = LocalExecutor(parallelism=1)
        executor.fail(found.key)
        SchedulerJobRunner.process_executor_events(executor, None, DBDagBag(), session)


def log_template(dag_id: str, filename: str) -> int:
    """Give the runs of a Dag another template of the names of their logs; new runs get it too."""
    with create_session(scoped=False) as session:
        made = LogTemplate(filename=filename, elasticsearch_id="")
        session.add(made)
        session.flush()
        session.execute(update(DagRun).where(DagRun.dag_id == dag_id).values(log_template_id=made.id))
        return int(made.id)


def forget_log_template(template_id: int) -> None:
    """Take it away again, with the runs that have it."""
    with create_session(scoped=False) as session:
        session.execute(delete(DagRun).where(DagRun.log_template_id == template_id))
        session.execute(delete(LogTemplate).where(LogTemplate.id == template_id))


def rename_table(name: str, to: str) -> None:
    """Take a table away, or bring it back."""
    with create_session(scoped=False) as session:
        session.execute(text(f"ALTER TABLE {name} RENAME TO {to}"))


def lock(seconds: float) -> None:
    """Hold the SQLite database for writing for a while."""
    import time

    raw = settings.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        raw.rollback()
    finally:
        raw.close()


def _instance(session: Any, dag_id: str, run_id: str, task_id: str, map_index: int) -> TaskInstance:
    found: TaskInstance = session.scalars(
        select(TaskInstance).filter_by(dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index)
    ).one()
    return found


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    known = {**vars(reading), **vars(rerun_edits), **vars(ticking), **globals()}
    commands: dict[str, Callable[..., Any]] = {
        name: function for name, function in known.items() if callable(function)
    }
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"is": commands[name](**arguments)}
        except Exception:  # noqa: BLE001  # the test that asked fails with it
            answer = {"failed": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
