"""The list of backfills."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.bridges import RunningBridge
from tests.support.edits import Edits

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.instants import iso
from backfill_tui.domain.planning import ReprocessBehavior

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("live")]

Fresh = Callable[[str], str]


def test_backfills_of_one_dag_come_newest_first_with_their_runs_counted(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    earlier = edits.do("backfill", dag_id=dag_id, first="2024-01-01", days=4)
    first, second, third, _fourth = edits.do("runs_of", backfill_id=earlier)
    edits.do("finish", dag_id=dag_id, run_id=first)
    edits.do("finish", dag_id=dag_id, run_id=second, failed="load")
    edits.do("run", dag_id=dag_id, run_id=third, state="running")
    edits.do("cancel", backfill_id=earlier)
    later = edits.do(
        "backfill", dag_id=dag_id, first="2024-01-01", days=5, reprocess="failed", max_active_runs=3
    )

    newest, oldest = bridge.gateway.backfills(DagId(dag_id))
    assert [newest.facts.backfill_id, oldest.facts.backfill_id] == [later, earlier]
    assert newest.facts.reprocess_behavior is ReprocessBehavior.FAILED
    assert newest.facts.max_active_runs == 3
    assert iso(newest.facts.from_date) == "2024-01-01T00:00:00+00:00"
    assert iso(newest.facts.to_date) == "2024-01-05T00:00:00+00:00"
    assert newest.facts.completed_at is None
    assert oldest.facts.completed_at is not None

    assert (newest.counts.queued, newest.counts.skipped, newest.counts.total) == (3, 2, 5)
    # The failed run and the cancelled one have gone to the later backfill.
    assert (oldest.counts.success, oldest.counts.running, oldest.counts.taken_over) == (1, 1, 2)
    assert oldest.counts.total == 4
    assert newest.read_at >= newest.facts.created_at


def test_all_backfills_are_listed_when_no_dag_is_named(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    made = [edits.do("backfill", dag_id=fresh("chain"), first="2024-01-01", days=1) for _ in range(2)]
    listed = [summary.facts.backfill_id for summary in bridge.gateway.backfills()]
    assert listed == sorted(listed, reverse=True)
    assert set(made) <= set(listed)


def test_a_dag_without_backfills_has_an_empty_list(bridge: RunningBridge) -> None:
    assert bridge.gateway.backfills(DagId("nobody")) == ()


def test_a_backfill_whose_runs_were_never_created_counts_nothing(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    edits.do("empty_backfill", dag_id=dag_id, completed=True)
    (summary,) = bridge.gateway.backfills(DagId(dag_id))
    assert summary.counts.total == 0


def test_the_environment_says_whether_anybody_wrote_since(
    bridge: RunningBridge, edits: Edits, fresh: Fresh
) -> None:
    dag_id = fresh("chain")
    before = bridge.gateway.environment().changes
    assert before is not None
    assert bridge.gateway.environment().changes == before
    edits.do("pause_dag", dag_id=dag_id, is_paused=True)
    assert bridge.gateway.environment().changes not in {None, before}
