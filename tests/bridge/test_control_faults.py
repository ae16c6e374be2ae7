"""Control in bad company: processes that are killed, others that do the same, a scheduler that goes on."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
from tests.support.controlled import MAIN, Stage, forget, stage_on
from tests.support.worker import Worker, worker_on

from backfill_tui.domain.control import Deed
from backfill_tui.domain.problems import Problem, Refused, Unreachable

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("control-faults")]

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on(request.param, tmp_path_factory.mktemp("control")) as stage:
        yield stage


@pytest.fixture(scope="module")
def other(shared_stage: Stage) -> Iterator[Worker]:
    with worker_on(shared_stage.place, MAIN) as worker:
        yield worker


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return forget(shared_stage)


def in_the_middle(stage: Stage) -> tuple[int, list[str]]:
    """A backfill of which the first run is running, the second has failed, and the rest is queued."""
    backfill_id = stage.backfill("chain", 6)
    first, second, *_ = run_ids = stage.run_ids(backfill_id)
    stage.run("chain", first, a="running")
    stage.run("chain", second, "failed", a="failed", b="upstream_failed")
    return backfill_id, run_ids


@pytest.mark.parametrize("deed", [Deed.PAUSE, Deed.CANCEL, Deed.CANCEL_RUNNING, None])
def test_a_process_killed_in_the_middle_changes_nothing(stage: Stage, deed: Deed | None) -> None:
    backfill_id, run_ids = in_the_middle(stage)
    before = stage.worker("picture"), stage.audit()
    params: dict[str, Any]
    method, params = "rerun", {"dag_id": "chain", "run_ids": run_ids, "scope": "whole_run"}
    if deed is not None:
        method, params = "control", {"backfill_id": backfill_id, "deed": str(deed)}
    with worker_on(stage.place, MAIN) as doomed:

        def kill(_event: dict[str, Any]) -> None:
            doomed.process.kill()

        with pytest.raises(AssertionError, match="the worker ended"):
            doomed("ask_and_hang", method=method, params=params, on_event=kill)
    assert (stage.worker("picture"), stage.audit()) == before
    # Nothing is left of the dead process that would be in the way.
    stage.worker("ask", method=method, params=params)
    assert stage.worker("picture") != before[0]


def test_of_two_cancels_at_once_one_does_it_and_the_other_says_so(stage: Stage, other: Worker) -> None:
    backfill_id = stage.backfill("chain", 60)
    outcomes: list[Any] = []
    barrier = threading.Barrier(2)

    def cancel(worker: Worker) -> None:
        barrier.wait()
        try:
            outcomes.append(stage.control(Deed.CANCEL, backfill_id, by=worker))
        except Problem as problem:
            outcomes.append(problem)

    in_threads(lambda: cancel(stage.worker), lambda: cancel(other))
    (refusal,) = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    (done,) = [outcome for outcome in outcomes if not isinstance(outcome, Problem)]
    assert done.stopped_queued == 60
    assert isinstance(refusal, Refused)
    assert refusal.message == f"Backfill {backfill_id} is at its end: 60 never ran"
    assert [line[0] for line in stage.audit()] == ["cancel_backfill"]


@pytest.mark.parametrize("deed", [Deed.CANCEL, Deed.CANCEL_RUNNING])
def test_beside_a_scheduler_every_run_is_either_started_or_cancelled(
    stage: Stage, other: Worker, deed: Deed
) -> None:
    backfill_id = stage.backfill("wide", 60, max_active_runs=40)
    first_step, told = threading.Event(), []

    def step(event: dict[str, Any]) -> None:
        told.append(event)
        first_step.set()

    def cancel() -> None:
        assert first_step.wait(PATIENCE_SECONDS)
        outcomes.append(stage.control(deed, backfill_id))

    outcomes: list[Any] = []
    in_threads(lambda: other("scheduler_steps", count=8, on_event=step), cancel)
    (outcome,) = outcomes
    runs = [row for row in stage.worker("picture") if row[0] == "run"]
    never_started = [row for row in runs if row[3] == "failed" and not row[6]]
    started = Counter(row[3] for row in runs if row[6])
    assert len(never_started) + sum(started.values()) == 60
    assert "queued" not in started
    assert len(told) == 8
    if stage.database.kind == "postgresql":
        # Its locks leave nothing to chance.
        assert len(never_started) == outcome.stopped_queued
        assert started["running"] == 0 or deed is Deed.CANCEL


def test_what_a_scheduler_starts_in_spite_of_a_cancel_is_taken_back(stage: Stage) -> None:
    if stage.database.kind == "postgresql":
        pytest.skip("its locks leave nothing to chance")
    backfill_id, run_ids = in_the_middle(stage)
    outcomes: list[Any] = []

    def cancel(worker: Worker) -> None:
        outcomes.append(stage.control(Deed.CANCEL, backfill_id, by=worker))

    def start() -> None:
        """What a scheduler does that has read the queued runs before: one of them has begun a task."""
        wait_until(lambda: stage.database.ask("SELECT count(*) FROM backfill WHERE completed_at IS NOT NULL"))
        late = ", ".join(f"'{run_id}'" for run_id in run_ids[2:4])
        with stage.database.stranger() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                f"UPDATE dag_run SET state = 'running', start_date = queued_at WHERE run_id IN ({late})"  # noqa: S608  # ours
            )
            connection.execute(
                f"UPDATE task_instance SET state = 'queued' WHERE task_id = 'a' AND run_id IN ({late})"  # noqa: S608  # ours
            )
            connection.execute(
                "UPDATE task_instance SET state = 'running' WHERE task_id = 'a' AND run_id = ?",
                [run_ids[3]],
            )
            connection.execute("COMMIT")

    with worker_on(stage.place, MAIN) as patient:
        patient("look_again_when_changed")
        in_threads(lambda: cancel(patient), start)
    (outcome,) = outcomes
    assert (outcome.stopped_queued, outcome.left_running) == (3, 2)
    (remark,) = outcome.remarks
    assert remark == "1 run has started at this very moment: cancel the running runs too, to end them"
    assert stage.states(backfill_id) == ["running", "failed", "failed", "running", "failed", "failed"]
    assert stage.tasks("chain", run_ids[2]) == {"a": None, "b": None}
    taken_back = next(row for row in stage.worker("picture") if row[0] == "run" and row[2] == run_ids[2])
    assert not any(taken_back[6:]), "it looks as if it had never started"


def test_a_deed_waits_for_a_run_that_somebody_holds_and_then_sees_what_became_of_it(
    stage: Stage, other: Worker
) -> None:
    backfill_id, run_ids = in_the_middle(stage)
    outcomes: list[Any] = []
    with stage.database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE" if stage.database.kind == "sqlite" else "BEGIN")
        cursor.execute(
            f"UPDATE dag_run SET state = 'running', start_date = queued_at WHERE run_id = '{run_ids[2]}'"  # noqa: S608  # ours
        )
        thread = threading.Thread(
            target=lambda: outcomes.append(stage.control(Deed.CANCEL, backfill_id, by=other))
        )
        thread.start()
        if stage.database.kind == "postgresql":
            wait_until(lambda: somebody_waits_for_a_lock(stage))
        cursor.execute("COMMIT")
        thread.join()
    assert (outcomes[0].stopped_queued, outcomes[0].left_running) == (3, 2)
    assert stage.states(backfill_id) == ["running", "failed", "running", "failed", "failed", "failed"]


def test_a_deed_gives_up_on_somebody_who_never_lets_go(stage: Stage, other: Worker) -> None:
    if stage.database.kind == "sqlite":
        pytest.skip("the driver waits a minute by itself, as this home tells it to")
    backfill_id, run_ids = in_the_middle(stage)
    before = stage.worker("picture")
    other("be_patient", seconds=1.0)
    with stage.database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"UPDATE dag_run SET queued_at = NULL WHERE run_id = '{run_ids[3]}'")  # noqa: S608  # ours
        with pytest.raises(Unreachable, match="has been writing to Airflow's database for 1 s") as given_up:
            stage.control(Deed.CANCEL, backfill_id, by=other)
        cursor.execute("ROLLBACK")
    other("be_patient", seconds=60.0)
    assert given_up.value.remedy == "wait for it to end, then try again; nothing was changed"
    assert stage.worker("picture") == before


def test_a_deadlock_is_no_failure(stage: Stage, other: Worker) -> None:
    if stage.database.kind == "sqlite":
        pytest.skip("on SQLite one lock is all there is")
    backfill_id, run_ids = in_the_middle(stage)
    outcomes: list[Any] = []
    with stage.database.stranger() as connection, closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM dag_run WHERE run_id = %s FOR UPDATE", [run_ids[3]])
        thread = threading.Thread(
            target=lambda: outcomes.append(stage.control(Deed.CANCEL, backfill_id, by=other))
        )
        thread.start()
        wait_until(lambda: somebody_waits_for_a_lock(stage))
        # The other way round: as a rerun locks them. Whoever is undone for it, the deed is done.
        with suppress(psycopg2.errors.DeadlockDetected):
            cursor.execute("SELECT 1 FROM backfill WHERE id = %s FOR UPDATE", [backfill_id])
        cursor.execute("ROLLBACK")
        thread.join()
    assert outcomes[0].stopped_queued == 4
    assert [line[0] for line in stage.audit()] == ["cancel_backfill"]


def somebody_waits_for_a_lock(stage: Stage) -> bool:
    return bool(
        stage.database.ask(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


def in_threads(*works: Callable[[], object]) -> None:
    """Do all at once; what one of them raises is raised here."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001  # raised below
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def wait_until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)
