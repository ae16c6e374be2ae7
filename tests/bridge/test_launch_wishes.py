"""What a launch adds to the backfill of Airflow, what it writes in the journal, and what it remarks."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.faults import state_changed_at_ordinal
from tests.support.launch_stage import FIRST, Stage, a_request, launch_stage, some_runs
from tests.support.world import DAY

from backfill_tui.bridge.journal import CREATED_AT, LAUNCH, Journal, user_name
from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.journal import JournalEntry, Phase, RunBefore
from backfill_tui.domain.problems import AirflowFailed, BadRequest, Refused
from backfill_tui.wire.journal import entries

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("launch_wishes")]

NEW_NOTE = "INSERT INTO dag_run_note (dag_run_id, content, user_id, created_at, updated_at)"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with launch_stage(request.param, tmp_path_factory.mktemp("launch_wishes")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    shared_stage.worker("reset")
    shared_stage.worker("heartbeat", age_seconds=0)
    shared_stage.worker("change_dag", dag_id="daily", values={"is_paused": False})
    shared_stage.database.do("DELETE FROM log")
    return shared_stage


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def is_paused(stage: Stage) -> bool:
    return bool(stage.ask("SELECT is_paused FROM dag WHERE dag_id = 'daily'")[0][0])


def read(journal: Path) -> list[JournalEntry]:
    return list(entries(journal))


def test_a_launch_that_unpauses_does_so_as_airflows_own_api_and_says_it(stage: Stage) -> None:
    stage.worker("change_dag", dag_id="daily", values={"is_paused": True})
    launched = stage.worker("launch", request=a_request("daily"), unpause=True)
    assert launched["unpaused"]
    assert not is_paused(stage)
    ((event, dag_id, owner, extra),) = stage.ask("SELECT event, dag_id, owner, extra FROM log")
    assert (event, dag_id, owner) == ("patch_dag", "daily", user_name())
    assert json.loads(extra) == {"is_paused": False, "source": "backfill-tui"}


def test_unpausing_what_is_not_paused_is_nothing(stage: Stage) -> None:
    launched = stage.worker("launch", request=a_request("daily"), unpause=True)
    assert not launched["unpaused"]
    assert stage.ask("SELECT count(*) FROM log") == [(0,)]


def test_a_launch_without_that_wish_leaves_the_dag_paused(stage: Stage) -> None:
    stage.worker("change_dag", dag_id="daily", values={"is_paused": True})
    assert not stage.worker("launch", request=a_request("daily"))["unpaused"]
    assert is_paused(stage)


@pytest.mark.parametrize("paused", [False, True])
def test_a_backfill_is_paused_from_its_first_moment_when_that_is_wished(
    stage: Stage, *, paused: bool
) -> None:
    stage.worker("launch", request=a_request("daily"), paused=paused)
    assert [bool(row[0]) for row in stage.ask("SELECT is_paused FROM backfill")] == [paused]
    assert stage.ask("SELECT state, count(*) FROM dag_run GROUP BY state") == [("queued", 10)]


def test_the_note_is_on_every_run_but_those_that_have_one(stage: Stage) -> None:
    stage.worker("add_runs", dag_id="daily", runs=some_runs())
    (failed,) = stage.ask("SELECT id FROM dag_run WHERE state = 'failed'")
    moment = "'2024-01-01 00:00:00.000000'"
    stage.database.do(f"{NEW_NOTE} VALUES ({failed[0]}, 'known', 'alice', {moment}, {moment})")
    request = a_request("daily", days=6, reprocess_behavior="completed")
    launched = stage.worker("launch", request=request, note="why [/red] not")
    assert (launched["created"], launched["reprocessed"], launched["skipped"]) == (2, 2, 2)
    notes = stage.ask(
        "SELECT e.sort_ordinal, n.content, n.user_id FROM backfill_dag_run e "
        "JOIN dag_run_note n ON n.dag_run_id = e.dag_run_id ORDER BY 1"
    )
    ours = ("why [/red] not", user_name())
    assert notes == [(1, *ours), (2, "known", "alice"), (5, *ours), (6, *ours)]
    assert stage.ask("SELECT count(*) FROM dag_run_note") == [(4,)]
    # Airflow's own way to read a note finds it.
    assert stage.worker("notes") == ["known", *["why [/red] not"] * 3]


def test_a_note_that_is_too_long_is_said_before_anything_is_done(stage: Stage) -> None:
    with pytest.raises(BadRequest, match="The note has 1,001 characters, and Airflow keeps 1,000"):
        stage.worker("launch", request=a_request("daily"), note="x" * 1001)
    assert stage.worker("launch", request=a_request("daily"), note="x" * 1000)["created"] == 10


def test_the_journal_has_a_line_before_and_one_after(stage: Stage, journal: Path) -> None:
    stage.worker("add_runs", dag_id="with_params", runs=some_runs())
    stage.worker("change_dag", dag_id="with_params", values={"is_paused": True})
    request = a_request(
        "with_params", days=6, reprocess_behavior="completed", conf='{"size": 3, "password": "hidden"}',
        max_active_runs=3, run_on_latest_version=False,
    )  # fmt: skip
    launched = stage.worker(
        "launch", request=request, journal=str(journal), note="why", stop_after_failures=2, paused=True,
        unpause=True,
    )  # fmt: skip
    begun, done = read(journal)
    assert (begun.phase, done.phase) == (Phase.BEGUN, Phase.DONE)
    assert {entry.deed for entry in (begun, done)} == {LAUNCH}
    assert (begun.backfill_id, done.backfill_id) == (None, launched["backfill_id"])
    assert begun.note == done.note == "why"
    assert begun.details == {
        "from_date": "2024-03-01T00:00:00+00:00",
        "to_date": "2024-03-06T00:00:00+00:00",
        "reprocess_behavior": "completed",
        "max_active_runs": 3,
        "run_backwards": False,
        "run_on_latest_version": False,
        "conf_keys": "size, password",
        "unpause": True,
        "paused": True,
        "stop_after_failures": 2,
        "planned": 4,
    }
    created = Instant(int(done.details[CREATED_AT] or 0))
    assert {**done.details, CREATED_AT: 0} == {
        **begun.details, CREATED_AT: 0, "created": 2, "reprocessed": 2, "skipped": 2, "unpaused": True,
    }  # fmt: skip
    assert "hidden" not in journal.read_text(encoding="utf-8")
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    notes = Journal(journal).launch_notes(BackfillId(launched["backfill_id"]), created)
    assert (notes.note, notes.stop_after_failures) == ("why", 2)


def test_the_journal_tells_how_the_runs_were_that_are_taken_again(stage: Stage, journal: Path) -> None:
    stage.worker("add_runs", dag_id="daily", runs=[{"date": FIRST + 5 * DAY, "state": "failed"}])
    first = stage.worker("launch", request=a_request("daily", days=1))
    stage.database.do("UPDATE dag_run SET state = 'success' WHERE state = 'queued'")
    stage.database.do("UPDATE backfill SET completed_at = created_at")
    # A run in flight is left alone, and so is what is outside the range.
    stage.worker("add_runs", dag_id="daily", runs=[some_runs()[2], some_runs(FIRST + 9 * DAY)[3]])
    request = a_request("daily", days=6, reprocess_behavior="completed")
    ids: dict[str, Any] = dict(stage.ask("SELECT state, run_id FROM dag_run"))
    stage.worker("launch", request=request, journal=str(journal))
    assert read(journal)[0].runs == (
        RunBefore(
            run_id=ids["success"], state="success", logical_date=Instant(FIRST),
            backfill_id=first["backfill_id"], tasks={"no_status": 2},
        ),
        RunBefore(
            run_id=ids["failed"], state="failed", logical_date=Instant(FIRST + 5 * DAY), tasks={"failed": 2}
        ),
    )  # fmt: skip


def test_a_partition_gets_a_run_of_its_own_so_none_is_taken(stage: Stage, journal: Path) -> None:
    date = FIRST + 5 * DAY // 24
    old = {"date": date, "partition": "2024-03-01T00:00:00", "state": "failed"}
    stage.worker("add_runs", dag_id="partitioned", runs=[old])
    request = a_request("partitioned", days=3, first=date, reprocess_behavior="failed")
    launched = stage.worker("launch", request=request, journal=str(journal), note="why")
    assert launched["reprocessed"] == 1
    assert [entry.runs for entry in read(journal)] == [(), ()]
    assert stage.ask("SELECT count(*) FROM dag_run_note") == [(3,)]


def test_what_was_undone_is_in_the_journal_as_that(stage: Stage, journal: Path) -> None:
    with pytest.raises(AirflowFailed):
        stage.worker("launch_failing", request=a_request("daily"), at=5, how="bug", journal=str(journal))
    begun, undone = read(journal)
    assert (begun.phase, undone.phase) == (Phase.BEGUN, Phase.UNDONE)
    assert undone.problem == "Airflow could not do it; the log of the bridge says why"
    assert "something in the middle" not in journal.read_text(encoding="utf-8")
    assert undone.backfill_id is None


def test_what_was_killed_is_in_the_journal_as_begun_alone(stage: Stage, journal: Path) -> None:
    stage.worker("launch_killed", request=a_request("daily"), at=5, journal=str(journal))
    assert [entry.phase for entry in read(journal)] == [Phase.BEGUN]


def test_what_was_refused_is_not_in_the_journal(stage: Stage, journal: Path) -> None:
    stage.worker("launch", request=a_request("daily"))
    with pytest.raises(Refused, match="is active"):
        stage.worker("launch", request=a_request("daily", first=FIRST + 30 * DAY), journal=str(journal))
    assert read(journal) == []


def test_a_journal_that_can_not_be_written_is_remarked_and_hinders_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    nowhere = tmp_path / "no-such-folder" / "journal"
    launched = stage.worker("launch", request=a_request("daily"), journal=str(nowhere))
    assert launched["created"] == 10
    assert launched["remarks"] == [f"The journal {nowhere} can not be written: No such file or directory"]


def test_a_run_without_task_instances_is_remarked_for_airflow_does_not_queue_it(stage: Stage) -> None:
    bare = {"date": FIRST + DAY, "state": "success", "bare": True}
    stage.worker("add_runs", dag_id="daily", runs=[bare])
    launched = stage.worker("launch", request=a_request("daily", days=3, reprocess_behavior="completed"))
    assert launched["remarks"] == [
        "1 date has a run without task instances, which Airflow did not queue again: it stays success"
    ]


def test_what_is_not_as_planned_is_remarked(stage: Stage) -> None:
    stage.worker("add_runs", dag_id="daily", runs=[{"date": FIRST + 4 * DAY, "state": "success"}])
    # Between the plan and the moment at which Airflow comes to it.
    with state_changed_at_ordinal(stage.database, 2, "running"):
        launched = stage.worker("launch", request=a_request("daily", reprocess_behavior="completed"))
    assert launched["remarks"] == ["1 date that was to be reprocessed was skipped, for a run is in flight"]
    assert (launched["created"], launched["reprocessed"], launched["skipped"]) == (9, 0, 1)
