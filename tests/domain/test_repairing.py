"""What a rerun touches, as a value."""

from __future__ import annotations

from dataclasses import replace

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.repairing import (
    RUNS_AT_ONCE,
    AffectedTask,
    LeftAlone,
    RerunOutcome,
    RerunProgress,
    RerunRequest,
    RerunScope,
    TaskInstanceKey,
    broken_off,
    the_rest,
    together,
)
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


def test_a_run_that_is_let_go_counts_though_nothing_of_it_runs_again() -> None:
    alone = RerunOutcome(let_go=(RunId("a"),))
    assert (alone.changes, alone.cleared, alone.run_ids) == (True, (), ("a",))
    first = RerunOutcome(affected=(_task("b", "clean", TaskState.FAILED),))
    both = together([alone, first])
    assert (both.cleared, both.run_ids) == (("b",), ("b", "a"))
    assert not RerunOutcome().changes


def test_every_scope_has_words() -> None:
    assert [scope.label("clean") for scope in RerunScope] == [
        "failed tasks only",
        "failed and downstream",
        "whole run",
        "clean and downstream",
        "clean only",
    ]


def test_the_parts_of_a_rerun_add_up_and_name_each_backfill_once() -> None:
    first = RerunOutcome(
        affected=(_task("a", "clean", TaskState.FAILED),), untouched=2, unblocked=(7,), completed=(7, 9),
        unversioned=1,
    )  # fmt: skip
    left = LeftAlone(run_id=RunId("c"), reason="it is running")
    second = RerunOutcome(
        affected=(_task("b", "load", TaskState.SUCCESS),), untouched=1, left_alone=(left,), completed=(7,)
    )
    both = together([first, second])
    assert (both.run_ids, both.untouched, both.overwritten_successes) == (("a", "b"), 3, 1)
    assert (both.unblocked, both.completed, both.unversioned) == ((7,), (7, 9), 1)
    assert both.left_alone == (left,)
    assert together([]) == RerunOutcome()


RUNS = tuple(RunId(f"run_{number:03}") for number in range(120))
REQUEST = RerunRequest(dag_id=DagId("sales"), run_ids=RUNS)
TOLD = [
    RerunProgress(done=0, total=120, began_at=Instant(7)),
    RerunProgress(
        done=RUNS_AT_ONCE, total=120, began_at=Instant(7),
        part=RerunOutcome(affected=(_task(RUNS[0], "load", TaskState.FAILED),)),
    ),
]  # fmt: skip


def test_a_rerun_that_was_stopped_knows_what_is_left() -> None:
    outcome = broken_off(REQUEST, TOLD, "you stopped it", sure=True)
    assert (outcome.run_ids, outcome.stopped) == ((RUNS[0],), "you stopped it")
    assert (outcome.unsure, outcome.not_done) == ((), RUNS[50:])
    assert the_rest(REQUEST, outcome) == replace(REQUEST, run_ids=RUNS[50:])


def test_a_rerun_that_was_cut_off_doubts_its_next_part_and_guards_it_when_it_goes_on() -> None:
    outcome = broken_off(REQUEST, TOLD, "the bridge has ended", sure=False)
    assert (outcome.unsure, outcome.not_done) == (RUNS[50:100], RUNS[100:])
    assert the_rest(REQUEST, outcome) == replace(REQUEST, run_ids=RUNS[50:], not_since=Instant(7))


def test_what_was_in_doubt_at_the_first_break_is_guarded_from_there_after_the_second() -> None:
    first = broken_off(REQUEST, TOLD, "the bridge has ended", sure=False)
    going_on = the_rest(REQUEST, first)
    begun = RerunProgress(done=0, total=len(going_on.run_ids), began_at=Instant(9))
    for sure in (True, False):
        second = broken_off(going_on, [begun], "the bridge has ended", sure=sure)
        assert the_rest(going_on, second) == going_on
    unguarded = replace(REQUEST, run_ids=RUNS[50:])
    stopped = broken_off(unguarded, [begun], "you stopped it", sure=True)
    assert the_rest(unguarded, stopped).not_since is None


def test_a_run_that_is_named_twice_is_counted_once() -> None:
    outcome = broken_off(replace(REQUEST, run_ids=(*RUNS[:60], *RUNS)), TOLD, "stopped", sure=True)
    assert outcome.not_done == RUNS[50:]
