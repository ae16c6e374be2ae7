"""The other side of `worker.py`: imports Airflow, and does what it is told, a JSON line at a time.

Started as `python worker_main.py`; the environment chooses the Airflow. It makes the database, parses the
Dags of its folder and then answers `{"do": NAME, ...}` with `{"result": ...}` or `{"problem": ...}`;
progress comes as `{"event": ...}` in between. It shows the parts of the bridge without the bridge around
them, beside Airflow's own functions.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import msgspec

OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def say(message: dict[str, Any]) -> None:
    OUT.write(msgspec.json.encode(message).decode() + "\n")
    OUT.flush()


def moment(instant: int) -> Any:
    from backfill_tui.domain.instants import Instant, to_datetime

    return to_datetime(Instant(instant))


def prepare() -> None:
    from pathlib import Path

    from airflow import settings
    from airflow.configuration import conf
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session
    from sqlalchemy import inspect, select

    if not inspect(settings.engine).has_table("dag_run"):
        initdb()
    DagBundlesManager().sync_bundles_to_db()
    with create_session(scoped=False) as session:
        bundle = session.scalars(select(DagBundleModel.name)).first()
    folder = Path(conf.get("core", "dags_folder"))
    bag = DagBag(folder, bundle_path=folder, bundle_name=bundle)
    assert not bag.import_errors, bag.import_errors
    sync_bag_to_db(bag, bundle, bundle_version=None)


def environment(*, read_only: bool = False, mode: str = "attached", journal: str = "") -> Any:
    from pathlib import Path

    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.journal import Journal
    from backfill_tui.domain.environment import Mode

    kept = Journal(Path(journal) if journal else None, "the test")
    return AirflowEnvironment(mode=Mode(mode), where="the test", read_only=read_only, journal=kept)


def plan(
    request: dict[str, Any],
    mode: str = "attached",
    cancel_after_seconds: float | None = None,
    step_seconds: float = 10.0,
) -> Any:
    """The plan of a request; the dates so far are told as events."""
    from backfill_tui.bridge.enumeration import Asker, Enumeration, enumerate_dates
    from backfill_tui.bridge.planning import Dates, judge, partial_plan, read_planned
    from backfill_tui.domain.planning import BackfillRequest

    airflow = environment(mode=mode)
    end = None if cancel_after_seconds is None else time.monotonic() + cancel_after_seconds
    wanted = msgspec.convert(request, BackfillRequest)

    with airflow.session() as session:
        planned = read_planned(airflow, session, wanted)

        def dates_of(enumeration: Any) -> Any:
            return Dates(request=wanted, planned=planned, enumeration=enumeration)

        def told(columns: Any) -> None:
            so_far = partial_plan(session, dates_of(Enumeration(dates=columns)))
            say({"event": {"dates": len(so_far.runs), "complete": so_far.complete}})

        asker = Asker(
            unwanted=lambda: end is not None and time.monotonic() > end, tell=told, step_seconds=step_seconds
        )
        return judge(airflow, session, dates_of(enumerate_dates(planned, wanted, asker)))


def statements(request: dict[str, Any]) -> int:
    """How many statements a plan takes."""
    from airflow import settings
    from sqlalchemy import event

    seen = []

    def count(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(settings.engine, "before_cursor_execute", count)
    try:
        plan(request)
    finally:
        event.remove(settings.engine, "before_cursor_execute", count)
    return len(seen)


def launch(
    request: dict[str, Any],
    fingerprint: str = "",
    cancel_at: int = 0,
    busy_seconds: float = 60,
    *,
    cancel_when_waiting: bool = False,
    read_only: bool = False,
    journal: str = "",
    **wishes: Any,
) -> Any:
    """What the bridge makes of a launch; `wishes` are further fields of it, such as `note`."""
    from backfill_tui.bridge.launching import launch as carry_out
    from backfill_tui.bridge.server import Call
    from backfill_tui.domain.launching import CreationProgress, Launch
    from backfill_tui.domain.planning import BackfillRequest

    def told(progress: CreationProgress) -> None:
        say({"event": {"done": progress.done, "total": progress.total, "waiting": progress.waiting}})
        if (cancel_when_waiting and progress.waiting) or (cancel_at and progress.done >= cancel_at):
            call.cancel()

    call: Call[CreationProgress] = Call(told, threading.Event())
    wanted = Launch(request=msgspec.convert(request, BackfillRequest), fingerprint=fingerprint, **wishes)
    airflow = environment(read_only=read_only, journal=journal)
    return carry_out(airflow, wanted, call, busy_seconds=busy_seconds)


def connections(request: dict[str, Any]) -> int:
    """How many connections a launch takes from the pool."""
    from airflow import settings
    from sqlalchemy import event

    taken = []

    def count(*arguments: Any) -> None:
        taken.append(arguments)

    event.listen(settings.engine, "checkout", count)
    try:
        launch(request)
    finally:
        event.remove(settings.engine, "checkout", count)
    return len(taken)


def _for_airflow(request: dict[str, Any]) -> dict[str, Any]:
    from airflow.models.backfill import ReprocessBehavior

    return {
        "dag_id": request["dag_id"],
        "from_date": moment(request["from_date"]),
        "to_date": moment(request["to_date"]),
        "reverse": request.get("run_backwards", False),
        "reprocess_behavior": ReprocessBehavior(request.get("reprocess_behavior", "none")),
        "dag_run_conf": json.loads(request["conf"]) if request.get("conf") else None,
    }


def dry_run(request: dict[str, Any]) -> list[int]:
    """The dates of Airflow's own dry run."""
    from airflow.models.backfill import _do_dry_run
    from airflow.utils.session import create_session

    from backfill_tui.bridge.planned_dag import instant_of

    with create_session(scoped=False) as session:
        infos = list(_do_dry_run(**_for_airflow(request), session=session))
    return [instant_of(info.partition_date or info.logical_date) for info in infos]


