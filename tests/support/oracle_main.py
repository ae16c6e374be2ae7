"""A worker that also makes Dags of any schedule, and asks Airflow's own functions what they would do.

Started as `python oracle_main.py`, as `worker_main.py` is; a schedule is JSON, see `schedules.py`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import worker_main  # it takes over stdout, and this file is started by itself

Schedule = dict[str, Any]


def dates(schedule: Schedule, from_date: int, to_date: int) -> dict[str, Any]:
    """The dates of a range: ours, how many of them came in jumps, and those of Airflow's iteration."""
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.serialization.encoders import coerce_to_core_timetable

    from backfill_tui.bridge import fast_dates
    from backfill_tui.bridge.enumeration import Asker, enumerate_dates
    from backfill_tui.bridge.own_steps import occurrence_of
    from backfill_tui.bridge.planned_dag import PlannedDag
    from backfill_tui.domain.ids import DagId
    from backfill_tui.domain.instants import Instant, zone_named
    from backfill_tui.domain.planning import BackfillRequest

    timetable = coerce_to_core_timetable(_timetable(schedule))
    dag = SimpleNamespace(timetable=timetable, dag_id="any")
    planned = PlannedDag(dag_id=DagId("any"), dag_hash="", dag=dag, timezone="UTC", zone=zone_named("UTC"))
    request = BackfillRequest(dag_id=DagId("any"), from_date=Instant(from_date), to_date=Instant(to_date))
    jumped: list[int] = []
    of_jumps: Any = fast_dates.Jump
    add_to = of_jumps.add_to

    def noted(jump: Any, builder: Any) -> None:
        jumped.append(len(jump.ends))
        add_to(jump, builder)

    of_jumps.add_to = noted
    try:
        found = enumerate_dates(planned, request, Asker())
    finally:
        of_jumps.add_to = add_to
    iterated: Any = SerializedDAG.iter_dagrun_infos_between
    airflows = iterated(dag, *planned.bounds(request))
    return {
        "ours": [found.dates.occurrence(place) for place in range(len(found.dates))],
        "ascending": found.dates.ascending,
        "cut_short": found.cut_short,
        "jumped": sum(jumped),
        "airflows": [occurrence_of(info) for info in airflows],
    }


def define(dag_id: str, schedule: Schedule, tasks: int = 2, **more: Any) -> None:
    """Make or replace a Dag of that schedule, as parsing its file would."""
    from airflow.configuration import conf
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG, Param
    from airflow.utils.session import create_session
    from sqlalchemy import select

    arguments = more.pop("task_arguments", {})
    more["params"] = {name: Param(**given) for name, given in more.pop("params", {}).items()}
    start = worker_main.moment(more.pop("start", 1_609_459_200_000_000))
    with DAG(dag_id, schedule=_timetable(schedule), start_date=start, catchup=False, **more) as dag:
        previous: Any = None
        for number in range(tasks):
            task = EmptyOperator(task_id=f"t{number}", **arguments)
            if previous is not None:
                previous >> task
            previous = task
    dag.fileloc = str(Path(conf.get("core", "dags_folder")) / "schedules.py")
    dag.relative_fileloc = "schedules.py"
    with create_session(scoped=False) as session:
        bundle = session.scalars(select(DagBundleModel.name)).first()
    empty = Path(conf.get("core", "dags_folder")) / "nothing_here"
    bag = DagBag(empty, bundle_path=empty, bundle_name=bundle)
    bag.dags = {dag_id: dag}
    sync_bag_to_db(bag, bundle, bundle_version=None)


def stock_outcome(request: dict[str, Any]) -> dict[str, Any]:
    """What Airflow's own creation does with a request: the name of its refusal, or its rows."""
    try:
        made = worker_main.stock_create(request)
    except Exception as refused:  # noqa: BLE001  # its name is the answer
        return {"refused": type(refused).__name__, "rows": []}
    return {"refused": "", "rows": worker_main.rows(made["backfill_id"])}


