"""Tasks that depend on their past: what a plan says of them, and Airflow's own rule on the rows it makes."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.warned import FIRST, Stage, a_request, a_run, staged
from tests.support.world import DAY, HOUR

from backfill_tui.domain.instants import SECOND
from backfill_tui.domain.planning import Gravity, PlanWarning

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("depends_on_past")]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(request.param, tmp_path_factory.mktemp("depends_on_past")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return shared_stage.reset()


def careful(stage: Stage, dag_id: str = "careful", **more: Any) -> PlanWarning | None:
    return stage.warnings(dag_id, **{"reprocess_behavior": "failed", **more}).get("depends_on_past")


def held(stage: Stage, dag_id: str = "careful", **more: Any) -> list[int]:
    """The days on which Airflow holds a task back for ever: not only until the run of the day before ends."""
    request = a_request(dag_id, **{"reprocess_behavior": "failed", **more})
    number = stage.worker("stock_create", request=request)["backfill_id"]
    days: list[int] = []
    while True:
        runs = stage.worker("held_back", backfill_id=number)
        free = [run for run in runs if not any(run["held"].values())]
        blocked = [(run["date"] - FIRST) // DAY for run in runs if any(run["held"].values())]
        if blocked == days:
            return blocked
        days = blocked
        # Whatever may run does, and succeeds.
        for run in free:
            date = time.strftime("%Y-%m-%d", time.gmtime(run["date"] // SECOND))
            stage.database.do(
                "UPDATE task_instance SET state = 'success' WHERE run_id IN (SELECT run_id FROM dag_run "  # noqa: S608
                f"WHERE backfill_id = {number} AND CAST(logical_date AS VARCHAR) LIKE '{date}%')"
            )


def test_tasks_that_depend_on_their_past_run_one_date_after_the_other(stage: Stage) -> None:
    assert careful(stage) is None
    assert held(stage) == []


def test_a_first_date_that_has_succeeded_lets_the_next_one_run(stage: Stage) -> None:
    stage.add_runs("careful", a_run(FIRST))
    assert careful(stage) is None
    assert held(stage) == []


@pytest.mark.parametrize("state", ["running", "queued"])
def test_a_run_under_way_keeps_the_dates_after_it_waiting(stage: Stage, state: str) -> None:
    stage.add_runs("careful", a_run(FIRST + 3 * DAY, state))
    found = careful(stage)
    assert found
    assert found.gravity is Gravity.ASKS
    assert found.message == (
        'Task "t0" depends on its past, so the run of 2024-03-05 00:00 UTC keeps its place and waits for the '
        f"run of 2024-03-04 00:00 UTC, which is {state} and is not taken again"
    )
    assert found.remedy == "let that run end first"
    assert held(stage) == [4, 5, 6, 7, 8, 9]


def test_a_first_date_that_is_skipped_exempts_no_other(stage: Stage) -> None:
    stage.add_runs("careful", a_run(FIRST, "running"))
    found = careful(stage)
    assert found
    assert "the run of 2024-03-02 00:00 UTC keeps its place" in found.message
    assert held(stage) == list(range(1, 10))


def test_a_run_between_the_dates_that_failed_is_waited_for_unless_catchup_passes_over_it(
    stage: Stage,
) -> None:
    noon = FIRST + 2 * DAY + 12 * HOUR
    for dag_id in ("careful", "careful_catching_up"):
        stage.add_runs(dag_id, a_run(noon, "failed", type="manual"))
    found = careful(stage)
    assert found
    assert "waits for the run of 2024-03-03 12:00 UTC, which did not end well there" in found.message
    assert found.remedy == "rerun what failed in that run first, or begin the range at 2024-03-04 00:00 UTC"
    assert careful(stage, "careful_catching_up") is None
    assert held(stage) == list(range(3, 10))
    assert held(stage, "careful_catching_up") == []


def test_where_the_first_date_has_a_run_by_hand_catchup_waits_for_the_run_before_the_range(
    stage: Stage,
) -> None:
    stage.add_runs(
        "careful_catching_up", a_run(FIRST, "queued", type="manual"), a_run(FIRST - HOUR, "queued")
    )
    found = careful(stage, "careful_catching_up")
    assert found
    assert "waits for the run of 2024-02-29 23:00 UTC" in found.message
    assert held(stage, "careful_catching_up") == list(range(1, 10))


def test_a_success_in_which_the_task_failed_is_waited_for_and_one_in_which_it_was_skipped_is_not(
    stage: Stage,
) -> None:
    stage.add_runs("careful", {"date": FIRST + DAY, "state": "success", "succeeded": 1})
    stage.database.do("UPDATE task_instance SET state = 'skipped' WHERE task_id = 't1'")
    assert careful(stage) is None
    stage.database.do("UPDATE task_instance SET state = 'failed' WHERE task_id = 't1'")
    found = careful(stage)
    assert found
    assert found.message.startswith('Task "t1" depends on its past')
    assert careful(stage, reprocess_behavior="completed") is None
    assert held(stage) == list(range(2, 10))


def test_a_run_without_the_task_is_waited_for_only_where_the_task_has_run_before(stage: Stage) -> None:
    days: dict[str, Any] = {"to_date": FIRST + DAY}
    for dag_id in ("careful", "lenient"):
        stage.add_runs(dag_id, a_run(FIRST, bare=True))
    found = careful(stage, **days)
    assert found
    assert "which has no such task and gets none" in found.message
    assert found.remedy == "begin the range at 2024-03-02 00:00 UTC"
    assert careful(stage, "lenient", **days) is None
    assert held(stage, **days) == [1]
    assert held(stage, "lenient", **days) == []
    stage.worker("reset")
    stage.add_runs("lenient", a_run(FIRST - DAY), a_run(FIRST, bare=True))
    assert careful(stage, "lenient", **days) is not None
    assert held(stage, "lenient", **days) == [1]


def test_a_run_that_is_taken_again_but_has_no_tasks_is_waited_for(stage: Stage) -> None:
    stage.add_runs("careful", a_run(FIRST + DAY, "failed", bare=True))
    found = careful(stage)
    assert found
    assert "waits for the run of 2024-03-02 00:00 UTC, which has no such task and gets none" in found.message
    assert held(stage) == list(range(2, 10))


def test_a_task_that_waits_for_downstream_waits_for_what_failed_there(stage: Stage) -> None:
    stage.add_runs("patient", a_run(FIRST + DAY))
    assert careful(stage, "patient") is None
    stage.database.do("UPDATE task_instance SET state = 'failed' WHERE task_id = 'below'")
    assert careful(stage, "patient") is not None
    assert held(stage, "patient") == list(range(2, 10))


def test_a_range_that_begins_at_the_date_that_would_wait_waits_for_nothing(stage: Stage) -> None:
    stage.add_runs("careful", a_run(FIRST + 3 * DAY, "running"))
    assert careful(stage, from_date=FIRST + 4 * DAY) is None


def some_run(chance: random.Random, day: int) -> dict[str, Any]:
    state = chance.choice(["success", "success", "failed", "running", "queued"])
    return {
        "date": FIRST + day * DAY + chance.choice([0, 0, 0, 12]) * HOUR,
        "state": state,
        "type": chance.choice(["scheduled", "manual", "backfill"]),
        "succeeded": chance.choice([0, 1, 2, 2, 2]),
        "bare": chance.random() < 0.1,
    }


@pytest.mark.parametrize("seed", range(12))
def test_the_date_that_is_said_to_wait_is_the_first_that_airflow_holds_back(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    dag_id = chance.choice(["careful", "careful_catching_up", "lenient", "patient"])
    stage.add_runs(dag_id, *(some_run(chance, day) for day in chance.sample(range(-1, 9), 3)))
    behavior = chance.choice(["failed", "completed"])
    found = careful(stage, dag_id, reprocess_behavior=behavior)
    days = held(stage, dag_id, reprocess_behavior=behavior)
    assert (found is None) == (days == [])
    if found is not None:
        assert f"so the run of 2024-03-{days[0] + 1:02} 00:00 UTC keeps its place" in found.message
