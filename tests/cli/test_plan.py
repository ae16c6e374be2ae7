from __future__ import annotations

import pytest
from tests.cli.conftest import CommandLine, ScriptedComposition
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.domain.dags import ImportProblem
from backfill_tui.domain.estimates import Limits, durations_of, estimate
from backfill_tui.domain.instants import SECOND, Microseconds
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
        "max_active_runs",
        "run_backwards",
        "run_on_latest_version",
        "conf",
        "planned_at",
        "dag_start",
        "dag_end",
        "partition_zone",
        "estimate",
        "commands",
        "blocked",
        "fingerprint",
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
        "existing": {
            "state": "failed",
            "run_type": "scheduled",
            "triggering_user": None,
            "backfill_id": None,
            "backfill_cancelled": False,
            "task_counts": {"failed": 1, "upstream_failed": 1},
        },
        "ordinal": 2,
    }
    assert plan["runs"][0]["existing"] is None
    assert plan["totals"] == {
        "create": 2,
        "reprocess": 1,
        "skip_exists": 0,
        "skip_in_flight": 0,
        "not_yet": 0,
    }
    assert plan["warnings"] == []
    assert plan["planned_at"] == "2024-06-15T12:00:00+00:00"
    assert (plan["dag_start"], plan["dag_end"]) == ("2024-01-01T00:00:00+00:00", None)
    assert (plan["max_active_runs"], plan["run_backwards"], plan["run_on_latest_version"]) == (
        10,
        False,
        True,
    )
    assert (plan["conf"], plan["partition_zone"], plan["estimate"], plan["blocked"]) == (
        None,
        None,
        None,
        False,
    )


def test_the_json_of_a_plan_says_what_else_was_asked_for(run: CommandLine) -> None:
    options = ("--max-active-runs", "3", "--run-backwards", "--original-version", "--conf", '{"a": [1, "é"]}')
    plan = run("plan", "sales_daily", *RANGE, *options, "--json").json
    assert (plan["max_active_runs"], plan["run_backwards"], plan["run_on_latest_version"]) == (3, True, False)
    assert plan["conf"] == {"a": [1, "é"]}
    assert [planned["logical_date"][:10] for planned in plan["runs"]] == [
        "2024-01-03",
        "2024-01-02",
        "2024-01-01",
    ]
    assert [planned["ordinal"] for planned in plan["runs"]] == [1, 2, 3]


