from __future__ import annotations

from tests.cli.conftest import CommandLine, ScriptedComposition
from tests.support.world import World, a_dag

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.states import RunState

RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")


def test_dags_are_listed_as_a_plain_table_in_a_pipe(run: CommandLine) -> None:
    ended = run("dags")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].split() == ["Dag", "Schedule", "Last", "runs", "Backfill", "Tasks"]
    assert [line.split()[0] for line in lines[1:]] == ["new_york", "on_request", "sales_daily"]
    assert not any(line != line.rstrip() for line in lines)
    assert "\x1b" not in ended.out


def test_coming_up_is_told_on_stderr_step_by_step(run: CommandLine) -> None:
    ended = run("dags", "--json")
    steps = ["Starting Airflow", "Importing Airflow", "Checking the database", "Parsing Dag files (0 of 1)"]
    assert ended.talk.splitlines()[:4] == steps
    assert [dag["dag_id"] for dag in ended.json["dags"]] == ["new_york", "on_request", "sales_daily"]


def test_a_file_that_does_not_import_is_told_beside_the_table_and_is_data_in_json() -> None:
    broken = ImportProblem(
        file="legacy.py", sentence="'schedule_interval' is gone", advice="write schedule", traceback="Trace"
    )
    run = CommandLine(ScriptedComposition(World([a_dag("sales")], import_problems=[broken])))
    ended = run("dags")
    assert ended.code == 0
    assert "legacy.py does not import: 'schedule_interval' is gone: write schedule" in ended.talk
    assert "legacy.py" not in ended.out
    assert run("dags", "--json").json["import_problems"] == [
        {
            "file": "legacy.py",
            "sentence": "'schedule_interval' is gone",
            "advice": "write schedule",
            "traceback": "Trace",
            "bundle": "",
        }
    ]


def test_a_dag_id_from_outside_is_shown_literally_and_harmlessly() -> None:
    name = "[/red]\x1b[31mred\x1b]0;title\x07 ソ"
    run = CommandLine(ScriptedComposition(World([a_dag(name)])))
    ended = run("dags")
    assert "[/red]red ソ" in ended.out
    assert "\x1b" not in ended.out
    in_json = run("dags", "--json")
    assert in_json.json["dags"][0]["dag_id"] == name
    assert in_json.out.isascii()
    assert "\x1b" not in in_json.out


