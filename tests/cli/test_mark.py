from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.cli.conftest import CommandLine
from tests.support.scripted import ScriptedEngine, ScriptedGateway

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.marking import MarkOutcome, MarkProgress, MarkRequest
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.domain.undoing import UndoOutcome, UndoRequest
from backfill_tui.gateway.port import IsCancelled, ignore, never

RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")
MARK = ("mark", "success", "sales_daily")
FAIL = ("mark", "failed", "sales_daily")


def failed_backfill(run: CommandLine, task: str = "load") -> None:
    """Backfill 1, whose `task` failed on two of three dates."""
    run.world.fail("sales_daily", task, "2024-01-01", "2024-01-02")
    run("launch", "sales_daily", *RANGE, "--yes")
    run.world.advance_to_end()


def states(run: CommandLine) -> list[tuple[str, list[str]]]:
    return [(str(found.state), [*map(str, found.tasks.values())]) for found in run.world.runs.values()]


def test_failed_runs_are_marked_success_and_it_is_said_what_stays_failed(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run(*MARK, "--yes", "--json")
    assert ended.code == 0, ended.talk
    assert "Of backfill 1 of sales_daily: mark 2 runs success" in ended.talk
    assert "2 task instances that failed stay so" in ended.talk
    assert "Marked 2 runs success" in ended.talk
    assert (ended.json["marked"], ended.json["scope"], ended.json["failed_left"]) == (True, "whole_run", 2)
    assert states(run) == [("success", ["success", "failed"])] * 2 + [("success", ["success", "success"])]


def test_failed_tasks_are_marked_success_and_their_runs_follow(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run(*MARK, "--failed", "--yes", "--json")
    assert "mark 2 task instances of 2 runs success" in ended.talk
    assert "2 runs are success then" in ended.talk
    assert "2 other task instances stay as they are" in ended.talk
    assert [entry["becomes"] for entry in ended.json["task_instances"]] == ["success"] * 2
    assert states(run) == [("success", ["success", "success"])] * 3


def test_what_failed_downstream_of_a_marked_task_runs_again_on_a_started_engine(run: CommandLine) -> None:
    failed_backfill(run, "extract")
    run.composition.engine_of = engine = ScriptedEngine(run.world)
    ended = run(*MARK, "--task", "extract", "--date", "2024-01-01", "--yes", "--json")
    assert "1 failed task instance downstream runs again, as Airflow has it" in ended.talk
    assert [entry["task_id"] for entry in ended.json["again"]] == ["load"]
    assert engine.status().running
    assert states(run)[0] == ("queued", ["success", "no_status"])


def test_remarks_on_a_mark_an_undoing_and_a_pause_are_said_and_are_data(run: CommandLine) -> None:
    words = ("The journal can not be written\x1b[31m",)

    class Remarking(ScriptedGateway):
        def mark(
            self,
            request: MarkRequest,
            on_progress: Callable[[MarkProgress], None] = ignore,
            is_cancelled: IsCancelled = never,
        ) -> MarkOutcome:
            return replace(super().mark(request, on_progress, is_cancelled), remarks=words)

        def undo(self, request: UndoRequest) -> UndoOutcome:
            return replace(super().undo(request), remarks=words)

        def pause_dag(self, dag_id: DagId, *, is_paused: bool) -> tuple[str, ...]:
            return (*super().pause_dag(dag_id, is_paused=is_paused), *words)

    failed_backfill(run)
    run.composition.gateway_class = Remarking
    for command in (MARK, ("undo",), ("pause-dag", "sales_daily")):
        ended = run(*command, "--yes", "--json")
        assert ended.code == 0, ended.talk
        assert "The journal can not be written\n" in ended.talk
        assert ended.json["remarks"] == [*words]


def test_a_dry_run_and_a_no_change_nothing(run: CommandLine) -> None:
    failed_backfill(run)
    before = states(run)
    dry = run(*MARK, "--dry-run", "--json")
    assert (dry.code, dry.json["marked"], len(dry.json["runs"])) == (0, False, 2)
    refused = run(*MARK)
    assert refused.code == 4
    assert "Nothing was done, because nobody can be asked here: add --yes" in refused.talk
    assert states(run) == before


def test_a_running_task_ends_and_that_is_said_first(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    run.world.start("sales_daily", 1)
    ended = run(*FAIL, "--date", "2024-01-01", "--yes")
    said = ended.talk.splitlines()
    told = next(at for at, line in enumerate(said) if line.startswith("Of backfill 1"))
    assert said[told + 1] == "1 task instance under way ends, and its process with it"
    assert said[told + 2] == "1 task instance never runs and is skipped"
    assert "1 run is failed then" in said[told + 3]
    assert states(run)[0] == (RunState.FAILED, [TaskState.FAILED, TaskState.SKIPPED])


def test_nothing_to_mark_is_no_error_and_says_why(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run(*MARK, "--date", "2024-01-03", "--yes", "--json")
    assert (ended.code, ended.json["marked"]) == (0, False)
    assert "Nothing of backfill 1 of sales_daily to mark" in ended.talk
    assert "is left alone: it is success already" in ended.talk
    assert "mark" not in run.composition.gateways[-1].asked


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (FAIL, "Nothing says which dates to mark failed: name them with --date"),
        ((*MARK, "--failed", "--task", "load"), "--failed and --task exclude each other"),
        ((*FAIL, "--failed", "--date", "2024-01-01"), "--failed marks what has failed already"),
        ((*MARK, "--map-index", "1"), "--map-index is of one task: name that with --task"),
        (("mark", "success", "new_york", "--backfill", "1"), "Backfill 1 is of sales_daily, not of new_york"),
    ],
)
def test_what_can_not_be_meant_is_refused(run: CommandLine, words: tuple[str, ...], error: str) -> None:
    failed_backfill(run)
    ended = run(*words, "--yes")
    assert (ended.code, ended.out) == (2, "")
    assert f"error: {error}" in ended.talk


def test_a_backfill_of_another_dag_is_refused_with_the_command_to_type(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run("mark", "success", "new_york", "--backfill", "1", "--yes")
    assert "mark it with backfill-tui mark success sales_daily --backfill 1" in ended.talk


def test_a_read_only_session_refuses_a_mark_and_still_shows_it(run: CommandLine) -> None:
    failed_backfill(run)
    ended = run("--read-only", *MARK, "--yes")
    assert ended.code == 4
    assert "A mark is refused: this session is read-only" in ended.talk
    assert run("--read-only", *MARK, "--dry-run").code == 0
