"""Watching and repairing on PostgreSQL, attached to an Airflow that is not ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.attached import Attached, attached_to_postgresql
from tests.support.expanding import watch_an_expansion
from tests.support.following import following
from tests.support.instances import read_instances_of_an_expansion

from backfill_tui.domain.failures import FailureKind, FailuresFound, FailuresQuery
from backfill_tui.domain.ids import BackfillId, DagId, RunId
from backfill_tui.domain.repairing import RerunRequest, RerunScope

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live-postgresql")]

_DAGS = """
from datetime import datetime, timezone
from airflow.sdk import DAG, task

for number in range(9):
    with DAG(
        dag_id=f"chain_{number}", schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)
    ):
        @task
        def extract(): pass
        @task
        def load(): pass
        extract() >> load()

for dag_id in ("mapped", "mapped_widely"):
    with DAG(dag_id=dag_id, schedule="@daily", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)):
        @task
        def each(name): return name
        @task
        def total(names): pass
        total(each.expand(name=[1, 2, 3]))
"""


@pytest.fixture(scope="module")
def attached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attached]:
    with attached_to_postgresql(tmp_path_factory.mktemp("attached"), _DAGS) as found:
        yield found


def test_the_stream_equals_a_full_reading_and_the_list_its_counts(attached: Attached) -> None:
    edits = attached.edits
    dag_id = "chain_0"
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=5)
    first, second, third, fourth, _ = edits.do("runs_of", backfill_id=backfill_id)
    with following(attached.gateway, backfill_id) as followed:
        assert [column.task_id for column in followed.store.columns] == ["extract", "load"]
        edits.do("finish", dag_id=dag_id, run_id=first)
        edits.do("finish", dag_id=dag_id, run_id=second, failed="extract")
        edits.do("run", dag_id=dag_id, run_id=third, state="running")
        edits.do("task", dag_id=dag_id, run_id=third, task_id="extract", state="running")
        followed.until_it_shows(edits, backfill_id)
        edits.do("task", dag_id=dag_id, run_id=third, task_id="extract", state="success")
        edits.do("delete_run", dag_id=dag_id, run_id=fourth)
        edits.do("set_backfill", backfill_id=backfill_id, completed=True)
        edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=1, reprocess="completed")
        followed.until_it_shows(edits, backfill_id)
        _later, summary = attached.gateway.backfills(DagId(dag_id))
        assert summary.counts == followed.store.counts()
        counts = summary.counts
        assert (counts.failed, counts.running, counts.queued) == (1, 1, 1)
        assert (counts.deleted, counts.taken_over) == (1, 1)


def test_whatever_becomes_of_an_expansion_the_unfolded_grid_equals_a_full_reading(
    attached: Attached,
) -> None:
    watch_an_expansion(attached.gateway, attached.edits, "mapped")


def test_after_edits_all_over_a_large_backfill_the_stream_equals_a_full_reading(
    attached: Attached,
) -> None:
    edits = attached.edits
    dag_id = "chain_4"
    backfill_id = edits.do("bulk", dag_id=dag_id, runs=1_500)
    # `bulk` numbers its runs itself; the next run gets a number from here.
    attached.database.ask("SELECT setval('dag_run_id_seq', (SELECT max(id) FROM dag_run))")
    run_ids = edits.do("runs_of", backfill_id=backfill_id)
    ended, other, deleted, running = run_ids[100], run_ids[200], run_ids[300], run_ids[1_495]
    with following(attached.gateway, backfill_id) as followed:
        store = followed.store
        edits.do("task", dag_id=dag_id, run_id=running, task_id="load", state="failed")
        edits.do("finish", dag_id=dag_id, run_id=running, failed="load")
        edits.do("clear", dag_id=dag_id, run_id=ended)
        edits.do("finish", dag_id=dag_id, run_id=ended)
        edits.do("clear", dag_id=dag_id, run_id=other)
        edits.do("delete_run", dag_id=dag_id, run_id=deleted)
        followed.until_it_shows(edits, backfill_id)
        counts = store.counts()
        assert (counts.failed, counts.queued, counts.running, counts.deleted) == (1, 1, 9, 1)
        row = store.rows[100]
        assert row is not None
        assert row.cleared


def test_a_late_commit_by_a_host_whose_clock_is_behind_is_seen_when_it_comes(attached: Attached) -> None:
    edits = attached.edits
    backfill_id = edits.do("backfill", dag_id="chain_5", first="2024-01-01", days=3)
    first, second, _ = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id="chain_5", run_id=first)
    edits.do("finish", dag_id="chain_5", run_id=second)
    with following(attached.gateway, backfill_id) as followed:
        with attached.database.stranger() as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for table, values in (("dag_run", "state = 'queued'"), ("task_instance", "state = NULL")):
                cursor.execute(
                    f"UPDATE {table} SET {values}, updated_at = now() - interval '1 day' "  # noqa: S608
                    "WHERE dag_id = 'chain_5' AND run_id = %s",
                    [second],
                )
            for _ in range(3):
                assert followed.take().rows == ()
            cursor.execute("COMMIT")
        followed.until(lambda: followed.store.counts().queued == 2, "the late commit")
        followed.until_it_shows(edits, backfill_id)


def test_lost_connections_are_made_again(attached: Attached) -> None:
    edits = attached.edits
    backfill_id = edits.do("backfill", dag_id="chain_1", first="2024-01-01", days=2)
    first, _ = edits.do("runs_of", backfill_id=backfill_id)
    with following(attached.gateway, backfill_id) as followed:
        attached.database.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'"
        )
        with attached.database.stranger() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE dag_run SET state = 'running' WHERE run_id = %s", [first])
        followed.until(lambda: followed.store.counts().running == 1, "the change after the loss")


def test_a_stream_keeps_no_transaction_open(attached: Attached) -> None:
    edits = attached.edits
    backfill_id = edits.do("backfill", dag_id="chain_2", first="2024-01-01", days=1)
    with following(attached.gateway, backfill_id) as followed:
        for _ in range(3):
            followed.take()
            waiting = attached.database.ask(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state = 'idle in transaction' AND now() - state_change > interval '0.1 s'"
            )
            assert waiting == 0


def test_a_rerun_clears_what_failed_and_lifts_the_pause_of_its_cancelled_backfill(attached: Attached) -> None:
    edits = attached.edits
    dag_id = "chain_3"
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3)
    first, second, _third = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("finish", dag_id=dag_id, run_id=first, failed="load")
    edits.do("finish", dag_id=dag_id, run_id=second)
    edits.do("cancel", backfill_id=backfill_id)
    request = RerunRequest(
        dag_id=DagId(dag_id), run_ids=(RunId(first), RunId(second)), scope=RerunScope.FAILED
    )
    preview = attached.gateway.preview_rerun(request)
    assert [task.key.task_id for task in preview.affected] == ["load"]
    assert attached.gateway.rerun(request) == preview
    assert preview.unblocked == (backfill_id,)
    assert edits.do("run_state", dag_id=dag_id, run_id=first) == "queued"
    assert edits.do("run_state", dag_id=dag_id, run_id=second) == "success"
    assert edits.do("backfill_row", backfill_id=backfill_id)["is_paused"] is False
    assert [found[:3] for found in edits.do("instances", dag_id=dag_id, run_id=first)] == [
        ["extract", -1, "success"],
        ["load", -1, None],
    ]


def test_failures_have_the_errors_of_their_logs_and_what_no_worker_has_is_said(attached: Attached) -> None:
    edits, dag_id = attached.edits, "chain_6"
    backfill_id = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=3)
    first, second, _third = edits.do("runs_of", backfill_id=backfill_id)
    for run_id in (first, second):
        edits.do("finish", dag_id=dag_id, run_id=run_id, failed="load")
        edits.do("ran", dag_id=dag_id, run_id=run_id, task_id="load", seconds=3)
    folder = attached.logs / f"dag_id={dag_id}" / f"run_id={first}" / "task_id=load"
    folder.mkdir(parents=True)
    (folder / "attempt=1.log").write_text("reading\nKeyError: 'sku'\n", encoding="utf-8")
    told: list[FailuresFound] = []
    read = attached.gateway.failures(FailuresQuery(about=BackfillId(backfill_id)), told.append)
    assert (read.dag_id, read.total) == (dag_id, 2)
    assert [(one.ordinal, one.kind, one.error) for part in told for one in part.failures] == [
        (1, FailureKind.ERROR, "KeyError: 'sku'"),
        (2, FailureKind.NO_LOG, ""),
    ]


def test_a_tick_of_a_cluster_in_which_others_write_takes_few_statements(attached: Attached) -> None:
    """Counted, not timed: where every tick is told that something moved, for two seconds of five ticks."""
    edits = attached.edits
    backfill_id = edits.do("backfill", dag_id="chain_7", first="2024-01-01", days=30)
    ticks = edits.do("statements_of_ticks", backfill_id=backfill_id, moved=[True] * 10)
    assert about(ticks, "latest_heartbeat") == 2, "a second each"
    assert about(ticks, "statement_timestamp") == 10, "the clock comes with the mark"
    assert about(ticks, "clock_timestamp") == 0
    assert about(ticks, "count(backfill_dag_run.dag_run_id)") <= 10, "what is running is in the glance"
    assert max(map(len, ticks)) <= 7
    assert sum(map(len, ticks)) <= 64, ticks
    first, *_ = edits.do("runs_of", backfill_id=backfill_id)
    edits.do("run", dag_id="chain_7", run_id=first, state="running")
    ticks = edits.do("statements_of_ticks", backfill_id=backfill_id, moved=[True] * 10)
    assert sum(map(len, ticks)) <= 72, ticks


def test_a_heartbeat_within_the_second_of_another_is_read_though_nobody_writes_after_it(
    attached: Attached,
) -> None:
    edits = attached.edits
    backfill_id = edits.do("backfill", dag_id="chain_8", first="2024-01-01", days=1)
    ticks = edits.do("statements_of_ticks", backfill_id=backfill_id, moved=[True, *[False] * 9])
    assert [about([tick], "latest_heartbeat") for tick in ticks] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]


def about(ticks: list[list[str]], word: str) -> int:
    return sum(word in statement for tick in ticks for statement in tick)


def test_a_run_with_very_many_task_instances_is_read_in_parts_and_whole(attached: Attached) -> None:
    read_instances_of_an_expansion(attached.gateway, attached.edits, "mapped_widely")
