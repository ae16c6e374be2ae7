from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from tests.cli.conftest import CommandLine, scheduler
from tests.support.scripted import ScriptedEngine, ScriptedGateway

from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.problems import Interrupted, Unreachable
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.gateway.port import InView, nothing

RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")
LAUNCH = ("launch", "sales_daily", *RANGE)
RESULT_KEYS = [
    "backfill_id",
    "dag_id",
    "from_date",
    "to_date",
    "created",
    "reprocessed",
    "skipped",
    "totals",
    "warnings",
    "outcome",
    "unpaused",
    "paused",
    "note",
    "stop_after_failures",
    "remarks",
]


def test_a_launch_without_yes_is_refused_where_nobody_can_be_asked(run: CommandLine) -> None:
    ended = run(*LAUNCH)
    assert ended.code == 4
    assert ended.talk.splitlines()[-1] == (
        "error: Nothing was done, because nobody can be asked here: add --yes, or run it on a terminal"
    )
    assert "sales_daily: 3 dates: 3 create" in ended.talk
    assert not run.world.backfills


def test_a_launch_says_what_it_created_and_how_to_watch_it(run: CommandLine) -> None:
    ended = run("--read-only", "dags")
    assert ended.code == 0
    ended = run(*LAUNCH, "--yes")
    assert ended.code == 0
    assert "Backfill 1 of sales_daily has 3 runs" in ended.talk
    assert "watch it with backfill-tui watch 1" in ended.talk
    assert len(run.world.backfills) == 1


def test_the_way_to_watch_it_names_the_same_airflow(run: CommandLine) -> None:
    ended = run("--dags-folder", "my dags", *LAUNCH, "--yes")
    assert "backfill-tui --dags-folder 'my dags' watch 1" in ended.talk


def test_the_json_of_a_launch_has_its_number_and_no_outcome_yet(run: CommandLine) -> None:
    result = run(*LAUNCH, "--yes", "--json").json
    assert list(result) == RESULT_KEYS
    assert (result["backfill_id"], result["created"], result["outcome"]) == (1, 3, None)


def test_waiting_ends_with_0_when_all_succeeded(run: CommandLine) -> None:
    with scheduler(run.world):
        ended = run(*LAUNCH, "--yes", "--wait", "--json")
    assert ended.code == 0
    assert ended.json["outcome"]["status"] == "done"
    assert ended.json["outcome"]["counts"]["success"] == 3


def test_waiting_ends_with_1_and_the_failed_dates_when_some_failed(run: CommandLine) -> None:
    run.world.fail("sales_daily", "load", "2024-01-02")
    with scheduler(run.world):
        ended = run(*LAUNCH, "--yes", "--wait")
    assert ended.code == 1
    assert "done with failures, 2 succeeded, 1 failed" in ended.out
    assert "failed  2024-01-02 00:00" in ended.out
    assert "Rerun what failed with backfill-tui rerun sales_daily --backfill 1" in ended.talk


def test_progress_in_a_pipe_is_plain_lines_and_only_on_change(run: CommandLine) -> None:
    with scheduler(run.world):
        talk = run(*LAUNCH, "--yes", "--wait").talk
    assert "\x1b" not in talk
    assert "\r" not in talk
    lines = talk.splitlines()
    assert all(line != after for line, after in pairwise(lines))


def test_a_blocking_warning_refuses_the_launch(run: CommandLine) -> None:
    run(*LAUNCH, "--yes")
    ended = run("launch", "sales_daily", "--from", "2024-02-01", "--to", "2024-02-02", "--yes")
    assert ended.code == 4
    watching = "watch it with backfill-tui watch 1, or wait until it is done"
    assert f"error: Backfill 1 of this Dag is active: {watching}\n" in ended.talk
    assert len(run.world.backfills) == 1


def test_a_read_only_session_refuses_before_it_looks_at_anything(run: CommandLine) -> None:
    ended = run("--read-only", *LAUNCH, "--yes")
    assert ended.code == 4
    assert "read-only" in ended.talk
    assert run.composition.gateways[0].asked == {}


@pytest.mark.parametrize("has_engine", [False, True])
def test_a_launch_on_a_paused_dag_says_that_nothing_starts_until_it_is_unpaused(
    run: CommandLine, *, has_engine: bool
) -> None:
    if has_engine:
        run.composition.engine_of = ScriptedEngine(run.world)
    run.world.paused.add(DagId("sales_daily"))
    ended = run(*LAUNCH, "--yes", "--json")
    assert ended.code == 0
    unpausing = "unpause it with backfill-tui unpause-dag sales_daily"
    assert f"Warning: The Dag is paused, so no run will start: {unpausing}\n" in ended.talk
    assert (
        f"Nothing of it starts while the Dag is paused: {unpausing}, then watch it with backfill-tui watch 1"
    ) in ended.talk
    assert "goes on with it" not in ended.talk
    assert [warning["code"] for warning in ended.json["warnings"]] == ["dag_paused"]


