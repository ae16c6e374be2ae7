"""The stream of a watched backfill against a full reading of the database, whatever is done to it."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise

import psutil
import pytest
from tests.support.bridges import RunningBridge
from tests.support.edits import Edits
from tests.support.following import Following, following, read_in_full, shown

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.instants import SECOND
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.domain.watching import BackfillFacts, Membership

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]


def test_the_first_updates_bring_everything_with_the_tasks_in_the_order_they_run(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=5)
    with following(bridge.gateway, backfill_id) as followed:
        store = followed.store
        assert [column.task_id for column in store.columns] == ["extract", "clean", "load"]
        assert shown(store) == read_in_full(edits, backfill_id)
        assert store.counts().queued == 5
        assert isinstance(store.facts, BackfillFacts)
        assert (store.facts.dag_id, store.facts.timezone) == (dag_id, "UTC")
        assert store.facts.triggering_user == "tester"


def test_mapped_task_instances_share_a_cell_that_shows_the_worst_of_them(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("mapped")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    (run_id,) = edits.do("runs_of", backfill_id=backfill_id)
    with following(bridge.gateway, backfill_id) as followed:
        assert [(c.task_id, c.mapped) for c in followed.store.columns] == [
            ("files", False),
            ("each", True),
            ("total", False),
            ("beside.nothing", False),
        ]
        edits.do("run", dag_id=dag_id, run_id=run_id, state="running")
        edits.do(
            "expand", dag_id=dag_id, run_id=run_id, task_id="each", states=["success", "failed", "running"]
        )
        followed.until(lambda: shown(followed.store)[0]["tasks"]["each"] == "failed", "the worst shows")
        followed.until_it_shows(edits, backfill_id)


def test_a_large_backfill_comes_in_parts_and_is_loaded_with_the_last(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id = edits.do("bulk", dag_id=fresh("chain"), runs=450)
    with following(bridge.gateway, backfill_id) as followed:
        first, *_ = followed.updates
        assert [(len(update.rows), update.loaded) for update in followed.updates] == [
            (50, False),
            (200, False),
            (200, True),
        ]
        assert first.columns is not None
        assert all(update.columns is None for update in followed.updates[1:])
        assert followed.store.counts().success == 440
        assert followed.store.counts().running == 10


def test_an_update_names_only_the_rows_that_changed(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=5)
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    with following(bridge.gateway, backfill_id) as followed:
        for _ in range(3):
            assert followed.take().rows == ()
        edits.do("finish", dag_id=dag_id, run_id=run_ids[3], failed="clean")
        followed.until(lambda: followed.store.counts().failed == 1, "one failed")
        assert [row.ordinal for row in followed.updates[-1].rows] == [4]
        assert followed.store.next_failed(0) == 3
        assert followed.store.task_failures(3) == (1, 2)


def test_that_nothing_changes_is_told_once_a_second(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=2)
    first, _ = edits.do("runs_of", backfill_id=backfill_id)
    with following(bridge.gateway, backfill_id) as followed:

        def is_quiet() -> bool:
            rests = [later.read_at - one.read_at for one, later in pairwise(followed.updates[-3:])]
            return len(rests) == 2 and min(rests) >= SECOND

        followed.until(is_quiet, "quiet")
        edits.do("task", dag_id=dag_id, run_id=first, task_id="load", state="failed")
        followed.until(lambda: bool(followed.updates[-1].rows), "the change")


def test_an_edit_behind_the_back_of_an_ended_run_is_found_in_turn(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3)
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    for run_id in run_ids:
        edits.do("finish", dag_id=dag_id, run_id=run_id)
    with following(bridge.gateway, backfill_id) as followed:
        edits.do("task", dag_id=dag_id, run_id=run_ids[1], task_id="load", state="failed")
        followed.until(lambda: shown(followed.store)[1]["tasks"]["load"] == "failed", "the edit shows")


def test_edits_behind_the_back_of_ended_runs_are_found_first_where_somebody_looks(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("bulk", dag_id=dag_id, runs=4_000)
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    # So far from one another that the turn of all rows does not come to each of them soon.
    edited = [place * 650 for place in range(6)]
    looked_at = tuple(place + 1 for place in edited)
    with following(bridge.gateway, backfill_id, lambda: looked_at) as followed:
        for place in edited:
            edits.do("task", dag_id=dag_id, run_id=run_ids[place], task_id="load", state="skipped")
        edited_at = time.time_ns() // 1000
        while followed.take().read_at <= edited_at:
            pass
        followed.take()
        tasks = [shown(followed.store)[place]["tasks"]["load"] for place in edited]
        assert tasks == ["skipped"] * len(edited)


def test_what_moves_is_seen_at_the_very_next_reading_of_a_large_backfill(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("bulk", dag_id=dag_id, runs=3_000)
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    running, ended = run_ids[2_995], run_ids[1_500]
    with following(bridge.gateway, backfill_id) as followed:
        for command, run_id, arguments in (
            ("task", running, {"task_id": "load", "state": "running"}),
            ("task", running, {"task_id": "load", "state": "failed"}),
            ("clear", ended, {}),
            ("finish", ended, {}),
            ("delete_run", ended, {}),
        ):
            before = len(followed.updates)
            edits.do(command, dag_id=dag_id, run_id=run_id, **arguments)
            committed = time.time_ns() // 1000
            while followed.take().read_at < committed:
                pass
            seen = {row.ordinal for update in followed.updates[before:] for row in update.rows}
            assert run_ids.index(run_id) + 1 in seen, f"{command} of {run_id}"


def test_states_that_two_runs_exchange_are_seen_at_the_very_next_reading(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    backfill_id = edits.do("bulk", dag_id=fresh("chain"), runs=3_000)
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    set_state = "UPDATE dag_run SET state = ? WHERE run_id = ? AND backfill_id = ?"
    _by_hand(bridge, (set_state, "failed", run_ids[700], backfill_id))
    with following(bridge.gateway, backfill_id) as followed:
        _by_hand(
            bridge,
            (set_state, "success", run_ids[700], backfill_id),
            (set_state, "failed", run_ids[2_100], backfill_id),
        )
        committed = time.time_ns() // 1000
        while (next_reading := followed.take().read_at) < committed:
            pass
        followed.until(lambda: followed.store.failed_rows() == (2_100,), "the other one failed")
        assert followed.updates[-1].read_at == next_reading


def test_a_run_that_is_of_another_backfill_without_another_state_is_seen_within_a_second(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("bulk", dag_id=dag_id, runs=12_000)
    other = edits.do("empty_backfill", dag_id=dag_id)
    run_id = edits.do("runs_of", backfill_id=backfill_id)[10_000]
    with following(bridge.gateway, backfill_id) as followed:
        take = "UPDATE dag_run SET backfill_id = ? WHERE dag_id = ? AND run_id = ?"
        _by_hand(bridge, (take, other, dag_id, run_id))
        committed = time.time_ns() // 1000
        # Nothing else is written. The slow lane comes there after ten readings, the sums after five.
        readings: set[int] = set()
        while not followed.store.counts().taken_over:
            read_at = followed.take().read_at
            readings |= {read_at} if read_at > committed else set()
        assert len(readings) <= 5


def test_what_no_sum_of_the_entries_tells_is_found_within_one_round(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("bulk", dag_id=dag_id, runs=3_000)
    edits.do("delete_run", dag_id=dag_id, run_id=edits.do("runs_of", backfill_id=backfill_id)[1_200])
    say_why = "UPDATE backfill_dag_run SET exception_reason = ? WHERE backfill_id = ? AND sort_ordinal = ?"
    with following(bridge.gateway, backfill_id) as followed:
        assert followed.store.counts().deleted == 1
        _by_hand(bridge, (say_why, "in flight", backfill_id, 1_201))
        followed.until(lambda: followed.store.counts().skipped == 1, "why it was skipped")
        assert followed.store.counts().deleted == 0


def _by_hand(bridge: RunningBridge, *statements: tuple[object, ...]) -> None:
    """One transaction of somebody who writes past Airflow: statements with their values."""
    with closing(sqlite3.connect(bridge.home.database, timeout=30)) as connection, connection:
        for statement, *values in statements:
            connection.execute(str(statement), values)


def test_each_date_says_what_became_of_its_run(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    dag_id = fresh("chain")
    earlier = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3)
    first, second, _third = edits.do("runs_of", backfill_id=earlier)
    edits.do("finish", dag_id=dag_id, run_id=first)
    edits.do("finish", dag_id=dag_id, run_id=second, failed="load")
    edits.do("set_backfill", backfill_id=earlier, completed=True)
    with following(bridge.gateway, earlier) as followed:
        later = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=5, reprocess="failed")
        followed.until_it_shows(edits, earlier)
        assert _memberships(followed) == [
            Membership.INCLUDED,
            Membership.TAKEN_OVER,
            Membership.INCLUDED,
        ]
    with following(bridge.gateway, later) as followed:
        fourth = edits.do("runs_of", backfill_id=later)[3]
        edits.do("delete_run", dag_id=dag_id, run_id=fourth)
        followed.until_it_shows(edits, later)
        assert _memberships(followed) == [
            Membership.ALREADY_EXISTS,
            Membership.INCLUDED,
            Membership.IN_FLIGHT,
            Membership.DELETED,
            Membership.INCLUDED,
        ]
        counts = followed.store.counts()
        assert (counts.skipped, counts.deleted, counts.queued, counts.total) == (2, 1, 2, 5)


def test_runs_that_a_cancel_failed_before_they_began_are_cancelled_not_failed(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3)
    first, *_ = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("run", dag_id=dag_id, run_id=first, state="running")
    with following(bridge.gateway, backfill_id) as followed:
        edits.do("cancel", backfill_id=backfill_id)
        followed.until(lambda: followed.store.counts().cancelled == 2, "two cancelled")
        counts = followed.store.counts()
        assert (counts.running, counts.failed) == (1, 0)
        assert isinstance(followed.store.facts, BackfillFacts)
        assert followed.store.facts.is_paused
        edits.do("clear", dag_id=dag_id, run_id=edits.do("runs_of", backfill_id=backfill_id)[1])
        followed.until(lambda: followed.store.counts().queued == 1, "one is queued again")
        row = followed.store.rows[1]
        assert row is not None
        assert row.cleared


def test_a_task_that_the_dag_gets_meanwhile_becomes_a_column(bridge: RunningBridge, edits: Edits) -> None:
    source = bridge.home.dags_folder / "growing.py"
    source.write_text(_GROWING.format(more=""), encoding="utf-8")
    bridge.gateway.parse()
    backfill_id = edits.do("backfill", dag_id="growing", first="2024-01-01", days=3)
    first, *_ = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id="growing", run_id=first)
    with following(bridge.gateway, backfill_id) as followed:
        assert [column.task_id for column in followed.store.columns] == ["begin", "end"]
        source.write_text(_GROWING.format(more='>> EmptyOperator(task_id="middle")'), encoding="utf-8")
        bridge.gateway.parse()
        edits.do("clear", dag_id="growing", run_id=first, latest=True)
        followed.until(lambda: len(followed.store.columns) == 3, "a third column")
        assert [column.task_id for column in followed.store.columns] == ["begin", "middle", "end"]
        followed.until_it_shows(edits, backfill_id)
        assert followed.store.cell(1, 1) == 0, "the other runs have no such task"


_GROWING = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
with DAG(dag_id="growing", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
    EmptyOperator(task_id="begin") {more} >> EmptyOperator(task_id="end")
"""


