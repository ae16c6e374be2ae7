"""The main job without a screen, as a script would do it, on the real engine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.support.homes import open_to_others
from tests.support.program import Program, program_on, wait_until

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.xdist_group("headless"),
    pytest.mark.timeout(600),
]

JANUARY = ("--from", "2021-01-01", "--to", "2021-01-05")
FEBRUARY = ("--from", "2024-02-05", "--to", "2024-02-08")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("headless")
    with program_on(
        folder, "my_backfill_dag.py", "sales_daily.py", "mapped_files.py", "deferrable_wait.py"
    ) as found:
        yield found


def test_a_plan_is_a_dry_run_and_the_launch_does_what_it_said(program: Program) -> None:
    planned = program.run("plan", "my_backfill_dag", *JANUARY, "--json")
    assert planned.code == 0, planned.err
    assert planned.json()["totals"]["create"] == 5
    assert program.run("list", "--json").json() == {"backfills": []}
    done = program.run("launch", "my_backfill_dag", *JANUARY, "--yes", "--wait", seconds=300)
    assert done.code == 0, done.err
    assert set(program.tries("my_backfill_dag").values()) == {(1, "success")}
    again = program.run("plan", "my_backfill_dag", *JANUARY, "--json").json()
    assert {run["verdict"] for run in again["runs"]} == {"skip_exists"}
    # Airflow makes the folders of its logs as the user's umask says, which tasks must keep for their own
    # files; they lie in a home that nobody else can enter.
    ours = [entry for entry in open_to_others(program.home) if not re.match(r"d\S+ logs/", entry)]
    assert ours == []


def test_a_script_sees_failures_in_the_exit_code_and_reruns_only_them(program: Program) -> None:
    failed = program.run("launch", "sales_daily", *FEBRUARY, "--yes", "--wait", seconds=300)
    assert failed.code == 1, failed.err
    (number,) = [entry["backfill_id"] for entry in backfills(program, "sales_daily")]
    dry = program.run("rerun", "sales_daily", "--backfill", str(number), "--dry-run", "--json")
    assert dry.code == 0, dry.err
    assert {task["state"] for task in dry.json()["task_instances"]} == {"failed", "upstream_failed"}
    assert dry.json()["untouched"] == 2
    program.mend()
    mended = program.run("rerun", "sales_daily", "--yes", "--wait", seconds=300)
    assert mended.code == 0, mended.err
    tries = program.tries("sales_daily")
    assert {key for key, (count, _) in tries.items() if count == 2} == {
        ("2024-02-06", "clean"),
        ("2024-02-07", "clean"),
    }
    assert {state for _, state in tries.values()} == {"success"}


def test_without_a_yes_nothing_is_launched_where_nobody_can_be_asked(program: Program) -> None:
    before = backfills(program, "mapped_files")
    refused = program.run("launch", "mapped_files", "--from", "2024-03-01", "--to", "2024-03-02")
    assert refused.code == 4
    assert "--yes" in refused.err
    assert backfills(program, "mapped_files") == before


def test_mapped_and_deferred_tasks_come_to_their_end(program: Program) -> None:
    for dag_id in ("mapped_files", "deferrable_wait"):
        done = program.run(
            "launch", dag_id, "--from", "2024-03-01", "--to", "2024-03-03", "--yes", "--wait", seconds=300
        )
        assert done.code == 0, done.err


def test_the_engine_is_there_while_it_is_needed_and_stops_when_told(program: Program) -> None:
    assert (
        program.run("launch", "my_backfill_dag", "--from", "2021-02-01", "--to", "2021-02-03", "--yes").code
        == 0
    )
    assert program.run("engine", "status").code == 0
    followed = program.run("watch", seconds=300)
    assert followed.code == 0, followed.err
    assert program.run("engine", "stop").code == 0
    assert program.run("engine", "status").code == 3
    wait_until(lambda: not program.processes(), "every process on the home was gone")


def backfills(program: Program, dag_id: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = program.run("list", dag_id, "--json").json()["backfills"]
    return found
