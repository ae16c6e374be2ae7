"""What is said of one cell of the grid, without a screen."""

from __future__ import annotations

import pytest

from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.tasks import TaskInstanceDetails
from backfill_tui.ui.widgets.task_details import CellInView, TaskDetails

NOW = Instant(1_000 * SECOND)


def words_of(state: TaskState, started_at: int | None, ended_at: int | None) -> str:
    instance = TaskInstanceDetails(
        key=TaskInstanceKey(run_id=RunId("run"), task_id=TaskId("load")),
        state=state,
        try_number=1,
        max_tries=1,
        operator="PythonOperator",
        started_at=None if started_at is None else Instant(started_at * SECOND),
        ended_at=None if ended_at is None else Instant(ended_at * SECOND),
    )
    details = TaskDetails()
    details.set_reactive(
        TaskDetails.cell,
        CellInView(
            task_id=TaskId("load"), run_id=RunId("run"), date="2024-02-06", state=state, mapped=False,
            operator="", instances=(instance,), try_number=1, now=NOW,
        ),
    )  # fmt: skip
    return details.render().plain


@pytest.mark.parametrize(
    ("state", "started_at", "ended_at"),
    [
        (TaskState.UPSTREAM_FAILED, 990, 990),
        (TaskState.SKIPPED, 990, 990),
        (TaskState.NONE, 990, None),
        (TaskState.QUEUED, None, None),
    ],
)
def test_what_never_started_took_no_time(
    state: TaskState, started_at: int | None, ended_at: int | None
) -> None:
    assert " s  " not in words_of(state, started_at, ended_at)


def test_what_ran_and_what_runs_say_how_long() -> None:
    assert "try 1 of 1  4 s  Python" in words_of(TaskState.FAILED, 990, 994)
    assert "try 1 of 1  10 s  Python" in words_of(TaskState.RUNNING, 990, None)
    assert "try 1 of 1  4 s  Python" in words_of(TaskState.SKIPPED, 990, 994)
