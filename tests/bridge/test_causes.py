"""Why runs and tasks wait: what is named is why Airflow's own scheduler does not start them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.support.waiting import PARALLELISM, Stage, stage_on

from backfill_tui.domain.causes import Cause, CauseCode

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("causes")]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_on(request.param, tmp_path_factory.mktemp("causes")) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    return shared_stage.reset()


def codes(found: list[Cause]) -> list[str]:
    return [str(cause.code) for cause in found]


def test_a_paused_dag_starts_nothing(stage: Stage) -> None:
    backfill_id = stage.backfill("plain")
    stage.database.do("UPDATE dag SET is_paused = true WHERE dag_id = 'plain'")
    stage.loop()
    assert stage.states(backfill_id) == ["queued"] * 3
    assert stage.causes(backfill_id) == [
        Cause(
            code=CauseCode.DAG_PAUSED,
            sentence="the Dag is paused, so nothing starts",
            remedy="unpause the Dag",
        )
    ]
    stage.database.do("UPDATE dag SET is_paused = false")
    stage.loop()
    assert stage.states(backfill_id) == ["running"] * 3


def test_a_stale_dag_starts_nothing(stage: Stage) -> None:
    backfill_id = stage.backfill("plain")
    stage.database.do("UPDATE dag SET is_stale = true WHERE dag_id = 'plain'")
    stage.loop()
    assert stage.states(backfill_id) == ["queued"] * 3
    assert codes(stage.causes(backfill_id)) == ["dag_stale"]


def test_airflow_itself_pauses_a_dag_after_failed_runs_in_a_row(stage: Stage) -> None:
    # Its latest runs count.
    backfill_id = stage.backfill("frail", 4, max_active_runs=2, run_backwards=True)
    stage.loop()
    for run_id in stage.run_ids(backfill_id)[:2]:
        stage.bring("frail", run_id, a="failed")
    stage.loop()
    assert stage.states(backfill_id) == ["failed", "failed", "queued", "queued"]
    assert stage.database.ask("SELECT is_paused FROM dag WHERE dag_id = 'frail'")
    (cause,) = stage.causes(backfill_id)
    assert cause.code is CauseCode.DAG_AUTO_PAUSED
    assert cause.sentence == "Airflow paused the Dag after 2 failed runs in a row, so nothing starts"
    assert cause.remedy == "unpause the Dag"
    # Whoever unpauses it and pauses it again has paused it.
    for paused in (False, True):
        stage.worker("ask", method="pause_dag", params={"dag_id": "frail", "is_paused": paused})
    assert codes(stage.causes(backfill_id)) == ["dag_paused"]


def test_without_a_scheduler_nothing_starts(stage: Stage) -> None:
    backfill_id = stage.backfill("plain")
    stage.worker("heartbeat", age_seconds=75)
    (cause,) = stage.causes(backfill_id)
    assert cause.code is CauseCode.NO_SCHEDULER
    assert cause.sentence.startswith("no scheduler heartbeat for 1:")
    stage.database.do("DELETE FROM job")
    assert [cause.sentence for cause in stage.causes(backfill_id)] == ["no scheduler is running"]


def test_a_paused_backfill_starts_no_queued_run(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", max_active_runs=1)
    stage.loop()
    params = {"backfill_id": backfill_id, "deed": "pause"}
    stage.worker("ask", method="control", params=params)
    first, *_ = stage.run_ids(backfill_id)
    stage.bring("plain", first, a="success", b="success")
    stage.loop()
    assert stage.states(backfill_id) == ["success", "queued", "queued"]
    (cause,) = stage.causes(backfill_id)
    assert (cause.code, cause.remedy) == (CauseCode.BACKFILL_PAUSED, "resume")


def test_a_cleared_run_of_a_cancelled_backfill_stays_queued(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", max_active_runs=1)
    stage.loop()
    first, *_ = stage.run_ids(backfill_id)
    stage.worker("stock_cancel", backfill_id=backfill_id)
    stage.bring("plain", first, a="failed", b="failed")
    stage.loop()
    assert stage.causes(backfill_id) == []
    stage.worker("clear_run", dag_id="plain", run_id=first, only_failed=True)
    stage.loop()
    assert stage.states(backfill_id) == ["queued", "failed", "failed"]
    (cause,) = stage.causes(backfill_id)
    assert (cause.code, cause.remedy) == (CauseCode.BACKFILL_CANCELLED, "rerun them from here")


def test_max_active_runs_that_are_reached_hold_the_others_back(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", 5, max_active_runs=2)
    stage.loop()
    assert stage.states(backfill_id) == ["running"] * 2 + ["queued"] * 3
    assert stage.causes(backfill_id) == [
        Cause(code=CauseCode.MAX_ACTIVE_RUNS, sentence="2 of 2 active runs of this backfill")
    ]


def test_a_backfill_without_any_active_run_never_starts(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", max_active_runs=0)
    stage.loop()
    assert stage.states(backfill_id) == ["queued"] * 3
    assert codes(stage.causes(backfill_id)) == ["no_active_runs"]


def test_a_run_does_not_start_before_it_is_due(stage: Stage) -> None:
    backfill_id = stage.backfill("plain")
    _, second, _ = stage.run_ids(backfill_id)
    stage.database.do(f"UPDATE dag_run SET run_after = '2099-01-01 06:00:00+00:00' WHERE run_id = '{second}'")  # noqa: S608
    stage.loop()
    assert stage.states(backfill_id) == ["running", "queued", "running"]
    assert stage.causes(backfill_id) == [
        Cause(code=CauseCode.RUN_AFTER, sentence="it may not start before 2099-01-01 06:00", ordinal=2)
    ]


def test_a_full_pool_is_named_with_those_who_fill_it(stage: Stage) -> None:
    stage.pool(4)
    neighbour, backfill_id = stage.backfill("neighbour"), stage.backfill("pooled", 1)
    for run_id in stage.run_ids(neighbour):
        stage.bring("neighbour", run_id, x="running")
    states = stage.loop()
    (run_id,) = stage.run_ids(backfill_id)
    assert states[run_id, "a"] == "scheduled"
    (cause,) = stage.causes(backfill_id)
    assert cause.code is CauseCode.POOL_FULL
    assert cause.sentence == (
        'pool "narrow" has 1 of 4 slots free, and task "a" takes 2; others have neighbour (3)'
    )
    stage.database.do("UPDATE slot_pool SET slots = 3 WHERE pool = 'narrow'")
    assert stage.loop()[run_id, "a"] == "scheduled"
    assert [cause.sentence for cause in stage.causes(backfill_id)] == [
        'pool "narrow" is full, 3 of 3 slots by neighbour (3)'
    ]
    stage.database.do("UPDATE slot_pool SET slots = 5 WHERE pool = 'narrow'")
    assert stage.loop()[run_id, "a"] == "queued"
    assert stage.causes(backfill_id) == []


@pytest.mark.parametrize("slots", [None, 0, 1])
def test_a_pool_that_never_has_room_is_told(stage: Stage, slots: int | None) -> None:
    if slots is not None:
        stage.pool(slots)
    backfill_id = stage.backfill("pooled", 1)
    (run_id,) = stage.run_ids(backfill_id)
    assert stage.loop()[run_id, "a"] == "scheduled"
    (cause,) = stage.causes(backfill_id)
    if slots is None:
        assert cause.code is CauseCode.NO_POOL
        assert cause.sentence == 'task "a" needs pool "narrow", and there is none'
    else:
        assert cause.code is CauseCode.POOL_TOO_SMALL
        assert cause.remedy == "give the pool more slots"


def test_the_active_tasks_of_a_run_are_limited(stage: Stage) -> None:
    backfill_id = stage.backfill("two", 2)
    states = stage.loop()
    for run_id in stage.run_ids(backfill_id):
        assert sorted(str(states[run_id, task]) for task in "ab") == ["queued", "scheduled"]
    assert stage.causes(backfill_id) == [
        Cause(code=CauseCode.MAX_ACTIVE_TASKS, sentence="1 of 1 active tasks of its run", ordinal=ordinal)
        for ordinal in (1, 2)
    ]


def test_tasks_of_other_dags_use_up_the_parallelism(stage: Stage) -> None:
    other = stage.backfill("other", PARALLELISM, max_active_runs=PARALLELISM)
    for run_id in stage.run_ids(other):
        stage.bring("other", run_id, x="running")
    backfill_id = stage.backfill("plain", 1)
    (run_id,) = stage.run_ids(backfill_id)
    assert stage.loop()[run_id, "a"] == "scheduled"
    (cause,) = stage.causes(backfill_id)
    assert cause.code is CauseCode.PARALLELISM
    assert cause.sentence == "[core] parallelism is reached, 30 of 30 tasks by other (30)"
    stage.worker("bring", dag_id="other", run_id=stage.run_ids(other)[0], x="success")
    assert stage.loop()[run_id, "a"] == "queued"
    assert stage.causes(backfill_id) == []


def test_a_backfill_that_alone_uses_up_the_parallelism_is_not_held_back(stage: Stage) -> None:
    backfill_id = stage.backfill("two", PARALLELISM, max_active_runs=PARALLELISM)
    runs = stage.run_ids(backfill_id)
    stage.loop()
    stage.bring("two", runs[0], a="scheduled", b="scheduled")
    for run_id in runs[1:]:
        stage.bring("two", run_id, a="running", b="success")
    other = stage.backfill("other", 1)
    assert codes(stage.causes(backfill_id)) == [], "29 of 30"
    stage.bring("two", runs[1], a="running", b="running")
    assert codes(stage.causes(backfill_id)) == [], "30 of 30, all its own"
    stage.bring("two", runs[1], a="running", b="success")
    stage.bring("other", stage.run_ids(other)[0], x="running")
    (cause,) = stage.causes(backfill_id)
    assert cause.sentence == "[core] parallelism is reached, 30 of 30 tasks by two (29), other (1)"


def test_a_full_pool_counts_more_than_that_the_parallelism_is_reached(stage: Stage) -> None:
    stage.pool(4)
    neighbour = stage.backfill("neighbour", PARALLELISM, max_active_runs=PARALLELISM)
    for run_id in stage.run_ids(neighbour):
        stage.bring("neighbour", run_id, x="running")
    backfill_id = stage.backfill("pooled", 1)
    stage.loop()
    assert codes(stage.causes(backfill_id)) == ["pool_full", "parallelism"]


def test_running_runs_that_the_scheduler_never_looks_at_starve(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", 23, max_active_runs=23)
    # One loop starts 20 of them, the next one the others.
    states = stage.loop(4)
    runs = stage.run_ids(backfill_id)
    assert stage.states(backfill_id) == ["running"] * 23
    assert [states[run_id, "a"] for run_id in runs] == ["queued"] * 20 + [None] * 3
    found = stage.causes(backfill_id)
    assert [(cause.code, cause.ordinal) for cause in found] == [
        (CauseCode.STARVED, ordinal) for ordinal in (21, 22, 23)
    ]
    assert found[0].sentence == (
        "the scheduler looks at no more than 20 running runs, and plain (20) come first"
    )
    # With one fewer before them, the next one is looked at.
    stage.bring("plain", runs[0], a="success", b="success")
    states = stage.loop(2)
    assert states[runs[20], "a"] == "queued"
    assert [cause.ordinal for cause in stage.causes(backfill_id)] == [22, 23]


def test_the_list_of_one_dag_leaves_what_is_known_of_another(stage: Stage) -> None:
    for dag_id in ("careful", "plain"):
        stage.backfill(dag_id, reprocess_behavior="failed")
    stage.loop()
    assert stage.worker("listings", dag_ids=["careful", "careful", "plain", "careful"]) == [1, 0, 0, 0]


def test_a_task_that_depends_on_its_past_waits_for_the_date_before(stage: Stage) -> None:
    backfill_id = stage.backfill("careful", 2, reprocess_behavior="failed")
    first, second = stage.run_ids(backfill_id)
    states = stage.loop()
    assert (states[first, "a"], states[second, "a"]) == ("queued", None)
    (cause,) = stage.causes(backfill_id)
    assert (cause.code, cause.remedy, cause.ordinal) == (CauseCode.PAST_UNDER_WAY, "", 2)
    assert cause.sentence == 'task "a" depends on its past and waits for 2024-03-01 00:00, where it is queued'
    stage.bring("careful", first, a="failed")
    states = stage.loop()
    assert stage.states(backfill_id) == ["failed", "running"]
    assert states[second, "a"] is None
    (cause,) = stage.causes(backfill_id)
    assert (cause.code, cause.ordinal) == (CauseCode.DEPENDS_ON_PAST, 2)
    assert cause.sentence == (
        'task "a" depends on its past and waits for 2024-03-01 00:00, '
        "where it is failed and the run is failed"
    )
    assert cause.remedy == "rerun that date, or mark its task as succeeded"
    stage.bring("careful", first, a="success", b="success")
    assert stage.loop()[second, "a"] == "queued"
    assert stage.causes(backfill_id) == []


def test_a_running_task_without_a_heartbeat_is_named_before_the_pool_that_it_fills(stage: Stage) -> None:
    stage.pool(2)
    backfill_id = stage.backfill("pooled", 2)
    stage.loop()
    first, second = stage.run_ids(backfill_id)
    stage.bring("pooled", first, a="running")
    assert stage.loop()[second, "a"] == "scheduled"
    assert codes(stage.causes(backfill_id)) == ["pool_full"]
    beat = "last_heartbeat_at = '2024-01-02 03:04:05+00:00'"
    stage.database.do(f"UPDATE task_instance SET {beat} WHERE run_id = '{first}'")  # noqa: S608
    silent, full = stage.causes(backfill_id)
    assert silent == Cause(
        code=CauseCode.NO_HEARTBEAT,
        sentence='task "a" is running with no heartbeat since 2024-01-02 03:04:05, '
        "and the scheduler fails it 5:00 after that",
        remedy="see whether its worker is alive",
        ordinal=1,
    )
    assert full.code is CauseCode.POOL_FULL
    (waits,) = stage.waits("pooled", first, "a")
    assert (
        waits.sentence == "no heartbeat since 2024-01-02 03:04:05, and the scheduler fails it 5:00 after that"
    )


def test_a_task_that_is_up_for_retry_waits_until_its_time(stage: Stage) -> None:
    backfill_id = stage.backfill("stubborn", 1)
    stage.loop()
    (run_id,) = stage.run_ids(backfill_id)
    stage.bring("stubborn", run_id, a="up_for_retry")
    assert stage.loop()[run_id, "a"] == "up_for_retry"
    of_all, of_run = stage.causes(backfill_id)
    assert (of_run.code, of_run.ordinal) == (CauseCode.UP_FOR_RETRY, 1)
    assert of_run.sentence.startswith('task "a" is up for retry until 20')
    assert of_all == replace(of_run, sentence=f"no task is at work, {of_run.sentence}", ordinal=None)
    assert of_all.of_all_at_rest


def test_where_all_that_runs_is_put_off_the_first_to_go_on_is_named(stage: Stage) -> None:
    backfill_id = stage.backfill("looking", 3, max_active_runs=2)
    stage.loop()
    first, second, _ = stage.run_ids(backfill_id)
    for run_id, hour in ((first, 4), (second, 3)):
        stage.bring("looking", run_id, file="up_for_reschedule")
        for day in (1, 2):
            stage.worker(
                "reschedule", run_id=run_id, task_id="file", at=f"2099-01-0{day}T0{hour}:00:00+00:00"
            )
    states = stage.loop()
    assert [states[run_id, "file"] for run_id in (first, second)] == ["up_for_reschedule"] * 2
    assert [(cause.code, cause.sentence, cause.remedy) for cause in stage.causes(backfill_id)] == [
        (
            CauseCode.UP_FOR_RESCHEDULE,
            'no task is at work, task "file" looks again at 2099-01-02 03:00',
            "",
        ),
        (CauseCode.MAX_ACTIVE_RUNS, "2 of 2 active runs of this backfill", ""),
    ]
    stage.bring("looking", first, file="running")
    assert codes(stage.causes(backfill_id)) == ["max_active_runs"], "one is at work"


def test_a_task_that_is_no_sensor_and_was_put_off_has_a_log_to_be_read(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", 1)
    stage.loop()
    (run_id,) = stage.run_ids(backfill_id)
    stage.bring("plain", run_id, a="up_for_reschedule")
    stage.worker("reschedule", run_id=run_id, task_id="a", at="2099-01-02T03:04:05+00:00")
    (cause,) = stage.causes(backfill_id)
    assert cause.sentence == (
        'no task is at work, task "a" was put off to 2099-01-02 03:04:05 by its worker, '
        "as where that does not find the Dag in its file"
    )
    assert cause.remedy == "read its log"


def test_a_deferred_task_needs_a_triggerer(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", 1)
    stage.loop()
    (run_id,) = stage.run_ids(backfill_id)
    stage.bring("plain", run_id, a="deferred")
    assert stage.loop()[run_id, "a"] == "deferred"
    assert stage.causes(backfill_id) == [
        Cause(
            code=CauseCode.NO_TRIGGERER,
            sentence='task "a" is deferred, and no triggerer is running',
            remedy="start a triggerer",
        )
    ]
    stage.worker("triggerer", age_seconds=75)
    assert [cause.sentence[:50] for cause in stage.causes(backfill_id)] == [
        'task "a" is deferred, and no triggerer heartbeat f'
    ]
    stage.worker("triggerer", age_seconds=0)
    assert [cause.sentence for cause in stage.causes(backfill_id)] == [
        'no task is at work, task "a" waits for its trigger'
    ]


def test_a_task_that_asks_a_person_holds_its_run(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", 1)
    stage.loop()
    (run_id,) = stage.run_ids(backfill_id)
    stage.bring("plain", run_id, a="awaiting_input")
    assert stage.loop()[run_id, "a"] == "awaiting_input"
    assert stage.causes(backfill_id) == [
        Cause(
            code=CauseCode.AWAITING_INPUT,
            sentence='task "a" waits for the answer of a person',
            remedy="answer it in Airflow's web interface",
            ordinal=1,
        )
    ]


def test_a_task_that_no_worker_begins_is_named_after_a_minute(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", 2)
    stage.loop()
    _, second = stage.run_ids(backfill_id)
    stage.worker("age_queued", run_id=second, seconds=50)
    assert stage.causes(backfill_id) == []
    stage.worker("age_queued", run_id=second, seconds=130)
    (cause,) = stage.causes(backfill_id)
    assert (cause.code, cause.ordinal) == (CauseCode.NO_WORKER, 2)
    assert cause.sentence.startswith('task "a" is queued at LocalExecutor for 2:1')


def test_what_moves_and_what_has_ended_waits_for_nothing(stage: Stage) -> None:
    backfill_id = stage.backfill("plain", 1)
    stage.loop()
    assert stage.causes(backfill_id) == []
    (run_id,) = stage.run_ids(backfill_id)
    stage.bring("plain", run_id, a="success", b="success")
    stage.loop()
    assert stage.states(backfill_id) == ["success"]
    stage.database.do("UPDATE dag SET is_paused = true WHERE dag_id = 'plain'")
    assert stage.causes(backfill_id) == []


def test_a_reading_takes_as_many_queries_for_many_runs_as_for_few(stage: Stage) -> None:
    backfill_id = stage.backfill("two", 3, max_active_runs=3)
    stage.loop()
    few = stage.worker("statements", backfill_id=backfill_id)
    stage.reset()
    backfill_id = stage.backfill("two", 200, max_active_runs=19)
    stage.loop()
    assert stage.worker("statements", backfill_id=backfill_id) == few


def test_whoever_watches_is_told_the_causes_and_when_they_are_gone(stage: Stage) -> None:
    backfill_id = stage.backfill("plain")
    stage.worker("ask", method="control", params={"backfill_id": backfill_id, "deed": "pause"})
    told = stage.worker("watched", backfill_id=backfill_id, resume=True)
    assert [[cause["code"] for cause in causes] for causes in told] == [["backfill_paused"], []]


def test_a_dag_that_can_not_be_read_costs_only_the_causes_that_need_it(stage: Stage) -> None:
    backfill_id = stage.backfill("stubborn", 2, max_active_runs=1)
    stage.loop()
    first, _ = stage.run_ids(backfill_id)
    stage.bring("stubborn", first, a="up_for_retry")
    assert codes(stage.causes(backfill_id)) == ["up_for_retry", "up_for_retry", "max_active_runs"]
    found = stage.worker("causes_without_the_dag", backfill_id=backfill_id)
    assert [[cause["code"] for cause in causes] for causes in found["causes"]] == [["max_active_runs"]] * 2
    assert found["tries"] == 1


def test_a_list_of_backfills_carries_the_causes_of_each(stage: Stage) -> None:
    paused, full = stage.backfill("plain"), stage.backfill("two", 2, max_active_runs=1)
    stage.worker("ask", method="control", params={"backfill_id": paused, "deed": "pause"})
    stage.loop()
    listed = stage.worker("ask", method="backfills", params={"dag_id": None})["backfills"]
    assert [[cause["code"] for cause in one["causes"]] for one in listed] == [
        ["max_active_tasks", "max_active_runs"],
        ["backfill_paused"],
    ]
    assert [one["facts"]["backfill_id"] for one in listed] == [full, paused]
