"""Plans and launches through the gateway and a real bridge."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.bridges import RunningBridge, home_with_database, open_bridge, running_bridge
from tests.support.odd_timetables import ODD_PLUGIN_FILES
from tests.support.world import DAY, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import CreationProgress, Launch
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillPlan, BackfillRequest
from backfill_tui.domain.problems import Interrupted, Refused, Unreachable

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("launching_over_the_wire")]

DAG = """
from datetime import datetime

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("daily", schedule="@daily", start_date=datetime(2021, 1, 1, tzinfo=pendulum.UTC), catchup=False):
    EmptyOperator(task_id="first") >> EmptyOperator(task_id="second")
"""
FIRST = instant("2024-03-01")


def a_request(days: int) -> BackfillRequest:
    return BackfillRequest(
        dag_id=DagId("daily"), from_date=FIRST, to_date=Instant(FIRST + (days - 1) * DAY), max_active_runs=4
    )


@pytest.fixture
def bridge(database_template: Path, tmp_path: Path) -> Iterator[RunningBridge]:
    with running_bridge(home_with_database(database_template, tmp_path, {"daily.py": DAG})) as running:
        yield running


def rows(bridge: RunningBridge) -> list[int]:
    """How many backfills, entries and Dag runs there are."""
    queries = (
        "SELECT count(*) FROM backfill",
        "SELECT count(*) FROM backfill_dag_run",
        "SELECT count(*) FROM dag_run",
    )
    with closing(sqlite3.connect(bridge.home.database)) as connection:
        return [connection.execute(query).fetchone()[0] for query in queries]


def test_what_is_planned_is_launched_once_and_is_in_flight_after_that(bridge: RunningBridge) -> None:
    plan = bridge.gateway.plan(a_request(20))
    assert plan.count(Verdict.CREATE) == 20
    told: list[CreationProgress] = []
    launched = bridge.gateway.launch(
        Launch(request=plan.request, fingerprint=plan.fingerprint), on_progress=told.append
    )
    assert (launched.created, launched.reprocessed, launched.skipped) == (20, 0, 0)
    assert told[-1] == CreationProgress(done=20, total=20)
    again = bridge.gateway.plan(a_request(20))
    assert again.count(Verdict.SKIP_IN_FLIGHT) == 20
    assert [warning.code for warning in again.blocking] == ["active_backfill"]
    with pytest.raises(Refused, match="20 dates are queued"):
        bridge.gateway.launch(Launch(request=plan.request, fingerprint=plan.fingerprint))
    assert rows(bridge) == [1, 20, 20]


def test_a_launch_cancelled_by_its_caller_leaves_nothing(bridge: RunningBridge) -> None:
    enough = threading.Event()

    def tell(progress: CreationProgress) -> None:
        if progress.done >= 10:
            enough.set()

    with pytest.raises(Interrupted):
        bridge.gateway.launch(Launch(request=a_request(400)), tell, enough.is_set)
    assert rows(bridge) == [0, 0, 0]


def test_a_session_that_goes_away_in_the_middle_of_a_launch_leaves_nothing(bridge: RunningBridge) -> None:
    def leave(progress: CreationProgress) -> None:
        if progress.done >= 10:
            threading.Thread(target=bridge.gateway.close).start()

    with pytest.raises(Unreachable):
        bridge.gateway.launch(Launch(request=a_request(400)), leave)
    bridge.gateway.close()
    assert rows(bridge) == [0, 0, 0]


def test_plans_are_answered_during_a_launch_and_see_nothing_of_it(bridge: RunningBridge) -> None:
    begun, planned = threading.Event(), threading.Event()
    verdicts: list[int] = []

    def plan_meanwhile() -> None:
        begun.wait()
        verdicts.append(bridge.gateway.plan(a_request(5)).count(Verdict.CREATE))
        planned.set()

    def tell(progress: CreationProgress) -> None:
        if progress.done:
            begun.set()

    planner = threading.Thread(target=plan_meanwhile)
    planner.start()
    # Only the plan ends this launch, so it must have been answered while that was under way.
    with pytest.raises(Interrupted):
        bridge.gateway.launch(Launch(request=a_request(900)), tell, planned.is_set)
    planner.join()
    assert verdicts == [5]


def test_the_log_of_the_bridge_has_no_line_for_every_run(bridge: RunningBridge) -> None:
    bridge.gateway.launch(Launch(request=a_request(30)))
    log = (bridge.home.path / "bridge.log").read_text(encoding="utf-8")
    assert "Created backfill Dag run" not in log
    assert "creating dag run" not in log


def test_a_read_only_bridge_plans_and_does_not_launch(database_template: Path, tmp_path: Path) -> None:
    home = home_with_database(database_template, tmp_path, {"daily.py": DAG})
    with open_bridge(home):
        pass
    with open_bridge(home, read_only=True) as gateway:
        assert len(gateway.plan(a_request(3)).runs) == 3
        with pytest.raises(Refused, match="Read-only: launching a backfill"):
            gateway.launch(Launch(request=a_request(3)))


SLOW = """
import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from odd_plugin import Slow

