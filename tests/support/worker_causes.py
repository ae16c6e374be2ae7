"""A worker that says why runs wait, beside the loop of Airflow's own scheduler that lets them wait.

Started as `python worker_causes.py`, as `worker_main.py` is; see `worker.py`.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backfill_tui.domain.ids import DagId
from tests.support import worker_main  # it takes over stdout, and this file is started by itself


@cache
def _runner() -> Any:
    return worker_main._scheduler()


def loop(count: int = 1) -> list[list[Any]]:
    """Loops of Airflow's scheduler, its executor played; each task instance: run, task, state."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.sqlalchemy import prohibit_commit
    from sqlalchemy import select

    runner = _runner()
    for _ in range(count):
        with create_session(scoped=False) as session, prohibit_commit(session) as guard:
            runner._start_queued_dagruns(session)
            guard.commit()
            runs = list(DagRun.get_running_dag_runs_to_examine(session=session))
            runner._schedule_all_dag_runs(guard, runs, session)
        _occupy()
        with create_session(scoped=False) as session:
            runner._critical_section_enqueue_task_instances(session)
    with create_session(scoped=False) as session:
        query = select(TaskInstance).order_by(TaskInstance.run_id, TaskInstance.task_id)
        return [[task.run_id, task.task_id, task.state] for task in session.scalars(query)]


def _occupy() -> None:
    """Let the executor be at work on what the database says is queued or running."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    (executor,) = _runner().executors
    with create_session(scoped=False) as session:
        busy = select(TaskInstance).where(TaskInstance.state.in_(("queued", "running")))
        executor.running = {task.key for task in session.scalars(busy)}
    executor.queued_tasks.clear()


def bring(dag_id: str, run_id: str, **tasks: str) -> None:
    """Task instances that came to these states just now."""
    from airflow._shared.timezones import timezone
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    now = timezone.utcnow()
    with create_session(scoped=False) as session:
        for task in session.scalars(select(TaskInstance).filter_by(dag_id=dag_id, run_id=run_id)):
            if task.task_id in tasks:
                task.state, task.try_number, task.start_date = tasks[task.task_id], 1, now
                task.end_date = now if task.state in {"success", "failed", "up_for_retry"} else None


def causes(backfill_id: int) -> Any:
    """What the bridge says."""
    from backfill_tui.bridge.backfill_facts import FactsReader
    from backfill_tui.bridge.causes import CauseReader
    from backfill_tui.domain.ids import BackfillId

    airflow = worker_main.environment()
    with airflow.session() as session:
        facts = FactsReader().one(session, BackfillId(backfill_id))
        assert facts is not None
        return CauseReader().read(session, facts, airflow.now(session))


def causes_without_the_dag(backfill_id: int) -> Any:
    """What the bridge says twice where the Dag can not be read, and how often it tried."""
    from airflow.models.dagbag import DBDagBag

    from backfill_tui.bridge.backfill_facts import FactsReader
    from backfill_tui.bridge.causes import CauseReader
    from backfill_tui.domain.ids import BackfillId

    tries: list[object] = []

    def fail(*arguments: Any, **_more: Any) -> None:
        tries.append(arguments)
        raise RuntimeError("a plugin is missing")

    every: Any = DBDagBag
    airflow, reader, found = worker_main.environment(), CauseReader(), []
    was, every.get_dag_for_run = every.get_dag_for_run, fail
    try:
        for _ in range(2):
            with airflow.session() as session:
                facts = FactsReader().one(session, BackfillId(backfill_id))
                assert facts is not None
                found.append(reader.read(session, facts, airflow.now(session)))
    finally:
        every.get_dag_for_run = was
    return {"causes": found, "tries": len(tries)}


def watched(backfill_id: int, resume: bool) -> list[Any]:
    """The causes in the stream of one that is watched, up to the first, or the first after it is resumed."""
    import msgspec

    from backfill_tui.bridge.handlers import register_all
    from backfill_tui.bridge.server import Call, Server
    from backfill_tui.wire.frames import FrameReader

    server = Server(FrameReader(io.BytesIO()), io.BytesIO())
    register_all(server, worker_main.environment())
    seen: list[Any] = []

    def call(method: str, take: Callable[[Any], None], **params: Any) -> None:
        known, handler = server._handlers[method]
        one: Call[Any] = Call(lambda event: take((event, one)), threading.Event())
        handler(msgspec.convert(params, known.params), one)

    def take(told: tuple[Any, Call[Any]]) -> None:
        update, watching = told
        if update.causes is None:
            return
        seen.append(update.causes)
        if resume and len(seen) == 1:
            call("control", lambda _event: None, backfill_id=backfill_id, deed="resume")
        else:
            watching.cancel()

    call("watch", take, backfill_id=backfill_id, interval_ms=20)
    return seen


def triggerer(age_seconds: float) -> None:
    """A triggerer that was last alive so long ago."""
    from datetime import timedelta

    from airflow._shared.timezones import timezone
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        beat = timezone.utcnow() - timedelta(seconds=age_seconds)
        session.add(Job(job_type="TriggererJob", state="running", latest_heartbeat=beat))


def age_queued(run_id: str, seconds: float) -> None:
    """The queued task instances of a run, given to the executor so long ago."""
    from datetime import timedelta

    from airflow._shared.timezones import timezone

    for task in _tasks(run_id, state="queued"):
        task.queued_dttm = timezone.utcnow() - timedelta(seconds=seconds)


def reschedule(run_id: str, task_id: str, at: str) -> None:
    """A sensor that looks again then."""
    from airflow._shared.timezones import timezone
    from airflow.models.taskreschedule import TaskReschedule
    from airflow.utils.session import create_session

    (task,) = _tasks(run_id, task_id=task_id)
    now = timezone.utcnow()
    with create_session(scoped=False) as session:
        session.add(TaskReschedule(task.id, now, now, timezone.parse(at)))


def defer(run_id: str, task_id: str, timeout: str) -> None:
    """A task instance that waits for a trigger."""
    from airflow._shared.timezones import timezone
    from airflow.models.trigger import Trigger
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        trigger = Trigger(classpath="airflow.triggers.temporal.TimeDeltaTrigger", kwargs={})
        session.add(trigger)
        session.flush()
        number = trigger.id
    for task in _tasks(run_id, task_id=task_id):
        task.trigger_id, task.trigger_timeout = number, timezone.parse(timeout)


def _tasks(run_id: str, **those: Any) -> Iterator[Any]:
    """These task instances, one after the other; what is done to them is written."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        yield from session.scalars(select(TaskInstance).filter_by(run_id=run_id, **those)).all()


