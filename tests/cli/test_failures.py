from __future__ import annotations

from tests.cli.conftest import CommandLine
from tests.support.world import World

from backfill_tui.domain.states import RunState

RANGE = ("--from", "2024-01-01", "--to", "2024-01-06")


def a_failed_backfill(run: CommandLine, dag_id: str = "sales_daily") -> None:
    run.world.fail(dag_id, "extract", "2024-01-02", "2024-01-04")
    run.world.fail(dag_id, "load", "2024-01-03")
    assert run("launch", dag_id, *RANGE, "--yes").code == 0
    for day in (2, 4):
        error = f"ValueError: row {day} is bad [/red]"
        run.world.add_log(f"backfill__2024-01-{day:02}T00:00:00+00:00", "extract", "INFO reading", error)
    run.world.advance_to_end()


def test_failures_are_a_table_of_groups_with_what_they_have_in_common(run: CommandLine) -> None:
    a_failed_backfill(run)
    ended = run("failures", "sales_daily")
    assert ended.code == 0
    head, *lines = ended.out.splitlines()
    assert head.split() == ["Dates", "Failed", "Task", "First", "Last", "Error"]
    assert [line.split(maxsplit=5) for line in lines] == [
        ["2", "2", "extract", "2024-01-02", "2024-01-04", "ValueError: row <number> is bad [/red]"],
        ["1", "1", "load", "2024-01-03", "2024-01-03", "failed, but its log can not be found"],
    ]
    assert "The newest backfill of sales_daily is 1" in ended.talk
    assert "3 failures in 2 groups: rerun the dates of one with" in ended.talk
    assert "rerun sales_daily --backfill 1 --date DATE" in ended.talk


def test_the_json_has_every_failure_with_its_own_error(run: CommandLine) -> None:
    a_failed_backfill(run)
    found = run("failures", "--backfill", "1", "--json").json
    assert (found["backfill_id"], found["dag_id"], found["timezone"], found["total"]) == (
        *(1, "sales_daily", "UTC"),
        3,
    )
    first, second = found["groups"]
    assert (first["task_id"], first["kind"], first["dates"]) == ("extract", "error", 2)
    assert (first["first"], first["last"]) == ("2024-01-02T00:00:00+00:00", "2024-01-04T00:00:00+00:00")
    assert [one["error"] for one in first["failures"]] == [
        "ValueError: row 2 is bad [/red]",
        "ValueError: row 4 is bad [/red]",
    ]
    assert (second["kind"], second["error"]) == ("no_log", "")
    assert second["words"] == "failed, but its log can not be found"


def test_without_a_name_it_is_the_newest_backfill_of_all(run: CommandLine) -> None:
    a_failed_backfill(run)
    assert run("launch", "new_york", "--range", "2024-01-02..2024-01-03", "--yes").code == 0
    ended = run("failures")
    assert (ended.code, ended.out) == (0, "")
    assert "The newest backfill of new_york is 2" in ended.talk
    assert "Nothing has failed in backfill 2 of new_york" in ended.talk


def test_hours_are_told_where_dates_do_not_begin_days(run: CommandLine, world: World) -> None:
    world.fail("new_york", "load", "2024-01-02")
    assert (
        run("launch", "new_york", "--from", "2024-01-01T00:00Z", "--to", "2024-01-03T00:00Z", "--yes").code
        == 0
    )
    world.advance_to_end()
    assert "2024-01-01 19:00" in run("failures", "new_york").out


def test_a_backfill_of_another_dag_is_refused_and_one_that_is_not_there_is_said(run: CommandLine) -> None:
    a_failed_backfill(run)
    other = run("failures", "new_york", "--backfill", "1")
    assert other.code == 2
    assert "Backfill 1 is of sales_daily, not of new_york" in other.talk
    gone = run("failures", "--backfill", "9")
    assert gone.code != 0
    assert "There is no backfill 9" in gone.talk
    none = run("failures", "new_york")
    assert "new_york has no backfill yet: launch one with" in none.talk
    unknown = run("failures", "sales_dayly")
    assert 'did you mean "sales_daily"?' in unknown.talk


def test_what_failed_on_a_range_of_dates_is_grouped_whatever_ran_there(
    run: CommandLine, world: World
) -> None:
    world.add_run("sales_daily", "2024-01-02", RunState.FAILED, failed="load")
    world.add_run("sales_daily", "2024-01-03", RunState.FAILED, run_type="manual", failed="load")
    world.add_run("sales_daily", "2024-02-03", RunState.FAILED, failed="load")
    ended = run("failures", "sales_daily", "--from", "2024-01", "--to", "2024-01")
    assert ended.code == 0
    assert ended.out.splitlines()[1].split()[:5] == ["2", "2", "load", "2024-01-02", "2024-01-03"]
    assert "rerun sales_daily --from 2024-01 --to 2024-01 --date DATE" in ended.talk
    found = run("failures", "sales_daily", "--from", "2024-01-03", "--json").json
    assert (found["backfill_id"], found["total"]) == (None, 2)
    assert [one["run_id"][:6] for one in found["groups"][0]["failures"]] == ["manual", "schedu"]
    none = run("failures", "sales_daily", "--from", "2024-03", "--to", "2024-03")
    assert "Nothing has failed on these dates of sales_daily" in none.talk


def test_a_range_of_no_dag_and_one_beside_a_backfill_are_refused(run: CommandLine) -> None:
    assert run("failures", "--from", "2024-01").code == 2
    both = run("failures", "sales_daily", "--from", "2024-01", "--backfill", "1")
    assert both.code == 2
    assert "--backfill and --from exclude each other" in both.talk
    assert run("failures", "nothing", "--from", "2024-01").code != 0
