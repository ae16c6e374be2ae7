"""A worker that pauses, stops and repairs backfills, beside Airflow's own functions that do the same.

Started as `python worker_control.py`, as `worker_main.py` is; see `worker.py`. What this program does goes
through the handlers of its bridge.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import worker_main  # it takes over stdout, and this file is started by itself


def ask(
    method: str,
    params: dict[str, Any],
    journal: str | None = None,
    *,
    read_only: bool = False,
    cancel_at: int | None = None,
) -> Any:
    """What the bridge answers to a call, which is cancelled once it tells that so many are done."""
    from dataclasses import replace

    from backfill_tui.bridge.handlers import register_all
    from backfill_tui.bridge.journal import Journal
    from backfill_tui.bridge.server import Call, Server
    from backfill_tui.wire.frames import FrameReader

    airflow = worker_main.environment(mode="attached", read_only=read_only)
    if journal is not None:
        airflow = replace(airflow, journal=Journal(Path(journal)))
    server = Server(FrameReader(io.BytesIO()), io.BytesIO())
    register_all(server, airflow)
    known, handler = server._handlers[method]

    def look(event: Any) -> None:
        if cancel_at is not None and event.done >= cancel_at:
            call.cancel()

    call: Call[object] = Call(look, threading.Event())
    return handler(msgspec.convert(params, known.params), call)


def walks(method: str, params: dict[str, Any]) -> list[str]:
    """What SQLite does for this answer that takes longer for every task instance the Dag ever had."""
    from airflow import settings
    from sqlalchemy import event

    said: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        said.append((arguments[2], arguments[3]))

    event.listen(settings.engine, "before_cursor_execute", note)
    try:
        ask(method, params)
    finally:
        event.remove(settings.engine, "before_cursor_execute", note)
    found: list[str] = []
    with settings.engine.connect() as connection:
        for statement, values in said:
            if "task_instance" in statement and "SELECT" in statement:
                steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                found += [step for *_, step in steps if "task_instance" in step]
    assert found, said
    # Those in one state are few: such as failed.
    short = ("run_id=?", "(id=?", "(dag_id=? AND state=?)")
    return [step for step in found if not any(key in step for key in short)]


def ask_and_hang(method: str, params: dict[str, Any]) -> None:
    """Do all of a call but its commit: then say so, and hang until the process is killed."""
    from sqlalchemy.orm import Session

    def hang(session: Session) -> None:
        session.flush()
        worker_main.say({"event": {"before_commit": True}})
        threading.Event().wait()

    every: Any = Session
    every.commit = hang
    ask(method, params)


def be_patient(seconds: float) -> None:
    """Wait as long as that for other writers."""
    from backfill_tui.bridge import write_session

    write_session.BUSY_SECONDS = seconds  # type: ignore[misc]


def stock_cancel(backfill_id: int) -> None:
    """The route of Airflow's API."""
    from airflow.api_fastapi.core_api.routes.public.backfills import cancel_backfill

    with _session() as session:
        cancel_backfill(backfill_id=backfill_id, session=session)


def stock_fail(dag_id: str, run_id: str) -> None:
    """What Airflow's API does to a run that is marked as failed."""
    from airflow.api_fastapi.core_api.datamodels.dag_run import DagRunMutableStates
    from airflow.api_fastapi.core_api.services.public.dag_run import patch_dag_run_state
    from airflow.models.dagbag import DBDagBag
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    with _session() as session:
        run = session.scalars(select(DagRun).filter_by(dag_id=dag_id, run_id=run_id)).one()
        dag = DBDagBag().get_dag_for_run(run, session=session)
        assert dag is not None
        patch_dag_run_state(dag=dag, dag_run=run, state=DagRunMutableStates.FAILED, session=session)


def set_run(dag_id: str, run_id: str, state: str, tasks: dict[str, str | None]) -> None:
    """Let a run and some of its task instances be in these states, as if they had come there."""
    from airflow._shared.timezones import timezone
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.state import DagRunState
    from sqlalchemy import select

    now = timezone.utcnow()
    with _session() as session:
        run = session.scalars(select(DagRun).filter_by(dag_id=dag_id, run_id=run_id)).one()
        if run.state == "queued" and state != "queued":
            run.set_state(DagRunState.RUNNING)
        run.set_state(DagRunState(state))
        for ti in session.scalars(select(TaskInstance).filter_by(dag_id=dag_id, run_id=run_id)):
            if ti.task_id not in tasks:
                continue
            ti.state = tasks[ti.task_id]
            if ti.state not in {None, "scheduled", "queued"}:
                ti.start_date, ti.try_number = now, 1
            if ti.state in {"success", "failed", "skipped"}:
                ti.end_date = now


