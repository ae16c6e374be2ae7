from __future__ import annotations

from dataclasses import replace

import pytest
from tests.cli.conftest import CommandLine, scheduler

from backfill_tui.domain.ids import BackfillId, DagId, RunId, TaskId
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.repairing import AffectedTask, RerunOutcome, TaskInstanceKey
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.domain.watching import Membership, RunRow
from backfill_tui.headless.chosen_runs import chosen_rows
from backfill_tui.headless.rerun_talk import question

RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")
LAUNCH = ("launch", "sales_daily", *RANGE, "--yes")
RERUN = ("rerun", "sales_daily")


def failed_backfill(run: CommandLine) -> None:
    """Backfill 1, whose `load` failed on two of three dates."""
    run.world.fail("sales_daily", "load", "2024-01-01", "2024-01-02")
    run(*LAUNCH)
    run.world.advance_to_end()


def later_backfill(run: CommandLine, *failing: str) -> None:
    """Backfill 2, of February."""
    run.world.fail("sales_daily", "load", *failing)
    run("launch", "sales_daily", "--from", "2024-02-01", "--to", "2024-02-02", "--yes")
    run.world.advance_to_end()


def test_without_a_backfill_the_newest_of_the_dag_is_taken_and_named(run: CommandLine) -> None:
    failed_backfill(run)
    later_backfill(run, "2024-02-01")
    run("launch", "new_york", *RANGE, "--yes")
    ended = run(*RERUN, "--yes", "--json")
    assert ended.code == 0
    assert "The newest backfill of sales_daily is 2, 2024-02-01..2024-02-02" in ended.talk
    assert (ended.json["backfill_id"], ended.json["dag_id"]) == (2, "sales_daily")
    assert {task["run_id"][10:20] for task in ended.json["task_instances"]} == {"2024-02-01"}


def test_a_backfill_that_is_named_is_taken(run: CommandLine) -> None:
    failed_backfill(run)
    later_backfill(run, "2024-02-01")
    ended = run(*RERUN, "--backfill", "1", "--yes", "--json")
    assert ended.json["backfill_id"] == 1
    assert len(ended.json["task_instances"]) == 2
    assert "newest" not in ended.talk


@pytest.mark.parametrize("date", ["2024-01", "2024-Q1", "this year", "last 6 months"])
def test_dates_are_taken_by_any_expression_that_holds_them(run: CommandLine, date: str) -> None:
    failed_backfill(run)
    ended = run(*RERUN, "--date", date, "--yes", "--json")
    assert ended.code == 0, ended.talk
    assert {task["run_id"][10:20] for task in ended.json["task_instances"]} == {"2024-01-01", "2024-01-02"}


