from __future__ import annotations

import pytest
from tests.cli.conftest import CommandLine, ScriptedComposition
from tests.support.world import World, a_dag, instant

from backfill_tui.domain.instants import SECOND
from backfill_tui.domain.states import RunState


@pytest.fixture
def run() -> CommandLine:
    """A daily Dag in UTC, one in New York, one without a start date; it is 2024-06-15 12:00 UTC."""
    dags = [
        a_dag("sales_daily"),
        a_dag("new_york", timezone="America/New_York"),
        a_dag("old", start_date=None),
    ]
    return CommandLine(ScriptedComposition(World(dags)))


def bounds(run: CommandLine, *words: str) -> tuple[str, str]:
    plan = run("plan", *words, "--json").json
    return plan["from_date"], plan["to_date"]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-03", "2024-03-01T00:00:00+00:00", "2024-03-31T23:59:59.999999+00:00"),
        ("2024-Q1", "2024-01-01T00:00:00+00:00", "2024-03-31T23:59:59.999999+00:00"),
        ("last 30 days", "2024-05-16T00:00:00+00:00", "2024-06-14T23:59:59.999999+00:00"),
        ("2024-01-01..2024-02-15", "2024-01-01T00:00:00+00:00", "2024-02-15T23:59:59.999999+00:00"),
        ("since start", "2024-01-01T00:00:00+00:00", "2024-06-15T12:00:00+00:00"),
        ("since last success", "2024-03-05T00:00:00.000001+00:00", "2024-06-15T12:00:00+00:00"),
    ],
)
def test_a_range_is_one_expression(run: CommandLine, text: str, first: str, last: str) -> None:
    run.world.add_run("sales_daily", "2024-03-05", RunState.SUCCESS)
    assert bounds(run, "sales_daily", "--range", text) == (first, last)


def test_each_bound_may_be_an_expression(run: CommandLine) -> None:
    assert bounds(run, "sales_daily", "--from", "2024-Q1", "--to", "yesterday") == (
        "2024-01-01T00:00:00+00:00",
        "2024-06-14T23:59:59.999999+00:00",
    )


def test_a_range_of_a_partitioned_dag_is_read_on_the_clock_of_its_partitions(run: CommandLine) -> None:
    new_york = a_dag("by_part", partitioned=True, partition_zone="America/New_York")
    run.world.dags[new_york.summary.dag_id] = new_york
    ended = run("plan", "by_part", "--range", "2024-03", "--json")
    assert ended.json["from_date"] == "2024-03-01T05:00:00+00:00"
    assert ended.json["to_date"] == "2024-04-01T03:59:59.999999+00:00"
    assert "Range: Fri 2024-03-01 00:00 to Sun 2024-03-31 24:00 America/New_York, that is" in ended.talk


def test_an_hour_that_the_clock_says_twice_is_told_apart(run: CommandLine) -> None:
    hourly = a_dag("hourly", period=3600 * SECOND, timezone="America/New_York")
    run.world.dags[hourly.summary.dag_id] = hourly
    run.world.now = instant("2024-12-01")
    ended = run("plan", "hourly", "--range", "2024-11-03T05:00Z..2024-11-03T06:00Z")
    lines = ended.out.splitlines()
    assert [line.split("  ")[1].strip() for line in lines[1:]] == [
        "2024-11-03 01:00 EDT",
        "2024-11-03 01:00 EST",
    ]
    assert "Range: Sun 2024-11-03 01:00 EDT to Sun 2024-11-03 01:00 EST America/New_York" in ended.talk


def test_now_is_the_clock_of_airflow(run: CommandLine) -> None:
    run.world.now = instant("2021-02-03T04:05")
    assert bounds(run, "sales_daily", "--range", "today")[1] == "2021-02-03T04:05:00+00:00"


def test_the_range_is_said_back_on_the_dags_clock_and_in_utc(run: CommandLine) -> None:
    talk = run("plan", "new_york", "--range", "2024-Q1", "--json").talk
    assert (
        "Range: Mon 2024-01-01 00:00 to Sun 2024-03-31 24:00 America/New_York, "
        "that is 2024-01-01 05:00 to 2024-04-01 04:00 UTC (91 days)\n"
    ) in talk
    talk = run("plan", "sales_daily", "--range", "2024-01-05").talk
    assert "Range: Fri 2024-01-05 00:00 to Fri 2024-01-05 24:00 UTC (1 day)\n" in talk


def test_a_launch_takes_the_same_ranges(run: CommandLine) -> None:
    ended = run("launch", "sales_daily", "--range", "2024-01", "--yes", "--json")
    assert ended.json["created"] == 31
    assert "Range: Mon 2024-01-01 00:00" in ended.talk


