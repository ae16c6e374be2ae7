"""Launches that something goes wrong with: afterwards the database is as before, or the backfill is whole."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.bridges import RunningBridge, home_with_database, running_bridge
from tests.support.faults import (
    backfill_refused,
    connection_lost_at_commit,
    marked_complete_at_ordinal,
    row_held,
    run_deleted_at_ordinal,
)
from tests.support.homes import rows
from tests.support.launch_stage import Stage, a_request, launch_stage, some_runs

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.launching import CreationProgress, Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.domain.problems import AirflowFailed, Unreachable

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("launch_faults")]

DATES = 12
FIRST_MIDDLE_LAST = [1, 6, DATES]
WISHES: dict[str, Any] = {"note": "by a test", "unpause": True}
"""What a launch adds goes back with it."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with launch_stage(request.param, tmp_path_factory.mktemp("launch_faults")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    shared_stage.worker("reset")
    shared_stage.worker("heartbeat", age_seconds=0)
    shared_stage.worker("change_dag", dag_id="daily", values={"is_paused": True})
    return shared_stage


on_sqlite = pytest.mark.parametrize("shared_stage", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("shared_stage", ["postgresql"], indirect=True)


def a_launch(stage: Stage, behavior: str) -> dict[str, Any]:
    """A request of twelve days, on four of which runs exist; two of these are taken again when asked."""
    stage.worker("add_runs", dag_id="daily", runs=some_runs())
    return a_request("daily", days=DATES, reprocess_behavior=behavior)


def launches_at_once(stage: Stage, request: dict[str, Any]) -> bool:
    """Whether the next launch makes it whole, without having to wait."""
    launched = stage.worker("launch", request=request, busy_seconds=1)
    found = launched["created"] + launched["reprocessed"] + launched["skipped"]
    return bool(found == DATES)


def test_what_the_database_does_not_take_is_told_without_the_conf(stage: Stage) -> None:
    request = a_request("daily", conf='{"password": "hunter2", "why": "a test"}')
    with backfill_refused(stage.database), pytest.raises(AirflowFailed) as failure:
        stage.worker("launch", request=request)
    assert "INSERT INTO backfill" in failure.value.detail
    assert "hunter2" not in f"{failure.value.message} {failure.value.detail}"
    assert launches_at_once(stage, a_launch(stage, "none"))


@pytest.mark.parametrize("behavior", ["none", "completed"])
@pytest.mark.parametrize("at", [*FIRST_MIDDLE_LAST, "commit"])
def test_a_process_killed_at_a_run_leaves_the_database_as_it_was(
    stage: Stage, behavior: str, at: int | str
) -> None:
    request = a_launch(stage, behavior)
    before = stage.dump()
    assert stage.worker("launch_killed", request=request, at=at, **WISHES) == signal.SIGKILL
    assert stage.dump() == before
    assert launches_at_once(stage, request)


@pytest.mark.parametrize("behavior", ["none", "completed"])
@pytest.mark.parametrize("at", FIRST_MIDDLE_LAST)
@pytest.mark.parametrize("how", ["lock", "bug"])
def test_an_error_at_a_run_leaves_the_database_as_it_was(
    stage: Stage, behavior: str, at: int, how: str
) -> None:
    request = a_launch(stage, behavior)
    before = stage.dump()
    with pytest.raises(AirflowFailed, match="nothing of it is left"):
        stage.worker("launch_failing", request=request, at=at, how=how, **WISHES)
    assert stage.dump() == before
    assert launches_at_once(stage, request)


@on_postgresql
def test_a_run_that_another_transaction_holds_too_long_is_said_and_nothing_is_left(stage: Stage) -> None:
    request = a_launch(stage, "completed")
    before = stage.dump()
    with (
        row_held(stage.database, "SELECT id FROM dag_run WHERE state = 'failed' FOR UPDATE"),
        pytest.raises(Unreachable, match="held a row for too long") as told,
    ):
        stage.worker("launch", request=request, busy_seconds=0.3)
    assert told.value.remedy.endswith("nothing was created")
    assert stage.dump() == before
    assert launches_at_once(stage, request)


@on_postgresql
def test_a_connection_lost_at_the_very_end_is_not_told_as_a_failure_without_traces(
    stage: Stage, tmp_path: Path
) -> None:
    request = a_launch(stage, "none")
    with (
        connection_lost_at_commit(stage.database),
        pytest.raises(Unreachable, match="so the backfill may be there or not") as told,
    ):
        stage.worker("launch", request=request, journal=str(tmp_path / "journal"))
    assert "look at the list of backfills" in told.value.remedy
    assert launches_at_once(stage, request)


@on_sqlite
@pytest.mark.parametrize("pages", [0, 4, 30])
def test_a_disk_that_is_full_is_said_and_nothing_is_left(stage: Stage, pages: int) -> None:
    request = a_request("ten_tasks", days=150)
    # Without the pages that the tests before have left free.
    stage.database.do("VACUUM")
    before = stage.dump()
    with pytest.raises(Unreachable, match="The disk is full") as told:
        stage.worker("launch_without_room", request=request, pages=pages)
    assert told.value.remedy == "free some space, then try again"
    assert stage.dump() == before
    assert stage.worker("launch", request=request, busy_seconds=1)["created"] == 150


def test_a_scheduler_that_completes_backfills_all_the_time_completes_none_too_early(stage: Stage) -> None:
    request = a_launch(stage, "completed") | {"to_date": a_request("daily", days=150)["to_date"]}
    done = stage.worker("launch_beside_completions", request=request)
    assert done["rounds"] > 5
    assert done["launched"]["remarks"] == []
    assert stage.ask("SELECT completed_at FROM backfill") == [(None,)]


@pytest.mark.parametrize("paused", [False, True])
def test_a_backfill_marked_as_complete_too_early_is_put_right_and_it_is_said(
    stage: Stage, *, paused: bool
) -> None:
    with marked_complete_at_ordinal(stage.database, 3):
        launched = stage.worker("launch", request=a_request("daily"), paused=paused)
    (remark,) = launched["remarks"]
    assert remark.startswith("Airflow's scheduler had marked it as complete before its runs had run")
    assert stage.ask("SELECT completed_at FROM backfill") == [(None,)]
    assert stage.ask("SELECT state, count(*) FROM dag_run GROUP BY state") == [("queued", 10)]


@pytest.mark.parametrize("paused", [False, True])
def test_a_backfill_that_somebody_has_cancelled_meanwhile_stays_cancelled(
    stage: Stage, *, paused: bool
) -> None:
    launched = stage.worker("launch", request=a_request("daily", days=3), paused=paused)
    yes = "1" if stage.database.kind == "sqlite" else "true"
    stage.database.do(f"UPDATE backfill SET is_paused = {yes}, completed_at = created_at")  # noqa: S608
    stage.database.do("UPDATE dag_run SET state = 'failed'")
    first = stage.ask("SELECT min(id) FROM dag_run")[0][0]
    stage.database.do(f"UPDATE dag_run SET state = 'running' WHERE id = {first}")  # noqa: S608
    before = stage.dump()
    assert not stage.worker("take_back", backfill_id=launched["backfill_id"], paused=paused)
    assert stage.dump() == before


def test_a_run_that_goes_away_during_the_creation_is_noticed_and_nothing_is_left(stage: Stage) -> None:
    request = a_launch(stage, "completed")
    before = stage.dump()
    with (
        run_deleted_at_ordinal(stage.database, DATES, "state = 'success' OR state = 'running'"),
        pytest.raises(AirflowFailed, match="of the runs of daily went away") as told,
    ):
        stage.worker("launch", request=request)
    assert "manual__" in told.value.detail
    assert stage.dump() == before


DAG = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("daily", schedule="@daily", start_date=datetime(2021, 1, 1, tzinfo=timezone.utc), catchup=False):
    EmptyOperator(task_id="first") >> EmptyOperator(task_id="second")
"""


def test_a_bridge_that_is_killed_while_it_launches_leaves_nothing_and_the_next_one_launches(
    database_template: Path, tmp_path: Path
) -> None:
    home = home_with_database(database_template, tmp_path, {"daily.py": DAG})
    wanted = a_request("daily", days=300)
    request = BackfillRequest(
        dag_id=DagId("daily"), from_date=Instant(wanted["from_date"]), to_date=Instant(wanted["to_date"])
    )
    begun = threading.Event()

    def kill(bridge: RunningBridge, progress: CreationProgress) -> None:
        if progress.done >= 20 and not begun.is_set():
            begun.set()
            os.kill(bridge.child.pid, signal.SIGKILL)

    with running_bridge(home) as bridge, pytest.raises(Unreachable):
        bridge.gateway.launch(Launch(request=request), lambda progress: kill(bridge, progress))
    assert begun.is_set()
    assert [rows(home, f"SELECT count(*) FROM {table}") for table in ("backfill", "dag_run")] == [[(0,)]] * 2  # noqa: S608
    with running_bridge(home) as bridge:
        assert bridge.gateway.launch(Launch(request=request)).created == 300
