from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
from tests.cli.conftest import CommandLine, scheduler
from tests.support.scripted import ScriptedEngine, ScriptedGateway

from backfill_tui.domain.dag_range import DagRange, RangeUpdate
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.states import RunState
from backfill_tui.gateway.port import InView, nothing

WATCH = ("watch", "sales_daily")
RANGE = ("--from", "2024-01-01", "--to", "2024-01-03")


class UnpausingGateway(ScriptedGateway):
    """Its Dags are unpaused once the first reading of a range was taken."""

    @contextmanager
    def watch_range(
        self, dates: DagRange, in_view: InView = nothing
    ) -> Generator[Iterator[RangeUpdate], None, None]:
        def unpausing(updates: Iterator[RangeUpdate]) -> Iterator[RangeUpdate]:
            for update in updates:
                yield update
                self.world.paused.clear()

        with super().watch_range(dates, in_view) as updates:
            yield unpausing(updates)


def some_runs(run: CommandLine) -> None:
    """A scheduled run that succeeded, a manual one that failed, and one outside of the range."""
    run.world.add_run("sales_daily", "2024-01-01", RunState.SUCCESS)
    run.world.add_run("sales_daily", "2024-01-02", RunState.FAILED, run_type="manual", failed="load")
    run.world.add_run("sales_daily", "2024-01-04", RunState.FAILED)


def test_runs_that_no_backfill_made_are_told_with_what_failed(run: CommandLine) -> None:
    some_runs(run)
    ended = run(*WATCH, *RANGE)
    assert ended.code == 1
    first, failed = ended.out.splitlines()
    assert first == (
        "sales_daily 2024-01-01..2024-01-03: done with failures, 1 succeeded, 1 failed: rerun what failed"
    )
    assert failed == "  failed  2024-01-02 00:00"
    assert "backfill-tui rerun sales_daily --from 2024-01-01 --to 2024-01-03" in ended.talk


def test_it_follows_to_the_end_as_json_on_a_started_engine(run: CommandLine) -> None:
    run.composition.engine_of = engine = ScriptedEngine(run.world)
    run("launch", "sales_daily", *RANGE, "--yes")
    engine.stop()
    engine.ready()
    with scheduler(run.world):
        ended = run(*WATCH, "--from", "2024-01-02", "--json")
    assert ended.code == 0
    assert engine.status().running
    lines = ended.json_lines
    assert {tuple(line) for line in lines} == {
        ("dag_id", "timezone", "from_date", "to_date", "status", "sentence", "remedy", "counts")
    }
    last = lines[-1]
    assert (last["status"], last["sentence"], last["counts"]["success"]) == ("done", "2 succeeded", 2)
    assert (last["from_date"], last["to_date"]) == ("2024-01-02T00:00:00+00:00", "2024-06-15T12:00:00+00:00")


def test_a_range_without_a_run_is_at_its_end(run: CommandLine) -> None:
    ended = run(*WATCH, "--from", "2024-03")
    assert ended.code == 0
    assert ended.out == "sales_daily 2024-03-01..2024-06-15: done, no run has a date in it\n"


def test_a_paused_dag_holds_it_back_and_the_way_out_is_named(run: CommandLine) -> None:
    run("launch", "sales_daily", *RANGE, "--yes")
    run.world.paused.add(DagId("sales_daily"))

    run.composition.gateway_class = UnpausingGateway
    with scheduler(run.world):
        ended = run(*WATCH, *RANGE)
    assert ended.code == 0
    assert "sales_daily 2024-01-01..2024-01-03: blocked, the Dag is paused, so nothing starts: " in ended.talk
    assert "unpause it with backfill-tui unpause-dag sales_daily" in ended.talk


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("watch", "nobody", "--from", "2024-01"), 'There is no Dag "nobody" in dags/'),
        ((*WATCH, "--from", "2024-02", "--to", "2024-01"), "The range ends before it begins: swap --from"),
        ((*WATCH, "--to", "2024-01"), "Missing option '--from'"),
        (("watch", "--from", "2024-01"), "Missing argument 'DAG_ID'"),
        (
            (*WATCH, "--from", "2024-01", "--stop-after-failures", "1"),
            "--stop-after-failures is of",
        ),
        ((*WATCH, "--from", "soon"), "soon"),
        (WATCH, "sales_daily"),
        (("mark", "success", "sales_daily", *RANGE, "--backfill", "1"), "--backfill and --from exclude"),
    ],
)
def test_what_can_not_be_meant_is_refused(run: CommandLine, words: tuple[str, ...], error: str) -> None:
    ended = run(*words)
    assert (ended.code, ended.out) == (2, "")
    assert error in ended.talk


def test_failed_runs_of_a_range_are_marked_whatever_made_them(run: CommandLine) -> None:
    some_runs(run)
    ended = run("mark", "success", "sales_daily", *RANGE, "--failed", "--yes", "--json")
    assert ended.code == 0, ended.talk
    assert "Of sales_daily 2024-01-01..2024-01-03: mark 1 task instance of 1 run success" in ended.talk
    assert (ended.json["backfill_id"], ended.json["marked"]) == (None, True)
    states = [str(found.state) for found in run.world.runs.values()]
    assert states == ["success", "success", "failed"]
    missing = run("mark", "failed", "sales_daily", *RANGE, "--date", "2024-01-03", "--yes")
    assert 'sales_daily 2024-01-01..2024-01-03 has no date "2024-01-03"' in missing.talk
