"""No answer takes longer for all that a Dag ever ran, where an index has what is asked for.

SQLite knows nothing of how many rows there are, and rather goes through all task instances of a Dag, again
for each run, in an index that has all columns of a question, than by the index on Dag and run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.controlled import FIRST, Stage, stage_on
from tests.support.world import DAY

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("sqlite-walks")]

_RANGE = {"from_date": FIRST, "to_date": FIRST + 2 * DAY}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on("sqlite", tmp_path_factory.mktemp("walks")) as stage:
        for run_id in stage.run_ids(stage.backfill("chain", 3)):
            stage.run("chain", run_id, "failed", a="failed")
        yield stage


@pytest.mark.parametrize("behavior", ["failed", "completed"])
def test_a_plan_that_takes_runs_again(stage: Stage, behavior: str) -> None:
    request = {"dag_id": "chain", **_RANGE, "reprocess_behavior": behavior}
    assert stage.worker("walks", method="plan", params=request) == []


@pytest.mark.parametrize("about", [1, {"dag_id": "chain", **_RANGE}], ids=["backfill", "range"])
def test_the_failures(stage: Stage, about: Any) -> None:
    assert stage.worker("walks", method="failures", params={"about": about}) == []


def test_the_task_instances_of_some_runs(stage: Stage) -> None:
    asked = {"dag_id": "chain", "run_ids": stage.run_ids(1)}
    assert stage.worker("walks", method="instances", params=asked) == []


@pytest.mark.parametrize("scope", ["failed", "failed_and_downstream", "whole_run"])
def test_what_a_rerun_would_touch(stage: Stage, scope: str) -> None:
    asked = {"dag_id": "chain", "run_ids": stage.run_ids(1), "scope": scope}
    assert stage.worker("walks", method="preview_rerun", params=asked) == []


@pytest.mark.parametrize("scope", ["task", "failed", "whole_run"])
def test_what_a_mark_would_change(stage: Stage, scope: str) -> None:
    task_id = "a" if scope == "task" else None
    asked = {
        "dag_id": "chain", "run_ids": stage.run_ids(1), "mark_as": "success", "scope": scope,
        "task_id": task_id,
    }  # fmt: skip
    assert stage.worker("walks", method="preview_mark", params=asked) == []


def test_what_of_running_runs_a_cancel_would_end_and_why_they_wait(stage: Stage) -> None:
    stage.worker("heartbeat", age_seconds=1)
    number = stage.backfill("twin", 3)
    for run_id in stage.run_ids(number):
        stage.run("twin", run_id, "running", a="running")
    asked = {"backfill_id": number, "deed": "cancel_running"}
    assert stage.worker("walks", method="preview_control", params=asked) == []
    assert stage.worker("walks", method="backfills", params={"dag_id": "twin"}) == []
