"""From a failed backfill to a good one on the real engine: what runs again is what was chosen.

Every task instance is compared before and after: one that ran again has another try, or began anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any, TypeAlias

import pytest
from tests.support.program import Finished, Program, program_on, wait_until

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.terminal,
    pytest.mark.xdist_group("repair"),
    pytest.mark.timeout(900),
]

Key: TypeAlias = tuple[str, str, int]
"""Day, task and map index of a task instance."""

Picture: TypeAlias = dict[Key, tuple[int, str | None, str | None]]
"""Try number, state and start of each."""

_DAGS = """
import time
from datetime import datetime, timezone
from pathlib import Path
from airflow.sdk import dag, task

HERE = Path(__file__).parent
SINCE = dict(schedule="@daily", start_date=datetime(2023, 1, 1, tzinfo=timezone.utc), catchup=False)

def mended(cause):
    return (HERE / f"{cause}.mended").exists()

@dag(**SINCE)
def three_causes():
    @task
    def extract(logical_date=None):
        if logical_date.month == 1 and logical_date.day in (7, 17, 27) and not mended("file"):
            open(HERE / f"input-{logical_date:%Y-%m-%d}.csv")

    @task
    def load(logical_date=None):
        if logical_date.month == 2 and logical_date.day in (2, 4, 6, 8, 10) and not mended("sku"):
            {"price": 3}["sku"]
        if logical_date.month == 2 and logical_date.day == 20 and not mended("row"):
            raise ValueError(f"row {logical_date.day} is bad")

    extract() >> load()

@dag(**SINCE)
def mapped_parts():
    @task
    def parts():
        return [0, 1, 2]

    @task
    def part(number, logical_date=None):
        if number == 1 and logical_date.day != 2 and not mended("part"):
            raise ValueError(f"part {number} of {logical_date:%Y-%m-%d} is broken")

    @task
    def total(done):
        pass

    total(part.expand(number=parts()))

@dag(**SINCE)
def two_ways():
    @task.branch
    def which(logical_date=None):
        return "odd" if logical_date.day % 2 else "even"

    @task
    def odd():
        if not mended("odd"):
            raise KeyError("odd")

    @task
    def even():
        pass

    @task(trigger_rule="none_failed_min_one_success")
    def close():
        pass

    which() >> [odd(), even()] >> close()

@dag(**SINCE)
def held_up():
    @task
    def step(logical_date=None):
        if logical_date.day == 1 and not mended("step"):
            raise KeyError("step")
        while logical_date.day > 1 and not mended("gate"):
            time.sleep(0.1)

    step()

for build in (three_causes, mapped_parts, two_ways, held_up):
    build()
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with program_on(tmp_path_factory.mktemp("repair")) as found:
        (found.dags_folder / "repaired.py").write_text(_DAGS, encoding="utf-8")
        yield found


def mend(program: Program, cause: str) -> None:
    (program.dags_folder / f"{cause}.mended").touch()


def picture(program: Program, dag_id: str) -> Picture:
    with closing(sqlite3.connect(program.home / "airflow.db", timeout=30)) as database:
        rows = database.execute(
            "SELECT substr(r.logical_date, 1, 10), t.task_id, t.map_index, t.try_number, t.state,"
            " t.start_date FROM task_instance t"
            " JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id"
            " WHERE t.dag_id = ?",
            (dag_id,),
        ).fetchall()
    return {(day, task, index): (tries, state, begun) for day, task, index, tries, state, begun in rows}


def ran_again(before: Picture, after: Picture) -> set[Key]:
    assert before.keys() == after.keys()
    return {key for key in before if before[key] != after[key]}


def launched(program: Program, dag_id: str, dates: str, *more: str) -> Finished:
    return program.run("launch", dag_id, "--range", dates, "--yes", *more, seconds=400)


def groups_of(program: Program, dag_id: str) -> list[dict[str, Any]]:
    done = program.run("failures", dag_id, "--json")
    assert done.code == 0, done.err
    groups: list[dict[str, Any]] = done.json()["groups"]
    return groups


def dates_of(group: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(one["logical_date"] for one in group["failures"]))


def rerun(program: Program, dag_id: str, group: dict[str, Any]) -> Finished:
    dates = [word for date in dates_of(group) for word in ("--date", date)]
    return program.run("rerun", dag_id, *dates, "--yes", "--wait", "--json", seconds=400)


