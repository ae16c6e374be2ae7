"""`rerun DAG --from --to`: whatever made the runs of these dates, what failed of them runs again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.cli.conftest import CommandLine
from tests.support.scripted import ScriptedGateway

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.repairing import RerunOutcome, RerunProgress, RerunRequest
from backfill_tui.domain.states import RunState
from backfill_tui.gateway.port import IsCancelled, ignore, never

RERUN = ("rerun", "sales_daily", "--from", "2024-03-01", "--to", "2024-03-04")


class FinishingGateway(ScriptedGateway):
    """What is rerun comes to a good end at once."""

    def rerun(
        self,
        request: RerunRequest,
        on_progress: Callable[[RerunProgress], None] = ignore,
        is_cancelled: IsCancelled = never,
    ) -> RerunOutcome:
        outcome = super().rerun(request, on_progress, is_cancelled)
        for run_id in outcome.run_ids:
            self.world.finish(run_id, RunState.SUCCESS)
        return outcome


@pytest.fixture
def failed(run: CommandLine) -> CommandLine:
    """Two failed runs that the schedule made, one by hand, one of another month, and one that is running."""
    run.world.add_run("sales_daily", "2024-03-01", RunState.FAILED, failed="load")
    run.world.add_run("sales_daily", "2024-03-02", RunState.SUCCESS)
    run.world.add_run("sales_daily", "2024-03-03", RunState.FAILED, failed="load", run_type="manual")
    run.world.add_run("sales_daily", "2024-03-04", RunState.RUNNING)
    run.world.add_run("sales_daily", "2024-04-01", RunState.FAILED, failed="load")
    return run


def test_failed_runs_of_the_range_run_again_and_no_other(failed: CommandLine) -> None:
    ended = failed(*RERUN, "--yes", "--json")
    assert ended.code == 0, ended.talk
    told = ended.json
    assert (told["backfill_id"], told["dag_id"], told["cleared"]) == (None, "sales_daily", True)
    assert {task["run_id"][:-15] for task in told["task_instances"]} == {
        "scheduled__2024-03-01", "manual__2024-03-03",
    }  # fmt: skip
    assert "sales_daily 2024-03-01..2024-03-04: 2 task instances in 2 runs run again" in ended.talk
    assert "atch them with backfill-tui watch sales_daily --from 2024-03-01 --to 2024-03-04" in ended.talk
    states = [run.state.value for run in failed.world.runs.values()]
    assert states == ["queued", "success", "queued", "running", "failed"]


def test_it_waits_for_the_runs_that_were_cleared_and_for_no_other(failed: CommandLine) -> None:
    failed.composition.gateway_class = FinishingGateway
    ended = failed(*RERUN, "--yes", "--wait", "--json")
    assert ended.code == 0, ended.talk
    assert ended.json["outcome"]["counts"]["success"] == 2


def test_runs_that_are_active_are_left_alone_with_the_reason(failed: CommandLine) -> None:
    ended = failed(*RERUN, "--date", "2024-03-04", "--yes", "--json")
    assert [left["reason"] for left in ended.json["left_alone"]] == ["it is running: wait for its end"]
    assert "Nothing of sales_daily 2024-03-01..2024-03-04 to run again" in ended.talk


def test_one_task_of_every_named_date_runs_again_in_a_range(failed: CommandLine) -> None:
    dates = ("2024-03-01", "2024-03-02", "2024-03-03")
    named = tuple(word for date in dates for word in ("--date", date))
    told = failed(*RERUN, "--task", "extract", *named, "--dry-run", "--json").json
    assert [task["task_id"] for task in told["task_instances"]] == ["extract"] * 3


def test_a_dag_that_is_paused_is_said(failed: CommandLine) -> None:
    failed.world.paused.add(DagId("sales_daily"))
    ended = failed(*RERUN, "--yes")
    assert "Nothing of it starts while the Dag is paused: unpause it with" in ended.talk


def test_a_range_is_no_backfill(failed: CommandLine) -> None:
    refused = failed(*RERUN, "--backfill", "1")
    assert refused.code == 2
    assert "--backfill and --from exclude each other" in refused.talk
    assert failed.composition.gateways == []
