"""Control on SQLite and PostgreSQL: what Airflow's own routes leave, and no more than that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.support.controlled import FIRST, Stage, forget, stage_on
from tests.support.world import DAY

from backfill_tui.domain.control import Deed
from backfill_tui.domain.journal import JournalEntry, Phase, RunBefore
from backfill_tui.domain.problems import Refused
from backfill_tui.wire.journal import entries

JSON_PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("control")]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on(request.param, tmp_path_factory.mktemp("control")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return forget(shared_stage)


@pytest.mark.parametrize("paused", [False, True])
def test_a_cancel_leaves_exactly_what_airflows_own_leaves(stage: Stage, *, paused: bool) -> None:
    for dag_id in ("chain", "twin"):
        backfill_id = stage.backfill(dag_id)
        running, failed, good, *_ = stage.run_ids(backfill_id)
        stage.run(dag_id, running, a="running")
        stage.run(dag_id, failed, "failed", a="failed")
        stage.run(dag_id, good, "success", a="success", b="success")
        if paused:
            stage.control(Deed.PAUSE, backfill_id)
        if dag_id == "chain":
            outcome = stage.control(Deed.CANCEL, backfill_id)
        else:
            stage.worker("stock_cancel", backfill_id=backfill_id)
    assert (outcome.stopped_queued, outcome.left_running, outcome.remarks) == (2, 1, ())
    assert stage.states(backfill_id) == ["running", "failed", "success", "failed", "failed"]
    assert stage.picture_of("chain", "it") == stage.picture_of("twin", "it")


def test_runs_that_a_later_backfill_has_taken_over_are_left_to_it(stage: Stage) -> None:
    left = {}
    for dag_id in ("chain", "twin"):
        earlier = stage.backfill(dag_id, 4)
        first, second, third, _ = stage.run_ids(earlier)
        for run_id in (first, second):
            stage.run(dag_id, run_id, "failed", a="failed")
        stage.run(dag_id, third, a="running")
        stage.database.do(f"UPDATE backfill SET completed_at = created_at WHERE id = {earlier}")  # noqa: S608
        later = stage.backfill(dag_id, 4, reprocess_behavior="failed")
        stage.database.do(f"UPDATE backfill SET completed_at = NULL WHERE id = {earlier}")  # noqa: S608
        if dag_id == "chain":
            outcome = stage.control(Deed.CANCEL, earlier)
        else:
            stage.worker("stock_cancel", backfill_id=earlier)
        left[dag_id] = stage.states(later)[:2]
    assert left == {"chain": ["queued", "queued"], "twin": ["failed", "failed"]}
    assert (outcome.stopped_queued, outcome.left_running) == (1, 1)
    assert outcome.remarks == ("2 runs are left alone, which a later backfill has taken over",)


def test_a_backfill_is_paused_also_where_nobody_ever_said_whether_it_is(stage: Stage) -> None:
    backfill_id = stage.backfill("chain")
    stage.database.do("UPDATE backfill SET is_paused = NULL")
    assert not stage.control(Deed.RESUME, backfill_id).changed
    assert stage.control(Deed.PAUSE, backfill_id).changed
    assert ["backfill", backfill_id, "chain", True, False] in stage.worker("picture")


def test_a_resumed_backfill_of_a_paused_dag_does_not_start(stage: Stage) -> None:
    backfill_id = stage.backfill("chain")
    stage.control(Deed.PAUSE, backfill_id)
    stage.worker("change_dag", dag_id="chain", values={"is_paused": True})
    try:
        outcome = stage.control(Deed.RESUME, backfill_id)
    finally:
        stage.worker("change_dag", dag_id="chain", values={"is_paused": False})
    assert outcome.starting == 5
    assert outcome.remarks == ("The Dag is paused, so nothing starts before it is unpaused",)


def test_the_audit_log_and_the_journal_say_what_was_done(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    backfill_id = stage.backfill("chain", 3)
    good, bad, _ = stage.run_ids(backfill_id)
    stage.run("chain", good, "success", a="success", b="success")
    stage.run("chain", bad, "failed", a="failed")
    stage.control(Deed.PAUSE, backfill_id, reason="1 run failed", journal=str(file))
    stage.control(Deed.PAUSE, backfill_id, journal=str(file))
    stage.control(Deed.RESUME, backfill_id, journal=str(file))
    stage.control(Deed.CANCEL, backfill_id, journal=str(file))
    extra = {"backfill_id": str(backfill_id), "source": "backfill-tui"}
    assert stage.audit() == [
        (event, "chain", None, extra) for event in ("pause_backfill", "unpause_backfill", "cancel_backfill")
    ]
    pause, resume, cancel = done = [entry for entry in entries(file) if entry.phase is Phase.DONE]
    assert [(entry.deed, entry.backfill_id) for entry in done] == [
        (deed, backfill_id) for deed in (Deed.PAUSE, Deed.RESUME, Deed.CANCEL)
    ]
    assert (pause.details, resume.details, cancel.details) == ({"reason": "1 run failed"}, {"failed": 1}, {})
    begun = [entry for entry in entries(file) if entry.phase is Phase.BEGUN]
    assert [len(entry.runs) for entry in begun] == [0, 0, 1]
    assert_is_the_run_before(begun[-1], stage.run_ids(backfill_id)[-1], backfill_id)


def assert_is_the_run_before(entry: JournalEntry, run_id: str, backfill_id: int) -> None:
    (run,) = entry.runs
    assert isinstance(run, RunBefore)
    assert (run.run_id, run.state, run.logical_date) == (run_id, "queued", FIRST + 2 * DAY)
    assert (run.backfill_id, run.tasks) == (backfill_id, {"no_status": 2})


def test_a_rerun_and_the_pause_of_a_dag_are_in_the_journal_too(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    run_id, other = stage.run_ids(stage.backfill("chain", 2))
    stage.run("chain", run_id, "failed", a="success", b="failed")
    params: dict[str, Any] = {"dag_id": "chain", "run_ids": [run_id, other]}
    stage.worker("ask", method="rerun", params=params, journal=str(file))
    stage.worker("ask", method="rerun", params=params, journal=str(file))
    for is_paused in (True, False):
        params = {"dag_id": "chain", "is_paused": is_paused}
        stage.worker("ask", method="pause_dag", params=params, journal=str(file))
    begun = [entry for entry in entries(file) if entry.phase is Phase.BEGUN]
    assert [entry.deed for entry in begun] == ["rerun", "pause_dag", "unpause_dag"]
    told = {"scope": "failed", "task": "", "latest_version": True, "task_instances": 1, "part": "1 of 1"}
    assert begun[0].details == told
    documented = re.search(r'"deed": "rerun".*?"details": (\{.*?\})', JSON_PAGE)
    assert documented is not None
    assert list(json.loads(documented[1])) == list(told)
    assert [(run.run_id, run.state, run.tasks) for run in begun[0].runs] == [
        (run_id, "failed", {"success": 1, "failed": 1})
    ]
    assert [entry.details["was_paused"] for entry in begun[1:]] == [False, True]
    assert [entry.phase for entry in entries(file)] == [Phase.BEGUN, Phase.DONE] * 3


def test_what_can_not_be_written_to_the_journal_is_done_and_said(stage: Stage, tmp_path: Path) -> None:
    nowhere = tmp_path / "gone" / "journal.jsonl"
    outcome = stage.control(Deed.PAUSE, stage.backfill("chain"), journal=str(nowhere))
    assert outcome.changed
    unwritten = f"The journal {nowhere} can not be written: No such file or directory"
    assert outcome.remarks == (unwritten,)
    params = {"dag_id": "chain", "is_paused": True}
    answer = stage.worker("ask", method="pause_dag", params=params, journal=str(nowhere))
    assert answer == {"remarks": [unwritten]}


def test_reopening_says_which_other_backfill_runs_beside_it(stage: Stage) -> None:
    first = stage.backfill("chain", 2)
    stage.database.do("UPDATE backfill SET completed_at = created_at")
    second = stage.backfill("chain", 4)
    outcome = stage.control(Deed.REOPEN, first)
    words = f"Backfill {second} of this Dag is active too, and their runs go on side by side"
    assert outcome.remarks == (words,)
    assert stage.states(first) == ["queued", "queued"]


def test_runs_that_were_cleared_after_the_end_are_no_reason_to_reopen(stage: Stage) -> None:
    backfill_id = stage.backfill("chain", 2)
    stage.database.do("UPDATE backfill SET completed_at = created_at")
    stage.database.do("UPDATE dag_run SET clear_number = 1")
    with pytest.raises(Refused, match="was complete before its unfinished runs were cleared"):
        stage.control(Deed.REOPEN, backfill_id)
    assert stage.control(Deed.CANCEL, backfill_id).stopped_queued == 2


class TestABackfillWithoutDates:
    @staticmethod
    def left_by_a_creation(stage: Stage) -> int:
        """What Airflow's creation commits first."""
        backfill_id = stage.backfill("chain", 1)
        stage.database.do("DELETE FROM backfill_dag_run")
        stage.database.do("DELETE FROM task_instance")
        stage.database.do("DELETE FROM dag_run")
        return backfill_id

    @staticmethod
    def age(stage: Stage) -> None:
        later = (
            "datetime('now', '-3 minutes')"
            if stage.database.kind == "sqlite"
            else "now() - '3 min'::interval"
        )
        stage.database.do(f"UPDATE backfill SET created_at = {later}")  # noqa: S608  # ours

    @pytest.mark.parametrize("deed", list(Deed))
    def test_it_is_let_be_while_its_runs_may_still_come(self, stage: Stage, deed: Deed) -> None:
        backfill_id = self.left_by_a_creation(stage)
        with pytest.raises(Refused, match="still being created") as refusal:
            stage.control(deed, backfill_id)
        assert refusal.value.remedy.startswith("wait until ")
        assert refusal.value.remedy.endswith(" UTC, and remove it if it has none by then")

    def test_it_is_removed_later_and_leaves_nothing(self, stage: Stage) -> None:
        backfill_id = self.left_by_a_creation(stage)
        self.age(stage)
        stage.worker("heartbeat", age_seconds=3600)
        assert stage.preview(Deed.REMOVE, backfill_id) == stage.control(Deed.REMOVE, backfill_id)
        assert stage.worker("picture") == []
        assert [line[0] for line in stage.audit()] == ["remove_backfill"]

    def test_a_scheduler_at_work_finds_it_complete_and_not_gone(self, stage: Stage) -> None:
        backfill_id = self.left_by_a_creation(stage)
        self.age(stage)
        stage.worker("heartbeat", age_seconds=0)
        outcome = stage.control(Deed.REMOVE, backfill_id)
        assert outcome.remarks[0].startswith("A scheduler is at work, so it is marked complete")
        assert stage.database.ask("SELECT count(*) FROM backfill WHERE completed_at IS NOT NULL") == 1
        with pytest.raises(Refused):
            stage.control(Deed.REMOVE, backfill_id)

    def test_it_stays_while_a_run_belongs_to_it(self, stage: Stage) -> None:
        backfill_id = stage.backfill("chain", 1)
        stage.database.do("DELETE FROM backfill_dag_run")
        self.age(stage)
        for ask in (stage.preview, stage.control):
            with pytest.raises(Refused, match="has no dates, but 1 Dag run belongs to it"):
                ask(Deed.REMOVE, backfill_id)

    def test_it_is_not_removed_under_a_creation_that_is_only_slow(self, stage: Stage) -> None:
        if stage.database.kind == "sqlite":
            pytest.skip("on SQLite others see the runs of a creation before its end")
        backfill_id = self.left_by_a_creation(stage)
        with stage.database.stranger() as creation, closing(creation.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "INSERT INTO backfill_dag_run (backfill_id, sort_ordinal, logical_date)"
                " VALUES (%s, 1, now())",
                [backfill_id],
            )
            with pytest.raises(Refused, match="still being created"):
                stage.control(Deed.CANCEL, backfill_id)
            self.age(stage)
            with pytest.raises(Refused, match="perhaps to create its runs"):
                stage.control(Deed.REMOVE, backfill_id)
            cursor.execute("ROLLBACK")
        assert stage.control(Deed.REMOVE, backfill_id).changed
