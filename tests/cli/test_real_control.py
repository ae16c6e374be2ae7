"""The commands on a backfill as processes of their own, with the real engine and runs that are under way."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

import pytest
from tests.support.program import Finished, Program, program_on, wait_until

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.xdist_group("cli-real-control"),
    pytest.mark.timeout(600),
]

DAGS = {
    "held.py": """
        import time
        from datetime import datetime, timezone
        from pathlib import Path
        from airflow.sdk import dag, task

        @dag(schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), catchup=False)
        def held():
            @task
            def hold():
                while not Path(__file__).with_suffix(".open").exists():
                    time.sleep(0.1)

            @task
            def after():
                pass

            hold() >> after()

        held()
    """,
    "breaks.py": """
        from datetime import datetime, timezone
        from airflow.sdk import dag, task

        @dag(schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), catchup=False)
        def breaks():
            @task
            def fail():
                raise ValueError("no")

            fail()

        breaks()
    """,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("real-control")
    with program_on(folder) as made:
        for name, text in DAGS.items():
            (made.dags_folder / name).write_text(dedent(text))
        yield made


def done(ended: Finished, code: int = 0) -> Finished:
    assert ended.code == code, ended.err
    return ended


def test_a_backfill_under_way_is_paused_resumed_and_cancelled_with_what_is_running(program: Program) -> None:
    words = ("--range", "2024-01-01..2024-01-03", "--max-active-runs", "1", "--note", "late data", "--yes")
    launched = done(program.run("launch", "held", *words, "--stop-after-failures", "5", "--json")).json()
    number = str(launched["backfill_id"])
    wait_until(
        lambda: (1, "running") in program.tries("held").values(), "a task instance was running", seconds=120
    )

    paused = done(program.run("pause", number, "--yes", "--json"))
    assert paused.json()["left_running"] == 1
    assert "1 running run goes on to its end: pausing stops nothing\n" in paused.err
    again = done(program.run("pause", number, "--json"))
    assert again.json()["changed"] is False
    (entry,) = done(program.run("list", "held", "--json")).json()["backfills"]
    assert (entry["status"], entry["note"], entry["stop_after_failures"]) == ("paused", "late data", 5)
    assert entry["deeds"] == ["resume", "cancel", "cancel_running"]
    assert entry["active_of_this_dag"] == [launched["backfill_id"]]

    resumed = done(program.run("resume", number, "--yes", "--json"))
    assert resumed.json()["starting"] == 2
    cancelled = done(program.run("cancel", number, "--running", "--yes", "--json"))
    touched = cancelled.json()
    assert (touched["stopped_queued"], touched["stopped_running"]) == (2, 1)
    assert (touched["ended_tasks"], touched["skipped_tasks"]) == (1, 1)
    ends = "which ends 1 task instance that is under way; 1 task instance never starts"
    assert f"1 running run is marked failed, {ends}\n" in cancelled.err

    watched = done(program.run("watch", number, "--json"), 1)
    assert '"status": "cancelled"' in watched.out.splitlines()[-1]
    refused = done(program.run("resume", number, "--yes"), 4)
    assert f"Backfill {number} is at its end" in refused.err
    told = done(program.run("journal", "--backfill", number)).out.splitlines()[1:]
    assert [line.split("  ")[2].strip() for line in told] == ["launch", "pause", "resume", "cancel running"]
    assert all("done" in line for line in told)
    assert "3 runs: 2 queued, 1 running" in told[-1]


def test_a_backfill_that_is_waited_for_stops_after_failures(program: Program) -> None:
    words = ("--range", "2024-01-01..2024-01-20", "--max-active-runs", "1", "--stop-after-failures", "2")
    ended = done(program.run("launch", "breaks", *words, "--wait", "--yes", "--json", seconds=300), 1)
    launched = ended.json()
    number = str(launched["backfill_id"])
    outcome = launched["outcome"]
    assert (outcome["status"], outcome["stopped_after_failures"]) == ("paused", True)
    assert outcome["counts"]["running"] == 0
    assert outcome["counts"]["failed"] >= 2
    assert outcome["counts"]["queued"] > 0
    assert "runs have failed, the backfill is paused: resume it with backfill-tui " in ended.err
    reasons = done(program.run("journal", "--backfill", number)).out.splitlines()
    assert "runs have failed" in reasons[-1]
    done(program.run("cancel", number, "--yes"))


def test_a_launch_unpauses_its_dag_holds_on_to_its_plan_and_may_start_paused(program: Program) -> None:
    february = ("--range", "2024-02-01..2024-02-03")
    planned = done(program.run("plan", "held", *february, "--json")).json()["fingerprint"]
    done(program.run("pause-dag", "held", "--yes"))
    endless = done(program.run("launch", "held", *february, "--wait", "--yes"), 4)
    assert "--wait would wait for ever: add --unpause, or leave out --wait" in endless.err

    held = ("--unpause", "--paused", "--if-unchanged", planned, "--yes", "--json")
    launched = done(program.run("launch", "held", *february, *held)).json()
    assert (launched["unpaused"], launched["paused"], launched["created"]) == (True, True, 3)
    number = str(launched["backfill_id"])
    (dag,) = (dag for dag in done(program.run("dags", "--json")).json()["dags"] if dag["dag_id"] == "held")
    assert dag["is_paused"] is False
    cancelled = done(program.run("cancel", number, "--yes", "--json")).json()
    assert (cancelled["stopped_queued"], cancelled["left_running"]) == (3, 0)

    changed = done(program.run("launch", "held", *february, "--if-unchanged", planned, "--yes"), 4)
    assert "the plan is not that of --if-unchanged: 3 dates now failed" in changed.err


def test_what_can_not_be_done_is_refused_with_a_next_step(program: Program) -> None:
    gone = program.run("pause", "99", "--yes")
    assert gone.code == 2
    assert "error: There is no backfill 99: " in gone.err
    other = program.run("journal", "--dag", "nowhere")
    assert (other.code, other.out) == (0, "")