with DAG("slow", schedule=Slow(), start_date=pendulum.datetime(2021, 1, 1, tz="UTC"), catchup=False):
    EmptyOperator(task_id="only")
"""


@pytest.fixture(scope="module")
def slow_bridge(database_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBridge]:
    home = home_with_database(database_template, tmp_path_factory.mktemp("slow"), {"slow.py": SLOW})
    plugins = home.path / "plugins"
    plugins.mkdir(exist_ok=True)
    for name, source in ODD_PLUGIN_FILES.items():
        (plugins / name).write_text(source, encoding="utf-8")
    with running_bridge(home) as running:
        yield running


def slow_request(hours: int, *, backwards: bool = False) -> BackfillRequest:
    return BackfillRequest(
        dag_id=DagId("slow"),
        from_date=FIRST,
        to_date=Instant(FIRST + hours * DAY // 24),
        run_backwards=backwards,
    )


@pytest.mark.parametrize("backwards", [False, True])
def test_a_plan_that_takes_long_is_told_as_far_as_it_has_come(
    slow_bridge: RunningBridge, *, backwards: bool
) -> None:
    told: list[BackfillPlan] = []
    request = slow_request(400, backwards=backwards)
    plan = slow_bridge.gateway.plan(request, on_partial=told.append)
    assert (plan.complete, len(plan.runs), plan.request) == (True, 401, request)
    assert told
    lengths = [len(partial.runs) for partial in told]
    assert lengths == sorted(set(lengths))
    assert 0 < lengths[0] <= lengths[-1] < 401
    for partial in told:
        assert (partial.complete, partial.warnings, partial.estimate) == (False, (), None)
        assert partial.request == request
        dates = [partial.judged.dates.occurrence(place) for place in range(len(partial.judged))]
        assert dates == [plan.judged.dates.occurrence(place) for place in range(len(dates))]
        assert [run.ordinal for run in partial.runs] == list(range(1, len(dates) + 1))


def test_a_plan_that_takes_long_ends_when_nobody_wants_it_any_more(slow_bridge: RunningBridge) -> None:
    begun = threading.Event()
    with pytest.raises(Interrupted):
        # It would take half a minute.
        slow_bridge.gateway.plan(slow_request(7_000), begun.is_set, lambda _: begun.set())
    assert begun.is_set()
    # The thread that stepped it is free again, and another plan is whole.
    assert slow_bridge.gateway.plan(slow_request(3)).complete


def test_a_quick_plan_is_told_once_and_whole(bridge: RunningBridge) -> None:
    told: list[BackfillPlan] = []
    assert bridge.gateway.plan(a_request(700), on_partial=told.append).complete
    assert told == []


def test_a_plan_of_ten_years_of_hours_arrives_whole(database_template: Path, tmp_path: Path) -> None:
    hourly = DAG.replace('"daily", schedule="@daily"', '"hourly", schedule="@hourly"')
    with running_bridge(home_with_database(database_template, tmp_path, {"hourly.py": hourly})) as running:
        start, end = instant("2014-01-01"), instant("2024-01-01")
        plan = running.gateway.plan(
            BackfillRequest(dag_id=DagId("hourly"), from_date=start, to_date=end, run_backwards=True)
        )
    assert len(plan.runs) == plan.count(Verdict.CREATE) == 87_649
    assert (plan.runs[0].occurrence.logical_date, plan.runs[-1].occurrence.logical_date) == (end, start)
    assert [plan.runs[row].ordinal for row in (0, 1, -1)] == [1, 2, 87_649]
