from __future__ import annotations

import io
from dataclasses import replace

import pytest
from tests.cli.conftest import CommandLine
from tests.support.scripted import ScriptedEngine, ScriptedGateway
from tests.support.world import World

from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.problems import AirflowFailed, Refused
from backfill_tui.domain.progress import CREATION_SECONDS
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.headless.control_words import consequences
from backfill_tui.headless.controlling import control
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.session import Session
from backfill_tui.headless.voice import TerminalVoice

COMMANDS = ["pause", "resume", "cancel", "reopen", "remove"]


@pytest.fixture
def run(run: CommandLine) -> CommandLine:
    """Backfill 1 of five dates, two of which are running."""
    run("launch", "sales_daily", "--range", "2024-01-01..2024-01-05", "--max-active-runs", "2", "--yes")
    run.world.advance(2)
    return run


def states(world: World) -> list[RunState]:
    return [each.state for each in world.runs_of(world.backfills[BackfillId(1)])]


def orphan(world: World) -> None:
    world.backfills[BackfillId(1)].completed_at = world.now


def abandon(world: World) -> None:
    """Leave of the backfill what a creation that died leaves."""
    world.backfills[BackfillId(1)].entries.clear()
    world.now = Instant(world.now + CREATION_SECONDS * SECOND)


def test_a_backfill_is_paused_after_saying_what_goes_on(run: CommandLine) -> None:
    ended = run("pause", "1", "--yes", "--json")
    assert ended.code == 0
    assert ended.json["deed"] == "pause"
    assert (ended.json["changed"], ended.json["left_running"]) == (True, 2)
    lines = ended.talk.splitlines()[-4:]
    assert lines == [
        "No further run of it starts until it is resumed",
        "2 running runs go on to their end: pausing stops nothing",
        "Backfill 1 of sales_daily is paused",
        "Resume it with backfill-tui resume 1",
    ]
    assert run.world.backfills[BackfillId(1)].is_paused
    run.world.advance_to_end()
    assert states(run.world) == [RunState.SUCCESS] * 2 + [RunState.QUEUED] * 3


def test_a_backfill_is_resumed_and_the_engine_is_started_for_it(run: CommandLine) -> None:
    engine = run.composition.engine_of = ScriptedEngine(run.world)
    run("pause", "1", "--yes")
    assert not engine.status().running
    ended = run("resume", "1", "--yes")
    assert ended.code == 0
    assert "3 queued runs can start\n" in ended.talk
    assert "Backfill 1 of sales_daily is no longer paused\n" in ended.talk
    assert "The engine goes on with it: watch it with backfill-tui watch 1\n" in ended.talk
    assert engine.status().running
    assert not run.world.backfills[BackfillId(1)].is_paused


def test_resuming_on_a_paused_dag_says_that_nothing_starts(run: CommandLine) -> None:
    run("pause", "1", "--yes")
    run.world.paused.add(DagId("sales_daily"))
    talk = run("resume", "1", "--yes").talk
    assert "goes on with it" not in talk
    unpausing = "unpause it with backfill-tui unpause-dag sales_daily"
    assert f"Nothing of it starts while the Dag is paused: {unpausing}, then watch it with" in talk


def test_cancelling_says_what_goes_on_and_how_to_stop_that_too(run: CommandLine) -> None:
    ended = run("cancel", "1", "--yes", "--json")
    assert ended.code == 0
    assert "3 queued runs will never run\n" in ended.talk
    assert "2 running runs go on to their end: --running stops them too\n" in ended.talk
    assert "A cancelled backfill can not be resumed: launch its dates again" in ended.talk
    assert (ended.json["stopped_queued"], ended.json["stopped_running"]) == (3, 0)
    assert states(run.world) == [RunState.RUNNING] * 2 + [RunState.FAILED] * 3


def test_cancelling_the_running_runs_too_ends_their_task_instances(run: CommandLine) -> None:
    ended = run("cancel", "1", "--running", "--yes", "--json")
    assert ended.code == 0
    ends = "which ends 2 task instances that are under way; 2 task instances never start"
    assert f"2 running runs are marked failed, {ends}\n" in ended.talk
    assert "Backfill 1 of sales_daily is cancelled, its running runs too\n" in ended.talk
    assert [ended.json[key] for key in ("deed", "stopped_running", "ended_tasks", "skipped_tasks")] == [
        "cancel_running", 2, 2, 2,
    ]  # fmt: skip
    assert states(run.world) == [RunState.FAILED] * 5
    assert not any(
        state is TaskState.RUNNING for each in run.world.runs.values() for state in each.tasks.values()
    )


