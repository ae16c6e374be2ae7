from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import pytest
from tests.cli.conftest import CommandLine, ScriptedComposition
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag

from backfill_tui.domain.control import ControlOutcome, ControlRequest, Deed
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.gateway.port import InView, ignore, nothing

DATES = [f"2024-01-{day:02}" for day in range(1, 11)]
LAUNCH = ("launch", "sales_daily", "--range", "2024-01-01..2024-01-10", "--max-active-runs", "2", "--yes")
STOPPED = "2 runs have failed, the backfill is paused: resume it with backfill-tui resume 1\n"


class SteppingGateway(ScriptedGateway):
    """The scheduler makes one step after each reading of a backfill, and `then` is asked before it."""

    then: Callable[[GridUpdate], None] = staticmethod(ignore)

    @contextmanager
    def watch(
        self, backfill_id: BackfillId, in_view: InView = nothing
    ) -> Generator[Iterator[GridUpdate], None, None]:
        with super().watch(backfill_id, in_view) as updates:
            yield self._stepping(updates)

    def _stepping(self, updates: Iterator[GridUpdate]) -> Iterator[GridUpdate]:
        for update in updates:
            yield update
            self.then(update)
            self.world.advance()


@pytest.fixture
def run(run: CommandLine) -> CommandLine:
    """Every `load` fails."""
    run.composition.gateway_class = SteppingGateway
    run.world.fail("sales_daily", "load", *DATES)
    return run


def states(world: World) -> list[RunState]:
    return [each.state for each in world.runs_of(world.backfills[BackfillId(1)])]


def test_a_backfill_that_is_waited_for_is_paused_and_followed_until_none_is_running(run: CommandLine) -> None:
    ended = run(*LAUNCH, "--wait", "--stop-after-failures", "2", "--json")
    assert ended.code == 1
    assert "It is paused after 2 failed runs, as long as it is watched\n" in ended.talk
    assert ended.talk.count(STOPPED) == 1
    outcome = ended.json["outcome"]
    assert (outcome["status"], outcome["stopped_after_failures"]) == ("paused", True)
    assert outcome["counts"]["running"] == 0
    assert outcome["counts"]["queued"] > 0
    assert outcome["remedy"] == "resume it with backfill-tui resume 1"
    assert run.world.backfills[BackfillId(1)].is_paused
    assert RunState.RUNNING not in states(run.world)


def test_the_end_for_people_says_how_to_go_on(run: CommandLine) -> None:
    ended = run(*LAUNCH, "--wait", "--stop-after-failures", "2")
    assert ended.code == 1
    assert ended.out.startswith("Backfill 1 of sales_daily: paused, 0 running, ")
    assert "no queued run starts: resume it with backfill-tui resume 1\n" in ended.out
    assert "  failed  2024-01-01 00:00\n" in ended.out
    assert "Rerun what failed with backfill-tui rerun sales_daily --backfill 1\n" in ended.talk


def test_watching_takes_the_limit_of_the_launch(run: CommandLine) -> None:
    run(*LAUNCH, "--stop-after-failures", "2")
    ended = run("watch", "1", "--json")
    assert ended.code == 1
    assert STOPPED in ended.talk
    assert ended.json_lines[0]["stopped_after_failures"] is False
    assert ended.json_lines[-1]["stopped_after_failures"] is True
    assert ended.json_lines[-1]["stop_after_failures"] == 2


def test_watching_may_want_another_limit_or_none(run: CommandLine) -> None:
    run(*LAUNCH, "--stop-after-failures", "2")
    ended = run("watch", "1", "--stop-after-failures", "0")
    assert ended.code == 1
    assert "pause" not in ended.talk
    assert states(run.world) == [RunState.FAILED] * 10
    assert run("watch", "1", "--stop-after-failures", "-1").code == 2


def test_a_read_only_session_says_that_it_can_not_pause_and_follows(run: CommandLine) -> None:
    run(*LAUNCH, "--stop-after-failures", "2")
    ended = run("--read-only", "watch", "1", "--json")
    assert ended.code == 1
    assert "This session is read-only, so it can not pause the backfill" in ended.talk
    assert states(run.world) == [RunState.FAILED] * 10
    assert not any(line["stopped_after_failures"] for line in ended.json_lines)