def test_the_json_of_a_plan_has_its_estimate_in_seconds(run: CommandLine) -> None:
    def estimated(gateway: ScriptedGateway) -> None:
        gateway.estimate = estimate(
            creates=3,
            reprocesses=0,
            tasks_per_run=2,
            max_active_runs=1,
            durations=durations_of([Microseconds(60 * SECOND)]),
            limits=Limits(examined=20),
            database="sqlite",
            round_trip=Microseconds(0),
        )

    run.composition.prepare = estimated
    found = run("plan", "sales_daily", *RANGE, "--json").json["estimate"]
    assert list(found) == ["runs", "creation", "durations", "at", "useful_max_active_runs", "stuck_in_pool"]
    assert found["durations"] == {"median": 60.0, "p90": 60.0, "samples": 1}
    assert 0 < found["creation"]["low"] < found["creation"]["high"] < 2
    assert [pace["max_active_runs"] for pace in found["at"]] == [1, 2, 4]
    assert 0 < found["at"][0]["low"] <= 180 <= found["at"][0]["high"]
    assert "Estimate: " in run("plan", "sales_daily", *RANGE).talk


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
    unpausing = "unpause it with backfill-tui unpause-dag sales_daily"
    assert f"Warning: The Dag is paused, so no run will start: {unpausing}\n" in ended.talk
    (warning,) = run("plan", "sales_daily", *RANGE, "--json").json["warnings"]
    assert warning == {
        "code": "dag_paused",
        "message": "The Dag is paused, so no run will start",
        "remedy": unpausing,
        "blocks": False,
        "gravity": "asks",
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nothing_like_it", *RANGE), 'There is no Dag "nothing_like_it" in dags/'),
        (("sales_daly", *RANGE), 'did you mean "sales_daily"?'),
        (("on_request", *RANGE), "it has no schedule"),
        (("sales_daily", "--from", "2024-01-03", "--to", "2024-01-01"), "swap --from and --to"),
        (("sales_daily", "--from", "soon", "--to", "2024-01-01"), "write it like 2024-03-01"),
        (("sales_daily", *RANGE, "--conf", "{oops"), "The conf is not JSON: line 1 column 2: "),
        (("sales_daily", *RANGE, "--conf", "[" * 100_000), "The conf is not JSON"),
        (("sales_daily", *RANGE, "--conf", "[1]"), "The conf is JSON, but not an object"),
        (("sales_daily", *RANGE, "--max-active-runs", "0"), "max-active-runs"),
        (("sales_daily", *RANGE, "--reprocess-behavior", "all"), "reprocess-behavior"),
        (("sales_daily", *RANGE, "--conf", '{"a": 1, b}'), "The conf is not JSON: line 1 column 10: "),
        (("sales_daily", *RANGE, "--conf", '{"a": NaN}'), "The conf is not JSON: NaN is not a number"),
        (("sales_daily", *RANGE, "--conf", '{"a": 1e999}'), "1e999 is too large a number"),
        (("sales_daily", "--from", "2024-01-01"), "Missing option '--to'"),
        (("sales_daily", "--to", "2024-01-01"), "Missing option '--from'"),
        (("sales_daily",), "Missing option '--range'"),
        (("sales_daily", *RANGE, "--range", "2024"), "--range and --from exclude each other"),
        (("sales_daily", "--range", "soon"), '"soon" is not a range of dates'),
        (("sales_daily", "--range", ""), "'--range': it is empty"),
        (("sales_daily", "--range", "2024-02..2024-01"), "or the sides of --range"),
        (("sales_daily", "--range", "since last success"), "this Dag has never succeeded"),
        (("sales_daily", "--from", "2024-01..2024-02", "--to", "2024-03"), "give it as --range instead"),
        (("sales_daily", "--from", "2024-01", "--to", " "), "'--to': it is empty"),
        (("sales_daily", "--holes", "--reprocess-behavior", "none"), "contradicts --reprocess-behavior none"),
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
        (
            "begin the range at 2024-01-01 00:00 America/New_York to leave them out",
            "begin the range with --from 2024-01-01T00:00 to leave them out",
        ),
        (
            "launch it in parts: end the first at 2024-05-01 04:00:30 UTC",
            "launch it in parts: end the first with --to 2024-05-01T04:00:30",
        ),
        (
            "rerun what failed in that run first, or begin the range at 2024-01-01 00:00 +05:30",
            "rerun what failed in that run first, or begin the range with --from 2024-01-01T00:00",
        ),
        # The clock says it twice that night.
        (
            "begin the range at 2024-11-03 01:00 EDT America/New_York to leave them out",
            "begin the range with --from 2024-11-03T01:00:00-04:00 to leave them out",
        ),
        (
            "end the range at 2024-04-07 01:45:30 +10:30 Australia/Lord_Howe",
            "end the range with --to 2024-04-07T01:45:30+10:30",
        ),
        ("end the range at 2024-03-31 24:00 UTC, or wait", "end the range with --to 2024-03-31, or wait"),
        (
            "watch it, and launch when it is done",
            "watch it with backfill-tui watch, and launch when it is done",
        ),
        ("end the range now to leave them out", "end the range with --to now to leave them out"),
        (
            "give 20, or raise [scheduler] max_dagruns_per_loop_to_schedule",
            "give --max-active-runs 20, or raise [scheduler] max_dagruns_per_loop_to_schedule",
        ),
    ],
)
def test_a_next_step_is_said_in_the_words_of_the_command_line(
    run: CommandLine, on_the_screen: str, here: str
) -> None:
    def refuse(gateway: ScriptedGateway) -> None:
        gateway.fail("plan", Refused("Not like this", remedy=on_the_screen))

    run.composition.prepare = refuse
    assert run("plan", "sales_daily", *RANGE).talk.splitlines()[-1] == f"error: Not like this: {here}"
