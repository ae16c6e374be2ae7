"""What is said of one cell of the grid, without a screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.support.screen import looking_at, on_screen
from textual.app import App, ComposeResult

from backfill_tui.domain.causes import Cause, CauseCode
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.tasks import TaskInstanceDetails, TaskTry
from backfill_tui.ui.themes import DARK
from backfill_tui.ui.widgets.task_details import CellInView, TaskDetails

NOW = Instant(1_000 * SECOND)


def details_of(
    state: TaskState, started_at: int | None, ended_at: int | None, *, shown: int = 1, **more: object
) -> TaskDetails:
    fields: dict[str, object] = {"try_number": 1, "max_tries": 1, **more}
    instance = TaskInstanceDetails(
        key=TaskInstanceKey(run_id=RunId("run"), task_id=TaskId("load")),
        state=state,
        operator="PythonOperator",
        started_at=None if started_at is None else Instant(started_at * SECOND),
        ended_at=None if ended_at is None else Instant(ended_at * SECOND),
        **fields,  # type: ignore[arg-type]  # they are its fields
    )
    details = TaskDetails()
    details.set_reactive(
        TaskDetails.cell,
        CellInView(
            task_id=TaskId("load"), run_id=RunId("run"), date="2024-02-06", state=state, mapped=False,
            operator="", instances=(instance,), try_number=shown, now=NOW,
        ),
    )  # fmt: skip
    return details


def words_of(state: TaskState, started_at: int | None, ended_at: int | None, **more: Any) -> str:
    return details_of(state, started_at, ended_at, **more).render().plain


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


class Pane(App[None]):
    def __init__(self, details: TaskDetails) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self._details = details

    def compose(self) -> ComposeResult:
        yield self._details


@on_screen
async def test_a_sentence_that_is_parted_anyway_takes_no_line_more() -> None:
    why = "waits: Airflow paused the Dag after 3 failed runs in a row, its max_consecutive_failed_dag_runs"
    details = details_of(TaskState.NONE, None, None)
    assert details.cell is not None
    details.set_reactive(TaskDetails.cell, replace(details.cell, row_says=why))
    async with looking_at(Pane(details), (60, 24)) as eyes:
        await eyes.sees("load  2024-02-06  waits: Airflow paused the Dag", "max_consecutive")
        assert len([line for line in eyes.text().splitlines() if line.strip()]) == 2


@pytest.mark.parametrize("width", [24, 30, 46, 48, 60])
@on_screen
async def test_a_fact_is_not_parted_where_the_line_is_too_short(width: int) -> None:
    facts = ["load", "2024-02-06", "✗ failed", "try 1 of 1", "4 s", "PythonOperator"]
    async with looking_at(Pane(details_of(TaskState.FAILED, 990, 994)), (width, 24)) as eyes:
        await eyes.sees("load", "PythonOperator")
        lines = [line.strip() for line in eyes.text().splitlines() if line.strip()]
        assert [fact for line in lines for fact in line.split("  ")] == facts
        assert len(lines) > 1


def test_what_ran_and_what_runs_say_how_long() -> None:
    assert "try 1 of 1  4 s  Python" in words_of(TaskState.FAILED, 990, 994)
    assert "try 1 of 1  10 s  Python" in words_of(TaskState.RUNNING, 990, None)
    assert "try 1 of 1  4 s  Python" in words_of(TaskState.SKIPPED, 990, 994)


PAST = tuple(
    TaskTry(
        number=number,
        state=TaskState.FAILED,
        started_at=Instant((900 + 10 * number) * SECOND),
        ended_at=Instant((900 + 11 * number) * SECOND),
    )
    for number in (1, 2)
)


def test_several_tries_are_listed_with_their_durations_and_the_shown_one_stands_out() -> None:
    words = words_of(TaskState.RUNNING, 990, None, shown=3, try_number=3, max_tries=4, past_tries=PAST)
    assert "try 3 of 4  10 s" in words
    assert "tries  1 ✗ 1 s  2 ✗ 2 s [3 ▶ 10 s]" in words.splitlines()
    words = words_of(TaskState.RUNNING, 990, None, shown=2, try_number=3, max_tries=4, past_tries=PAST)
    assert "try 2 of 4 (latest 3)  2 s" in words
    assert "[2 ✗ 2 s] 3 ▶ 10 s" in words


def test_of_one_try_no_list_is_made() -> None:
    assert "tries" not in words_of(TaskState.RUNNING, 990, None)


def test_pool_and_queue_are_named_where_they_are_not_the_defaults() -> None:
    usual = words_of(TaskState.RUNNING, 990, None, pool="default_pool", queue="default")
    assert "pool" not in usual
    assert "queue" not in usual
    words = words_of(TaskState.RUNNING, 990, None, pool="[/red]ssh", pool_slots=2, queue="gpu\n")
    assert "pool [/red]ssh (2 slots)  queue gpu" in words
    assert "pool default_pool (3 slots)" in words_of(
        TaskState.RUNNING, 990, None, pool="default_pool", pool_slots=3
    )


FULL = Cause(code=CauseCode.POOL_FULL, sentence='pool "[/red]" is full', remedy="give the pool\n more slots")
UPSTREAM = Cause(code=CauseCode.UPSTREAM, sentence='trigger rule all_success is not met: "clean" (running)')
RETRY = Cause(code=CauseCode.UP_FOR_RETRY, sentence="it is up for retry until 2024-02-07 03:00:12")


def test_what_waits_says_why_with_the_remedy_and_no_more_than_two_causes() -> None:
    words = words_of(TaskState.SCHEDULED, None, None, waits=(FULL, UPSTREAM, RETRY))
    assert words.splitlines()[1:] == [
        'waits: pool "[/red]" is full: give the pool more slots',
        'waits: trigger rule all_success is not met: "clean" (running)',
    ]
    assert "waits" not in words_of(TaskState.RUNNING, 990, None)


def test_map_indexes_that_were_not_read_are_counted_with_those_that_have_no_room() -> None:
    instances = tuple(
        TaskInstanceDetails(
            key=TaskInstanceKey(run_id=RunId("r"), task_id=TaskId("t"), map_index=index),
            state=TaskState.SUCCESS, try_number=1, max_tries=1, operator="@task", started_at=None,
            ended_at=None,
        )
        for index in range(10)
    )  # fmt: skip
    cell = CellInView(
        task_id=TaskId("t"), run_id=RunId("r"), date="2024-02-06", state=TaskState.SUCCESS, mapped=True,
        operator="@task", now=NOW,
    )  # fmt: skip
    details = TaskDetails()
    details.set_reactive(TaskDetails.cell, cell.with_instances(instances, left_out=1_200))
    assert details.render().plain.endswith("and 1,202 more")


def test_what_the_row_says_is_outside_text_too() -> None:
    details = TaskDetails()
    cell = CellInView(
        task_id=TaskId("load"), run_id=RunId("run"), date="2024-02-06", state=TaskState.NONE, mapped=False,
        operator="", row_says='waits: the pool "\x1b[31m[/red]\n" is full', now=NOW,
    )  # fmt: skip
    details.set_reactive(TaskDetails.cell, cell)
    assert details.render().plain == 'load  2024-02-06  waits: the pool "[/red] " is full'