def test_what_decides_whether_it_moves_is_read_at_each_tick(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1)
    with following(bridge.gateway, backfill_id) as followed:
        facts = followed.updates[-1].facts
        assert (facts.dag_is_paused, facts.is_paused, facts.completed_at) == (False, False, None)
        assert facts.scheduler_heartbeat is not None
        edits.do("pause_dag", dag_id=dag_id, is_paused=True)
        edits.do("set_backfill", backfill_id=backfill_id, is_paused=True, completed=True)
        followed.until(lambda: followed.updates[-1].facts.dag_is_paused, "the Dag is paused")
        followed.until(lambda: followed.updates[-1].facts.completed_at is not None, "completed")
        assert followed.updates[-1].read_at >= followed.updates[0].read_at


def test_a_backfill_without_runs_yet_is_followed_from_its_first_run_on(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("empty_backfill", dag_id=dag_id, completed=True)
    with following(bridge.gateway, backfill_id) as followed:
        assert followed.store.counts().total == 0
        assert followed.store.loaded
        assert len(followed.store.columns) == 3
        other = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=2)
        _by_hand(
            bridge,
            ("UPDATE backfill_dag_run SET backfill_id = ? WHERE backfill_id = ?", backfill_id, other),
            ("UPDATE dag_run SET backfill_id = ? WHERE backfill_id = ?", backfill_id, other),
        )
        followed.until(lambda: followed.store.counts().queued == 2, "two runs")
        followed.until_it_shows(edits, backfill_id)