def stock_create(request: dict[str, Any]) -> dict[str, Any]:
    """Airflow's own creation, as it is; `seconds` is what it took."""
    from airflow.models.backfill import _create_backfill

    began = time.perf_counter()
    backfill = _create_backfill(
        **_for_airflow(request),
        max_active_runs=request.get("max_active_runs", 10),
        triggering_user_name="stock",
        run_on_latest_version=True,
    )
    return {"backfill_id": backfill.id, "seconds": time.perf_counter() - began}


def add_runs(dag_id: str, runs: list[dict[str, Any]]) -> int:
    """Runs with their task instances: `date`, `state`, `type`, `user`, `succeeded` (tasks), `partition`."""
    from airflow.models.dagrun import DagRun
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        stored = session.scalar(SerializedDagModel.latest_item_select_object(dag_id))
        for number, run in enumerate(runs):
            date = moment(run["date"])
            partition = run.get("partition")
            made = stored.dag.create_dagrun(
                run_id=f"{run.get('type', 'scheduled')}__{number}_{time.time_ns()}",
                logical_date=None if partition else date,
                data_interval=None if partition else (date, date),
                partition_key=partition,
                partition_date=date if partition else None,
                run_after=date,
                run_type=DagRunType(run.get("type", "scheduled")),
                triggered_by=DagRunTriggeredByType.TEST,
                triggering_user_name=run.get("user"),
                state=DagRunState(run["state"]),
                start_date=moment(run["started"]) if run.get("started") else None,
                session=session,
            )
            session.flush()
            found = session.scalar(select(DagRun).where(DagRun.id == made.id))
            tasks = sorted(found.get_task_instances(session=session), key=lambda ti: ti.task_id)
            for place, ti in enumerate(tasks):
                good = place < run.get("succeeded", 0)
                ti.state = "success" if good else ("failed" if run["state"] == "failed" else None)
            if run.get("bare"):
                for ti in tasks:
                    session.delete(ti)
    return len(runs)


