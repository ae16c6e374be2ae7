from __future__ import annotations

from itertools import pairwise

from tests.cli.conftest import CommandLine, scheduler

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.states import RunState

RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")
LAUNCH = ("launch", "sales_daily", *RANGE, "--yes")


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
