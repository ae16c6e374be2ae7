"""A launch that unpauses, pauses, notes, holds on to a plan, and sees the world change under it."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import count

import pytest
from tests.cli.conftest import CommandLine
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.world import World

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.launching import Launch, Launched
from backfill_tui.domain.planning import Gravity, PlanWarning
from backfill_tui.domain.problems import Refused
from backfill_tui.domain.states import RunState
from backfill_tui.headless.agreeing import LaunchTerms
from backfill_tui.headless.launching import launch
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.session import Session
from backfill_tui.headless.voice import TerminalVoice
from backfill_tui.headless.wishes import Wish

SALES = DagId("sales_daily")
RANGE = ("--range", "2024-01-01..2024-01-03")
LAUNCH = ("launch", "sales_daily", *RANGE)


def before_each_launch(run: CommandLine, *changes: Callable[[World], object]) -> None:
    """Let the world change once the plan is agreed to, each time in another way."""
    left = list(changes)
    run.composition.prepare = lambda gateway: drifting(gateway, left)


def drifting(gateway: ScriptedGateway, left: list[Callable[[World], object]]) -> None:
    """Let the next change happen at the beginning of each launch."""
    launch = gateway.launch

    def change_and_launch(request: Launch, *more: object) -> Launched:
        if left:
            left.pop(0)(gateway.world)
        return launch(request, *more)  # type: ignore[arg-type]

    gateway.launch = change_and_launch  # type: ignore[method-assign,assignment]


def succeeds(date: str) -> Callable[[World], object]:
    return lambda world: world.add_run("sales_daily", date, RunState.SUCCESS)


def test_a_launch_unpauses_its_dag_and_says_before_what_that_releases(run: CommandLine) -> None:
    run.world.paused.add(SALES)
    run.composition.prepare = lambda gateway: setattr(gateway, "released", "93 scheduled runs")
    ended = run(*LAUNCH, "--unpause", "--yes", "--json")
    assert ended.code == 0
    said = "Note: The Dag is paused, and the launch unpauses it; unpausing it releases 93 scheduled runs"
    created = "Backfill 1 of sales_daily has 3 runs\nsales_daily is no longer paused\n"
    assert ended.talk.index(said) < ended.talk.index(created)
    assert "Airflow goes on with it: watch it with backfill-tui watch 1\n" in ended.talk
    assert ended.json["unpaused"] is True
    assert SALES not in run.world.paused


def test_unpausing_a_dag_that_is_not_paused_is_simply_nothing(run: CommandLine) -> None:
    ended = run(*LAUNCH, "--unpause", "--yes", "--json")
    assert (ended.code, ended.json["unpaused"]) == (0, False)
    assert "unpause" not in ended.talk
    assert "paused" not in ended.talk


def test_to_unpause_accepts_the_warning_about_the_pause_but_is_no_yes(run: CommandLine) -> None:
    run.world.paused.add(SALES)
    nobody = run(*LAUNCH, "--unpause")
    assert nobody.code == 4
    assert "nobody can be asked here: add --yes, or run it on a terminal" in nobody.talk
    assert SALES in run.world.paused
    off_grid = PlanWarning(code="off_grid", message="They lie off the grid", remedy="begin at 02:00")
    run.composition.prepare = lambda gateway: setattr(gateway, "more_warnings", (off_grid,))
    assert "about off_grid: add --yes, or --accept off_grid" in run(*LAUNCH, "--unpause").talk
    assert run(*LAUNCH, "--unpause", "--accept", "off_grid").code == 0


def test_a_paused_dag_is_not_waited_for(run: CommandLine) -> None:
    run.world.paused.add(SALES)
    ended = run(*LAUNCH, "--wait", "--yes")
    assert ended.code == 4
    assert (
        "error: sales_daily is paused, so no run would start and --wait would wait for ever: "
        "add --unpause, or leave out --wait\n"
    ) in ended.talk
    assert not run.world.backfills


def test_a_backfill_is_created_paused(run: CommandLine) -> None:
    engine = run.composition.engine_of = ScriptedEngine(run.world)
    ended = run(*LAUNCH, "--paused", "--yes", "--json")
    assert ended.code == 0
    assert "Nothing of it starts, it is paused: resume it with backfill-tui resume 1\n" in ended.talk
    assert "goes on with it" not in ended.talk
    assert ended.json["paused"] is True
    assert run.world.backfills[BackfillId(1)].is_paused
    assert not engine.status().running


def test_a_backfill_created_paused_on_a_paused_dag_needs_both(run: CommandLine) -> None:
    run.world.paused.add(SALES)
    talk = run(*LAUNCH, "--paused", "--yes").talk
    both = "resume 1, once the Dag is unpaused: unpause it with backfill-tui unpause-dag sales_daily\n"
    assert both in talk


def test_to_wait_for_what_is_paused_contradicts_itself(run: CommandLine) -> None:
    ended = run(*LAUNCH, "--paused", "--wait", "--yes")
    assert ended.code == 2
    assert "error: --paused and --wait contradict: a paused backfill never ends" in ended.talk
    assert run.composition.gateways == []


def test_a_note_that_airflow_can_not_keep_is_refused_before_anything_is_asked(run: CommandLine) -> None:
    ended = run(*LAUNCH, "--note", "x" * 1001, "--yes")
    assert ended.code == 2
    assert "error: --note has 1,001 characters, and Airflow keeps 1,000: make it shorter" in ended.talk
    assert run.composition.gateways == []


def test_a_note_and_a_limit_are_kept_and_the_limit_is_said_to_need_a_watcher(run: CommandLine) -> None:
    note = "late data [/red]"
    ended = run(*LAUNCH, "--note", note, "--stop-after-failures", "2", "--yes", "--json")
    assert (ended.json["note"], ended.json["stop_after_failures"]) == (note, 2)
    assert "It is paused after 2 failed runs only while it is watched\n" in ended.talk
    (entry,) = run("list", "--json").json["backfills"]
    assert (entry["note"], entry["stop_after_failures"]) == (note, 2)


def answered(world: World, answers: str, terms: LaunchTerms, *changes: Callable[[World], object]) -> str:
    """What is said on a terminal where that is answered, while the world changes under each launch."""
    gateway, said = ScriptedGateway(world), io.StringIO()
    drifting(gateway, list(changes))
    session = Session(
        gateway=gateway,
        engine=None,
        voice=TerminalVoice(said, io.StringIO(answers)),
        paper=Paper(io.StringIO(), is_terminal=False),
    )
    launch(session, Wish(dag_id="sales_daily", range_text=RANGE[1], max_active_runs=10), terms)
    return said.getvalue()


def test_on_a_terminal_the_question_is_asked_again_about_what_has_changed(world: World) -> None:
    said = answered(world, "y\ny\n", LaunchTerms(), succeeds("2024-01-02"))
    assert said.count("[y/N]") == 2
    changed = said.index("The plan has changed since it was shown: 1 date now succeeded\n")
    assert said.index("Create 3 runs? [y/N] ") < changed
    assert changed < said.index("Create 2 runs. Launch all the same? [y/N] ")
    assert len(world.backfills) == 1


def test_a_no_to_what_has_changed_creates_nothing(world: World) -> None:
    with pytest.raises(Refused, match="as you wished"):
        answered(world, "y\nn\n", LaunchTerms(), succeeds("2024-01-02"))
    assert not world.backfills


def test_the_question_says_what_else_the_launch_does(world: World) -> None:
    world.paused.add(SALES)
    said = answered(world, "y\n", LaunchTerms(unpause=True, paused=True))
    assert "Create 3 runs, paused, and unpause the Dag? [y/N] " in said


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_launch_stops_after_one_failure_or_more(run: CommandLine, number: str) -> None:
    assert run(*LAUNCH, "--stop-after-failures", number, "--yes").code == 2
    assert run.composition.gateways == []


def test_remarks_are_said_and_are_data(run: CommandLine) -> None:
    def remark(gateway: ScriptedGateway) -> None:
        launch = gateway.launch

        def launch_with_remark(request: Launch, *more: object) -> Launched:
            launched = launch(request, *more)  # type: ignore[arg-type]
            return Launched(
                backfill_id=launched.backfill_id, created=3, reprocessed=0, skipped=0,
                remarks=("The journal can not be written\x1b[31m",),
            )  # fmt: skip

        gateway.launch = launch_with_remark  # type: ignore[method-assign,assignment]

    run.composition.prepare = remark
    ended = run(*LAUNCH, "--yes", "--json")
    assert "The journal can not be written\n" in ended.talk
    assert ended.json["remarks"] == ["The journal can not be written\x1b[31m"]


def test_a_plan_that_changed_is_said_and_planned_again_and_yes_is_a_yes_to_it(run: CommandLine) -> None:
    before_each_launch(run, succeeds("2024-01-02"))
    ended = run(*LAUNCH, "--yes", "--json")
    assert ended.code == 0
    changed = "The plan has changed since it was shown: 1 date now succeeded\n"
    again = "Planning sales_daily\nsales_daily: 3 dates: 2 create, 1 skip\n"
    assert f"{changed}{again}" in ended.talk
    assert (ended.json["created"], ended.json["totals"]["create"]) == (2, 2)
    assert len(run.world.backfills) == 1


def test_an_accepted_warning_is_no_yes_to_a_plan_that_changed(run: CommandLine) -> None:
    run.world.paused.add(SALES)
    before_each_launch(run, succeeds("2024-01-02"))
    ended = run(*LAUNCH, "--accept", "dag_paused")
    assert ended.code == 4
    assert "The plan has changed since it was shown: 1 date now succeeded\n" in ended.talk
    assert "nobody can be asked here: add --yes" in ended.talk
    assert not run.world.backfills


def test_warnings_that_came_with_the_change_are_said_and_blocking_ones_refuse(run: CommandLine) -> None:
    blocked = PlanWarning(code="no_way", message="No way", remedy="wait", gravity=Gravity.BLOCKS)

    def block(world: World) -> None:
        world.add_run("sales_daily", "2024-01-01", RunState.SUCCESS)
        run.composition.gateways[-1].more_warnings = (blocked,)

    before_each_launch(run, block)
    ended = run(*LAUNCH, "--yes")
    assert ended.code == 4
    assert "This forbids a launch: No way: wait\n" in ended.talk
    assert "error: No way: wait\n" in ended.talk
    assert not run.world.backfills


def test_a_dag_that_was_paused_meanwhile_is_not_waited_for_either(run: CommandLine) -> None:
    def pause(world: World) -> None:
        world.add_run("sales_daily", "2024-01-01", RunState.SUCCESS)
        world.paused.add(SALES)

    before_each_launch(run, pause)
    ended = run(*LAUNCH, "--yes", "--wait")
    assert ended.code == 4
    assert "--wait would wait for ever" in ended.talk
    assert not run.world.backfills


def test_when_nothing_is_left_to_run_nothing_is_created(run: CommandLine) -> None:
    def do_it_all(world: World) -> None:
        for date in ("2024-01-01", "2024-01-02", "2024-01-03"):
            world.add_run("sales_daily", date, RunState.SUCCESS)

    before_each_launch(run, do_it_all)
    ended = run(*LAUNCH, "--yes", "--json")
    assert (ended.code, ended.json["backfill_id"]) == (0, None)
    assert "No run to launch, 3 dates: 3 skip\n" in ended.talk
    assert not run.world.backfills


def test_a_plan_that_never_stays_the_same_is_refused_in_the_end(run: CommandLine) -> None:
    flips = count()

    def flip(world: World) -> None:
        state = RunState.SUCCESS if next(flips) % 2 else RunState.FAILED
        world.add_run("sales_daily", "2024-01-01", state)

    before_each_launch(run, *[flip] * 9)
    ended = run(*LAUNCH, "--yes")
    assert ended.code == 4
    assert ended.talk.count("The plan has changed since it was shown") == 3
    assert "error: sales_daily keeps changing: its plan was made 4 times" in ended.talk
    assert not run.world.backfills


def fingerprint(run: CommandLine) -> str:
    return str(run("plan", "sales_daily", *RANGE, "--json").json["fingerprint"])


def test_a_plan_that_is_as_it_was_is_launched_by_its_fingerprint(run: CommandLine) -> None:
    assert run(*LAUNCH, "--if-unchanged", fingerprint(run), "--yes").code == 0
    assert len(run.world.backfills) == 1


@pytest.mark.parametrize("words", [("--yes",), ("--yes", "--json"), ("--holes", "--yes")])
def test_a_plan_that_is_no_longer_as_it_was_is_refused_with_the_differences(
    run: CommandLine, words: tuple[str, ...]
) -> None:
    planned = fingerprint(run)
    run.world.add_run("sales_daily", "2024-01-01", RunState.SUCCESS)
    run.world.add_run("sales_daily", "2024-01-02", RunState.RUNNING)
    ended = run(*LAUNCH, "--if-unchanged", planned, *words)
    assert (ended.code, ended.out) == (4, "")
    refusal = "error: Nothing was launched, because the plan is not that of --if-unchanged: "
    assert refusal in ended.talk
    if "--holes" not in words:
        assert f"{refusal}1 date now succeeded, 1 is running: look at it again with" in ended.talk
    assert not run.world.backfills


def test_a_plan_held_on_to_is_refused_also_when_it_changes_at_the_last_moment(run: CommandLine) -> None:
    planned = fingerprint(run)
    before_each_launch(run, succeeds("2024-01-02"))
    ended = run(*LAUNCH, "--if-unchanged", planned, "--yes")
    assert ended.code == 4
    assert "not that of --if-unchanged: 1 date now succeeded: look at it again" in ended.talk
    assert not run.world.backfills


def test_what_is_no_fingerprint_launches_nothing(run: CommandLine) -> None:
    ended = run(*LAUNCH, "--if-unchanged", "\x1b[31mabc", "--yes")
    assert ended.code == 4
    assert "the fingerprint is not one of this program" in ended.talk
    assert not run.world.backfills
