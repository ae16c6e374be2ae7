"""Plans and launches through the gateway and a real bridge."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.bridges import RunningBridge, home_with_database, open_bridge, running_bridge
from tests.support.world import DAY, instant

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import CreationProgress, Launch
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.planning import BackfillRequest
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