def test_an_unknown_backfill_and_one_that_is_deleted_meanwhile_are_not_there(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    with pytest.raises(NotThere, match="no backfill 4711"), following(bridge.gateway, 4711):
        pass
    backfill_id = edits.do("backfill", dag_id=fresh("chain"), first="2024-01-01", days=1)
    with following(bridge.gateway, backfill_id) as followed:
        edits.do("delete_backfill", backfill_id=backfill_id)
        with pytest.raises(NotThere, match=f"no backfill {backfill_id}"):
            followed.until(lambda: False, "the stream ends")


def test_a_database_that_fails_for_a_moment_is_read_again_when_it_is_back(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=2)
    first, _ = edits.do("runs_of", backfill_id=backfill_id)
    with following(bridge.gateway, backfill_id) as followed:
        edits.do("rename_table", name="job", to="job_away")
        try:
            # Long enough for some ticks, none of which can read the heartbeat.
            edits.do("lock", seconds=0.7)
            edits.do("finish", dag_id=dag_id, run_id=first)
        finally:
            edits.do("rename_table", name="job_away", to="job")
        followed.until_it_shows(edits, backfill_id)


def test_leaving_ends_the_stream_in_the_bridge(bridge: RunningBridge, edits: Edits, fresh: Fresh) -> None:
    backfill_id = edits.do("backfill", dag_id=fresh("chain"), first="2024-01-01", days=1)
    process = psutil.Process(bridge.child.pid)
    before = process.num_threads()
    with following(bridge.gateway, backfill_id):
        assert process.num_threads() > before
    deadline = time.monotonic() + 5
    while process.num_threads() > before:
        assert time.monotonic() < deadline, "the thread of the stream goes on"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_any_edits_the_screen_equals_a_full_reading(
    bridge: RunningBridge, edits: Edits, fresh: Fresh, seed: int
) -> None:
    dag_id = fresh("chain")
    chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=8)
    with following(bridge.gateway, backfill_id) as followed:
        for _ in range(8):
            for _ in range(chance.randint(1, 5)):
                _edit_something(edits, chance, dag_id, backfill_id)
            followed.until_it_shows(edits, backfill_id)


