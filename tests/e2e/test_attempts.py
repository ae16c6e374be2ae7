"""`rerun --max-attempts` on the real engine: a task that succeeds at its third try, one that never does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
from tests.support.program import Program, program_on, wait_until

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.xdist_group("attempts"),
    pytest.mark.timeout(600),
]

_DAGS = """
from datetime import datetime, timezone
from pathlib import Path
from airflow.sdk import DAG, task

TRIES = Path(__file__).parent.parent / "tries"

def stubborn(dag_id, good_at):
    with DAG(dag_id=dag_id, schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
             catchup=False):
        @task(retries=0)
        def ask(logical_date=None):
            counted = TRIES / f"{dag_id}_{logical_date:%d}"
            number = int(counted.read_text()) + 1 if counted.exists() else 1
            counted.write_text(str(number))
            if number < good_at:
                raise RuntimeError(f"not yet, this is try {number}")
        @task(retries=0)
        def tell(): pass
        ask() >> tell()

stubborn("third_time", 3)
stubborn("never", 99)
stubborn("range_of_it", 99)
"""

AGAIN = ("--failed", "--every", "2s", "--yes", "--json", "--max-attempts")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("attempts")
    with program_on(folder) as found:
        (found.folder / "tries").mkdir()
        (found.dags_folder / "stubborn.py").write_text(_DAGS, encoding="utf-8")
        yield found


def launched(program: Program, dag_id: str) -> None:
    days = ("--from", "2024-01-01", "--to", "2024-01-02")
    failed = program.run("launch", dag_id, *days, "--yes", "--wait", seconds=300)
    assert failed.code == 1, failed.err


def tries(program: Program, dag_id: str) -> list[str]:
    return [found.read_text() for found in sorted((program.folder / "tries").glob(f"{dag_id}_*"))]


def attempts_in_the_journal(program: Program, dag_id: str) -> list[tuple[object, int]]:
    """Of each rerun in it, in order, the number of its attempt, and how many runs it cleared."""
    lines = map(json.loads, program.run("journal", "--dag", dag_id, "--json").out.splitlines())
    reruns = [line for line in lines if line["phase"] == "begun" and line["deed"] == "rerun"]
    return [(line["details"].get("attempt"), len(line["runs"])) for line in reruns]


def test_it_is_rerun_until_it_is_green_and_no_further(program: Program) -> None:
    launched(program, "third_time")
    green = program.run("rerun", "third_time", *AGAIN, "5", seconds=300)
    assert green.code == 0, green.err
    assert [one["attempt"] for one in green.json()["attempts"]] == [1, 2]
    assert green.json()["outcome"]["status"] == "done"
    assert tries(program, "third_time") == ["3", "3"]
    again = program.run("rerun", "third_time", *AGAIN, "5")
    assert (again.code, again.json()["attempts"]) == (0, [])
    assert tries(program, "third_time") == ["3", "3"]


def test_killed_in_the_middle_and_started_again_it_counts_on(program: Program) -> None:
    launched(program, "never")
    killed = subprocess.Popen(
        program.words("rerun", "never", *AGAIN, "2"), env=program.environment, cwd=program.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: tries(program, "never") == ["2", "2"], "both dates were tried again", seconds=120)
    killed.kill()
    killed.wait(30)
    given_up = program.run("rerun", "never", *AGAIN, "2", seconds=300)
    assert given_up.code == 1, given_up.err
    assert [one["attempt"] for one in given_up.json()["attempts"]] == [2]
    assert [one["attempts"] for one in given_up.json()["failed"]] == [2, 2]
    assert tries(program, "never") == ["3", "3"], "the first try and two attempts"
    assert attempts_in_the_journal(program, "never") == [(1, 2), (2, 2)]


def test_killed_between_two_attempts_on_a_range_and_started_again_nothing_is_cleared_twice(
    program: Program,
) -> None:
    launched(program, "range_of_it")
    again = ("rerun", "range_of_it", "--from", "2024-01-01", "--to", "2024-01-02", *AGAIN, "3")
    resting = subprocess.Popen(
        program.words(*again, "--every", "1h"), env=program.environment, cwd=program.folder, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert resting.stderr is not None
    # It rests for an hour now, so what is killed here is between two attempts for certain.
    assert any("2 runs failed, attempt 2 of 3 in" in line for line in resting.stderr)
    resting.kill()
    resting.wait(30)
    resting.stderr.close()
    assert tries(program, "range_of_it") == ["2", "2"]
    given_up = program.run(*again, seconds=300)
    assert given_up.code == 1, given_up.err
    assert [one["attempt"] for one in given_up.json()["attempts"]] == [2, 3]
    assert [one["attempts"] for one in given_up.json()["failed"]] == [3, 3]
    assert tries(program, "range_of_it") == ["4", "4"], "the first try and three attempts"
    assert attempts_in_the_journal(program, "range_of_it") == [(1, 2), (2, 2), (3, 2)]
    assert program.run(*again, seconds=300).json()["attempts"] == []