def test_backfills_are_listed_newest_first_with_their_true_status(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    run.world.advance_to_end()
    run.world.fail("new_york", "load", "2024-01-02")
    run("launch", "new_york", "--from", "2024-01-01T00:00Z", "--to", "2024-01-03T00:00Z", "--yes")
    run.world.advance_to_end()
    entries = run("list", "--json").json["backfills"]
    assert [(entry["backfill_id"], entry["status"]) for entry in entries] == [
        (2, "done_with_failures"),
        (1, "done"),
    ]
    assert entries[0]["counts"]["failed"] == 1
    table = run("list").out.splitlines()
    assert "2023-12-31..2024-01-02" in table[1]
    assert "done with failures: 2 succeeded, 1 failed" in table[1]
    assert "3/3" in table[2]


def test_the_list_says_who_made_a_backfill_when_and_how_long_it_took(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    run.world.advance(2)
    head, under_way = run("list").out.splitlines()
    assert head.split() == ["Backfill", "Dag", "Range", "Status", "Runs", "Who", "When", "(UTC)", "Took"]
    assert under_way.endswith("you  2024-06-15 12:00  2 s so far")
    (entry,) = run("list", "--json").json["backfills"]
    assert (entry["ended_at"], entry["duration_seconds"]) == (None, 2.0)
    assert entry["deeds"] == ["pause", "cancel", "cancel_running"]
    run.world.advance_to_end()
    assert run("list").out.splitlines()[1].endswith("you  2024-06-15 12:00  5 s")
    run.world.advance(100)
    (entry,) = run("list", "--json").json["backfills"]
    assert (entry["ended_at"], entry["duration_seconds"]) == ("2024-06-15T12:00:05+00:00", 5.0)
    assert entry["deeds"] == []


def test_how_long_a_backfill_took_none_of_whose_runs_began_is_not_known(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    run("cancel", "1", "--yes")
    assert run("list").out.splitlines()[1].endswith("you  2024-06-15 12:00")
    (entry,) = run("list", "--json").json["backfills"]
    assert (entry["status"], entry["ended_at"], entry["duration_seconds"]) == ("cancelled", None, None)


def test_several_active_backfills_of_one_dag_are_said_as_such(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    # For Airflow it is complete, so that it accepts another one.
    run.world.backfills[BackfillId(1)].completed_at = run.world.now
    run("launch", "sales_daily", "--range", "2024-02-01..2024-02-03", "--yes")
    run("launch", "new_york", *RANGE, "--yes")
    for words in (("list",), ("list", "sales_daily", "--json")):
        told = run(*words)
        said = "sales_daily has 2 active backfills (2, 1): Airflow means there to be one at a time"
        assert told.talk.count(said) == 1
        assert "new_york has" not in told.talk
    entries = run("list", "--json").json["backfills"]
    assert [entry["active_of_this_dag"] for entry in entries] == [[3], [2, 1], [2, 1]]


def test_the_dag_of_a_list_can_be_named_by_an_option(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    run("launch", "new_york", *RANGE, "--yes")
    by_option = run("list", "--dag", "sales_daily", "--json")
    assert by_option.json == run("list", "sales_daily", "--json").json
    assert [entry["dag_id"] for entry in by_option.json["backfills"]] == ["sales_daily"]
    assert run("list", "new_york", "--dag", "sales_daily").code == 2


def test_backfills_of_one_dag_are_listed_alone(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    run("launch", "new_york", *RANGE, "--yes")
    entries = run("list", "sales_daily", "--json").json["backfills"]
    assert [entry["dag_id"] for entry in entries] == ["sales_daily"]


def test_a_dag_without_backfills_has_an_empty_list_and_an_unknown_one_is_an_error(run: CommandLine) -> None:
    assert run("list", "sales_daily", "--json").json == {"backfills": []}
    ended = run("list", "sales_dayly")
    assert ended.code == 2
    assert 'error: There is no Dag "sales_dayly" in dags/: did you mean "sales_daily"?' in ended.talk


def test_the_last_runs_say_how_many_failed(run: CommandLine) -> None:
    run.world.add_run("sales_daily", "2024-01-01", RunState.SUCCESS)
    run.world.add_run("sales_daily", "2024-01-02", RunState.FAILED)
    line = next(line for line in run("dags").out.splitlines() if line.startswith("sales_daily"))
    assert "1 of 2 failed" in line


def test_a_bridge_that_can_not_be_reached_is_exit_code_3(run: CommandLine) -> None:
    gone = Unreachable("The bridge to Airflow ended", remedy="restart it", detail="Traceback: \x1b[31mboom")
    run.composition.prepare = lambda gateway: gateway.fail("open", gone)
    ended = run("dags", "--json")
    assert ended.code == 3
    assert ended.out == ""
    assert ended.talk.splitlines()[-2:] == [
        "error: The bridge to Airflow ended: restart it",
        "(--verbose shows the details)",
    ]
    assert "boom" not in ended.talk


def test_the_detail_of_a_problem_is_shown_when_asked_for(run: CommandLine) -> None:
    gone = Unreachable("The bridge to Airflow ended", detail="Traceback: \x1b[31mboom")
    run.composition.prepare = lambda gateway: gateway.fail("open", gone)
    assert "Traceback: boom" in run("--verbose", "dags").talk


def test_a_folder_without_dags_is_said_so() -> None:
    run = CommandLine(ScriptedComposition(World()))
    ended = run("dags")
    assert (ended.code, ended.out) == (0, "")
    assert ended.talk.splitlines()[-1] == "There is no Dag in dags/"
    assert run("dags", "--json").json["dags"] == []