def test_holes_are_the_missing_and_failed_dates_since_the_start_of_the_dag(run: CommandLine) -> None:
    world = run.world
    for day in range(1, 32):
        world.add_run("sales_daily", f"2024-01-{day:02}", RunState.SUCCESS)
    world.add_run("sales_daily", "2024-02-02", RunState.FAILED)
    world.now = instant("2024-02-05T12:00")
    world.add_run("sales_daily", "2024-02-04", RunState.RUNNING)
    world.add_run("sales_daily", "2024-02-05", RunState.SUCCESS)
    ended = run("plan", "sales_daily", "--holes", "--json")
    assert ended.code == 0
    plan = ended.json
    assert [each["logical_date"][:10] for each in plan["runs"]] == ["2024-02-01", "2024-02-02", "2024-02-03"]
    assert [each["verdict"] for each in plan["runs"]] == ["create", "reprocess", "create"]
    assert plan["reprocess_behavior"] == "failed"
    assert (plan["from_date"], plan["to_date"]) == (
        "2024-02-01T00:00:00+00:00",
        "2024-02-03T23:59:59.999999+00:00",
    )
    assert plan["totals"]["skip_exists"] == 0
    assert "From the first hole to the last: Thu 2024-02-01 00:00 to Sat 2024-02-03 24:00 UTC" in ended.talk


def test_holes_of_a_range_are_shown_without_the_dates_between_them(run: CommandLine) -> None:
    for day in ("2024-01-02", "2024-01-03"):
        run.world.add_run("sales_daily", day, RunState.SUCCESS)
    plan = run("plan", "sales_daily", "--holes", "--range", "2024-01-01..2024-01-04", "--json").json
    assert [each["logical_date"][:10] for each in plan["runs"]] == ["2024-01-01", "2024-01-04"]
    assert plan["totals"]["skip_exists"] == 2
    every = run("plan", "sales_daily", "--holes", "--from", "2024-01-01", "--to", "2024-01-04", "--only",
                "create,skip", "--json")  # fmt: skip
    assert len(every.json["runs"]) == 4


def test_the_planning_of_holes_is_said_once_though_it_takes_two_plans(run: CommandLine) -> None:
    run.world.add_run("sales_daily", "2024-01-01", RunState.SUCCESS)
    ended = run("plan", "sales_daily", "--holes", "--range", "2024-01-01..2024-01-04")
    assert "From the first hole to the last: Tue 2024-01-02 00:00" in ended.talk
    assert ended.talk.count("Planning sales_daily") == 1


def test_what_is_launched_of_holes_is_what_was_planned(run: CommandLine) -> None:
    run.world.add_run("sales_daily", "2024-01-02", RunState.SUCCESS)
    run.world.add_run("sales_daily", "2024-01-04", RunState.FAILED)
    run.world.add_run("sales_daily", "2024-01-05", RunState.SUCCESS)
    ended = run("launch", "sales_daily", "--holes", "--range", "2024-01-01..2024-01-05", "--yes", "--json")
    assert ended.code == 0
    assert (ended.json["created"], ended.json["reprocessed"], ended.json["skipped"]) == (2, 1, 1)
    assert ended.json["to_date"] == "2024-01-04T23:59:59.999999+00:00"


@pytest.mark.parametrize("words", [("plan",), ("plan", "--json"), ("launch", "--yes")])
def test_without_a_hole_that_is_said_and_is_no_error(run: CommandLine, words: tuple[str, ...]) -> None:
    command, *options = words
    for day in ("2024-01-01", "2024-01-02"):
        run.world.add_run("sales_daily", day, RunState.SUCCESS)
    ended = run(command, "sales_daily", "--holes", "--range", "2024-01-01..2024-01-02", *options)
    assert ended.code == 0
    assert "sales_daily has no hole: of 2 dates each has a run that succeeded" in ended.talk
    assert not run.world.backfills
    if "--json" in options:
        assert ended.json["runs"] == []
        assert ended.json["totals"]["skip_exists"] == 2


def test_a_dag_that_has_ended_has_no_holes_after_its_end() -> None:
    dags = [a_dag("ended", end_date=instant("2024-01-03"))]
    run = CommandLine(ScriptedComposition(World(dags)))
    plan = run("plan", "ended", "--holes", "--json").json
    assert [each["logical_date"][:10] for each in plan["runs"]] == ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_holes_of_a_dag_without_a_start_date_need_a_range(run: CommandLine) -> None:
    ended = run("plan", "old", "--holes")
    assert ended.code == 2
    assert ended.talk.splitlines()[-1] == (
        "error: old has no start date from which holes could be looked for: give a range with --range"
    )
    assert run("plan", "old", "--holes", "--range", "2024-01-01").code == 0
