"""What is known of a backfill besides its row: the journal's notes, the clock of its Dag, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.controlled import FIRST, Stage, forget, stage_on
from tests.support.world import DAY, HOUR

from backfill_tui.bridge.journal import CREATED_AT, LAUNCH, STOP_AFTER, Journal
from backfill_tui.domain.control import Deed
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.domain.instants import SECOND, Instant, iso
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.watching import BackfillFacts, BackfillSummary

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("control-facts")]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on(request.param, tmp_path_factory.mktemp("control")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return forget(shared_stage)


def read(stage: Stage, backfill_id: int, journal: Path | None = None) -> BackfillFacts:
    found = stage.worker("facts", backfill_id=backfill_id, journal=None if journal is None else str(journal))
    return msgspec.convert(found["facts"], BackfillFacts)


def listed(stage: Stage, dag_id: str) -> list[BackfillSummary]:
    found = stage.worker("ask", method="backfills", params={"dag_id": dag_id})
    return msgspec.convert(found["backfills"], list[BackfillSummary])


def plan_of(stage: Stage, dag_id: str) -> BackfillPlan:
    return stage.worker.plan({"dag_id": dag_id, "from_date": FIRST, "to_date": FIRST + 4 * DAY})


def test_the_notes_of_its_launch_and_the_accepted_failures_come_from_the_journal(
    stage: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "journal.jsonl"
    backfill_id = stage.backfill("chain", 3)
    first, second, _ = stage.run_ids(backfill_id)
    for run_id in (first, second):
        stage.run("chain", run_id, "failed", a="failed")
    plain = read(stage, backfill_id, file)
    assert (plain.note, plain.stop_after_failures, plain.failures_accepted) == ("", None, 0)
    details: dict[str, Any] = {CREATED_AT: int(plain.created_at), STOP_AFTER: 2}
    with Journal(file).deed(
        LAUNCH, DagId("chain"), backfill_id=BackfillId(backfill_id), note="for March", details=details
    ):
        pass
    noted = replace(plain, note="for March", stop_after_failures=2)
    assert read(stage, backfill_id, file) == noted
    stage.control(Deed.PAUSE, backfill_id, journal=str(file))
    stage.control(Deed.RESUME, backfill_id, journal=str(file))
    assert read(stage, backfill_id, file) == replace(noted, failures_accepted=2)
    assert read(stage, backfill_id) == plain, "another home has another journal"


def test_the_runs_of_each_backfill_in_the_list_of_a_dag_are_its_own(stage: Stage) -> None:
    first = stage.backfill("chain", 2)
    for run_id in stage.run_ids(first):
        stage.run("chain", run_id, "success")
    stage.database.do("UPDATE backfill SET completed_at = CURRENT_TIMESTAMP")
    second = stage.backfill("chain", 3, first=FIRST + 10 * DAY)
    stage.backfill("twin", 4)
    found = [(one.facts.backfill_id, one.counts.success, one.counts.queued) for one in listed(stage, "chain")]
    assert found == [(second, 0, 3), (first, 2, 0)]


def test_a_reading_of_the_facts_takes_two_statements(stage: Stage) -> None:
    for dag_id in ("chain", "partitioned"):
        backfill_id = stage.backfill(dag_id, 3)
        assert stage.worker("facts", backfill_id=backfill_id)["statements"] == 2


def test_the_bounds_of_a_partitioned_backfill_are_read_on_the_clock_of_its_partitions(stage: Stage) -> None:
    # Midnight to midnight in New York, across the night in which its clocks go forward.
    midnight = Instant(FIRST + 8 * DAY + 5 * HOUR)
    request = {"dag_id": "partitioned", "from_date": midnight, "to_date": midnight + 3 * DAY - HOUR}
    plan = stage.worker.plan(request)
    backfill_id = stage.worker("launch", request=request, fingerprint=plan.fingerprint)["backfill_id"]
    facts = read(stage, backfill_id)
    assert facts.timezone == "America/New_York" == plan.timezone
    assert (iso(facts.from_date), iso(facts.to_date)) == (
        "2024-03-09T05:00:00+00:00",
        "2024-03-12T04:00:00+00:00",
    )
    (summary,) = listed(stage, "partitioned")
    assert summary.facts == facts
    other = read(stage, stage.backfill("chain", 3))
    assert (other.timezone, other.from_date, other.to_date) == ("UTC", FIRST, FIRST + 2 * DAY)


def test_a_partitioned_backfill_whose_timetable_is_gone_is_still_read(stage: Stage) -> None:
    backfill_id = stage.backfill("gone", 2)
    stage.database.do("UPDATE dag SET timetable_partitioned = true WHERE dag_id = 'gone'")
    stage.database.do("DELETE FROM serialized_dag WHERE dag_id = 'gone'")
    facts = read(stage, backfill_id)
    assert (facts.timezone, facts.from_date) == ("UTC", FIRST)


def test_a_backfill_ends_with_the_last_of_its_own_runs(stage: Stage) -> None:
    backfill_id = stage.backfill("chain", 3)
    runs = stage.run_ids(backfill_id)
    assert [summary.ended_at for summary in listed(stage, "chain")] == [None]
    for run_id in runs[:2]:
        stage.run("chain", run_id, "success", a="success", b="success")
    (summary,) = listed(stage, "chain")
    assert summary.ended_at is None, "one run has not ended"
    stage.control(Deed.CANCEL, backfill_id)
    (summary,) = listed(stage, "chain")
    assert summary.ended_at is not None
    assert abs(summary.read_at - summary.ended_at) < 600 * SECOND
    stage.database.do(f"UPDATE dag_run SET backfill_id = NULL WHERE run_id = '{runs[1]}'")  # noqa: S608  # ours
    stage.database.do(f"UPDATE dag_run SET end_date = queued_at WHERE run_id = '{runs[0]}'")  # noqa: S608  # ours
    (after,) = listed(stage, "chain")
    assert after.ended_at is not None
    assert after.ended_at < summary.ended_at, "the later one is no longer its own"


def test_a_backfill_of_which_no_run_ever_began_has_no_end(stage: Stage) -> None:
    stage.control(Deed.CANCEL, stage.backfill("chain", 3))
    (summary,) = listed(stage, "chain")
    assert (summary.counts.cancelled, summary.ended_at) == (3, None)


def test_an_orphaned_backfill_is_told_of_and_blocks_nothing(stage: Stage) -> None:
    backfill_id = stage.backfill("chain", 3)
    stage.database.do("UPDATE backfill SET completed_at = created_at")
    plan = plan_of(stage, "chain")
    (warning,) = [warning for warning in plan.warnings if warning.code == "orphaned_backfill"]
    assert warning.message == (
        f"Backfill {backfill_id} of this Dag counts as complete, though 3 runs of it are unfinished: "
        "they go on beside those of this plan"
    )
    assert warning.remedy == "reopen it, to pause or cancel it"
    assert plan.blocking == ()


@pytest.mark.parametrize(
    "change", ["UPDATE dag_run SET clear_number = 1", "UPDATE backfill SET is_paused = true"]
)
def test_a_backfill_that_was_cleared_or_cancelled_is_not_orphaned(stage: Stage, change: str) -> None:
    stage.backfill("chain", 3)
    stage.database.do("UPDATE backfill SET completed_at = created_at")
    stage.database.do(change)
    assert "orphaned_backfill" not in [warning.code for warning in plan_of(stage, "chain").warnings]


def test_a_backfill_still_being_created_is_said_to_be_active(stage: Stage) -> None:
    backfill_id = stage.backfill("chain", 3)
    stage.database.do("DELETE FROM backfill_dag_run")
    (warning,) = plan_of(stage, "chain").blocking
    assert warning.message.startswith(f"Backfill {backfill_id} of this Dag is active")
    assert warning.remedy == "watch it, and launch when it is done"
