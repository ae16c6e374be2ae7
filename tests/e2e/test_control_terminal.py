"""Stopping, pausing and going on by keys only, in a real terminal, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.test_terminal import open_plan
from tests.support.program import Program, program_on, wait_until
from tests.support.terminal import Terminal

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.terminal,
    pytest.mark.xdist_group("terminal"),
    pytest.mark.timeout(600),
]

SLOW = """
import time
from datetime import datetime, timezone

from airflow.sdk import dag, task


@dag(schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), catchup=False)
def slow():
    @task
    def first():
        time.sleep(600)

    @task
    def second(): ...

    first() >> second()


slow()
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("control")
    with program_on(folder, "my_backfill_dag.py", "sales_daily.py") as found:
        (found.dags_folder / "slow.py").write_text(SLOW)
        yield found


def state_counts(program: Program, dag_id: str) -> dict[str | None, int]:
    states = [state for _, state in program.tries(dag_id).values()]
    return {state: states.count(state) for state in dict.fromkeys(states)}


def stop_after(terminal: Terminal, failures: str) -> None:
    # From the second bound: max active, behavior, newest first, latest version, conf, stop after.
    terminal.press(*["tab"] * 6, failures)
    terminal.wait_for(f"Stop after {failures} ")


def test_two_failures_pause_a_backfill_and_a_key_lets_it_go_on(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("3 Dags", seconds=90)
        open_plan(terminal, "sales_daily", "2024-02-05", "2024-03-05")
        terminal.wait_for("30 dates", "30 create")
        stop_after(terminal, "2")
        terminal.press("f5")
        terminal.wait_for(
            "Launch a backfill of", "Pauses once 2 runs have failed, as long as somebody watches"
        )
        terminal.press("enter")
        paused = terminal.wait_for("Paused: 2 runs have failed (stops after 2)", seconds=180)
        assert "PAUSED" in paused
        terminal.wait_for(": no queued run starts", seconds=60)
        assert None in state_counts(program, "sales_daily")
        terminal.press("p")
        terminal.wait_for("Resume backfill 1 of sales_daily?", "can start")
        terminal.press("enter")
        terminal.wait_for("DONE: 28 succeeded, 2 failed", seconds=180)
        terminal.press("b")
        terminal.wait_for("2024-02-05..2024-03-05", "30/30")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    told = program.run("journal").out
    assert [line.split()[3] for line in told.splitlines()[1:]] == ["launch", "pause", "resume"]


def test_a_paused_dag_is_unpaused_with_the_launch_and_running_runs_are_stopped(program: Program) -> None:
    assert program.run("pause-dag", "slow", "--yes").code == 0
    with program.terminal() as terminal:
        terminal.wait_for("3 Dags", seconds=90)
        open_plan(terminal, "slow", "2024-01-01", "2024-01-05")
        terminal.wait_for("5 dates", "5 create", "The Dag is paused")
        terminal.press("f5")
        terminal.wait_for("Launch a backfill of slow?", "unpause")
        terminal.press("u")
        terminal.wait_for("Watch  slow", "RUNNING", seconds=60)
        wait_until(lambda: state_counts(program, "slow").get("running") == 5, "all tasks are under way", 120)
        terminal.press("x")
        terminal.wait_for("queued runs only", "5 running go on to their end", "running ones too")
        # Nothing is done before it is counted.
        terminal.wait_for("5 running runs are marked failed")
        terminal.press("down", "enter")
        terminal.wait_for("DONE: 5 failed", seconds=60)
        assert state_counts(program, "slow") == {"failed": 5, "skipped": 5}
        terminal.press("q")
        assert terminal.wait_for_exit(60) == 0


def test_a_world_that_changed_meanwhile_is_told_and_asked_about(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("3 Dags", seconds=90)
        open_plan(terminal, "my_backfill_dag", "2021-01-01", "2021-01-04")
        terminal.wait_for("4 dates", "4 create")
        terminal.press("f5")
        terminal.wait_for("Launch a backfill of my_backfill_dag?", "Create 4 runs")
        days = ("--from", "2021-01-02", "--to", "2021-01-03")
        assert program.run("launch", "my_backfill_dag", *days, "--yes", "--wait").code == 0
        terminal.press("enter")
        terminal.wait_for("2 dates now succeeded", "Create 2 runs")
        terminal.press("enter")
        terminal.wait_for("DONE: 2 succeeded", seconds=120)
        terminal.press("q")
        assert terminal.wait_for_exit(60) == 0
