from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from tests.cli.conftest import CommandLine, scheduler

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import Membership, RunRow
from backfill_tui.headless.repairing import chosen_rows

RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")
LAUNCH = ("launch", "sales_daily", *RANGE, "--yes")


def failed_backfill(run: CommandLine) -> None:
    run.world.fail("sales_daily", "load", "2024-01-01", "2024-01-02")
    run(*LAUNCH)
    run.world.advance_to_end()


def test_each_change_is_one_json_object_on_one_line(run: CommandLine) -> None:
    run(*LAUNCH)
    with scheduler(run.world):
        ended = run("watch", "1", "--json")
    assert ended.code == 0
    lines = ended.json_lines
    assert lines[-1]["status"] == "done"
    assert all(line != after for line, after in pairwise(lines))
    assert {tuple(line) for line in lines} == {tuple(lines[0])}


def test_without_a_number_the_newest_active_backfill_is_watched(run: CommandLine) -> None:
    run(*LAUNCH)
    run("launch", "new_york", "--from", "2024-02-01", "--to", "2024-02-03", "--yes")
    for each in list(run.world.runs.values()):
        if each.backfill_id == BackfillId(2):
            run.world.finish(each.run_id, RunState.SUCCESS)
    with scheduler(run.world):
        ended = run("watch", "--json")
    assert ended.json_lines[-1]["backfill_id"] == 1


def test_without_a_number_and_without_an_active_one_the_newest_is_shown(run: CommandLine) -> None:
    run(*LAUNCH)
    run("launch", "new_york", *RANGE, "--yes")
    run.world.advance_to_end()
    assert run("watch").out == "Backfill 2 of new_york: done, 3 succeeded\n"


def test_watching_nothing_says_how_to_launch(run: CommandLine) -> None:
    ended = run("watch")
    assert ended.code == 2
    assert "There is no backfill yet: launch one with backfill-tui launch DAG_ID" in ended.talk
    assert run("watch", "7").code == 2
    assert run("watch", "seven").code == 2


def test_a_cancelled_backfill_is_no_success(run: CommandLine) -> None:
    run(*LAUNCH)
    run.world.cancel(BackfillId(1))
    ended = run("watch", "1")
    assert ended.code == 1
    assert "cancelled, 3 never ran" in ended.out


def test_a_rerun_clears_only_what_failed(run: CommandLine) -> None:
    failed_backfill(run)
    run.world.mend()
    with scheduler(run.world):
        ended = run("rerun", "1", "--yes", "--wait")
    assert ended.code == 0
    assert "2 task instances in 2 runs run again, 2 stay as they are" in ended.talk
    assert "done, 2 succeeded" in ended.out


def test_a_rerun_that_fails_again_is_exit_code_1(run: CommandLine) -> None:
    failed_backfill(run)
    with scheduler(run.world):
        ended = run("rerun", "1", "--yes", "--wait", "--json")
    assert ended.code == 1
    assert ended.json["outcome"]["counts"]["failed"] == 2


def test_a_dry_rerun_changes_nothing_and_lists_the_task_instances(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run("rerun", "1", "--dry-run", "--scope", "whole_run", "--json")
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
    assert run("--read-only", "rerun", "1", "--dry-run").code == 0
    assert run("list", "--json").json["backfills"][0]["status"] == "done_with_failures"


def test_a_rerun_can_be_limited_to_dates(run: CommandLine) -> None:
    failed_backfill(run)
    touched = run("rerun", "1", "--date", "2024-01-02", "--yes", "--json").json
    assert {task["run_id"] for task in touched["task_instances"]} == {"backfill__2024-01-02T00:00:00+00:00"}
    assert touched["outcome"] is None


def test_a_date_that_is_not_of_the_backfill_is_an_error(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run("rerun", "1", "--date", "2024-02-02", "--yes")
    assert ended.code == 2
    assert 'Backfill 1 has no date "2024-02-02"' in ended.talk


def test_a_date_that_succeeded_is_left_alone_with_a_reason(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run("rerun", "1", "--date", "2024-01-03", "--yes", "--json")
    assert ended.code == 0
    assert ended.json["left_alone"] == [
        {"run_id": "backfill__2024-01-03T00:00:00+00:00", "reason": "nothing in it failed"}
    ]
    assert ended.json["cleared"] is False
    assert "Nothing of backfill 1 to run again" in ended.talk


def test_a_rerun_is_refused_without_yes_and_in_a_read_only_session(run: CommandLine) -> None:
    failed_backfill(run)
    assert run("rerun", "1").code == 4
    assert run("--read-only", "rerun", "1", "--yes").code == 4
    assert run("list", "--json").json["backfills"][0]["status"] == "done_with_failures"


def test_a_rerun_lifts_the_pause_a_cancelled_backfill_leaves_behind(run: CommandLine) -> None:
    run(*LAUNCH)
    run.world.cancel(BackfillId(1))
    with scheduler(run.world):
        ended = run("rerun", "1", "--date", "2024-01-02", "--yes", "--wait", "--json")
    assert ended.code == 0
    assert ended.json["unblocked"] == [1]
    assert ended.json["outcome"]["counts"]["success"] == 1


def test_a_run_of_a_partitioned_dag_is_named_by_its_partition(run: CommandLine) -> None:
    run(*LAUNCH)
    facts = run.world.facts(run.world.backfills[BackfillId(1)])
    one = RunRow(ordinal=1, logical_date=None, partition_key="2024-01-01|eu", membership=Membership.INCLUDED)
    skipped = replace(one, ordinal=2, partition_key="2024-01-02|eu", membership=Membership.ALREADY_EXISTS)
    assert chosen_rows(facts, [one, skipped], ("2024-01-01|eu",)) == [one]
    with pytest.raises(NotThere, match="skipped: a run already existed"):
        chosen_rows(facts, [one, skipped], ("2024-01-02|eu",))
