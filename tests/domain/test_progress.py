"""What a backfill is doing, in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.rows import NOW, a_row, some_facts

from backfill_tui.domain.environment import EngineStatus
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.progress import (
    BackfillStatus,
    Standing,
    count_runs,
    failed_rows,
    standing,
    task_progress,
    with_engine,
)
from backfill_tui.domain.states import CODE_OF, CODES, RunState, TaskState
from backfill_tui.domain.watching import Membership, RunCounts

_ENDED = Instant(NOW - 60 * SECOND)


def _standing(counts: RunCounts, **facts: Any) -> Standing:
    return standing(some_facts(**facts), counts, NOW)


@pytest.mark.parametrize(
    ("counts", "facts", "status", "sentence"),
    [
        (
            RunCounts(),
            {"created_at": Instant(NOW - 119 * SECOND)},
            BackfillStatus.CREATING,
            "its runs are being created",
        ),
        (
            RunCounts(),
            {"created_at": Instant(NOW - 120 * SECOND)},
            BackfillStatus.ABANDONED,
            "its creation died before it had any run",
        ),
        (
            RunCounts(),
            {"completed_at": _ENDED},
            BackfillStatus.DONE_WITH_FAILURES,
            "its creation failed, it has no runs",
        ),
        (RunCounts(queued=5), {}, BackfillStatus.QUEUED, "5 queued"),
        (RunCounts(queued=5, running=2), {}, BackfillStatus.RUNNING, "2 of 4 slots"),
        (RunCounts(queued=5, success=1), {}, BackfillStatus.RUNNING, "0 of 4 slots"),
        (
            RunCounts(queued=5, running=1),
            {"is_paused": True},
            BackfillStatus.PAUSED,
            "1 running, 5 queued: no queued run starts",
        ),
        (RunCounts(success=3), {"completed_at": _ENDED}, BackfillStatus.DONE, "3 succeeded"),
        (RunCounts(success=3), {}, BackfillStatus.DONE, "3 succeeded"),
        (
            RunCounts(success=3, failed=2, skipped=1),
            {"completed_at": _ENDED},
            BackfillStatus.DONE_WITH_FAILURES,
            "3 succeeded, 2 failed, 1 skipped",
        ),
        (
            RunCounts(skipped=4),
            {"completed_at": _ENDED},
            BackfillStatus.DONE,
            "no run was needed, 4 skipped",
        ),
        (
            RunCounts(success=1, cancelled=20),
            {"is_paused": True, "completed_at": _ENDED},
            BackfillStatus.CANCELLED,
            "20 never ran, 1 succeeded",
        ),
        (
            RunCounts(success=1_000, cancelled=4_950),
            {"is_paused": True, "completed_at": _ENDED},
            BackfillStatus.CANCELLED,
            "4,950 never ran, 1,000 succeeded",
        ),
    ],
)
def test_the_runs_say_where_a_backfill_stands(
    counts: RunCounts, facts: dict[str, Any], status: BackfillStatus, sentence: str
) -> None:
    found = _standing(counts, **facts)
    assert (found.status, found.sentence) == (status, sentence)


@pytest.mark.parametrize(
    ("facts", "word", "remedy"),
    [
        ({"dag_is_paused": True}, "the Dag is paused", "unpause the Dag"),
        ({"dag_is_stale": True}, "no longer in its file", "restore the Dag and parse again"),
        ({"scheduler_heartbeat": None}, "no scheduler is running", "start a scheduler"),
        (
            {"scheduler_heartbeat": Instant(NOW - 31 * SECOND)},
            "no scheduler heartbeat for 31 s",
            "start a scheduler",
        ),
    ],
)
def test_what_keeps_runs_from_moving_is_named_with_its_remedy(
    facts: dict[str, Any], word: str, remedy: str
) -> None:
    blocked = _standing(RunCounts(queued=1), **facts)
    assert blocked.status is BackfillStatus.BLOCKED
    assert word in blocked.sentence
    assert blocked.remedy == remedy


def test_nothing_blocks_a_backfill_that_has_ended() -> None:
    ended = _standing(RunCounts(success=1), scheduler_heartbeat=None, dag_is_paused=True)
    assert ended.status is BackfillStatus.DONE


def test_runs_that_go_on_after_a_cancel_are_not_yet_the_end() -> None:
    going_on = _standing(RunCounts(running=2, cancelled=3), is_paused=True, completed_at=_ENDED)
    assert going_on.status is BackfillStatus.RUNNING
    assert not going_on.status.finished
    assert going_on.sentence == "cancelled: 2 running go on to the end"


def test_a_run_cleared_after_a_cancel_hangs_and_is_rerun_from_here() -> None:
    hanging = _standing(RunCounts(queued=1, rerunning=1), is_paused=True, completed_at=_ENDED)
    assert hanging.status is BackfillStatus.BLOCKED
    assert "stay queued" in hanging.sentence
    assert hanging.remedy == "rerun them from here"


def test_runs_that_airflow_no_longer_counts_are_orphaned_unless_they_were_cleared() -> None:
    orphaned = _standing(RunCounts(success=3, queued=2), completed_at=_ENDED)
    assert orphaned.status is BackfillStatus.ORPHANED
    rerun = _standing(RunCounts(success=3, queued=2, rerunning=2), completed_at=_ENDED)
    assert rerun.status is BackfillStatus.RUNNING


def test_only_runs_that_ran_and_failed_are_failed_rows() -> None:
    rows = [
        a_row(1, RunState.SUCCESS),
        a_row(2, RunState.FAILED),
        a_row(3, RunState.FAILED, cancelled=True),
        a_row(4),
        a_row(5, RunState.RUNNING),
    ]
    assert [row.ordinal for row in failed_rows(rows)] == [2]


@given(
    st.lists(st.tuples(st.sampled_from(Membership), st.sampled_from(RunState), st.booleans(), st.booleans()))
)
def test_every_date_is_counted_once(rows: list[tuple[Membership, RunState, bool, bool]]) -> None:
    counts = count_runs(
        a_row(
            n,
            state if membership is Membership.INCLUDED else None,
            membership=membership,
            cancelled=cancelled and state is RunState.FAILED,
            cleared=cleared,
        )
        for n, (membership, state, cancelled, cleared) in enumerate(rows, 1)
    )
    assert counts.total == len(rows)
    assert counts.rerunning <= counts.active


@given(
    st.builds(
        RunCounts, **dict.fromkeys(("queued", "running", "success", "failed", "cancelled"), st.integers(0, 3))
    ),
    st.booleans(),
    st.booleans(),
)
def test_a_backfill_is_finished_only_when_nothing_of_it_is_active(
    counts: RunCounts, paused: bool, completed: bool
) -> None:
    found = _standing(counts, is_paused=paused, completed_at=_ENDED if completed else None)
    assert not (found.status.finished and counts.active)
    assert found.sentence


def test_tasks_are_counted_by_what_became_of_them() -> None:
    counts = [0] * len(CODES)
    for state, number in {
        TaskState.ABSENT: 5, TaskState.SUCCESS: 4, TaskState.FAILED: 1, TaskState.UPSTREAM_FAILED: 1,
        TaskState.SKIPPED: 2, TaskState.RUNNING: 1, TaskState.NONE: 3,
    }.items():  # fmt: skip
        counts[CODE_OF[state]] = number
    progress = task_progress(counts)
    assert (progress.total, progress.finished, progress.succeeded) == (12, 8, 4)
    assert (progress.failed, progress.running) == (2, 1)
    assert progress.fraction == pytest.approx(8 / 12)
    assert task_progress([0] * len(CODES)).fraction == 0


NO_SCHEDULER = {"scheduler_heartbeat": None}
STARTING = EngineStatus(running=True, ready=False)
STOPPED = EngineStatus(running=False, ready=False)
READY = EngineStatus(running=True, ready=True)


@pytest.mark.parametrize(
    ("facts", "engine", "status", "sentence"),
    [
        (NO_SCHEDULER, STARTING, BackfillStatus.QUEUED, "the engine is starting"),
        (NO_SCHEDULER, STOPPED, BackfillStatus.BLOCKED, "the engine is not running"),
        (NO_SCHEDULER, READY, BackfillStatus.BLOCKED, "no scheduler is running"),
        (NO_SCHEDULER, None, BackfillStatus.BLOCKED, "no scheduler is running"),
        ({"dag_is_paused": True}, STARTING, BackfillStatus.BLOCKED, "the Dag is paused, so nothing starts"),
        ({}, STOPPED, BackfillStatus.QUEUED, "1 queued"),
    ],
)
def test_an_engine_that_is_coming_up_is_no_missing_scheduler(
    facts: dict[str, Any], engine: EngineStatus | None, status: BackfillStatus, sentence: str
) -> None:
    stands = with_engine(_standing(RunCounts(queued=1), **facts), engine)
    assert (stands.status, stands.sentence) == (status, sentence)
