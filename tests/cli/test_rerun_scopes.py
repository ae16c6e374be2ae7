"""`rerun` of one task, with a note, on the original version; stopped halfway; who stays is named."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from tests.cli.conftest import CommandLine
from tests.support.scripted import ScriptedGateway
from tests.support.world import DAY, instant

from backfill_tui.domain.ids import DagId, RunId
from backfill_tui.domain.instants import Instant, iso
from backfill_tui.domain.problems import Unreachable
from backfill_tui.domain.repairing import RerunOutcome, RerunProgress, RerunRequest
from backfill_tui.domain.states import RunState
from backfill_tui.gateway.port import IsCancelled, ignore, never

RERUN = ("rerun", "sales_daily", "--yes", "--json")


class StoppingGateway(ScriptedGateway):
    """Something happens after the first part of a rerun."""

    requests: tuple[RerunRequest, ...] = ()

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        def tell(progress: RerunProgress) -> None:
            on_progress(progress)
            if progress.done == 50:
                self.happens()

        self.requests = (*self.requests, request)
        return super().rerun(request, tell, is_cancelled)

    def happens(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)


class DyingGateway(StoppingGateway):
    def happens(self) -> None:
        self.fail("rerun", Unreachable("The bridge has ended", remedy="look into its log"))


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
        return super().rerun(request, on_progress, is_cancelled)


def failed_days(run: CommandLine, days: int) -> None:
    first = instant("2024-01-01")
    last = Instant(first + (days - 1) * DAY)
    run.world.fail("sales_daily", "load", *(iso(Instant(first + number * DAY)) for number in range(days)))
    run("launch", "sales_daily", "--from", "2024-01-01", "--to", iso(last)[:10], "--yes")
    run.world.advance_to_end()


@pytest.mark.parametrize(
    ("flags", "scope", "tasks"),
    [
        (("--task", "extract"), "task", ["extract"]),
        (("--task", "extract", "--downstream"), "task_and_downstream", ["extract", "load"]),
        (("--task", "load"), "task", ["load"]),
    ],
)
def test_one_task_runs_again_in_all_failed_runs(
    run: CommandLine, flags: tuple[str, ...], scope: str, tasks: list[str]
) -> None:
    failed_days(run, 2)
    told = run(*RERUN, *flags).json
    assert (told["scope"], told["task_id"]) == (scope, flags[1])
    assert [task["task_id"] for task in told["task_instances"]] == tasks * 2


def test_a_note_and_the_original_version_go_with_the_request(run: CommandLine) -> None:
    run.composition.gateway_class = StoppingGateway
    failed_days(run, 1)
    told = run(*RERUN, "--note", " upstream is mended ", "--original-version").json
    assert (told["note"], told["latest_version"]) == ("upstream is mended", False)
    gateway = run.composition.gateways[-1]
    assert isinstance(gateway, StoppingGateway)
    (request,) = gateway.requests
    assert (request.note, request.run_on_latest_version) == ("upstream is mended", False)
    assert [found.note for found in run.world.runs.values()] == ["upstream is mended"]


@pytest.mark.parametrize("other", ["--failed", "--whole-run"])
def test_one_task_and_another_choice_exclude_each_other(run: CommandLine, other: str) -> None:
    refused = run("rerun", "sales_daily", "--task", "load", other)
    assert refused.code == 2
    assert "exclude each other: leave one of them out" in refused.talk
    assert run.composition.gateways == []


def test_stopped_with_ctrl_c_it_keeps_what_is_done_and_says_what_is_not(run: CommandLine) -> None:
    failed_days(run, 120)
    run.composition.gateway_class = StoppingGateway
    stopped = run(*RERUN, "--wait")
    assert stopped.code == 130
    told = stopped.json
    assert (len(told["task_instances"]), len(told["not_done"]), told["unsure"]) == (50, 70, [])
    assert (told["stopped"], told["cleared"], told["outcome"]) == ("you stopped it", True, None)
    assert "Cleared 50 task instances in 50 runs" in stopped.talk
    assert "Stopped: you stopped it" in stopped.talk
    assert "70 runs not done: the same command goes on" in stopped.talk
    run.composition.gateway_class = ScriptedGateway
    rest = run(*RERUN)
    assert rest.code == 0
    assert len(rest.json["task_instances"]) == 70
    assert all(one.state is RunState.QUEUED for one in run.world.runs.values())


def test_when_the_bridge_ends_halfway_the_exit_code_is_3_and_the_doubt_is_counted(run: CommandLine) -> None:
    failed_days(run, 120)
    run.composition.gateway_class = DyingGateway
    stopped = run(*RERUN)
    assert stopped.code == 3
    assert (len(stopped.json["unsure"]), len(stopped.json["not_done"])) == (50, 20)
    assert "Stopped: The bridge has ended: look into its log" in stopped.talk
    assert "20 runs not done, of 50 it is not known: the same command goes on" in stopped.talk


@pytest.mark.parametrize("dates", [(), ("--from", "2024-01-01", "--to", "2024-01-31")])
def test_where_nothing_was_cleared_after_all_there_is_nothing_to_wait_for(
    run: CommandLine, dates: tuple[str, ...]
) -> None:
    failed_days(run, 2)
    run.composition.gateway_class = OvertakenGateway
    ended = run(*RERUN, *dates, "--wait")
    assert ended.code == 0, ended.talk
    assert (ended.json["cleared"], ended.json["outcome"]) == (False, None)
    assert "Cleared 0 task instances in 0 runs" in ended.talk
    assert "2 runs are left alone: it is running: wait for its end" in ended.talk
    assert "died" not in ended.talk


def test_many_runs_that_are_left_alone_are_told_in_one_line_and_listed_in_the_json(run: CommandLine) -> None:
    failed_days(run, 3)
    for day in ("2024-01-02", "2024-01-03"):
        key = DagId("sales_daily"), RunId(f"backfill__{day}T00:00:00+00:00")
        run.world.runs[key].state = RunState.RUNNING
    ended = run(*RERUN, "--date", "2024-01")
    assert "2 runs are left alone: it is running: wait for its end" in ended.talk
    assert len(ended.json["left_alone"]) == 2
    assert ended.json["completed"] == [1]
    assert "Backfill 1 stays complete in Airflow" in ended.talk