def test_what_a_cancel_left_running_can_be_stopped_later(run: CommandLine) -> None:
    run("cancel", "1", "--yes")
    again = run("cancel", "1", "--yes")
    assert again.code == 4
    assert "error: Backfill 1 " in again.talk
    assert run("cancel", "1", "--running", "--yes").code == 0
    assert states(run.world) == [RunState.FAILED] * 5


def test_an_orphaned_backfill_is_reopened_and_can_then_be_paused(run: CommandLine) -> None:
    orphan(run.world)
    (entry,) = run("list", "--json").json["backfills"]
    assert (entry["status"], entry["remedy"]) == (
        "orphaned",
        "reopen it with backfill-tui reopen 1, to pause or cancel it again",
    )
    assert run("pause", "1", "--yes").code == 4
    ended = run("reopen", "1", "--yes")
    assert ended.code == 0
    assert "Backfill 1 of sales_daily is active again\n" in ended.talk
    assert states(run.world) == [RunState.RUNNING] * 2 + [RunState.QUEUED] * 3
    assert run("pause", "1", "--yes").code == 0


def test_what_a_dead_creation_left_is_removed(run: CommandLine) -> None:
    assert run("remove", "1", "--yes").code == 4
    abandon(run.world)
    (entry,) = run("list", "--json").json["backfills"]
    assert (entry["status"], entry["deeds"]) == ("abandoned", ["remove"])
    assert entry["remedy"] == "remove it with backfill-tui remove 1"
    ended = run("remove", "1", "--yes")
    assert ended.code == 0
    assert "removing it touches no run\n" in ended.talk
    assert "Backfill 1 of sales_daily is removed\n" in ended.talk
    assert run("list", "--json").json == {"backfills": []}


@pytest.mark.parametrize(
    ("command", "is_paused", "said"),
    [("pause", True, "is already paused"), ("resume", False, "is not paused")],
)
def test_a_backfill_that_is_so_already_is_left_without_a_question(
    run: CommandLine, command: str, said: str, *, is_paused: bool
) -> None:
    run.world.backfills[BackfillId(1)].is_paused = is_paused
    ended = run(command, "1", "--json")
    assert (ended.code, ended.json["changed"]) == (0, False)
    assert f"Backfill 1 of sales_daily {said}\n" in ended.talk
    assert "control" not in run.composition.gateways[-1].asked


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_terminal_and_without_a_yes_a_backfill_stays_as_it_is(
    run: CommandLine, command: str
) -> None:
    if command in {"reopen", "remove"}:
        (orphan if command == "reopen" else abandon)(run.world)
    run.world.backfills[BackfillId(1)].is_paused = command == "resume"
    before = run.world.facts(run.world.backfills[BackfillId(1)])
    ended = run(command, "1")
    assert ended.code == 4
    assert "add --yes, or run it on a terminal" in ended.talk
    assert run.world.facts(run.world.backfills[BackfillId(1)]) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_read_only_session_controls_nothing_and_does_not_even_look(run: CommandLine, command: str) -> None:
    ended = run("--read-only", command, "1", "--yes")
    assert ended.code == 4
    assert "ing a backfill is refused: this session is read-only: leave out --read-only" in ended.talk
    assert run.composition.gateways[-1].asked == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_number_of_a_backfill_is_a_slip_of_the_keyboard(run: CommandLine, command: str) -> None:
    gone = run(command, "7", "--yes")
    assert (gone.code, gone.out) == (2, "")
    assert "error: There is no backfill 7: backfill-tui list shows them\n" in gone.talk
    for wrong in ("sales_daily", "0"):
        assert run(command, wrong, "--yes").code == 2


@pytest.mark.parametrize(
    ("remedy", "typed"),
    [
        ("reopen it first", "reopen it first, with backfill-tui reopen 1"),
        ("cancel the running runs too, to end them", "end them with backfill-tui cancel 1 --running"),
        ("cancel it to stop its runs", "cancel it with backfill-tui cancel 1, to stop its runs"),
        ("leave it as a record", "leave it as a record"),
        ("rerun its runs instead", "rerun its runs with backfill-tui rerun DAG_ID --backfill 1"),
        (
            "cancel what of it is left to run, or pause the Dag",
            "cancel what of it is left to run with backfill-tui cancel 1, or pause the Dag",
        ),
    ],
)
def test_the_next_step_of_a_refusal_is_one_that_can_be_typed(
    run: CommandLine, remedy: str, typed: str
) -> None:
    run.composition.prepare = lambda gateway: gateway.fail("preview_control", Refused("No", remedy=remedy))
    ended = run("pause", "1", "--yes")
    assert (ended.code, ended.talk.splitlines()[-1]) == (4, f"error: No: {typed}")