def run_ids(dag_id: str) -> dict[str, str]:
    """The runs of a Dag: their ids and states."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session(scoped=False) as session:
        query = select(DagRun.run_id, DagRun.state).where(DagRun.dag_id == dag_id)
        return {run_id: str(state) for run_id, state in session.execute(query)}


def finish_backfills() -> None:
    """Let every backfill be complete and every run have succeeded."""
    from airflow._shared.timezones import timezone
    from airflow.models.backfill import Backfill
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session(scoped=False) as session:
        session.execute(update(DagRun).values(state="success"))
        session.execute(update(Backfill).values(completed_at=timezone.utcnow()))


def counted_plan(request: dict[str, Any]) -> dict[str, Any]:
    """How often a plan asks the timetable for a date, and how many dates it has or why it is refused."""
    from backfill_tui.bridge.planned_dag import read_dag
    from backfill_tui.domain.ids import DagId
    from backfill_tui.domain.problems import Problem

    airflow = worker_main.environment()
    with airflow.session() as session:
        kind: Any = type(read_dag(session, DagId(request["dag_id"]), airflow.where).dag.timetable)
    asked: list[str] = []
    own = {name: getattr(kind, name) for name in ("next_dagrun_info_v2", "_get_next") if hasattr(kind, name)}

    def counting(name: str) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            asked.append(name)
            return own[name](*arguments, **named)

        return step

    inherited = {name for name in own if name not in vars(kind)}
    for name in own:
        setattr(kind, name, counting(name))
    try:
        dates, refused = len(worker_main.plan(request).runs), ""
    except Problem as problem:
        dates, refused = 0, str(problem)
    finally:
        for name, step in own.items():
            if name in inherited:
                delattr(kind, name)
            else:
                setattr(kind, name, step)
    return {"asked": len(asked), "dates": dates, "refused": refused}


def at_work() -> dict[str, Any]:
    """The threads of this process by name, and the processor time they take in a fifth of a second."""
    before = time.process_time()
    threading.Event().wait(0.2)
    return {
        "threads": [thread.name for thread in threading.enumerate()],
        "busy_seconds": time.process_time() - before,
    }


def now() -> int:
    """The clock of this process."""
    return time.time_ns() // 1000


def _timetable(schedule: Schedule) -> Any:
    return _MAKERS[schedule["kind"]](schedule)


def _cron_trigger(it: Schedule) -> Any:
    from airflow.sdk import CronTriggerTimetable

    return CronTriggerTimetable(it["cron"], timezone=it["zone"], interval=_length(it.get("interval")))


def _cron_interval(it: Schedule) -> Any:
    from airflow.sdk import CronDataIntervalTimetable

    return CronDataIntervalTimetable(it["cron"], timezone=it["zone"])


def _multiple(it: Schedule) -> Any:
    from airflow.sdk import MultipleCronTriggerTimetable

    return MultipleCronTriggerTimetable(
        *it["crons"], timezone=it["zone"], interval=_length(it.get("interval"))
    )


def _partition(it: Schedule) -> Any:
    from airflow.sdk import CronPartitionTimetable

    return CronPartitionTimetable(
        it["cron"],
        timezone=it["zone"],
        run_offset=it.get("offset", 0),
        key_format=it.get("key_format", "%Y-%m-%dT%H:%M:%S"),
    )


def _delta_interval(it: Schedule) -> Any:
    from airflow.sdk import DeltaDataIntervalTimetable

    return DeltaDataIntervalTimetable(_length(it["delta"]))


def _delta_trigger(it: Schedule) -> Any:
    from airflow.sdk import DeltaTriggerTimetable

    return DeltaTriggerTimetable(_length(it["delta"]), interval=_length(it.get("interval")))


def _events(it: Schedule) -> Any:
    # Not that of airflow.sdk: Airflow 3.3 can not read back what it makes of that one (its summary is lost).
    import pendulum
    from airflow.timetables.events import EventsTimetable

    return EventsTimetable([pendulum.instance(worker_main.moment(at)) for at in it["events"]])


def _workday(it: Schedule) -> Any:
    return import_module("odd_plugin").Workdays(it["hour"])


def _odd(it: Schedule) -> Any:
    return getattr(import_module("odd_plugin"), it["name"])()


def _plain(it: Schedule) -> Any:
    return it["value"]


def _asset(it: Schedule) -> Any:
    from airflow.sdk import Asset, AssetOrTimeSchedule, PartitionedAssetTimetable

    asset = Asset("s3://any/thing")
    if it.get("partitioned"):
        return PartitionedAssetTimetable(assets=asset)
    return AssetOrTimeSchedule(timetable=_timetable(it["or"]), assets=[asset]) if "or" in it else [asset]


def _length(value: Any) -> Any:
    """Seconds, or the fields of a relativedelta."""
    if not isinstance(value, dict):
        return timedelta(seconds=value or 0)
    return import_module("dateutil.relativedelta").relativedelta(**value)


_MAKERS: dict[str, Callable[[Schedule], Any]] = {
    "cron_trigger": _cron_trigger,
    "cron_interval": _cron_interval,
    "multiple": _multiple,
    "partition": _partition,
    "delta_interval": _delta_interval,
    "delta_trigger": _delta_trigger,
    "events": _events,
    "workday": _workday,
    "odd": _odd,
    "plain": _plain,
    "asset": _asset,
}

_MORE: tuple[Callable[..., Any], ...] = (
    dates, define, stock_outcome, run_ids, finish_backfills, counted_plan, at_work, now
)  # fmt: skip

if __name__ == "__main__":
    worker_main.DEEDS.update({deed.__name__: deed for deed in _MORE})
    worker_main.main()
