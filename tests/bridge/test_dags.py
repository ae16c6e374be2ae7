from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.bridges import RunningBridge, home_with_database, running_bridge
from tests.support.homes import EXAMPLE_DAGS, on_home

from backfill_tui.domain.dags import DagList, DagSummary
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import iso
from backfill_tui.domain.problems import NotThere, Refused
from backfill_tui.domain.states import RunState
from backfill_tui.engine.home import EmbeddedHome

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("bridge_dags")]

SPECIAL = """
    import pendulum
    from airflow.sdk import DAG, Asset, CronPartitionTimetable
    from airflow.providers.standard.operators.empty import EmptyOperator

    START = pendulum.datetime(2024, 1, 1, tz="Europe/Zurich")

    def with_tasks(dag):
        with dag:
            last = EmptyOperator(task_id="b_last")
            first = EmptyOperator(task_id="z_first", owner="bo")
            first >> EmptyOperator(task_id="middle", owner="al") >> last

    with_tasks(DAG("odd", dag_display_name="[/red] \\x1b[31m", schedule="30 6 * * 1", start_date=START,
                   end_date=pendulum.datetime(2025, 1, 1, tz="UTC"), catchup=True, max_active_runs=3,
                   tags=["[bold]", "a"], description="first\\nsecond", is_paused_upon_creation=True,
                   default_args={"depends_on_past": True}))
    with_tasks(DAG("by_asset", schedule=Asset("x"), start_date=START))
    with_tasks(DAG("partitioned", schedule=CronPartitionTimetable("0 2 * * *", timezone="America/New_York"),
                   start_date=START))
    with_tasks(DAG("no_backfill", schedule="@daily", start_date=START, allowed_run_types=["scheduled"]))
    with_tasks(DAG("busy", schedule="@daily", start_date=pendulum.datetime(2024, 1, 1, tz="UTC")))
"""

BACKFILL = """
import pendulum
from airflow.models.backfill import ReprocessBehavior, _create_backfill

_create_backfill(
    dag_id="busy", from_date=pendulum.datetime(2024, 2, 1), to_date=pendulum.datetime(2024, 2, 20),
    max_active_runs=2, reverse=False, dag_run_conf=None, triggering_user_name="me",
    reprocess_behavior=ReprocessBehavior.NONE,
)
"""

# Runs of Dags by logical date, of a partitioned one by partition date.
ADD_RUNS = """
import pendulum
from airflow.models.serialized_dag import SerializedDagModel
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

RUNS = [
    ("lasting", "2024-02-01", "scheduled", "success"),
    ("lasting", "2024-02-03", "backfill", "success"),
    ("lasting", "2024-02-02", "scheduled", "success"),
    ("lasting", "2024-02-04", "scheduled", "failed"),
    ("lasting", "2024-02-05", "backfill", "running"),
    ("lasting", "2024-02-06", "manual", "success"),
    ("by_hand_only", "2024-02-06", "manual", "success"),
    ("never_well", "2024-02-06", "scheduled", "failed"),
    ("in_parts", "2024-02-03", "backfill", "success"),
    ("in_parts", "2024-02-01", "scheduled", "success"),
    ("in_parts", "2024-02-04", "scheduled", "failed"),
    ("in_parts", "2024-02-05", "manual", "success"),
]

with create_session(scoped=False) as session:
    for dag_id, day, run_type, state in RUNS:
        dag = session.scalar(SerializedDagModel.latest_item_select_object(dag_id)).dag
        date = pendulum.parse(day)
        # One that is started by hand need not have a date: then it is no partition either.
        partition = date if dag_id == "in_parts" and run_type != "manual" else None
        dag.create_dagrun(
            run_id=f"{run_type}__{day}",
            logical_date=None if dag_id == "in_parts" else date,
            data_interval=None if dag_id == "in_parts" else (date, date),
            partition_key=None if partition is None else day,
            partition_date=partition,
            run_after=date,
            run_type=DagRunType(run_type),
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState(state),
            session=session,
        )
"""

LASTING = """
    import pendulum
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG, CronPartitionTimetable

    START = pendulum.datetime(2024, 1, 1, tz="UTC")
    PARTS = CronPartitionTimetable("0 0 * * *", timezone="UTC")

    for name in ("by_hand_only", "in_parts", "lasting", "never_run", "never_well"):
        with DAG(name, schedule=PARTS if name == "in_parts" else "@daily", start_date=START):
            EmptyOperator(task_id="only")
"""