def break_timetable(dag_id: str) -> None:
    """Let a Dag be one that Airflow can not read any more: the plugin of its timetable is missing."""
    from airflow.models.serialized_dag import SerializedDagModel
    from sqlalchemy.orm.attributes import flag_modified

    with _session() as session:
        stored = session.scalar(SerializedDagModel.latest_item_select_object(dag_id))
        stored._data["dag"]["timetable"]["__type"] = "no_such_plugin.Timetable"
        flag_modified(stored, "_data")


def picture() -> list[list[Any]]:
    """Everything there is of backfills, their runs and task instances, without ids and times."""
    from airflow.models.backfill import Backfill, BackfillDagRun
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    with _session() as session:
        found = [
            ["backfill", b.id, b.dag_id, b.is_paused, b.completed_at is not None]
            for b in session.scalars(select(Backfill).order_by(Backfill.id))
        ]
        numbers: dict[int | None, str] = {
            run.id: run.run_id for run in session.execute(select(DagRun.id, DagRun.run_id))
        }
        found += [
            ["entry", e.backfill_id, e.sort_ordinal, numbers.get(e.dag_run_id), e.exception_reason]
            for e in session.scalars(
                select(BackfillDagRun).order_by(BackfillDagRun.backfill_id, BackfillDagRun.sort_ordinal)
            )
        ]
        found += [
            [
                "run", run.dag_id, run.run_id, str(run.state), run.backfill_id, run.clear_number,
                run.start_date is not None, run.end_date is not None,
            ]
            for run in session.scalars(select(DagRun).order_by(DagRun.dag_id, DagRun.run_id))
        ]  # fmt: skip
        found += [
            [
                "task", ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.state, ti.try_number,
                ti.start_date is not None, ti.end_date is not None, ti.duration is not None,
            ]
            for ti in session.scalars(
                select(TaskInstance).order_by(
                    TaskInstance.dag_id, TaskInstance.run_id, TaskInstance.task_id, TaskInstance.map_index
                )
            )
        ]  # fmt: skip
    return found


def logged() -> list[list[Any]]:
    """The audit log: event, Dag, run, extra."""
    from airflow.models.log import Log
    from sqlalchemy import select

    with _session() as session:
        return [[log.event, log.dag_id, log.run_id, log.extra] for log in session.scalars(select(Log))]


def scheduler_steps(count: int) -> None:
    """Some loops of Airflow's scheduler, each telling that it is over; a locked database is tried again."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.sqlalchemy import prohibit_commit
    from sqlalchemy.exc import OperationalError

    runner = worker_main._scheduler()
    for _ in range(count):
        try:
            with _session() as session, prohibit_commit(session) as guard:
                runner._start_queued_dagruns(session)
                guard.commit()
                runs = list(DagRun.get_running_dag_runs_to_examine(session=session))
                runner._schedule_all_dag_runs(guard, runs, session)
        except OperationalError as busy:
            if "locked" not in str(busy):
                raise
        worker_main.say({"event": {"step": True}})


def look_again_when_changed() -> None:
    """Let the second look after a cancel come as soon as somebody has written, and not after some time."""
    import sqlite3
    from contextlib import closing
    from types import SimpleNamespace

    from airflow import settings

    from backfill_tui.bridge import control

    def until_changed(_seconds: float) -> None:
        with closing(sqlite3.connect(settings.engine.url.database or "", timeout=30)) as database:
            while not database.execute(
                "SELECT count(*) FROM task_instance WHERE state = 'queued'"
            ).fetchone()[0]:
                threading.Event().wait(0.005)

    vars(control)["time"] = SimpleNamespace(sleep=until_changed)


def facts(backfill_id: int, journal: str | None = None) -> Any:
    """The facts of a backfill, and the number of statements that a second reading takes."""
    from airflow import settings
    from sqlalchemy import event

    from backfill_tui.bridge.backfill_facts import FactsReader
    from backfill_tui.bridge.journal import Journal
    from backfill_tui.domain.ids import BackfillId

    reader = FactsReader(None if journal is None else Journal(Path(journal)))
    with _session() as session:
        found = reader.one(session, BackfillId(backfill_id))
        seen: list[object] = []

        def count(*arguments: Any) -> None:
            seen.append(arguments)

        event.listen(settings.engine, "before_cursor_execute", count)
        try:
            reader.one(session, BackfillId(backfill_id))
        finally:
            event.remove(settings.engine, "before_cursor_execute", count)
    return {"facts": found, "statements": len(seen)}


@contextmanager
def _session() -> Iterator[Any]:
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        yield session


_MORE: tuple[Callable[..., Any], ...] = (
    ask, walks, ask_and_hang, break_timetable, stock_cancel, stock_fail, set_run, picture, logged,
    scheduler_steps, facts, look_again_when_changed, be_patient
)  # fmt: skip

worker_main.DEEDS.update({deed.__name__: deed for deed in _MORE})

if __name__ == "__main__":
    worker_main.main()
