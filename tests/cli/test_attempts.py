"""`rerun --max-attempts`: again and again until nothing fails, so many times at most, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine, scheduler
from tests.cli.journals import a_run, begun, ended, write_journal
from tests.support.scripted import ScriptedEngine, ScriptedGateway

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.journal import JournalEntry, JournalQuery, Phase
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.repairing import LeftAlone, RerunOutcome, RerunProgress, RerunRequest
from backfill_tui.domain.rests import parse_rest
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.gateway.port import IsCancelled, ignore, never
from backfill_tui.headless.attempts import attempts_in
from backfill_tui.wire.journal import entries_meant

DAYS = ("2024-01-01", "2024-01-02")
AGAIN = ("rerun", "sales_daily", "--failed", "--every", "5m", "--yes", "--max-attempts")
RANGE = ("--from", DAYS[0], "--to", DAYS[1])


class NeverMended(ScriptedGateway):
    """What is rerun ends at once, well from the `MENDED_AT`th attempt on."""

    MENDED_AT = 99

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        outcome = super().rerun(request, on_progress, is_cancelled)
        state = RunState.SUCCESS if request.attempt >= self.MENDED_AT else RunState.FAILED
        for run_id in outcome.run_ids:
            self.world.finish(run_id, state)
        return outcome


class MendedAtTheSecond(NeverMended):
    MENDED_AT = 2


class OvertakenGateway(ScriptedGateway):
    """Somebody else has started the runs again between the question and the rerun."""

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        for run_id in request.run_ids:
            self.world.runs[request.dag_id, run_id].state = RunState.RUNNING
        outcome = super().rerun(request, on_progress, is_cancelled)
        for run_id in request.run_ids:
            self.world.finish(run_id, RunState.SUCCESS)
        return outcome


class StubbornGateway(ScriptedGateway):
    """A rerun leaves all runs alone for what the preview could not see."""

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,  # noqa: ARG002
        is_cancelled: IsCancelled = never,  # noqa: ARG002
    ) -> RerunOutcome:
        left = tuple(LeftAlone(run_id=run_id, reason="it would change") for run_id in request.run_ids)
        return RerunOutcome(left_alone=left)


class StoppedGateway(ScriptedGateway):
    """The first of the runs is cleared, then the bridge ends."""

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        first, *rest = request.run_ids
        outcome = super().rerun(replace(request, run_ids=(first,)), on_progress, is_cancelled)
        return replace(outcome, stopped="The bridge has ended", unsure=tuple(rest))


@pytest.fixture(autouse=True)
def rests(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it rested each time, which takes that long on the clock of the world and none on ours."""
    found: list[float] = []

    def rest(seconds: float) -> None:
        found.append(seconds)
        run.world.now = Instant(run.world.now + round(seconds * SECOND))

    monkeypatch.setattr("backfill_tui.headless.attempts.sleep", rest)
    return found


@pytest.fixture
def failed(run: CommandLine) -> CommandLine:
    """Backfill 1, whose `load` failed on two of three dates."""
    run.world.fail("sales_daily", "load", *DAYS)
    run("launch", "sales_daily", "--from", "2024-01-01", "--to", "2024-01-03", "--yes")
    run.world.advance_to_end()
    return run


@pytest.mark.parametrize("dates", [(), RANGE])
def test_it_reruns_until_nothing_fails_any_more(
    failed: CommandLine, rests: list[float], dates: tuple[str, ...]
) -> None:
    failed.composition.gateway_class = MendedAtTheSecond
    ended_well = failed(*AGAIN, "3", *dates, "--json")
    assert ended_well.code == 0, ended_well.talk
    told = ended_well.json
    assert [one["attempt"] for one in told["attempts"]] == [1, 2]
    assert [len(one["task_instances"]) for one in told["attempts"]] == [2, 2]
    assert (told["max_attempts"], told["every_seconds"], told["failed"]) == (3, 300, [])
    assert told["backfill_id"] == (None if dates else 1)
    assert told["outcome"]["counts"]["success"] == 2
    what = "sales_daily 2024-01-01..2024-01-02" if dates else "backfill 1 of sales_daily"
    assert "Attempt 1 of 3" in ended_well.talk
    assert "2 runs failed, attempt 2 of 3 in 5 min 0 s" in ended_well.talk
    assert f"Nothing of {what} has failed any more" in ended_well.talk
    assert rests == [300]


@pytest.mark.parametrize("dates", [(), RANGE])
def test_when_the_attempts_are_used_up_it_ends_with_1_and_says_what_still_fails(
    failed: CommandLine, rests: list[float], dates: tuple[str, ...]
) -> None:
    failed.composition.gateway_class = NeverMended
    given_up = failed(*AGAIN, "2", *dates, "--json")
    assert given_up.code == 1, given_up.talk
    assert len(given_up.json["attempts"]) == 2
    assert {one["run_id"][10:20]: one["attempts"] for one in given_up.json["failed"]} == dict.fromkeys(
        DAYS, 2
    )
    what = "sales_daily 2024-01-01..2024-01-02" if dates else "backfill 1 of sales_daily"
    assert f"2 runs of {what} still failed after 2 attempts: a larger" in given_up.talk
    assert rests == [300]


