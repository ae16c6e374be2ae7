"""Airflow's states and the byte each takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backfill_tui.domain.states import (
    CODE_OF,
    CODES,
    URGENCY,
    RunState,
    TaskState,
    most_urgent,
    run_state,
    task_code,
)


def test_every_state_has_one_byte_and_one_place_in_the_order_of_urgency() -> None:
    assert [CODES[CODE_OF[state]] for state in TaskState] == list(TaskState)
    assert sorted(URGENCY) == list(range(len(TaskState)))


def test_nothing_and_no_status_are_not_the_same() -> None:
    assert CODES[0] is TaskState.ABSENT
    assert CODES[task_code(None)] is TaskState.NONE


def test_airflows_words_become_bytes_and_unknown_ones_are_no_status() -> None:
    assert CODES[task_code("up_for_retry")] is TaskState.UP_FOR_RETRY
    assert CODES[task_code("invented_in_airflow_4")] is TaskState.NONE
    assert run_state(None) is None
    assert run_state("queued") is RunState.QUEUED


@pytest.mark.parametrize(
    ("together", "seen"),
    [
        ([TaskState.SUCCESS, TaskState.FAILED, TaskState.RUNNING], TaskState.FAILED),
        ([TaskState.SUCCESS, TaskState.RUNNING], TaskState.RUNNING),
        ([TaskState.SUCCESS, TaskState.SKIPPED], TaskState.SKIPPED),
        ([TaskState.SUCCESS, TaskState.NONE], TaskState.NONE),
        ([], TaskState.ABSENT),
    ],
)
def test_a_mapped_cell_shows_what_must_be_seen_first(together: list[TaskState], seen: TaskState) -> None:
    assert CODES[most_urgent(bytes(CODE_OF[state] for state in together))] is seen


@given(st.lists(st.sampled_from(list(TaskState)), min_size=1))
def test_a_cell_shows_one_of_its_states_whatever_their_order(states: list[TaskState]) -> None:
    seen = CODES[most_urgent(bytes(CODE_OF[state] for state in states))]
    assert seen in states
    assert CODES[most_urgent(bytes(CODE_OF[state] for state in reversed(states)))] is seen


def test_a_run_ends_well_or_badly_and_so_does_a_task() -> None:
    assert {state for state in RunState if state.finished} == {RunState.SUCCESS, RunState.FAILED}
    assert {state for state in TaskState if state.finished} == {
        TaskState.SUCCESS,
        TaskState.FAILED,
        TaskState.UPSTREAM_FAILED,
        TaskState.SKIPPED,
        TaskState.REMOVED,
    }