def test_a_backfill_of_another_dag_is_refused_with_the_name_of_its_dag(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run("rerun", "new_york", "--backfill", "1", "--yes")
    assert (ended.code, ended.out) == (2, "")
    assert (
        "error: Backfill 1 is of sales_daily, not of new_york: "
        "rerun it with backfill-tui rerun sales_daily --backfill 1"
    ) in ended.talk
    assert "rerun" not in run.composition.gateways[-1].asked


def test_what_there_is_nothing_of_is_named(run: CommandLine) -> None:
    no_backfill = run(*RERUN, "--yes")
    assert no_backfill.code == 2
    assert "error: sales_daily has no backfill yet: launch one with" in no_backfill.talk
    no_dag = run("rerun", "sales_dayly", "--yes")
    assert no_dag.code == 2
    assert 'There is no Dag "sales_dayly" in dags/: did you mean "sales_daily"?' in no_dag.talk
    assert run(*RERUN, "--backfill", "7", "--yes").code == 2
    assert run(*RERUN, "--backfill", "0", "--yes").code == 2


def test_when_nothing_failed_in_the_newest_an_older_one_with_failures_is_named(run: CommandLine) -> None:
    failed_backfill(run)
    later_backfill(run)
    ended = run(*RERUN, "--yes", "--json")
    assert (ended.code, ended.json["cleared"]) == (0, False)
    assert "Nothing of backfill 2 to run again" in ended.talk
    assert "Backfill 1 has 2 failed dates: rerun them with backfill-tui rerun sales_daily" in ended.talk
    assert "failed date" not in run(*RERUN, "--backfill", "2", "--yes").talk


@pytest.mark.parametrize(
    ("flags", "scope", "tasks"),
    [
        ((), "failed", {"load"}),
        (("--failed",), "failed", {"load"}),
        (("--downstream",), "failed_and_downstream", {"load"}),
        (("--failed", "--downstream"), "failed_and_downstream", {"load"}),
        (("--whole-run",), "whole_run", {"extract", "load"}),
    ],
)
def test_flags_say_how_much_of_each_run(
    run: CommandLine, flags: tuple[str, ...], scope: str, tasks: set[str]
) -> None:
    failed_backfill(run)
    touched = run(*RERUN, *flags, "--dry-run", "--json").json
    assert touched["scope"] == scope
    assert {task["task_id"] for task in touched["task_instances"]} == tasks


@pytest.mark.parametrize("other", ["--failed", "--downstream"])
def test_flags_that_contradict_each_other_are_refused_before_airflow_comes_up(
    run: CommandLine, other: str
) -> None:
    ended = run(*RERUN, "--whole-run", other, "--yes")
    assert ended.code == 2
    assert ended.talk == f"error: --whole-run and {other} exclude each other: leave one of them out\n"
    assert run.composition.gateways == []


def test_a_rerun_on_a_paused_dag_says_that_nothing_starts_until_it_is_unpaused(run: CommandLine) -> None:
    failed_backfill(run)
    run.world.paused.add(DagId("sales_daily"))
    ended = run(*RERUN, "--yes")
    assert ended.code == 0
    unpausing = "unpause it with backfill-tui unpause-dag sales_daily"
    assert f"Warning: The Dag is paused, so no run will start: {unpausing}\n" in ended.talk
    assert (
        f"Nothing of it starts while the Dag is paused: {unpausing}, then watch it with backfill-tui watch 1"
    ) in ended.talk


def test_a_rerun_clears_only_what_failed(run: CommandLine) -> None:
    failed_backfill(run)
    run.world.mend()
    with scheduler(run.world):
        ended = run(*RERUN, "--yes", "--wait")
    assert ended.code == 0
    assert "2 task instances in 2 runs run again, 2 stay as they are" in ended.talk
    assert "done, 2 succeeded" in ended.out


def test_a_rerun_that_fails_again_is_exit_code_1(run: CommandLine) -> None:
    failed_backfill(run)
    with scheduler(run.world):
        ended = run(*RERUN, "--yes", "--wait", "--json")
    assert ended.code == 1
    assert ended.json["outcome"]["counts"]["failed"] == 2


def test_a_dry_rerun_changes_nothing_and_lists_the_task_instances(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run(*RERUN, "--dry-run", "--whole-run", "--json")
    assert ended.code == 0
    assert ended.json["cleared"] is False
    assert ended.json["scope"] == "whole_run"
    assert len(ended.json["task_instances"]) == 4
    assert ended.json["task_instances"][0] == {
        "run_id": "backfill__2024-01-01T00:00:00+00:00",
        "task_id": "extract",
        "map_index": -1,
        "state": "success",
    }
    assert "2 of them had succeeded" in ended.talk
    assert run("--read-only", *RERUN, "--dry-run").code == 0
    assert run("list", "--json").json["backfills"][0]["status"] == "done_with_failures"


def test_a_rerun_can_be_limited_to_dates(run: CommandLine) -> None:
    failed_backfill(run)
    touched = run(*RERUN, "--date", "2024-01-02", "--yes", "--json").json
    assert {task["run_id"] for task in touched["task_instances"]} == {"backfill__2024-01-02T00:00:00+00:00"}
    assert touched["outcome"] is None


def test_dates_that_are_not_of_the_backfill_are_all_named_and_nothing_is_cleared(run: CommandLine) -> None:
    failed_backfill(run)
    days = ("2024-02-02", "2024-01-01", "2024-02-03T06:00")
    ended = run(*RERUN, *(word for day in days for word in ("--date", day)), "--yes")
    assert ended.code == 2
    assert 'Backfill 1 has no date "2024-02-02" and no "2024-02-03T06:00": a date is one of' in ended.talk
    assert "rerun" not in run.composition.gateways[-1].asked


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("yesteryear", 'error: "yesteryear" is not a date: write it like 2024-03-01'),
        ("2024-02-30", 'error: "2024-02-30" is not a date: day is out of range for month: write it like'),
    ],
)
def test_a_text_that_is_no_date_is_an_error(run: CommandLine, text: str, sentence: str) -> None:
    failed_backfill(run)
    ended = run(*RERUN, "--date", text, "--yes")
    assert ended.code == 2
    assert sentence in ended.talk