def rows(backfill_id: int) -> list[dict[str, Any]]:
    """What a backfill made, in its order."""
    from airflow.models.backfill import BackfillDagRun
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from backfill_tui.bridge.planned_dag import instant_of

    query = (
        select(BackfillDagRun, DagRun)
        .outerjoin(DagRun, DagRun.id == BackfillDagRun.dag_run_id)
        .where(BackfillDagRun.backfill_id == backfill_id)
        .order_by(BackfillDagRun.sort_ordinal)
    )
    with create_session(scoped=False) as session:
        return [
            {
                "ordinal": entry.sort_ordinal,
                "date": None if entry.logical_date is None else instant_of(entry.logical_date),
                "partition_key": entry.partition_key,
                "reason": entry.exception_reason,
                "run_id": None if run is None else run.run_id,
                "state": None if run is None else str(run.state),
                "run_type": None if run is None else str(run.run_type),
                "user": None if run is None else run.triggering_user_name,
                "conf": None if run is None else run.conf,
            }
            for entry, run in session.execute(query)
        ]


def totals() -> dict[str, int]:
    """How many rows there are of everything that a launch touches."""
    from airflow.models.backfill import Backfill, BackfillDagRun
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    tables = {
        "backfills": Backfill, "entries": BackfillDagRun, "runs": DagRun, "task_instances": TaskInstance
    }  # fmt: skip
    with create_session(scoped=False) as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) for name, table in tables.items()
        }


def reset() -> None:
    """Forget every run and backfill."""
    from airflow.models.backfill import Backfill, BackfillDagRun
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session(scoped=False) as session:
        for table in (BackfillDagRun, TaskInstance, DagRun, Backfill):
            session.execute(delete(table))


_DATES = {"next_dagrun", "next_dagrun_create_after"}


def change_dag(dag_id: str, values: dict[str, Any]) -> None:
    """Set columns of a Dag's row; instants for dates."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        model = session.get(DagModel, dag_id)
        for name, value in values.items():
            setattr(model, name, moment(value) if name in _DATES else value)


def heartbeat(age_seconds: float) -> None:
    """A scheduler that was last alive so long ago."""
    from datetime import timedelta

    from airflow._shared.timezones import timezone
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session(scoped=False) as session:
        session.execute(delete(Job))
        session.add(
            Job(
                job_type="SchedulerJob",
                state="running",
                latest_heartbeat=timezone.utcnow() - timedelta(seconds=age_seconds),
            )
        )


def durations(dag_id: str, most: int = 200) -> dict[str, Any]:
    """What an estimate of a Dag is made of."""
    from airflow.models.dag import DagModel

    from backfill_tui.bridge.durations import limits, round_trip, run_durations
    from backfill_tui.bridge.planned_dag import read_dag
    from backfill_tui.domain.ids import DagId

    airflow = environment()
    with airflow.session() as session:
        dag = read_dag(session, DagId(dag_id), airflow.where).dag
        return {
            "durations": run_durations(session, DagId(dag_id), most=most),
            "round_trip": round_trip(session),
            "limits": limits(session, dag, session.get(DagModel, dag_id)),
        }


def held_back(backfill_id: int) -> list[dict[str, Any]]:
    """The runs of a backfill in its order, and which of their tasks Airflow's rule of the past holds back."""
    from airflow.models.backfill import BackfillDagRun
    from airflow.models.dagrun import DagRun
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.ti_deps.dep_context import DepContext
    from airflow.ti_deps.deps.prev_dagrun_dep import PrevDagrunDep
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from backfill_tui.bridge.planned_dag import instant_of

    query = (
        select(DagRun)
        .join(BackfillDagRun, DagRun.id == BackfillDagRun.dag_run_id)
        .where(BackfillDagRun.backfill_id == backfill_id)
        .order_by(BackfillDagRun.sort_ordinal)
    )
    found = []
    with create_session(scoped=False) as session:
        for run in session.scalars(query):
            stored = session.scalar(SerializedDagModel.latest_item_select_object(run.dag_id))
            held = {}
            for ti in run.get_task_instances(session=session):
                ti.task = stored.dag.get_task(ti.task_id)
                statuses = PrevDagrunDep().get_dep_statuses(ti, DepContext(), session=session)
                held[ti.task_id] = not all(status.passed for status in statuses)
            found.append({"date": instant_of(run.logical_date), "held": held})
    return found