def statements(backfill_id: int) -> int:
    """How many statements one reading takes, after a first one."""
    from airflow import settings
    from sqlalchemy import event

    from backfill_tui.bridge.backfill_facts import FactsReader
    from backfill_tui.bridge.causes import CauseReader
    from backfill_tui.domain.ids import BackfillId

    airflow, reader = worker_main.environment(), CauseReader()
    seen: list[object] = []

    def count(*arguments: Any) -> None:
        seen.append(arguments)

    for look in range(2):
        with airflow.session() as session:
            facts = FactsReader().one(session, BackfillId(backfill_id))
            assert facts is not None
            now = airflow.now(session)
            if look:
                event.listen(settings.engine, "before_cursor_execute", count)
            try:
                reader.read(session, facts, now)
            finally:
                if look:
                    event.remove(settings.engine, "before_cursor_execute", count)
    return len(seen)


def listings(dag_ids: list[str]) -> list[int]:
    """How many versions of Dags each of these lists of backfills reads, asked one after the other."""
    import itertools

    from airflow.models.dagbag import DBDagBag

    from backfill_tui.bridge import backfills
    from backfill_tui.bridge.kept_readings import LONGEST_SECONDS, KeptReadings
    from backfill_tui.bridge.server import Call, Server
    from backfill_tui.wire.frames import FrameReader
    from backfill_tui.wire.methods import BACKFILLS

    airflow, later = worker_main.environment(), itertools.count()
    server = Server(FrameReader(io.BytesIO()), io.BytesIO())
    # No list is the one that was kept.
    readings = KeptReadings(airflow, clock=lambda: next(later) * LONGEST_SECONDS)
    backfills.register(server, airflow, readings)
    _, handler = server._handlers[BACKFILLS.name]
    call: Call[object] = Call(lambda _: None, threading.Event())
    read: list[object] = []
    every: Any = DBDagBag
    was = every._read_dag

    def note(bag: Any, serialized: Any) -> Any:
        read.append(serialized)
        return was(bag, serialized)

    every._read_dag, found = note, []
    try:
        for dag_id in dag_ids:
            read.clear()
            handler(BACKFILLS.params(dag_id=DagId(dag_id)), call)
            found.append(len(read))
    finally:
        every._read_dag = was
        readings.close()
    return found


_MORE: tuple[Callable[..., Any], ...] = (
    loop,
    bring,
    causes,
    causes_without_the_dag,
    watched,
    triggerer,
    age_queued,
    reschedule,
    defer,
    statements,
    listings,
)

if __name__ == "__main__":
    from tests.support import machine_main, worker_control

    for others in (worker_control._MORE, machine_main._MORE, _MORE):
        worker_main.DEEDS.update({deed.__name__: deed for deed in others})
    worker_main.main()