def test_the_engine_is_started_for_a_launch_and_only_once_it_is_agreed_to(run: CommandLine) -> None:
    engine = run.composition.engine_of = ScriptedEngine(run.world)
    run(*LAUNCH)
    assert not engine.status().running
    ended = run(*LAUNCH, "--yes")
    assert engine.status().running
    assert "The engine goes on with it" in ended.talk


def test_waiting_tells_an_engine_that_is_starting_from_a_missing_scheduler(run: CommandLine) -> None:
    engine = run.composition.engine_of = ScriptedEngine(run.world)
    run.composition.prepare = lambda _: engine.ready()
    run(*LAUNCH, "--yes")
    run.world.scheduler_alive = False
    run.composition.prepare = None
    with scheduler(run.world):
        timer = threading.Timer(0.1, engine.ready)
        timer.start()
        ended = run("watch", "1")
        timer.join()
    assert ended.code == 0
    assert "queued, the engine is starting" in ended.talk
    assert "heartbeat" not in ended.talk


def test_an_engine_that_can_not_start_is_said_before_anything_is_created(run: CommandLine) -> None:
    run.composition.engine_of = ScriptedEngine(run.world, problem="The port 8080 is taken")
    ended = run(*LAUNCH, "--yes")
    assert ended.code == 3
    assert "error: The port 8080 is taken: look into its logs with backfill-tui engine logs" in ended.talk
    assert not run.world.backfills


def test_dates_that_all_exist_launch_nothing_and_are_no_error(run: CommandLine) -> None:
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        run.world.add_run("sales_daily", day, RunState.SUCCESS)
    ended = run(*LAUNCH, "--yes", "--wait", "--json")
    assert ended.code == 0
    assert ended.json["backfill_id"] is None
    assert "No run to launch, 3 dates: 3 skip" in ended.talk
    assert not run.world.backfills


def test_failed_dates_that_are_not_taken_again_are_not_called_a_success(run: CommandLine) -> None:
    for day in ("2024-01-01", "2024-01-02", "2024-01-03"):
        run.world.add_run("sales_daily", day, RunState.FAILED)
    ended = run(*LAUNCH, "--yes", "--wait")
    assert ended.code == 1
    assert "3 of them failed: add --reprocess-behavior failed" in ended.talk


def test_a_launch_that_is_interrupted_leaves_nothing(run: CommandLine) -> None:
    run.composition.prepare = lambda gateway: gateway.fail("launch", Interrupted("The call was cancelled"))
    ended = run(*LAUNCH, "--yes", "--json")
    assert ended.code == 130
    assert ended.out == ""
    assert "error: The launch was stopped, and nothing is left of it" in ended.talk


class InterruptedGateway(ScriptedGateway):
    """Its user presses ctrl+c after the first reading of a backfill."""

    @contextmanager
    def watch(
        self, backfill_id: BackfillId, in_view: InView = nothing
    ) -> Generator[Iterator[GridUpdate], None, None]:
        with super().watch(backfill_id, in_view) as updates:
            yield self._first_of(updates)

    def _first_of(self, updates: Iterator[GridUpdate]) -> Iterator[GridUpdate]:
        yield next(updates)
        raise KeyboardInterrupt


@pytest.mark.parametrize("words", [("--json",), ()])
def test_no_longer_waiting_stops_nothing_and_says_so(run: CommandLine, words: tuple[str, ...]) -> None:
    run.composition.gateway_class = InterruptedGateway
    ended = run(*LAUNCH, "--yes", "--wait", *words)
    assert ended.code == 130
    assert (
        "error: No longer waiting for backfill 1: Airflow goes on with it: watch it with backfill-tui watch 1"
    ) in ended.talk
    assert run.world.active_backfills(DagId("sales_daily")) == (1,)
    if words:
        assert ended.json["backfill_id"] == 1
        assert ended.json["outcome"]["status"] == "queued"


def test_an_airflow_that_goes_away_while_waiting_is_3_and_the_number_is_still_told(run: CommandLine) -> None:
    gone = Unreachable("The bridge to Airflow ended", remedy="restart it")
    run.composition.prepare = lambda gateway: gateway.fail("watch", gone)
    ended = run(*LAUNCH, "--yes", "--wait", "--json")
    assert ended.code == 3
    assert ended.json["backfill_id"] == 1
    assert ended.json["outcome"] is None
