"""Ending a running run under the real scheduler: its process ends, and its slot is free."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from tests.support.bridges import running_bridge
from tests.support.homes import private_home, rows, wait_until
from tests.support.world import instant

from backfill_tui.domain.control import ControlRequest, Deed
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import Launch
from backfill_tui.domain.planning import BackfillRequest
from backfill_tui.engine.attendance import attend
from backfill_tui.engine.control import EngineControl
from backfill_tui.engine.home import EmbeddedHome
from backfill_tui.engine.processes import family
from backfill_tui.gateway.port import Gateway

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine-control"), pytest.mark.timeout(240)]

DAGS = {
    "sleeping.py": """
        import os
        import time
        from datetime import datetime, timezone
        from pathlib import Path
        from airflow.providers.standard.operators.python import PythonOperator
        from airflow.sdk import DAG

        def sleep():
            beside = Path(__file__).with_name("sleeper")
            beside.with_suffix(".new").write_text(str(os.getpid()))
            beside.with_suffix(".new").rename(beside)
            time.sleep(3600)

        START = datetime(2021, 1, 1, tzinfo=timezone.utc)
        with DAG("sleeping", schedule="@daily", start_date=START):
            PythonOperator(task_id="sleep", python_callable=sleep) >> PythonOperator(
                task_id="after", python_callable=print
            )
        with DAG("quick", schedule="@daily", start_date=START):
            PythonOperator(task_id="only", python_callable=print)
    """
}


def launch(gateway: Gateway, dag_id: str, days: int) -> BackfillId:
    request = BackfillRequest(
        dag_id=DagId(dag_id), from_date=instant("2021-01-01"), to_date=instant(f"2021-01-0{days}"),
        max_active_runs=1,
    )  # fmt: skip
    return gateway.launch(Launch(request=request)).backfill_id


def task_states(home: EmbeddedHome, dag_id: str) -> list[tuple[str, str | None]]:
    question = "SELECT task_id, state FROM task_instance WHERE dag_id = ? ORDER BY run_id, task_id DESC"
    return [(task, state) for task, state in rows(home, question, dag_id)]


def test_the_process_of_a_run_that_is_ended_is_gone_and_its_slot_is_free(tmp_path: Path) -> None:
    home = private_home(tmp_path, DAGS)
    control = EngineControl(home, grace_seconds=1.0)
    sleeper = home.dags_folder / "sleeper"

    def what_is_going_on() -> str:
        return f"{control.status()}\n{task_states(home, 'sleeping')}\n{control.log_tail('scheduler', 3000)}"

    try:
        with running_bridge(home) as bridge, attend(home):
            backfill_id = launch(bridge.gateway, "sleeping", 3)
            control.start()
            wait_until(sleeper.exists, what_is_going_on, 120)
            process = psutil.Process(int(sleeper.read_text()))
            outcome = bridge.gateway.control(
                ControlRequest(backfill_id=backfill_id, deed=Deed.CANCEL_RUNNING)
            )
            assert (outcome.stopped_queued, outcome.stopped_running) == (2, 1)
            assert (outcome.ended_tasks, outcome.skipped_tasks, outcome.left_running) == (1, 1, 0)
            wait_until(lambda: not is_at_work(process), what_is_going_on)
            (summary,) = bridge.gateway.backfills(DagId("sleeping"))
            assert (summary.counts.failed, summary.counts.cancelled, summary.counts.active) == (1, 2, 0)

            quick = launch(bridge.gateway, "quick", 2)
            question = "SELECT state, count(*) FROM dag_run WHERE backfill_id = ? GROUP BY state"
            wait_until(lambda: rows(home, question, quick) == [("success", 2)], what_is_going_on)
            assert task_states(home, "sleeping") == [
                ("sleep", "failed"), ("after", "skipped"), *[("sleep", None), ("after", None)] * 2
            ]  # fmt: skip
            assert control.status().running
    finally:
        control.stop()
    assert family([], mark=str(home.path)) == []


def is_at_work(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
