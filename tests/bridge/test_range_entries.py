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