def test_a_backfill_without_a_limit_fails_to_its_end(run: CommandLine) -> None:
    ended = run(*LAUNCH, "--wait")
    assert ended.code == 1
    assert "done with failures, 10 failed" in ended.out
    assert "paused" not in ended.talk


def test_fewer_failures_than_the_limit_pause_nothing(run: CommandLine) -> None:
    run.world.fail("sales_daily", "load", "2024-01-03")
    ended = run(*LAUNCH, "--wait", "--stop-after-failures", "2")
    assert ended.code == 1
    assert "9 succeeded, 1 failed" in ended.out
    assert not run.world.backfills[BackfillId(1)].is_paused


def on_each_reading(run: CommandLine, then: Callable[[GridUpdate], None]) -> None:
    run.composition.prepare = lambda gateway: setattr(gateway, "then", then)


def test_whoever_resumes_it_accepts_what_has_failed_and_the_count_begins_anew(run: CommandLine) -> None:
    readings_paused = 0

    def resume_at_the_second(update: GridUpdate) -> None:
        nonlocal readings_paused
        readings_paused += update.facts.is_paused
        if readings_paused == 1:
            readings_paused += 1
            request = ControlRequest(backfill_id=BackfillId(1), deed=Deed.RESUME)
            run.composition.gateways[-1].control(request)

    on_each_reading(run, resume_at_the_second)
    ended = run(*LAUNCH, "--wait", "--stop-after-failures", "2", "--json")
    assert ended.code == 1
    first, second = ended.talk.split(STOPPED)
    assert "failed, the backfill is paused" not in first
    assert "more runs have failed, the backfill is paused: resume it with" in second
    assert ended.json["outcome"]["status"] == "paused"
    assert ended.json["outcome"]["counts"]["failed"] >= 4


def test_a_backfill_that_somebody_else_paused_is_followed_on(run: CommandLine) -> None:
    run.world.mend()
    seen: list[bool] = []

    def pause_then_resume(update: GridUpdate) -> None:
        seen.append(update.facts.is_paused)
        backfill = run.world.backfills[BackfillId(1)]
        if len(seen) == 3:
            backfill.is_paused = True
        if sum(seen) == 3:
            backfill.is_paused = False

    on_each_reading(run, pause_then_resume)
    ended = run(*LAUNCH, "--wait", "--stop-after-failures", "1")
    assert ended.code == 0
    assert sum(seen) == 3
    assert "10 succeeded" in ended.out


def test_a_pause_that_fails_is_said_and_the_following_goes_on(run: CommandLine) -> None:
    def fail(gateway: ScriptedGateway) -> None:
        gateway.fail("control", Unreachable("Another process writes to the database", remedy="try again"))

    run.composition.prepare = fail
    ended = run(*LAUNCH, "--wait", "--stop-after-failures", "2")
    assert ended.code == 1
    told = "have failed, but it is not paused: Another process writes to the database: try again\n"
    assert ended.talk.count(told) == 1
    assert "10 failed" in ended.out


def test_the_journal_is_told_why(run: CommandLine) -> None:
    asked: list[ControlRequest] = []

    def listen(gateway: ScriptedGateway) -> None:
        control = gateway.control

        def note_and_control(request: ControlRequest) -> ControlOutcome:
            asked.append(request)
            return control(request)

        gateway.control = note_and_control  # type: ignore[method-assign]

    run.composition.prepare = listen
    run(*LAUNCH, "--wait", "--stop-after-failures", "2")
    assert [(each.deed, each.reason) for each in asked] == [(Deed.PAUSE, "2 runs have failed")]


def test_a_rerun_that_is_waited_for_pauses_nothing() -> None:
    """Its runs have failed before; what of them fails again is what it tells."""
    run = CommandLine(ScriptedComposition(World([a_dag("sales_daily")]), gateway_class=SteppingGateway))
    run.world.fail("sales_daily", "load", *DATES)
    run(*LAUNCH, "--stop-after-failures", "2")
    run.world.advance_to_end()
    ended = run("rerun", "sales_daily", "--yes", "--wait", "--json")
    assert ended.code == 1
    assert ended.json["outcome"]["counts"]["failed"] == 10
    assert ended.json["outcome"]["stopped_after_failures"] is False
