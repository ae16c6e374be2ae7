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
    journal = map(json.loads, program.run("journal", "--json").out.splitlines())
    begun = [one for one in journal if one["dag_id"] == "never" and one["phase"] == "begun"]
    assert [one["details"].get("attempt") for one in begun if one["deed"] == "rerun"] == [1, 2]