def test_one_of_three_causes_is_mended_and_rerun_with_keys_only(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("4 Dags", seconds=120)
        terminal.press("/")
        terminal.wait_for("f1 help")
        terminal.press("three_causes")
        terminal.wait_for("1 of 4 shown")
        terminal.press("enter")
        terminal.wait_until_gone("f1 help")
        terminal.press("enter")
        terminal.wait_for("Plan  three_causes", "From")
        terminal.press("2024-01-01", "tab", "2024-02-29")
        terminal.wait_for("60 dates   + 60 create")
        terminal.press("f5")
        terminal.wait_for("Launch a backfill of")
        terminal.press("enter")
        terminal.wait_for("Watch  three_causes")
        terminal.wait_for("DONE: 51 succeeded, 9 failed", seconds=400)
        before = picture(program, "three_causes")
        terminal.press("e")
        terminal.wait_for("9 failures in 3 groups", "FileNotFoundError", "ValueError: row 20")
        terminal.wait_for("5 dates: 2024-02-02 to 2024-02-10")
        terminal.press("enter")
        terminal.wait_for("1 of 5 failures", "load  2024-02-02", "KeyError: 'sku'")
        terminal.press("escape")
        terminal.wait_until_gone("1 of 5 failures")
        terminal.press("space")
        terminal.wait_for("5 of them marked")
        terminal.press("escape")
        terminal.wait_until_gone("Failures: ")
        terminal.wait_for("● 5 dates marked")
        mend(program, "sku")
        terminal.press("r")
        terminal.wait_for("Rerun 5 dates", "failed tasks only", "5 task instances")
        terminal.press("enter")
        terminal.wait_for("DONE: 56 succeeded, 4 failed", seconds=200)
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    after = picture(program, "three_causes")
    chosen = {(f"2024-02-{day:02}", "load", -1) for day in (2, 4, 6, 8, 10)}
    assert ran_again(before, after) == chosen
    assert {after[key][:2] for key in chosen} == {(2, "success")}


def test_the_other_causes_are_mended_one_by_one_without_a_screen(program: Program) -> None:
    file, row = groups_of(program, "three_causes")
    assert (file["task_id"], file["dates"], file["error"]) == (
        "extract",
        3,
        "FileNotFoundError: [Errno 2] No such file or directory: '<path>'",
    )
    assert (row["task_id"], row["dates"], row["error"]) == ("load", 1, "ValueError: row 20 is bad")
    before = picture(program, "three_causes")
    mend(program, "file")
    assert rerun(program, "three_causes", file).code == 0
    after = picture(program, "three_causes")
    days = [f"2024-01-{day:02}" for day in (7, 17, 27)]
    assert ran_again(before, after) == {(day, task, -1) for day in days for task in ("extract", "load")}
    assert {after[day, "extract", -1][:2] for day in days} == {(2, "success")}
    assert {after[day, "load", -1][:2] for day in days} == {(1, "success")}
    assert groups_of(program, "three_causes") == [row]


def test_of_a_mapped_task_only_the_map_indexes_that_failed_run_again(program: Program) -> None:
    assert launched(program, "mapped_parts", "2024-03-01..2024-03-03", "--wait").code == 1
    (group,) = groups_of(program, "mapped_parts")
    assert (group["task_id"], group["error"]) == ("part", "ValueError: part 1 of <date> is broken")
    assert [one["map_index"] for one in group["failures"]] == [1, 1]
    before = picture(program, "mapped_parts")
    mend(program, "part")
    assert rerun(program, "mapped_parts", group).code == 0
    after = picture(program, "mapped_parts")
    days = ("2024-03-01", "2024-03-03")
    assert ran_again(before, after) == {key for day in days for key in ((day, "part", 1), (day, "total", -1))}
    assert {after[day, "part", 1][:2] for day in days} == {(2, "success")}
    assert {state for _, state, _ in after.values()} == {"success"}


def test_what_a_branch_skipped_stays_skipped(program: Program) -> None:
    assert launched(program, "two_ways", "2024-03-01..2024-03-03", "--wait").code == 1
    (group,) = groups_of(program, "two_ways")
    assert (group["task_id"], group["dates"], group["error"]) == ("odd", 2, "KeyError: 'odd'")
    before = picture(program, "two_ways")
    mend(program, "odd")
    assert rerun(program, "two_ways", group).code == 0
    after = picture(program, "two_ways")
    days = ("2024-03-01", "2024-03-03")
    assert ran_again(before, after) == {(day, task, -1) for day in days for task in ("odd", "close")}
    skipped = {key for key, (_, state, _) in after.items() if state == "skipped"}
    assert skipped == {("2024-03-02", "odd", -1), *((day, "even", -1) for day in days)}


def test_of_a_cancelled_backfill_the_failed_date_runs_again_and_what_never_started_does_not(
    program: Program,
) -> None:
    made = launched(program, "held_up", "2024-03-01..2024-03-05", "--max-active-runs", "1", "--json")
    assert made.code == 0, made.err
    number = str(made.json()["backfill_id"])

    def counts() -> dict[str, int]:
        (found,) = program.run("list", "held_up", "--json").json()["backfills"]
        counted: dict[str, int] = found["counts"]
        return {name: many for name, many in counted.items() if many}

    wait_until(lambda: counts() == {"failed": 1, "running": 1, "queued": 3}, "the first date had failed", 120)
    assert program.run("cancel", number, "--yes").code == 0
    mend(program, "gate")
    ended = {"failed": 1, "success": 1, "cancelled": 3}
    wait_until(lambda: counts() == ended, "the second date had ended", 120)
    (group,) = groups_of(program, "held_up")
    assert dates_of(group) == ["2024-03-01T00:00:00+00:00"]
    before = picture(program, "held_up")
    mend(program, "step")
    done = rerun(program, "held_up", group)
    assert done.code == 0, done.err
    assert done.json()["unblocked"] == [int(number)]
    after = picture(program, "held_up")
    assert ran_again(before, after) == {("2024-03-01", "step", -1)}
    assert after["2024-03-01", "step", -1][:2] == (2, "success")
    assert counts() == {"success": 2, "cancelled": 3}