def test_a_date_that_succeeded_is_left_alone_with_a_reason(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run(*RERUN, "--date", "2024-01-03", "--yes", "--json")
    assert ended.code == 0
    assert ended.json["left_alone"] == [
        {"run_id": "backfill__2024-01-03T00:00:00+00:00", "reason": "nothing in it failed"}
    ]
    assert ended.json["cleared"] is False
    assert "Nothing of backfill 1 to run again" in ended.talk


def test_a_rerun_is_refused_without_yes_and_in_a_read_only_session(run: CommandLine) -> None:
    failed_backfill(run)
    assert run(*RERUN).code == 4
    assert run("--read-only", *RERUN, "--yes").code == 4
    assert run("list", "--json").json["backfills"][0]["status"] == "done_with_failures"


def test_a_rerun_lifts_the_pause_a_cancelled_backfill_leaves_behind(run: CommandLine) -> None:
    run(*LAUNCH)
    run.world.cancel(BackfillId(1))
    with scheduler(run.world):
        ended = run(*RERUN, "--date", "2024-01-02", "--whole-run", "--yes", "--wait", "--json")
    assert ended.code == 0
    assert ended.json["unblocked"] == [1]
    assert ended.json["outcome"]["counts"]["success"] == 1


def test_a_run_that_hangs_with_nothing_left_to_run_is_let_go_and_followed_to_its_end(
    run: CommandLine,
) -> None:
    run(*LAUNCH)
    run.world.advance_to_end()
    run.world.cancel(BackfillId(1))
    (hanging,) = (one for one in run.world.runs.values() if "2024-01-02" in one.run_id)
    hanging.state = RunState.QUEUED
    dry = run(*RERUN, "--date", "2024-01-02", "--dry-run", "--json")
    assert (dry.json["task_instances"], dry.json["let_go"]) == ([], [hanging.run_id])
    assert "1 queued run with nothing left to run let go, to come to an end" in dry.talk
    with scheduler(run.world):
        ended = run(*RERUN, "--date", "2024-01-02", "--yes", "--wait", "--json")
    assert (ended.code, ended.json["cleared"]) == (0, True)
    assert "let 1 run go" in ended.talk
    assert ended.json["outcome"]["counts"]["success"] == 1


def test_the_question_names_what_runs_again_and_what_is_let_go() -> None:
    key = TaskInstanceKey(run_id=RunId("one"), task_id=TaskId("load"))
    again = RerunOutcome(affected=(AffectedTask(key=key, state=TaskState.FAILED),))
    assert question(again) == "Run 1 task instance in 1 run again"
    assert question(RerunOutcome(let_go=(RunId("two"), RunId("three")))) == "Let 2 runs go"
    assert question(replace(again, let_go=(RunId("two"),))) == (
        "Run 1 task instance in 1 run again and let 1 run go"
    )


def test_a_run_of_a_partitioned_dag_is_named_by_its_partition(run: CommandLine) -> None:
    run(*LAUNCH)
    facts = run.world.facts(run.world.backfills[BackfillId(1)])
    one = RunRow(ordinal=1, logical_date=None, partition_key="2024-01-01|eu", membership=Membership.INCLUDED)
    skipped = replace(one, ordinal=2, partition_key="2024-01-02|eu", membership=Membership.ALREADY_EXISTS)
    assert chosen_rows(facts, [one, skipped], ("2024-01-01|eu",)) == [one]
    with pytest.raises(NotThere, match="skipped: a run already existed"):
        chosen_rows(facts, [one, skipped], ("2024-01-02|eu",))
    with pytest.raises(NotThere, match=r'no date "2024-01-03\|eu"'):
        chosen_rows(facts, [one, skipped], ("2024-01-03|eu",))