def test_a_range_is_rerun_whatever_made_its_runs_and_no_other_date(run: CommandLine) -> None:
    run.composition.gateway_class = NeverMended
    run.world.add_run("sales_daily", DAYS[0], RunState.FAILED, failed="load")
    run.world.add_run("sales_daily", DAYS[1], RunState.FAILED, failed="load", run_type="manual")
    run.world.add_run("sales_daily", "2024-01-03", RunState.FAILED, failed="load")
    given_up = run(*AGAIN, "1", *RANGE)
    assert given_up.code == 1, given_up.talk
    assert "sales_daily 2024-01-01..2024-01-02: done with failures, 2 failed" in given_up.out
    assert "backfill-tui rerun sales_daily --from 2024-01-01 --to 2024-01-02" in given_up.talk
    gateway = run.composition.gateways[-1]
    assert gateway.asked["rerun"] == 1


def test_runs_that_were_never_tried_and_have_not_ended_are_waited_for(failed: CommandLine) -> None:
    """Else it would end well while they may still fail."""
    failed.world.mend()
    failed.world.fail("sales_daily", "load", "2024-02-02")
    failed("launch", "sales_daily", "--from", "2024-02-01", "--to", "2024-02-02", "--yes")
    failed.composition.engine_of = engine = ScriptedEngine(failed.world)
    engine.ready()
    with scheduler(failed.world):
        given_up = failed(*AGAIN, "1", "--json")
    assert given_up.code == 1, given_up.talk
    assert [len(one["task_instances"]) for one in given_up.json["attempts"]] == [1]
    assert [one["attempts"] for one in given_up.json["failed"]] == [1]
    assert engine.status().running, "what is followed is to move"


def test_what_somebody_else_has_started_again_is_followed_and_no_attempt(failed: CommandLine) -> None:
    failed.composition.gateway_class = OvertakenGateway
    ended_well = failed(*AGAIN, "2", "--json")
    assert ended_well.code == 0, ended_well.talk
    assert "died" not in ended_well.talk
    assert "2 runs are left alone: it is running" in ended_well.talk
    assert [one["task_instances"] for one in ended_well.json["attempts"]] == [[]]


@pytest.mark.parametrize("stuck", [True, False])
def test_runs_that_are_left_alone_are_not_tried_for_ever_and_are_named(
    failed: CommandLine, *, stuck: bool
) -> None:
    if stuck:
        failed.composition.gateway_class = StubbornGateway
    else:
        for run in failed.world.runs.values():
            run.tasks = dict.fromkeys(run.tasks, TaskState.SUCCESS)
    left = failed(*AGAIN, "3", "--json")
    assert left.code == 1, left.talk
    assert [(one["run_id"][10:20], one["attempts"]) for one in left.json["failed"]] == [
        (day, 0) for day in DAYS
    ]
    assert "2 failed runs of backfill 1 of sales_daily are left alone" in left.talk


def test_when_it_breaks_off_what_still_fails_is_in_the_json(failed: CommandLine) -> None:
    failed.composition.gateway_class = StoppedGateway
    stopped = failed(*AGAIN, "3", "--json")
    assert stopped.code == 3, stopped.talk
    assert [one["run_id"][10:20] for one in stopped.json["failed"]] == [DAYS[1]]


def test_queued_runs_of_a_cancelled_backfill_are_not_waited_for_for_ever(failed: CommandLine) -> None:
    failed.world.mend()
    failed.composition.gateway_class = MendedAtTheSecond
    (queued, *_) = failed.world.runs.values()
    queued.state = RunState.QUEUED
    backfill = failed.world.backfills[BackfillId(1)]
    backfill.is_paused, backfill.completed_at = True, failed.world.now
    failed.world.finish("backfill__2024-01-02T00:00:00+00:00", RunState.SUCCESS)
    held = failed(*AGAIN, "2")
    assert held.code == 1, held.talk
    assert "1 run of backfill 1 of sales_daily stays queued, because it was cancelled" in held.talk


def test_when_nothing_has_failed_there_is_nothing_to_do(failed: CommandLine) -> None:
    for run_id in list(failed.world.runs):
        failed.world.finish(run_id[1], RunState.SUCCESS)
    ended_well = failed(*AGAIN, "2", "--json")
    assert (ended_well.code, ended_well.json["attempts"]) == (0, [])
    assert "rerun" not in failed.composition.gateways[-1].asked


