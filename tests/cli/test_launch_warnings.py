from __future__ import annotations

import io

import pytest
from tests.cli.conftest import CommandLine
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.world import World

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.planning import Gravity, PlanWarning
from backfill_tui.domain.problems import Refused
from backfill_tui.headless.agreeing import LaunchTerms
from backfill_tui.headless.launching import launch
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.session import Session
from backfill_tui.headless.voice import TerminalVoice
from backfill_tui.headless.wishes import Wish

LAUNCH = ("launch", "sales_daily", "--range", "2024-01-01..2024-01-03")
ASKS = PlanWarning(code="off_grid", message="The dates lie off the grid", remedy="begin the range at 02:00")
TELLS = PlanWarning(
    code="trigger_interval", message="It begins earlier", remedy="look at it", gravity=Gravity.TELLS
)


@pytest.fixture
def run(run: CommandLine) -> CommandLine:
    run.world.paused.add(DagId("sales_daily"))
    run.composition.prepare = lambda gateway: setattr(gateway, "more_warnings", (ASKS, TELLS))
    return run


def test_without_a_terminal_a_launch_names_the_warnings_that_want_a_yes(run: CommandLine) -> None:
    ended = run(*LAUNCH)
    assert ended.code == 4
    assert ended.talk.splitlines()[-1] == (
        "error: Nothing was done, because nobody can be asked here about dag_paused, off_grid: "
        "add --yes, or --accept dag_paused --accept off_grid"
    )
    assert "Warning: The dates lie off the grid: begin the range at 02:00\n" in ended.talk
    assert "Note: It begins earlier: look at it\n" in ended.talk
    assert not run.world.backfills


@pytest.mark.parametrize(
    ("words", "goes_ahead", "named"),
    [
        (("--yes",), True, ""),
        (("--accept", "dag_paused", "--accept", "off_grid"), True, ""),
        (("--accept", "off_grid", "--accept", "dag_paused", "--accept", "unheard_of"), True, ""),
        (("--accept", "dag_paused"), False, "about off_grid: add --yes, or --accept off_grid"),
        (("--accept", "trigger_interval"), False, "about dag_paused, off_grid"),
    ],
)
def test_a_launch_goes_ahead_without_a_question_when_all_that_asks_is_accepted(
    run: CommandLine, words: tuple[str, ...], *, goes_ahead: bool, named: str
) -> None:
    ended = run(*LAUNCH, *words)
    assert ended.code == (0 if goes_ahead else 4)
    assert len(run.world.backfills) == goes_ahead
    assert named in ended.talk
    assert "Warning: The Dag is paused" in ended.talk


def test_a_warning_that_blocks_is_accepted_by_nothing(run: CommandLine) -> None:
    no_way = PlanWarning(code="no_way", message="No way", remedy="run them forwards", gravity=Gravity.BLOCKS)
    run.composition.prepare = lambda gateway: setattr(gateway, "more_warnings", (no_way,))
    ended = run(*LAUNCH, "--yes", "--accept", "no_way")
    assert ended.code == 4
    assert ended.talk.splitlines()[-1] == "error: No way: leave out --run-backwards"
    assert not run.world.backfills


@pytest.mark.parametrize(
    ("code", "remedy", "typed"),
    [
        ("active_backfill", "remove it", "remove it with backfill-tui remove 7"),
        (
            "orphaned_backfill",
            "reopen it, to pause or cancel it",
            "reopen it with backfill-tui reopen 7, to pause or cancel it",
        ),
    ],
)
def test_a_warning_about_another_backfill_names_the_command_that_mends_it(
    run: CommandLine, code: str, remedy: str, typed: str
) -> None:
    other = PlanWarning(code=code, message="Backfill 7 of this Dag is in the way", remedy=remedy)
    run.composition.prepare = lambda gateway: setattr(gateway, "more_warnings", (other,))
    assert f"Warning: Backfill 7 of this Dag is in the way: {typed}\n" in run(*LAUNCH).talk


def launched(world: World, answer: str, *, accepted: frozenset[str] = frozenset()) -> str:
    """What is said on a terminal where that is answered."""
    gateway = ScriptedGateway(world)
    gateway.more_warnings = (ASKS, TELLS)
    said = io.StringIO()
    session = Session(
        gateway=gateway,
        engine=ScriptedEngine(world),
        voice=TerminalVoice(said, io.StringIO(answer)),
        paper=Paper(io.StringIO(), is_terminal=False),
    )
    wish = Wish(dag_id="sales_daily", range_text="2024-01-01..2024-01-03", max_active_runs=10)
    launch(session, wish, LaunchTerms(accepted=accepted))
    return said.getvalue()


def test_on_a_terminal_the_question_names_what_wants_a_yes(world: World) -> None:
    world.paused.add(DagId("sales_daily"))
    said = launched(world, "y\n")
    assert "Create 3 runs, with 2 warnings (dag_paused, off_grid). Launch all the same? [y/N] " in said
    assert len(world.backfills) == 1


def test_on_a_terminal_an_accepted_warning_is_not_asked_about(world: World) -> None:
    world.paused.add(DagId("sales_daily"))
    said = launched(world, "y\n", accepted=frozenset({"dag_paused"}))
    assert "Create 3 runs, with the warning off_grid. Launch all the same? [y/N] " in said


def test_a_no_to_the_warnings_creates_nothing(world: World) -> None:
    with pytest.raises(Refused, match="as you wished"):
        launched(world, "n\n")
    assert not world.backfills
