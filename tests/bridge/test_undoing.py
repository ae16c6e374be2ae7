"""Marks that are taken back on SQLite and PostgreSQL: every row as it was, and no row that changed since."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.controlled import Stage, forget, stage_on
from tests.support.marked import MAIN, ask_mark, ask_undo

from backfill_tui.domain.control import Deed
from backfill_tui.domain.journal import Phase
from backfill_tui.domain.marking import MarkAs, MarkScope
from backfill_tui.domain.problems import Refused
from backfill_tui.wire.journal import entries

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("undoing")]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on(request.param, tmp_path_factory.mktemp("undoing"), MAIN) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return forget(shared_stage)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@contextmanager
def sealed(journal: Path) -> Iterator[Path]:
    """A journal of the same lines that can be read and not be written, whoever one is."""
    file = os.memfd_create("journal", os.MFD_ALLOW_SEALING)
    try:
        os.write(file, journal.read_bytes())
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        yield Path(f"/proc/{os.getpid()}/fd/{file}")
    finally:
        os.close(file)


def columns(stage: Stage, dag_id: str, run_id: str) -> list[list[str | None]]:
    found: list[list[str | None]] = stage.worker("columns_of", dag_id=dag_id, run_id=run_id)
    return found


@pytest.mark.parametrize("mark_as", list(MarkAs))
def test_every_column_is_as_it_was_before_the_mark(stage: Stage, journal: Path, mark_as: MarkAs) -> None:
    run_id, *_ = stage.run_ids(stage.backfill("wide", 2))
    ended = {state: state for state in ("success", "failed", "up_for_retry")}
    stage.run("wide", run_id, "running", **ended)
    before = columns(stage, "wide", run_id)
    ask_mark(stage, "wide", [run_id], mark_as, journal=journal)
    assert columns(stage, "wide", run_id) != before
    preview = ask_undo(stage, journal, dry=True)
    assert columns(stage, "wide", run_id) != before
    assert ask_undo(stage, journal) == preview
    assert (preview.tasks, preview.run_ids, preview.starting, preview.left_alone) == (9, (run_id,), 1, ())
    assert columns(stage, "wide", run_id) == before
    assert stage.audit()[-1] == (
        "patch_dag_run",
        "wide",
        run_id,
        {"state": "running", "source": "backfill-tui"},
    )


def test_the_run_goes_on_where_it_was(stage: Stage, journal: Path) -> None:
    run_id, *_ = stage.run_ids(stage.backfill("chain", 2))
    stage.run("chain", run_id, "running", a="success", b="queued")
    ask_mark(stage, "chain", [run_id], MarkAs.FAILED, journal=journal)
    ask_undo(stage, journal)
    # What an executor had in hand the scheduler takes up anew.
    assert stage.tasks("chain", run_id) == {"a": "success", "b": None}
    stage.worker("scheduler_steps", count=2)
    assert stage.tasks("chain", run_id)["b"] == "success"


def test_a_task_whose_process_was_ended_keeps_its_run_as_it_is(stage: Stage, journal: Path) -> None:
    run_id, *_ = stage.run_ids(stage.backfill("chain", 2))
    stage.run("chain", run_id, "running", a="running")
    ask_mark(stage, "chain", [run_id], MarkAs.FAILED, journal=journal)
    after = columns(stage, "chain", run_id)
    outcome = ask_undo(stage, journal)
    assert not outcome.changes
    assert [left.reason for left in outcome.left_alone] == [
        'its task "a" was under way, and its process has ended'
    ]
    assert columns(stage, "chain", run_id) == after
    assert not [entry for entry in entries(journal) if entry.deed == "undo"]


def test_rows_that_changed_since_are_left_and_the_others_are_put_back(stage: Stage, journal: Path) -> None:
    first, second, third = stage.run_ids(stage.backfill("chain", 3))
    for run_id in (first, second, third):
        stage.run("chain", run_id, "failed", a="failed", b="upstream_failed")
    ask_mark(stage, "chain", [first, second, third], MarkAs.SUCCESS, MarkScope.FAILED, journal=journal)
    stage.worker("stock_mark_task", dag_id="chain", run_id=first, task_id="b", state="failed")
    params = {"dag_id": "chain", "run_ids": [second], "scope": "whole_run"}
    stage.worker("ask", method="rerun", params=params)
    outcome = ask_undo(stage, journal)
    assert {left.run_id: left.reason for left in outcome.left_alone} == {
        first: "1 task instance of it changed since", second: "it was cleared since"
    }  # fmt: skip
    assert outcome.tasks == 3
    assert stage.tasks("chain", first) == {"a": "failed", "b": "failed"}
    assert stage.tasks("chain", second) == {"a": None, "b": None}
    assert stage.tasks("chain", third) == {"a": "failed", "b": "upstream_failed"}
    states = {row[2]: row[3] for row in stage.worker("picture") if row[0] == "run"}
    assert states == {first: "success", second: "queued", third: "failed"}


def test_what_ran_again_downstream_of_a_marked_task_has_no_way_back(stage: Stage, journal: Path) -> None:
    run_id, *_ = stage.run_ids(stage.backfill("chain", 2))
    stage.run("chain", run_id, "failed", a="failed", b="upstream_failed")
    ask_mark(stage, "chain", [run_id], MarkAs.SUCCESS, MarkScope.TASK, task_id="a", journal=journal)
    with pytest.raises(Refused, match="a mark success: what it touched has run again since"):
        ask_undo(stage, journal)


def test_beside_runs_that_are_put_back_those_that_ran_again_are_named(stage: Stage, journal: Path) -> None:
    first, second, _ = stage.run_ids(stage.backfill("chain", 3))
    stage.run("chain", first, "failed", a="failed", b="upstream_failed")
    stage.run("chain", second, "failed", a="failed", b="success")
    ask_mark(stage, "chain", [first, second], MarkAs.SUCCESS, MarkScope.TASK, task_id="a", journal=journal)
    preview = ask_undo(stage, journal, dry=True)
    assert {left.run_id: left.reason for left in preview.left_alone} == {
        first: "what failed downstream of what was marked in it has run again since"
    }
    assert preview.run_ids == (second,)
    assert ask_undo(stage, journal) == preview
    assert stage.tasks("chain", first) == {"a": "success", "b": None}
    assert stage.tasks("chain", second) == {"a": "failed", "b": "success"}


def test_what_can_not_be_written_to_the_journal_is_undone_and_said(stage: Stage, journal: Path) -> None:
    backfill_id = stage.backfill("chain", 1)
    (run_id,) = stage.run_ids(backfill_id)
    ask_mark(stage, "chain", [run_id], MarkAs.FAILED, journal=journal)
    with sealed(journal) as unwritable:
        unwritten = f"The journal {unwritable} can not be written: Operation not permitted"
        assert ask_undo(stage, unwritable).remarks == (unwritten,)
    params = {"dag_id": "chain", "is_paused": True}
    stage.worker("ask", method="pause_dag", params=params, journal=str(journal))
    with sealed(journal) as unwritable:
        unwritten = f"The journal {unwritable} can not be written: Operation not permitted"
        assert ask_undo(stage, unwritable).remarks == (unwritten,)


def test_the_remarks_on_resuming_a_backfill_are_those_of_its_undoing(stage: Stage, journal: Path) -> None:
    stage.control(Deed.PAUSE, stage.backfill("chain", 1), journal=str(journal))
    stage.database.do("UPDATE dag SET is_paused = true WHERE dag_id = 'chain'")
    for dry in (True, False):
        assert ask_undo(stage, journal, dry=dry).remarks == (
            "The Dag is paused, so nothing starts before it is unpaused",
        )


def test_a_deleted_run_is_left(stage: Stage, journal: Path) -> None:
    run_id, *_ = stage.run_ids(stage.backfill("chain", 1))
    ask_mark(stage, "chain", [run_id], MarkAs.FAILED, journal=journal)
    stage.database.do(f"DELETE FROM task_instance WHERE run_id = '{run_id}'")  # noqa: S608
    stage.database.do("UPDATE backfill_dag_run SET dag_run_id = NULL")
    stage.database.do(f"DELETE FROM dag_run WHERE run_id = '{run_id}'")  # noqa: S608
    outcome = ask_undo(stage, journal)
    assert [left.reason for left in outcome.left_alone] == ["it was deleted"]


def test_the_undoing_is_a_deed_of_the_journal_and_only_done_once(stage: Stage, journal: Path) -> None:
    run_id, *_ = stage.run_ids(stage.backfill("chain", 1))
    ask_mark(stage, "chain", [run_id], MarkAs.FAILED, journal=journal)
    (marked, _) = entries(journal)
    ask_undo(stage, journal, number=marked.number[:6])
    undone = [entry for entry in entries(journal) if entry.deed == "undo"]
    assert [entry.phase for entry in undone] == [Phase.BEGUN, Phase.DONE]
    assert undone[0].details == {"undoes": marked.number, "task_instances": 2}
    assert [(run.run_id, run.state) for run in undone[0].runs] == [(run_id, "failed")]
    with pytest.raises(Refused, match="it was undone already"):
        ask_undo(stage, journal, number=marked.number)
    with pytest.raises(Refused, match="no way back from an undo"):
        ask_undo(stage, journal, number=undone[0].number)
    with pytest.raises(Refused, match="read-only"):
        stage.worker("ask", method="undo", params={}, journal=str(journal), read_only=True)
