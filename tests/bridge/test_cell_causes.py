"""Why one task waits: what is named is why Airflow's own scheduler does not begin it."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator

import pytest
from tests.support.waiting import PARALLELISM, Stage, stage_on

from backfill_tui.domain.causes import Cause, CauseCode

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("cell_causes")]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on(request.param, tmp_path_factory.mktemp("cells")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return shared_stage.reset()


def codes(found: list[Cause]) -> list[str]:
    return [str(cause.code) for cause in found]


def sentences(found: list[Cause]) -> list[str]:
    return [cause.sentence for cause in found]


def a_run(stage: Stage, dag_id: str, **more: int) -> str:
    """The only run of a backfill, started."""
    backfill_id = stage.backfill(dag_id, 1, **more)
    stage.loop()
    (run_id,) = stage.run_ids(backfill_id)
    return run_id


def test_what_moves_or_has_ended_waits_for_nothing(stage: Stage) -> None:
    run_id = a_run(stage, "plain")
    stage.bring("plain", run_id, a="running")
    assert stage.waits("plain", run_id, "a") == []
    stage.bring("plain", run_id, a="failed")
    assert stage.waits("plain", run_id, "a") == []


def test_a_task_of_a_queued_run_waits_for_what_its_run_waits_for(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", 4, max_active_runs=1)
    stage.loop()
    _, second, _, fourth = stage.run_ids(backfill_id)
    assert stage.waits("plain", second, "b") == [
        Cause(code=CauseCode.MAX_ACTIVE_RUNS, sentence="1 of 1 active runs of this backfill", ordinal=2)
    ]
    assert sentences(stage.waits("plain", fourth, "a")) == [
        "1 of 1 active runs of this backfill, and 2 queued runs come before it"
    ]
    stage.database.do(f"UPDATE dag_run SET run_after = '2099-01-01 06:00:00+00:00' WHERE run_id = '{second}'")  # noqa: S608
    assert codes(stage.waits("plain", second, "a")) == ["max_active_runs", "run_after"]
    stage.worker("ask", method="control", params={"backfill_id": backfill_id, "deed": "pause"})
    assert codes(stage.waits("plain", fourth, "a")) == ["backfill_paused"]
    assert codes(stage.waits("plain", second, "a")) == ["backfill_paused", "run_after"]


def test_what_stops_the_dag_stops_its_tasks(stage: Stage) -> None:
    run_id = a_run(stage, "plain")
    stage.bring("plain", run_id, a="success")
    stage.database.do("UPDATE dag SET is_paused = true WHERE dag_id = 'plain'")
    assert stage.loop()[run_id, "b"] is None
    assert codes(stage.waits("plain", run_id, "b")) == ["dag_paused"]
    stage.database.do("UPDATE dag SET is_paused = false")
    stage.worker("heartbeat", age_seconds=75)
    assert codes(stage.waits("plain", run_id, "b")) == ["no_scheduler"]


def test_a_trigger_rule_that_is_not_met_names_the_tasks_it_waits_for(stage: Stage) -> None:
    run_id = a_run(stage, "ruled")
    assert stage.waits("ruled", run_id, "last") == [
        Cause(
            code=CauseCode.UPSTREAM,
            sentence='trigger rule one_success is not met: "first" (queued), "fourth" (queued), '
            '"second" (queued) and 1 more',
            ordinal=1,
        )
    ]
    stage.bring("ruled", run_id, first="running", second="success", third="failed")
    assert sentences(stage.waits("ruled", run_id, "all")) == [
        'trigger rule all_success is not met: "first" (running)'
    ]
    # One of them has succeeded, so that the next loop of the scheduler queues it.
    assert stage.waits("ruled", run_id, "last") == []
    assert stage.loop()[run_id, "last"] == "queued"
    stage.bring("ruled", run_id, first="failed")
    assert sentences(stage.waits("ruled", run_id, "all")) == [
        'trigger rule all_success is not met: "first" (failed)'
    ]
    assert stage.loop()[run_id, "all"] == "upstream_failed"


def test_a_mapped_task_before_it_is_counted_by_states(stage: Stage) -> None:
    run_id = a_run(stage, "mapped")
    stage.database.do(
        f"UPDATE task_instance SET state = 'success' WHERE run_id = '{run_id}' AND map_index = 1"  # noqa: S608
    )
    assert sentences(stage.waits("mapped", run_id, "total")) == [
        'trigger rule all_success is not met: "each" (2 queued, 1 success)'
    ]


def test_the_rule_of_very_many_task_instances_is_airflows_own(stage: Stage) -> None:
    run_id = a_run(stage, "broad")
    rules = ("one_success", "one_failed", "one_done", "always", "all_done", "all_success")

    def met() -> list[str]:
        return [rule for rule in rules if not stage.waits("broad", run_id, rule)]

    def bring(state: str, index: str) -> None:
        stage.database.do(
            f"UPDATE task_instance SET state = '{state}' "  # noqa: S608
            f"WHERE run_id = '{run_id}' AND task_id = 'each' AND map_index {index}"
        )

    bring("success", "> 0")
    bring("running", "= 0")
    assert met() == ["one_success", "one_done", "always"]
    assert sentences(stage.waits("broad", run_id, "all_success")) == [
        'trigger rule all_success is not met: "each" (1 running, 2,099 success)'
    ]
    bring("failed", "= 0")
    assert (those := met()) == ["one_success", "one_failed", "one_done", "always", "all_done"]
    states = stage.loop()
    assert [rule for rule in rules if states[run_id, rule] == "queued"] == those
    assert states[run_id, "all_success"] == "upstream_failed"


def test_a_teardown_waits_for_all_that_its_setup_was_for(stage: Stage) -> None:
    run_id = a_run(stage, "torn")
    stage.bring("torn", run_id, up="success", a="running", b="failed")
    assert sentences(stage.waits("torn", run_id, "down")) == [
        'trigger rule all_done_setup_success is not met: "a" (running)'
    ]
    stage.bring("torn", run_id, a="success")
    assert stage.waits("torn", run_id, "down") == []
    assert stage.loop()[run_id, "down"] == "queued"


def test_a_task_that_depends_on_its_past_says_so_itself(stage: Stage) -> None:
    backfill_id = stage.backfill("careful", 2, reprocess_behavior="failed")
    stage.loop()
    _, second = stage.run_ids(backfill_id)
    assert sentences(stage.waits("careful", second, "a")) == [
        'task "a" depends on its past and waits for 2024-03-01 00:00, where it is queued'
    ]
    assert codes(stage.waits("careful", second, "b")) == ["past_under_way", "upstream"]


def test_a_task_of_a_run_that_the_scheduler_never_looks_at_starves(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", 22, max_active_runs=22)
    stage.loop(4)
    runs = stage.run_ids(backfill_id)
    assert [cause.ordinal for cause in stage.waits("plain", runs[21], "a")] == [22]
    assert codes(stage.waits("plain", runs[21], "a")) == ["starved"]
    assert codes(stage.waits("plain", runs[19], "b")) == ["upstream"]


def test_a_run_that_is_in_no_backfill_waits_by_the_rules_of_its_dag(stage: Stage) -> None:
    backfill_id = stage.backfill("ruled", 2)
    stage.loop()
    first, second = stage.run_ids(backfill_id)
    stage.database.do("UPDATE dag_run SET backfill_id = NULL, run_type = 'manual'")
    assert codes(stage.waits("ruled", first, "all")) == ["upstream"]
    stage.database.do(f"UPDATE dag_run SET state = 'queued' WHERE run_id = '{second}'")  # noqa: S608
    stage.database.do("DELETE FROM backfill_dag_run")
    assert stage.waits("ruled", second, "all") == []
    stage.database.do("UPDATE dag SET max_active_runs = 1 WHERE dag_id = 'ruled'")
    assert sentences(stage.waits("ruled", second, "all")) == [
        "1 of 1 active runs of the Dag outside backfills"
    ]
    stage.loop()
    assert stage.database.ask(f"SELECT state FROM dag_run WHERE run_id = '{second}'") == "queued"  # noqa: S608
    stage.database.do("UPDATE dag SET max_active_runs = 16 WHERE dag_id = 'ruled'")
    stage.loop()
    assert stage.database.ask(f"SELECT state FROM dag_run WHERE run_id = '{second}'") == "running"  # noqa: S608


def test_a_full_pool_holds_a_scheduled_task_back(stage: Stage) -> None:
    stage.pool(3)
    for run_id in stage.run_ids(stage.backfill("neighbour")):
        stage.bring("neighbour", run_id, x="running")
    stage.loop()
    run_id = a_run(stage, "pooled")
    assert sentences(stage.waits("pooled", run_id, "a")) == [
        'pool "narrow" is full, 3 of 3 slots by neighbour (3)'
    ]


def test_the_limits_of_a_run_and_of_a_task_hold_a_scheduled_task_back(stage: Stage) -> None:
    run_id = a_run(stage, "two")
    states = stage.loop()
    (waiting,) = [task for task in "ab" if states[run_id, task] == "scheduled"]
    assert sentences(stage.waits("two", run_id, waiting)) == ["1 of 1 active tasks of its run"]
    backfill_id = stage.backfill("alone", 2)
    states = stage.loop()
    first, second = stage.run_ids(backfill_id)
    assert (states[first, "a"], states[second, "a"]) == ("queued", "scheduled")
    assert stage.waits("alone", second, "a") == [
        Cause(
            code=CauseCode.MAX_ACTIVE_TIS,
            sentence="1 of 1 task instances of its task are active in all its runs",
            ordinal=2,
        )
    ]


def test_parallelism_that_is_used_up_holds_a_scheduled_task_back(stage: Stage) -> None:
    other = stage.backfill("other", PARALLELISM, max_active_runs=PARALLELISM)
    for run_id in stage.run_ids(other):
        stage.bring("other", run_id, x="running")
    run_id = a_run(stage, "plain")
    assert codes(stage.waits("plain", run_id, "a")) == ["parallelism"]


def test_a_task_that_no_worker_begins_says_for_how_long(stage: Stage) -> None:
    run_id = a_run(stage, "plain")
    assert stage.waits("plain", run_id, "a") == []
    began = time.monotonic()
    stage.worker("age_queued", run_id=run_id, seconds=130)
    (cause,) = stage.waits("plain", run_id, "a")
    at_most = 130 + math.ceil(time.monotonic() - began)
    assert cause.code is CauseCode.NO_WORKER
    said = re.fullmatch(
        r"queued at LocalExecutor for (\d+):(\d\d), and no worker has begun it", cause.sentence
    )
    assert said is not None, cause.sentence
    assert 130 <= int(said[1]) * 60 + int(said[2]) <= at_most
    stage.worker("heartbeat", age_seconds=75)
    assert codes(stage.waits("plain", run_id, "a")) == ["no_scheduler", "no_worker"]


def test_a_retry_and_a_reschedule_say_until_when(stage: Stage) -> None:
    run_id = a_run(stage, "stubborn")
    stage.bring("stubborn", run_id, a="up_for_retry")
    (cause,) = stage.waits("stubborn", run_id, "a")
    assert cause.code is CauseCode.UP_FOR_RETRY
    assert cause.sentence.startswith("it is up for retry until 20")
    run_id = a_run(stage, "looking")
    stage.bring("looking", run_id, file="up_for_reschedule")
    assert stage.waits("looking", run_id, "file") == []
    stage.worker("reschedule", run_id=run_id, task_id="file", at="2099-01-02T03:04:05+00:00")
    assert stage.loop()[run_id, "file"] == "up_for_reschedule"
    assert stage.waits("looking", run_id, "file") == [
        Cause(code=CauseCode.UP_FOR_RESCHEDULE, sentence="it looks again at 2099-01-02 03:04:05", ordinal=1)
    ]


def test_a_task_that_is_no_sensor_and_was_put_off_says_why_that_may_be(stage: Stage) -> None:
    run_id = a_run(stage, "plain")
    stage.bring("plain", run_id, a="up_for_reschedule")
    stage.worker("reschedule", run_id=run_id, task_id="a", at="2099-01-02T03:04:05+00:00")
    (cause,) = stage.waits("plain", run_id, "a")
    assert cause.sentence == (
        "it was put off to 2099-01-02 03:04:05 by its worker, as where that does not find the Dag in its file"
    )
    assert cause.remedy == "read its log"


def test_a_deferred_task_names_its_trigger_and_when_it_times_out(stage: Stage) -> None:
    run_id = a_run(stage, "plain")
    stage.bring("plain", run_id, a="deferred")
    stage.worker("defer", run_id=run_id, task_id="a", timeout="2099-01-02T03:04:05+00:00")
    assert codes(stage.waits("plain", run_id, "a")) == ["no_triggerer"]
    stage.worker("triggerer", age_seconds=0)
    (cause,) = stage.waits("plain", run_id, "a")
    assert cause.code is CauseCode.DEFERRED
    assert cause.sentence.startswith("deferred to TimeDeltaTrigger for ")
    assert cause.sentence.endswith(", which no triggerer has taken yet")
    stage.database.do("UPDATE trigger SET triggerer_id = 1")
    (cause,) = stage.waits("plain", run_id, "a")
    assert cause.sentence.endswith(", which times out at 2099-01-02 03:04:05")


def test_a_task_that_asks_a_person_says_so(stage: Stage) -> None:
    run_id = a_run(stage, "plain")
    stage.bring("plain", run_id, a="awaiting_input")
    assert sentences(stage.waits("plain", run_id, "a")) == ["it waits for the answer of a person"]


def test_asking_changes_nothing(stage: Stage) -> None:
    run_id = a_run(stage, "ruled")
    stage.bring("ruled", run_id, first="failed", second="failed", third="failed", fourth="failed")
    latest = "SELECT max(updated_at) FROM task_instance"
    before = stage.loop(0), stage.database.ask(latest)
    for task_id in ("last", "all"):
        assert codes(stage.waits("ruled", run_id, task_id)) == ["upstream"]
    assert (stage.loop(0), stage.database.ask(latest)) == before
