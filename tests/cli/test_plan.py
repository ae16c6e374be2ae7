from __future__ import annotations

import pytest
from tests.cli.conftest import CommandLine, ScriptedComposition
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.problems import Refused
from backfill_tui.domain.states import RunState

RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")


def test_the_json_of_a_plan_is_the_documented_one(run: CommandLine) -> None:
    run.world.add_run("sales_daily", "2024-01-02", RunState.FAILED)
    ended = run("plan", "sales_daily", *RANGE, "--reprocess-behavior", "failed", "--json")
    assert ended.code == 0
    plan = ended.json
    assert list(plan) == [
        "dag_id",
        "timezone",
        "from_date",
        "to_date",
        "reprocess_behavior",
        "runs",
        "totals",
        "warnings",
    ]
    assert plan["from_date"] == "2024-01-01T00:00:00+00:00"
    assert plan["to_date"] == "2024-01-03T23:59:59.999999+00:00"
    assert plan["runs"][1] == {
        "logical_date": "2024-01-02T00:00:00+00:00",
        "data_interval_start": "2024-01-02T00:00:00+00:00",
        "data_interval_end": "2024-01-02T00:00:00+00:00",
        "run_after": "2024-01-02T00:00:00+00:00",
        "partition_key": None,
        "partition_date": None,
        "verdict": "reprocess",
        "reason": "failed, 0 of 2 tasks succeeded: all 2 run again",
        "existing_state": "failed",
    }
    assert plan["totals"] == {
        "create": 2,
        "reprocess": 1,
        "skip_exists": 0,
        "skip_in_flight": 0,
        "not_yet": 0,
    }
    assert plan["warnings"] == []


def test_a_bare_date_is_the_day_in_the_dags_own_timezone(run: CommandLine) -> None:
    plan = run("plan", "new_york", *RANGE, "--json").json
    assert plan["from_date"] == "2024-01-01T05:00:00+00:00"
    assert plan["to_date"] == "2024-01-04T04:59:59.999999+00:00"


def test_an_instant_is_taken_as_it_is(run: CommandLine) -> None:
    bounds = ("--from", "2024-01-01T00:00:00Z", "--to", "2024-01-01T12:00:00+02:00")
    plan = run("plan", "new_york", *bounds, "--json").json
    assert (plan["from_date"], plan["to_date"]) == ("2024-01-01T00:00:00+00:00", "2024-01-01T10:00:00+00:00")


def test_people_see_every_date_with_its_reason_and_the_totals(run: CommandLine) -> None:
    run.world.add_run("sales_daily", "2024-01-02", RunState.SUCCESS)
    ended = run("plan", "sales_daily", *RANGE)
    assert "2024-01-02 00:00" in ended.out
    assert "already succeeded" in ended.out
    assert "sales_daily: 3 dates: 2 create, 1 skip" in ended.talk


def test_a_plan_changes_nothing(run: CommandLine) -> None:
    run("plan", "sales_daily", *RANGE)
    assert not run.world.backfills
    assert "launch" not in run.composition.gateways[0].asked


def test_warnings_name_their_remedy_and_are_data(run: CommandLine) -> None:
    run.world.paused.add(run.world.dag_list().dags[2].dag_id)
    ended = run("plan", "sales_daily", *RANGE)
    assert ended.code == 0
    assert "Warning: The Dag is paused, so no run will start: unpause it" in ended.talk
    (warning,) = run("plan", "sales_daily", *RANGE, "--json").json["warnings"]
    assert warning == {
        "code": "dag_paused",
        "message": "The Dag is paused, so no run will start",
        "remedy": "unpause it",
        "blocks": False,
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nothing_like_it", *RANGE), 'There is no Dag "nothing_like_it" in dags/'),
        (("sales_daly", *RANGE), 'did you mean "sales_daily"?'),
        (("on_request", *RANGE), "it has no schedule"),
        (("sales_daily", "--from", "2024-01-03", "--to", "2024-01-01"), "swap --from and --to"),
        (("sales_daily", "--from", "soon", "--to", "2024-01-01"), "write it like 2024-03-01"),
        (("sales_daily", *RANGE, "--conf", "{oops"), "The conf is not JSON"),
        (("sales_daily", *RANGE, "--conf", "[" * 100_000), "The conf is not JSON"),
        (("sales_daily", *RANGE, "--conf", "[1]"), "The conf is JSON, but not an object"),
        (("sales_daily", *RANGE, "--max-active-runs", "0"), "max-active-runs"),
        (("sales_daily", *RANGE, "--reprocess-behavior", "all"), "reprocess-behavior"),
        (("sales_daily", "--from", "2024-01-01"), "Missing option '--to'"),
        (("sales_daily", *RANGE, "--jsno"), "Did you mean"),
        ((), "Missing argument"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "launch"])
def test_bad_input_is_one_sentence_and_exit_code_2(
    run: CommandLine, command: str, words: tuple[str, ...], sentence: str
) -> None:
    ended = run(command, *words)
    assert ended.code == 2
    assert ended.out == ""
    error = ended.talk.splitlines()[-1]
    assert error.startswith("error: ")
    assert sentence in error
    assert not run.world.backfills


def test_an_escape_sequence_in_an_argument_does_not_reach_the_terminal(run: CommandLine) -> None:
    ended = run("plan", "\x1b]0;owned\x07[/red]", *RANGE)
    assert ended.code == 2
    assert "\x1b" not in ended.talk
    assert "[/red]" in ended.talk


def test_a_dag_whose_file_does_not_import_is_told_with_the_cause_instead_of_a_guess() -> None:
    broken = ImportProblem(
        file="eu/sales_legacy.py",
        sentence="'schedule_interval' is now 'schedule'",
        advice="rename schedule_interval to schedule",
        traceback="Trace",
    )
    run = CommandLine(ScriptedComposition(World([a_dag("sales_legacy_2")], import_problems=[broken])))
    ended = run("plan", "sales_legacy", *RANGE)
    assert ended.code == 2
    assert (
        "error: eu/sales_legacy.py does not import: 'schedule_interval' is now 'schedule': "
        "rename schedule_interval to schedule\n"
    ) in ended.talk
    assert "did you mean" not in ended.talk


@pytest.mark.parametrize(
    ("on_the_screen", "here"),
    [
        (
            "choose Missing and Errored Runs or All Runs",
            "add --reprocess-behavior failed or completed",
        ),
        ("run them forwards", "leave out --run-backwards"),
        ("look at the list of backfills", "backfill-tui list shows them"),
    ],
)
def test_a_next_step_is_said_in_the_words_of_the_command_line(
    run: CommandLine, on_the_screen: str, here: str
) -> None:
    def refuse(gateway: ScriptedGateway) -> None:
        gateway.fail("plan", Refused("Not like this", remedy=on_the_screen))

    run.composition.prepare = refuse
    assert run("plan", "sales_daily", *RANGE).talk.splitlines()[-1] == f"error: Not like this: {here}"
