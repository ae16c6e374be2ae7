"""The dates of a Dag in a range on SQLite and PostgreSQL: every run of them, whatever made it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.controlled import FIRST, Stage, forget, stage_on
from tests.support.marked import MAIN
from tests.support.world import DAY

from backfill_tui.domain.problems import NotThere

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("ranges")]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on(request.param, tmp_path_factory.mktemp("ranges"), MAIN) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return forget(shared_stage)


def read(stage: Stage, dag_id: str, days: int = 5) -> dict[str, Any]:
    found: dict[str, Any] = stage.worker(
        "range_read", dag_id=dag_id, from_date=FIRST, to_date=FIRST + (days - 1) * DAY
    )
    assert found["adds_up"], found
    return found


def test_runs_of_every_kind_are_read_in_the_order_of_their_dates(stage: Stage) -> None:
    made = [
        {"date": FIRST + 3 * DAY, "state": "failed", "type": "manual"},
        {"date": FIRST, "state": "success", "type": "scheduled"},
        {"date": FIRST - DAY, "state": "success", "type": "scheduled"},
        {"date": FIRST + 5 * DAY, "state": "success", "type": "scheduled"},
    ]
    stage.worker("add_runs", dag_id="chain", runs=made)
    run_id, *_ = stage.run_ids(stage.backfill("chain", 1, first=FIRST + 2 * DAY))
    stage.run("chain", run_id, "running")
    stage.worker("add_runs", dag_id="twin", runs=[{"date": FIRST, "state": "failed", "type": "scheduled"}])
    found = read(stage, "chain")
    assert found["rows"] == [
        [1, "2024-03-01", "success"], [2, "2024-03-03", "running"], [3, "2024-03-04", "failed"]
    ]  # fmt: skip
    assert (found["running"], found["timezone"]) == (1, "UTC")


def test_a_row_stays_the_same_date_when_runs_come_and_go(stage: Stage) -> None:
    first, second, third = stage.run_ids(stage.backfill("wide", 3, first=FIRST))
    assert [row[1] for row in read(stage, "wide")["rows"]] == ["2024-03-01", "2024-03-02", "2024-03-03"]
    stage.database.do(f"DELETE FROM task_instance WHERE run_id = '{second}'")  # noqa: S608
    stage.database.do("UPDATE backfill_dag_run SET dag_run_id = NULL")
    stage.database.do(f"DELETE FROM dag_run WHERE run_id = '{second}'")  # noqa: S608
    found = read(stage, "wide")
    assert found["rows"] == [[1, "2024-03-01", "queued"], [2, None, None], [3, "2024-03-03", "queued"]]
    stage.worker("add_runs", dag_id="wide", runs=[{"date": FIRST + 1, "state": "success", "type": "manual"}])
    assert read(stage, "wide")["rows"][3] == [4, "2024-03-01", "success"]
    stage.run("wide", third, "success")
    assert read(stage, "wide")["rows"][2] == [3, "2024-03-03", "success"]
    assert first != third


def followed(stage: Stage, dag_id: str, *, anew: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = stage.worker(
        "range_followed", dag_id=dag_id, from_date=FIRST, to_date=FIRST + 4 * DAY, anew=anew
    )
    return found


def delete(stage: Stage, run_id: str) -> None:
    stage.database.do(f"DELETE FROM task_instance WHERE run_id = '{run_id}'")  # noqa: S608
    stage.database.do(f"DELETE FROM dag_run WHERE run_id = '{run_id}'")  # noqa: S608


def add(stage: Stage, dag_id: str, day: int, state: str = "success") -> None:
    made = [{"date": FIRST + day * DAY, "state": state, "type": "manual"}]
    stage.worker("add_runs", dag_id=dag_id, runs=made)


def test_a_stream_that_begins_anew_leaves_no_row_that_a_full_reading_does_not_have(stage: Stage) -> None:
    for day in (0, 2, 3):
        add(stage, "twin", day)
    add(stage, "twin", 4, "running")
    first = followed(stage, "twin")
    assert first["stream"] == first["read"]
    delete(stage, first["stream"][3][1])
    add(stage, "twin", 1, "failed")
    going_on = followed(stage, "twin")
    assert [row[2] for row in going_on["stream"]] == ["success", "success", "success", None, "failed"]
    anew = followed(stage, "twin", anew=True)
    assert anew["stream"] == anew["read"]
    assert [row[2] for row in anew["stream"]] == ["success", "failed", "success", "success"]
    assert anew["counts"][0] == anew["counts"][1]


def test_a_run_that_gets_the_number_of_a_deleted_one_does_not_stand_under_its_date(stage: Stage) -> None:
    for day in (0, 1, 3):
        add(stage, "torn", day)
    old = followed(stage, "torn")["stream"][2]
    delete(stage, old[1])
    # On SQLite it gets the same number; all that is added up is as it was.
    add(stage, "torn", 2)
    for _ in range(2):
        seen = followed(stage, "torn")
        assert seen["stream"][2] == ["2024-03-04", None, None], "its own date, and no run"
        dates = {run_id: date for date, run_id, _ in seen["read"]}
        assert all(dates[run_id] == date for date, run_id, _ in seen["stream"] if run_id is not None)
    assert seen["stream"][3] == seen["read"][2]
    assert seen["stream"][3][0] == "2024-03-03"


def test_a_run_of_another_date_that_begins_under_a_deleted_number_is_found_at_once(stage: Stage) -> None:
    add(stage, "lagging", 3, "running")
    (old,) = followed(stage, "lagging")["stream"]
    delete(stage, old[1])
    add(stage, "lagging", 0, "running")
    for _ in range(2):
        seen = followed(stage, "lagging")
        assert seen["stream"][0] == ["2024-03-04", None, None]
    assert seen["stream"][1:] == seen["read"]


def test_partitions_are_found_by_their_date(stage: Stage) -> None:
    made = [
        {"date": FIRST + day * DAY, "state": "success", "type": "manual", "partition": f"key{day}"}
        for day in (0, 4, 5)
    ]
    stage.worker("add_runs", dag_id="partitioned", runs=made)
    found = read(stage, "partitioned")
    assert [row[2] for row in found["rows"]] == ["success", "success"]
    assert found["timezone"] == "America/New_York"


def test_an_unknown_dag_is_named(stage: Stage) -> None:
    with pytest.raises(NotThere, match='There is no Dag "nobody"'):
        read(stage, "nobody")