COUNT = """
import sys
from sqlalchemy import event
from airflow import settings
from backfill_tui.bridge.dag_facts import FactsCache
from backfill_tui.bridge.dags import read_dags
from backfill_tui.bridge.environment import AirflowEnvironment
from backfill_tui.domain.environment import Mode

said = []
event.listen(settings.engine, "before_cursor_execute", lambda c, cur, text, *rest: said.append(text))
airflow = AirflowEnvironment(mode=Mode.EMBEDDED, where="x", read_only=True)
cache = FactsCache()
counts = []
for _ in range(2):
    said.clear()
    found = read_dags(airflow, cache)
    counts.append(len([text for text in said if text.lstrip().upper().startswith(("SELECT", "WITH"))]))
print(len(found.dags), *counts, file=sys.__stdout__)
of_runs = [text for text in said if "FROM dag_run" in text or "JOIN dag_run" in text]
assert len(of_runs) == 3, of_runs
with settings.engine.connect() as connection:
    for text in of_runs:
        for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text, (16,) * text.count("?")):
            print(row[3], file=sys.__stdout__)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, database_template: Path) -> EmbeddedHome:
    examples = sorted(EXAMPLE_DAGS.glob("*.py"))
    folder = tmp_path_factory.mktemp("dags")
    return home_with_database(database_template, folder, {"special.py": SPECIAL}, examples)


@pytest.fixture(scope="module")
def bridge(home: EmbeddedHome) -> Iterator[RunningBridge]:
    with running_bridge(home) as running:
        yield running


@pytest.fixture(scope="module")
def listed(bridge: RunningBridge) -> DagList:
    on_home(bridge.home, "-c", BACKFILL)
    return bridge.gateway.dags()


def dag(listed: DagList, dag_id: str) -> DagSummary:
    [found] = [one for one in listed.dags if one.dag_id == dag_id]
    return found


def test_the_seeds_dag_is_listed(listed: DagList) -> None:
    seed = dag(listed, "my_backfill_dag")
    assert seed.schedule == "every day at 00:00"
    assert seed.start_date is not None
    assert iso(seed.start_date) == "2021-01-01T00:00:00+00:00"
    assert seed.backfillable
    assert seed.file == "my_backfill_dag.py"
    assert len(seed.task_ids) == 2
    assert not seed.is_paused


def test_dags_are_in_alphabetical_order_with_the_broken_example_beside_them(listed: DagList) -> None:
    names = [one.dag_id for one in listed.dags]
    assert names == sorted(names)
    [broken] = listed.import_problems
    assert broken.sentence == "'schedule_interval' is now 'schedule'"


def test_everything_a_file_says_of_its_dag_is_told(listed: DagList) -> None:
    odd = dag(listed, "odd")
    assert odd.display_name == "[/red] \x1b[31m"
    assert odd.schedule == "Mondays at 06:30 Zurich"
    assert odd.timezone == "Europe/Zurich"
    assert odd.tags == ("[bold]", "a")
    assert set(odd.owners) == {"al", "bo"}
    assert odd.description == "first\nsecond"
    assert odd.task_ids == ("z_first", "middle", "b_last")
    assert (odd.is_paused, odd.catchup, odd.depends_on_past) == (True, True, True)
    assert odd.max_active_runs == 3
    assert odd.end_date is not None
    assert iso(odd.end_date) == "2025-01-01T00:00:00+00:00"
    assert odd.next_run is not None
    assert iso(odd.next_run) == "2024-01-01T05:30:00+00:00"


def test_a_dag_that_can_not_be_backfilled_says_why(listed: DagList) -> None:
    because = {one.dag_id: one.not_backfillable_because for one in listed.dags if not one.backfillable}
    assert because == {
        "by_asset": "it runs when its assets are updated",
        "no_backfill": "its allowed_run_types leave out backfill runs",
        "on_request": "it runs only when triggered",
    }
    partitioned = dag(listed, "partitioned")
    assert (partitioned.partitioned, partitioned.backfillable) == (True, True)


def test_a_partitioned_dag_has_the_clock_of_its_timetable_and_others_their_own(listed: DagList) -> None:
    partitioned, odd = dag(listed, "partitioned"), dag(listed, "odd")
    assert (partitioned.timezone, partitioned.partition_zone) == ("Europe/Zurich", "America/New_York")
    assert (odd.timezone, odd.partition_zone) == ("Europe/Zurich", "")
    assert (partitioned.clock, odd.clock) == ("America/New_York", "Europe/Zurich")


def test_the_last_sixteen_runs_come_oldest_first_with_the_active_backfill(listed: DagList) -> None:
    busy = dag(listed, "busy")
    assert busy.active_backfills == (1,)
    dates = [iso(run.logical_date)[:10] for run in busy.recent_runs if run.logical_date is not None]
    assert dates == [f"2024-02-{day:02}" for day in range(5, 21)]
    assert {run.state for run in busy.recent_runs} == {RunState.QUEUED}
    assert dag(listed, "odd").recent_runs == ()


def test_the_last_success_is_the_latest_date_of_the_schedule_that_succeeded(
    tmp_path: Path, database_template: Path
) -> None:
    lasting = home_with_database(database_template, tmp_path, {"lasting.py": LASTING})
    with running_bridge(lasting) as running:
        assert {dag.last_success for dag in running.gateway.dags().dags} == {None}
        on_home(lasting, "-c", ADD_RUNS)
        assert last_successes(running.gateway.dags()) == LAST_SUCCESSES


LAST_SUCCESSES = {
    "by_hand_only": None,
    "in_parts": "2024-02-03T00:00:00+00:00",
    "lasting": "2024-02-03T00:00:00+00:00",
    "never_run": None,
    "never_well": None,
}


def last_successes(listed: DagList) -> dict[str, str | None]:
    return {
        str(one.dag_id): None if one.last_success is None else iso(one.last_success) for one in listed.dags
    }


def test_the_list_costs_as_many_queries_for_many_dags_as_for_few(
    home: EmbeddedHome,
    listed: DagList,
    tmp_path: Path,
    database_template: Path,
) -> None:
    few = home_with_database(database_template, tmp_path, {"special.py": SPECIAL})
    with running_bridge(few):
        pass
    count_of_few, *_ = on_home(few, "-c", COUNT).splitlines()
    count_of_many, *plan = on_home(home, "-c", COUNT).splitlines()
    dags_few, *queries_few = count_of_few.split()
    dags_many, *queries_many = count_of_many.split()
    assert (int(dags_few), int(dags_many)) == (5, len(listed.dags))
    assert queries_few == queries_many
    # Once every version is known, none is loaded again.
    assert int(queries_many[1]) == int(queries_many[0]) - 1
    assert not [step for step in plan if step.startswith("SCAN") and "dag_run" in step]


def test_pausing_is_written_and_audited(bridge: RunningBridge) -> None:
    bridge.gateway.pause_dag(DagId("ledger"), is_paused=True)
    assert dag(bridge.gateway.dags(), "ledger").is_paused
    bridge.gateway.pause_dag(DagId("ledger"), is_paused=False)
    assert not dag(bridge.gateway.dags(), "ledger").is_paused
    with closing(sqlite3.connect(bridge.home.database)) as database:
        rows = database.execute("SELECT event, extra FROM log WHERE dag_id = 'ledger' ORDER BY id").fetchall()
    assert [event for event, _ in rows] == ["patch_dag", "patch_dag"]
    assert '"is_paused": true' in rows[0][1]


def test_a_dag_that_is_not_there_can_not_be_paused(bridge: RunningBridge) -> None:
    with pytest.raises(NotThere, match=r'There is no Dag "no \[/red\]"'):
        bridge.gateway.pause_dag(DagId("no [/red]"), is_paused=True)


def test_read_only_nothing_is_paused(home: EmbeddedHome, bridge: RunningBridge) -> None:
    with running_bridge(home, "--read-only", log="read-only.log") as reading:
        assert reading.gateway.environment().read_only
        with pytest.raises(Refused, match="Read-only"):
            reading.gateway.pause_dag(DagId("ledger"), is_paused=True)
    assert not dag(bridge.gateway.dags(), "ledger").is_paused


def test_a_heartbeat_of_a_live_scheduler_is_seen_and_that_of_an_ended_one_is_not(
    bridge: RunningBridge,
) -> None:
    assert bridge.gateway.environment().scheduler_heartbeat is None
    add = (
        "INSERT INTO job (job_type, state, latest_heartbeat, start_date, hostname, unixname) "
        "VALUES ('SchedulerJob', ?, ?, ?, 'here', 'me')"
    )
    with closing(sqlite3.connect(bridge.home.database)) as database, database:
        database.execute(add, ("failed", "2030-01-01 00:00:00", "2030-01-01 00:00:00"))
        database.execute(add, ("running", "2024-05-06 07:08:09.5", "2024-05-06 00:00:00"))
    found = bridge.gateway.environment()
    assert found.scheduler_heartbeat is not None
    assert iso(found.scheduler_heartbeat) == "2024-05-06T07:08:09.500000+00:00"
    assert not found.scheduler_alive
