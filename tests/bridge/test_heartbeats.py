from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.attached import Attached, attached_to_postgresql

from backfill_tui.domain.environment import Environment

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("postgresql")]


_DAGS = """
from datetime import datetime, timezone
from airflow.sdk import DAG, task

with DAG("waits", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
    @task
    def one(): pass
    one()
"""


@pytest.fixture(scope="module")
def attached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attached]:
    folder: Path = tmp_path_factory.mktemp("heartbeats")
    with attached_to_postgresql(folder, _DAGS) as site:
        yield site


def beating(site: Attached, *jobs: tuple[str, str, int]) -> Environment:
    """The environment with these jobs: the kind, the state, and the age of the heartbeat in seconds."""
    site.database.do("DELETE FROM job")
    for kind, state, age in jobs:
        site.database.do(
            "INSERT INTO job (job_type, state, latest_heartbeat, hostname) VALUES "  # noqa: S608
            f"('{kind}', '{state}', now() - interval '{age} seconds', 'host')"
        )
    return site.gateway.environment()


def test_an_airflow_where_nothing_ever_ran(attached: Attached) -> None:
    environment = beating(attached)
    assert not environment.scheduler_alive
    assert environment.schedulers == 0
    assert environment.triggerers.age_seconds(environment.read_at) is None


def test_the_processes_of_each_kind_are_told_with_their_age(attached: Attached) -> None:
    environment = beating(
        attached,
        ("SchedulerJob", "running", 3),
        ("SchedulerJob", "running", 8),
        ("SchedulerJob", "running", 300),
        ("SchedulerJob", "success", 1),
        ("TriggererJob", "running", 100),
        ("DagProcessorJob", "running", 5),
    )
    assert environment.scheduler_alive
    assert environment.schedulers == 2
    assert 3 <= (environment.heartbeat_age_seconds or 0) < 8
    assert environment.triggerers.alive == 0
    assert 100 <= (environment.triggerers.age_seconds(environment.read_at) or 0) < 130
    assert environment.dag_processors.alive == 1


def test_a_deferred_task_waits_for_a_triggerer_only_where_none_is_alive(attached: Attached) -> None:
    assert not beating(attached, ("SchedulerJob", "running", 3)).waits_for_triggerer
    number = attached.edits.do("backfill", dag_id="waits", first="2024-01-01", days=1)
    (run_id,) = attached.edits.do("runs_of", backfill_id=number)
    attached.edits.do("task", dag_id="waits", run_id=run_id, task_id="one", state="deferred")
    assert beating(attached, ("SchedulerJob", "running", 3)).waits_for_triggerer
    assert beating(attached, ("TriggererJob", "running", 300)).waits_for_triggerer
    assert not beating(attached, ("TriggererJob", "running", 3)).waits_for_triggerer
    attached.edits.do("task", dag_id="waits", run_id=run_id, task_id="one", state="success")
    assert not beating(attached).waits_for_triggerer