def test_after_edits_all_over_a_large_backfill_the_screen_equals_a_full_reading_within_one_round(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    chance = random.Random(4)  # noqa: S311  # repeatable, not secret
    backfill_id = edits.do("bulk", dag_id=dag_id, runs=2_500)
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    kinds = ["task", "start", "finish", "fail", "clear", "delete"]
    with following(bridge.gateway, backfill_id) as followed:
        for number, run_id in enumerate(chance.sample(run_ids, 18)):
            _edit_run(edits, chance, {"dag_id": dag_id, "run_id": run_id}, kinds[number % len(kinds)])
            followed.take()
        edited = time.time_ns() // 1000
        expected = read_in_full(edits, backfill_id)
        # A round takes three ticks here, with 1,000 rows of three columns in each, once nobody writes any
        # more, and a third of that while somebody does; one may be half done.
        later: set[int] = set()
        while len(later) <= 2 * 4:
            read_at = followed.take().read_at
            later |= {read_at} if read_at > edited else set()
        assert shown(followed.store) == expected


def _edit_something(edits: Edits, chance: random.Random, dag_id: str, backfill_id: int) -> None:
    own = [row["run_id"] for row in edits.do("picture", backfill_id=backfill_id) if row["run_id"]]
    if not own:
        return
    run = {"dag_id": dag_id, "run_id": chance.choice(own)}
    kind = chance.choices(
        ["task", "start", "finish", "fail", "clear", "take over", "delete", "cancel"],
        weights=[8, 4, 3, 4, 3, 1, 1, 0.5],
    )[0]
    if kind == "take over":
        edits.do("set_backfill", backfill_id=backfill_id, completed=True)
        day = run["run_id"].removeprefix("backfill__")[:10]
        later = edits.do("backfill", dag_id=dag_id, first=day, days=1, reprocess="completed")
        edits.do("set_backfill", backfill_id=later, completed=True)
    elif kind == "cancel":
        edits.do("cancel", backfill_id=backfill_id)
    else:
        _edit_run(edits, chance, run, kind)


def _edit_run(edits: Edits, chance: random.Random, run: dict[str, str], kind: str) -> None:
    if kind == "task":
        state = chance.choice(["queued", "running", "success", "failed", "up_for_retry", "skipped", None])
        edits.do("task", **run, task_id=chance.choice(["extract", "clean", "load"]), state=state)
    elif kind == "start":
        edits.do("run", **run, state="running")
    elif kind == "finish":
        edits.do("finish", **run)
    elif kind == "fail":
        edits.do("finish", **run, failed=chance.choice(["extract", "clean", "load"]))
    elif kind == "clear":
        edits.do("clear", **run)
    else:
        edits.do("delete_run", **run)


def _memberships(followed: Following) -> list[Membership]:
    return [row.membership for row in followed.store.rows if row is not None]


def test_a_store_fed_by_the_stream_counts_as_the_list_of_backfills_does(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=4)
    first, second, third, _ = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id=dag_id, run_id=first, failed="extract")
    edits.do("finish", dag_id=dag_id, run_id=second)
    edits.do("clear", dag_id=dag_id, run_id=second)
    edits.do("delete_run", dag_id=dag_id, run_id=third)
    with following(bridge.gateway, backfill_id) as followed:
        (summary,) = [
            found
            for found in bridge.gateway.backfills()
            if found.facts.backfill_id == BackfillId(backfill_id)
        ]
        assert summary.counts == followed.store.counts()
        assert summary.counts.rerunning == 1
        assert followed.store.task_counts()[list(TaskState).index(TaskState.FAILED)] == 1
        assert followed.store.rows[0] is not None
        assert followed.store.rows[0].state is RunState.FAILED
