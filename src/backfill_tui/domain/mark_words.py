"""What a mark changes and what it does not, in sentences; the screen and the commands say the same."""

from __future__ import annotations

from collections.abc import Iterable

from backfill_tui.domain.ids import RunId
from backfill_tui.domain.marking import MarkAs, MarkOutcome, MarkRequest, MarkScope
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.repairing import LeftAlone
from backfill_tui.domain.states import RunState


def scope_words(outcome: MarkOutcome) -> str:
    """What one choice marks, for its line: `4 task instances of 2 runs, 1 run`."""
    if not outcome.changes:
        return "nothing to mark"
    runs = counted(len(outcome.run_ids), "run")
    tasks = len(outcome.affected)
    return f"{counted(tasks, 'task instance')} of {runs}" if tasks else runs


def mark_words(request: MarkRequest, outcome: MarkOutcome) -> str:
    """The deed in one clause, for a question or a notice: `mark 2 runs success`."""
    if request.scope is MarkScope.WHOLE_RUN:
        return f"mark {counted(len(outcome.run_ids), 'run')} {request.mark_as}"
    tasks = counted(len(outcome.affected), "task instance")
    return f"mark {tasks} of {counted(len(outcome.run_ids), 'run')} {request.mark_as}"


def done_words(request: MarkRequest, outcome: MarkOutcome) -> str:
    """What was marked, for a notice, and how many runs were left alone."""
    left = len(outcome.left_alone)
    rest = f", {counted(left, 'run')} left alone" if left else ""
    if not outcome.changes:
        return f"Nothing was marked{rest}"
    return f"{mark_words(request, outcome).replace('mark ', 'Marked ', 1)}{rest}"


def consequences(request: MarkRequest, outcome: MarkOutcome) -> list[str]:
    """What it does to tasks and runs, and what it ends, a sentence each, the gravest first."""
    told = []
    if outcome.ended:
        end, their = ("ends", "its process with it") if outcome.ended == 1 else ("end", "their processes too")
        told.append(f"{counted(outcome.ended, 'task instance')} under way {end}, and {their}")
    if lost := outcome.overwritten_successes:
        told.append(f"{counted(lost, 'task instance')} had succeeded")
    if outcome.skipped:
        never = "never runs and is skipped" if outcome.skipped == 1 else "never run and are skipped"
        told.append(f"{counted(outcome.skipped, 'task instance')} {never}")
    if outcome.again:
        run = "runs" if len(outcome.again) == 1 else "run"
        again = counted(len(outcome.again), "failed task instance")
        told.append(f"{again} downstream {run} again, as Airflow has it")
    told += _of_runs(request, outcome)
    if outcome.untouched:
        stays = "stays as it is" if outcome.untouched == 1 else "stay as they are"
        told.append(f"{counted(outcome.untouched, 'other task instance')} {stays}")
    return told


def by_reason(left_alone: Iterable[LeftAlone]) -> dict[str, list[RunId]]:
    """The runs that are left alone, by why."""
    found: dict[str, list[RunId]] = {}
    for left in left_alone:
        found.setdefault(left.reason, []).append(left.run_id)
    return found


def _of_runs(request: MarkRequest, outcome: MarkOutcome) -> list[str]:
    told = []
    becoming: dict[RunState, int] = {}
    for run in outcome.runs:
        becoming[run.becomes] = becoming.get(run.becomes, 0) + 1
    for state, number in becoming.items():
        if state is RunState.QUEUED:
            continue
        is_ = "is" if number == 1 else "are"
        told.append(f"{counted(number, 'run')} {is_} {state} then")
    if outcome.teardowns:
        end, their = ("ends", "its") if outcome.teardowns == 1 else ("end", "their")
        told.append(f"{counted(outcome.teardowns, 'run')} {end} only after {their} teardown tasks have run")
    same = len(outcome.run_ids) - len(outcome.runs) - outcome.teardowns
    if same > 0 and request.scope is not MarkScope.WHOLE_RUN:
        keep = "keeps its own state" if same == 1 else "keep their own state"
        told.append(f"{counted(same, 'run')} {keep}")
    if outcome.failed_left and request.mark_as is MarkAs.SUCCESS:
        stays = "stays so" if outcome.failed_left == 1 else "stay so"
        told.append(f"{counted(outcome.failed_left, 'task instance')} that failed {stays}")
    return told