def test_a_remark_is_said_with_a_next_step_that_can_be_typed(run: CommandLine) -> None:
    def remark(gateway: ScriptedGateway) -> None:
        control = gateway.control
        remarks = ("1 run has started at this very moment: cancel the running runs too, to end them",)
        gateway.control = lambda request: replace(control(request), remarks=remarks)  # type: ignore[method-assign]

    run.composition.prepare = remark
    ended = run("cancel", "1", "--yes", "--json")
    typed = "1 run has started at this very moment: end them with backfill-tui cancel 1 --running"
    assert ended.json["remarks"] == [typed]
    assert ended.talk.splitlines()[-1] == typed


def test_a_backfill_that_ends_between_the_question_and_the_deed_is_not_cancelled(run: CommandLine) -> None:
    def move(gateway: ScriptedGateway) -> None:
        preview = gateway.preview_control

        def preview_and_move(request: ControlRequest) -> ControlOutcome:
            seen = preview(request)
            run.world.advance_to_end()
            return seen

        gateway.preview_control = preview_and_move  # type: ignore[method-assign]

    run.composition.prepare = move
    ended = run("cancel", "1", "--yes")
    assert ended.code == 4
    assert "error: Backfill 1 " in ended.talk
    assert states(run.world) == [RunState.SUCCESS] * 5


def test_an_engine_that_can_not_start_leaves_the_backfill_paused(run: CommandLine) -> None:
    run("pause", "1", "--yes")
    run.composition.engine_of = ScriptedEngine(run.world, problem="The port 8080 is taken")
    ended = run("resume", "1", "--yes")
    assert ended.code == 3
    assert "error: The port 8080 is taken: look into its logs" in ended.talk
    assert run.world.backfills[BackfillId(1)].is_paused


def test_what_airflow_can_not_do_is_told_as_it_is(run: CommandLine) -> None:
    broken = AirflowFailed("The database is full", detail="Traceback")
    run.composition.prepare = lambda gateway: gateway.fail("control", broken)
    ended = run("cancel", "1", "--yes", "--json")
    assert (ended.code, ended.out) == (3, "")
    assert "error: The database is full\n" in ended.talk


@pytest.mark.parametrize(
    ("deed", "question"),
    [
        (Deed.PAUSE, "Pause backfill 1 of sales_daily? [y/N] "),
        (Deed.CANCEL, "Cancel backfill 1 of sales_daily? [y/N] "),
        (Deed.CANCEL_RUNNING, "Cancel backfill 1 of sales_daily, its running runs too? [y/N] "),
    ],
)
def test_on_a_terminal_a_question_is_asked_after_the_consequences(
    run: CommandLine, deed: Deed, question: str
) -> None:
    said = io.StringIO()
    session = Session(
        gateway=ScriptedGateway(run.world),
        engine=None,
        voice=TerminalVoice(said, io.StringIO("n\n")),
        paper=Paper(io.StringIO(), is_terminal=False),
    )
    with pytest.raises(Refused, match="as you wished"):
        control(session, 1, deed, yes=False)
    assert said.getvalue().endswith(question)
    assert "3 queued runs will never run\n" in said.getvalue() or deed is Deed.PAUSE
    assert not run.world.backfills[BackfillId(1)].is_paused


ENDS_ONE = "which ends 1 task instance that is under way; 1 task instance never starts"


def outcome(deed: Deed, **more: int) -> ControlOutcome:
    return ControlOutcome(backfill_id=BackfillId(1), dag_id=DagId("sales"), deed=deed, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("touched", "sentence"),
    [
        (outcome(Deed.RESUME), "None of its runs is queued, so none starts"),
        (outcome(Deed.RESUME, starting=1), "1 queued run can start"),
        (outcome(Deed.CANCEL, left_running=1), "1 running run goes on to its end: --running stops it too"),
        (outcome(Deed.CANCEL_RUNNING), "It has nothing left to stop"),
        (outcome(Deed.CANCEL_RUNNING, stopped_running=1), "1 running run is marked failed"),
        (
            outcome(Deed.CANCEL_RUNNING, stopped_running=1, ended_tasks=1, skipped_tasks=1),
            f"1 running run is marked failed, {ENDS_ONE}",
        ),
        (
            outcome(Deed.CANCEL_RUNNING, stopped_running=3, teardowns=2),
            "2 of them end only after their teardown tasks have run",
        ),
        (outcome(Deed.CANCEL_RUNNING, left_running=2), "2 running runs go on to their end"),
    ],
)
def test_consequences_are_plain_sentences(touched: ControlOutcome, sentence: str) -> None:
    assert sentence in consequences(touched)