def _scheduler() -> Any:
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        job = Job(job_type="SchedulerJob", state="running")
        session.add(job)
        session.flush()
        return SchedulerJobRunner(job=job)


def scheduled_after_unpausing(dag_id: str, most: int = 100) -> int:
    """How many runs Airflow's own scheduler makes of one Dag once it is unpaused; each ends at once."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.sqlalchemy import prohibit_commit
    from sqlalchemy import func, select, update

    runner = _scheduler()
    scheduled = select(func.count()).select_from(DagRun).where(DagRun.run_type == "scheduled")
    before = made = -1
    with create_session(scoped=False) as session:
        session.execute(update(DagModel).values(is_paused=DagModel.dag_id != dag_id))
        there = session.scalar(scheduled.where(DagRun.dag_id == dag_id))
    # One loop may only pass over a date that has a run, so one without a new run is not the end yet.
    idle = 0
    while idle < 20 and made < most:
        with create_session(scoped=False) as session, prohibit_commit(session) as guard:
            runner._create_dagruns_for_dags(guard, session)
        with create_session(scoped=False) as session:
            session.execute(update(DagModel).values(exceeds_max_non_backfill=False))
            session.execute(update(DagRun).where(DagRun.state == "queued").values(state="success"))
            made = session.scalar(scheduled.where(DagRun.dag_id == dag_id)) - there
        idle, before = (0 if made > before else idle + 1), made
    return int(made)


def parse_again(dag_id: str) -> None:
    """Write a Dag as it is once more, as every parse of its file does: that counts its next run anew."""
    from airflow.models.dag import DagModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.serialization.serialized_objects import LazyDeserializedDAG
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        stored = session.scalar(SerializedDagModel.latest_item_select_object(dag_id))
        bundle = session.get(DagModel, dag_id).bundle_name
        dag = LazyDeserializedDAG(data=stored.data)
        SerializedDAG.bulk_write_to_db(bundle, None, [dag], None, session=session)


def given_to_workers(dag_id: str) -> list[str]:
    """The tasks that Airflow's own scheduler would queue of the runs of a Dag whose tasks are all ready."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import update

    runner = _scheduler()
    with create_session(scoped=False) as session:
        session.execute(update(DagRun).where(DagRun.dag_id == dag_id).values(state="running"))
        session.execute(update(TaskInstance).where(TaskInstance.dag_id == dag_id).values(state="scheduled"))
        queued = runner._executable_task_instances_to_queued(max_tis=100, session=session)
        return sorted(ti.task_id for ti in queued)


DEEDS: dict[str, Callable[..., Any]] = {
    deed.__name__: deed
    for deed in (
        plan, durations, statements, launch, connections, dry_run, stock_create,
        add_runs, rows, totals, reset, change_dag, heartbeat,
        held_back, scheduled_after_unpausing, parse_again, given_to_workers,
    )
}  # fmt: skip


def main() -> None:
    prepare()
    say({"result": "ready"})
    for line in sys.stdin:
        order = json.loads(line)
        try:
            say({"result": DEEDS[order.pop("do")](**order)})
        except Exception as wrong:  # noqa: BLE001  # told to the test, whatever it is
            report = getattr(wrong, "report", None)
            if report is None:
                traceback.print_exc()
                say({"bug": "".join(traceback.format_exception(wrong))})
            else:
                say({"problem": report()})


if __name__ == "__main__":
    main()