def lines_of_attempts(*phases: Phase | None) -> list[JournalEntry]:
    """One line pair for each attempt on both runs; None for one that did not end."""
    lines = []
    for number, phase in enumerate(phases, 1):
        first = begun(
            f"r{number}", "rerun", "2024-06-01T11:00", runs=tuple(a_run(day, "failed") for day in DAYS),
            details={"attempt": number},
        )  # fmt: skip
        lines += [first] if phase is None else [first, ended(first, phase)]
    return lines


def test_attempts_are_counted_from_the_journal_also_those_that_did_not_end(tmp_path: Path) -> None:
    by_hand = begun("x", "rerun", "2024-06-01T12:00", runs=(a_run(DAYS[0], "failed"),), details={})
    lines = [*lines_of_attempts(Phase.DONE, Phase.UNDONE, None), by_hand, ended(by_hand)]
    path = write_journal(tmp_path / "j.jsonl", lines)

    def counted(path: Path, dag_id: str) -> list[int]:
        query = JournalQuery(dag_id=DagId(dag_id), attempts_only=True)
        return sorted(attempts_in(entries_meant(path, query)).values())

    assert counted(path, "sales_daily") == [2, 2], "what came to nothing, and one by hand, count for none"
    assert not counted(path, "new_york")
    assert not counted(tmp_path / "none.jsonl", "sales_daily")


def test_started_again_it_goes_on_where_it_was(failed: CommandLine) -> None:
    failed.world.journal += lines_of_attempts(Phase.DONE, Phase.DONE)
    failed.composition.gateway_class = NeverMended
    third = failed(*AGAIN, "3", "--json")
    assert third.code == 1
    assert [one["attempt"] for one in third.json["attempts"]] == [3]
    assert failed(*AGAIN, "2", "--json").json["attempts"] == []


def test_runs_of_an_attempt_that_is_under_way_are_waited_for_first(failed: CommandLine) -> None:
    failed.world.journal += lines_of_attempts(Phase.DONE)
    failed("rerun", "sales_daily", "--yes")
    failed.world.mend()
    with scheduler(failed.world):
        ended_well = failed(*AGAIN, "1", "--json")
    assert ended_well.code == 0, ended_well.talk
    assert ended_well.json["attempts"] == []
    assert ended_well.json["outcome"]["counts"]["success"] == 2


def test_one_at_a_time_is_at_work_on_a_dag(failed: CommandLine) -> None:
    with ScriptedGateway(failed.world).hold_attempts(DagId("sales_daily")):
        refused = failed(*AGAIN, "2")
    assert refused.code == 4
    assert "Another rerun with --max-attempts is at work on sales_daily: wait for its end" in refused.talk
    assert "rerun" not in failed.composition.gateways[-1].asked
    failed.composition.gateway_class = NeverMended
    assert failed(*AGAIN, "1").code == 1, "the lock is free again"


def test_on_a_paused_backfill_it_does_not_wait_for_ever(failed: CommandLine) -> None:
    failed.world.backfills[BackfillId(1)].is_paused = True
    failed.world.backfills[BackfillId(1)].completed_at = None
    refused = failed(*AGAIN, "2")
    assert refused.code == 4
    assert "Backfill 1 is paused, so no attempt would come to an end: resume it with" in refused.talk


def test_on_a_paused_dag_it_does_not_wait_for_ever(failed: CommandLine) -> None:
    failed.world.paused.add(DagId("sales_daily"))
    refused = failed(*AGAIN, "2")
    assert refused.code == 4
    assert "sales_daily is paused, so no attempt would come to an end: unpause it with" in refused.talk


def test_it_asks_once_and_is_refused_where_nobody_can_be_asked(failed: CommandLine) -> None:
    words = [word for word in AGAIN if word != "--yes"]
    refused = failed(*words, "2")
    assert refused.code == 4
    assert "rerun" not in failed.composition.gateways[-1].asked
    assert failed("--read-only", *AGAIN, "2").code == 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--every", "5m"), "--every is of a rerun with --max-attempts: give both, or neither"),
        (("--max-attempts", "2", "--dry-run"), "--max-attempts and --dry-run exclude each other"),
        (("--max-attempts", "2", "--whole-run"), "--max-attempts and --whole-run exclude each other"),
        (("--max-attempts", "2", "--task", "load"), "--max-attempts and --task exclude each other"),
        (("--max-attempts", "2", "--every", "soon"), '"soon" is not a time to wait: write it like 90s'),
    ],
)
def test_what_does_not_go_together_is_refused_before_airflow_comes_up(
    run: CommandLine, words: tuple[str, ...], sentence: str
) -> None:
    refused = run("rerun", "sales_daily", *words)
    assert refused.code == 2
    assert sentence in refused.talk
    assert run.composition.gateways == []


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("5m", 300), ("1h30m", 5400), (" 2 H ", 7200)]
)
def test_a_time_to_wait_is_written_as_one_says_it(text: str, seconds: int) -> None:
    assert parse_rest(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5d", "-5m", "1h foo", "400h"])
def test_what_is_no_time_to_wait_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_rest(text)
