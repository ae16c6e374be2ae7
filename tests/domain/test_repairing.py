"""What a rerun touches, as a value."""

from __future__ import annotations

from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.repairing import AffectedTask, RerunOutcome, RerunScope, TaskInstanceKey
from backfill_tui.domain.states import TaskState


def _task(run: str, task: str, state: TaskState) -> AffectedTask:
    return AffectedTask(key=TaskInstanceKey(run_id=RunId(run), task_id=TaskId(task)), state=state)


def test_an_outcome_names_its_runs_once_and_counts_what_it_overwrites() -> None:
    outcome = RerunOutcome(
        affected=(
            _task("b", "clean", TaskState.FAILED),
            _task("a", "clean", TaskState.SUCCESS),
            _task("b", "load", TaskState.UPSTREAM_FAILED),
        ),
        untouched=3,
    )
    assert outcome.run_ids == ("b", "a")
    assert outcome.overwritten_successes == 1


def test_every_scope_has_words() -> None:
    assert [scope.label for scope in RerunScope] == [
        "failed tasks only",
        "failed and downstream",
        "whole run",
    ]
