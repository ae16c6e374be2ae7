from __future__ import annotations

import pytest
from tests.cli.conftest import CommandLine
from tests.support.scripted import ScriptedEngine

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.planning import PlanWarning
from backfill_tui.domain.problems import AirflowFailed

SALES = DagId("sales_daily")


@pytest.mark.parametrize(("command", "is_paused"), [("pause-dag", True), ("unpause-dag", False)])
def test_a_dag_is_paused_and_unpaused(run: CommandLine, command: str, *, is_paused: bool) -> None:
    if not is_paused:
        run.world.paused.add(SALES)
    ended = run(command, "sales_daily", "--yes", "--json")
    assert (ended.code, ended.json) == (
        0,
        {"dag_id": "sales_daily", "is_paused": is_paused, "changed": True, "remarks": []},
    )
    assert (SALES in run.world.paused) == is_paused


@pytest.mark.parametrize(
    ("command", "is_paused", "said"), [("pause-dag", True, "already paused"), ("unpause-dag", False, "not")]
)
def test_a_dag_that_is_so_already_is_left_without_a_question(
    run: CommandLine, command: str, said: str, *, is_paused: bool
) -> None:
    if is_paused:
        run.world.paused.add(SALES)
    ended = run(command, "sales_daily", "--json")
    assert (ended.code, ended.json["changed"], ended.json["is_paused"]) == (0, False, is_paused)
    assert f"sales_daily is {said}" in ended.talk
    assert "pause_dag" not in run.composition.gateways[0].asked


@pytest.mark.parametrize("command", ["pause-dag", "unpause-dag"])
def test_without_a_terminal_and_without_a_yes_nothing_is_done(run: CommandLine, command: str) -> None:
    if command == "unpause-dag":
        run.world.paused.add(SALES)
    before = set(run.world.paused)
    ended = run(command, "sales_daily")
    assert ended.code == 4
    assert "add --yes, or run it on a terminal" in ended.talk
    assert run.world.paused == before


@pytest.mark.parametrize("command", ["pause-dag", "unpause-dag"])
def test_a_read_only_session_pauses_nothing(run: CommandLine, command: str) -> None:
    ended = run("--read-only", command, "sales_daily", "--yes")
    assert ended.code == 4
    assert "ausing a Dag is refused: this session is read-only" in ended.talk
    assert not run.world.paused


def test_a_dag_that_is_not_there_is_a_slip_of_the_keyboard(run: CommandLine) -> None:
    ended = run("pause-dag", "sales_dayly", "--yes")
    assert ended.code == 2
    assert 'did you mean "sales_daily"?' in ended.talk


def test_unpausing_starts_the_engine_for_the_runs_that_wait(run: CommandLine) -> None:
    run.composition.engine_of = engine = ScriptedEngine(run.world)
    run("launch", "sales_daily", "--range", "2024-01", "--yes")
    engine.stop()
    run.world.paused.add(SALES)
    ended = run("unpause-dag", "sales_daily", "--yes")
    assert "Queued runs of 1 active backfill will start\n" in ended.talk
    assert engine.status().running


def test_pausing_says_that_the_runs_of_a_backfill_wait_too(run: CommandLine) -> None:
    run("launch", "sales_daily", "--range", "2024-01", "--yes")
    talk = run("pause-dag", "sales_daily", "--yes").talk
    assert "No further run will start, also of 1 active backfill; what is running goes on to its end" in talk


def test_before_unpausing_what_a_scheduler_makes_up_for_is_said(run: CommandLine) -> None:
    released = "The Dag is paused, so no run will start; unpausing it releases 93 scheduled runs as well"
    warning = PlanWarning(code="dag_paused", message=released, remedy="unpause it")
    run.composition.prepare = lambda gateway: setattr(gateway, "more_warnings", (warning,))
    run.world.paused.add(SALES)
    talk = run("unpause-dag", "sales_daily").talk
    assert talk.index(f"{released}\n") < talk.index("nobody can be asked here")


def test_a_dag_that_can_not_be_planned_can_be_unpaused(run: CommandLine) -> None:
    run.composition.prepare = lambda gateway: gateway.fail("plan", AirflowFailed("It hangs"))
    run.world.paused.add(SALES)
    assert run("unpause-dag", "sales_daily", "--yes").code == 0
    assert not run.world.paused


def test_the_command_that_a_warning_names_unpauses_the_dag(run: CommandLine) -> None:
    run.world.paused.add(SALES)
    (warning,) = run("plan", "sales_daily", "--range", "2024-01", "--json").json["warnings"]
    words = warning["remedy"].partition("backfill-tui ")[2].split()
    assert run(*words, "--yes").code == 0
    assert not run.world.paused
