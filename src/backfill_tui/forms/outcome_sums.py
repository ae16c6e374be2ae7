"""What a page keeps of very many task instances while they pass: sums, and the dates that it lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.instances import InstanceLine, RunInstances
from backfill_tui.domain.states import FAILED_TASK_STATES, TaskState
from backfill_tui.domain.watching import RunRow
from backfill_tui.forms.outcome import Outcome, Pair, taken

MOST_DATES: Final = 500
"""So many dates are listed: all, or where there are more, the failed ones."""
MOST_TASKS_OF_A_DATE: Final = 12


@dataclass(slots=True)
class TaskTally:
    """The task instances of one task, summed up."""

    states: Counter[TaskState] = field(default_factory=Counter)
    tries: int = 0
    timed: int = 0
    time: int = 0
    longest: int = 0

    def add(self, line: InstanceLine) -> None:
        """Count one in."""
        self.states[line.state] += 1
        self.tries += line.try_number
        took = taken(line.started_at, line.ended_at)
        if took is not None:
            self.timed += 1
            self.time += took
            self.longest = max(self.longest, took)


@dataclass(frozen=True, slots=True)
class DateDetails:
    """What the list of dates says of one."""

    row: RunRow
    number: int
    succeeded: int
    tries: int
    failed: tuple[InstanceLine, ...]
    failed_in_all: int
    note: str
    who: str


class Sums:
    """What is kept of the task instances while they pass: sums, and the dates that are listed."""

    def __init__(self, outcome: Outcome) -> None:
        rows = outcome.rows
        self.lists_all = len(rows) <= MOST_DATES
        self.tasks: dict[TaskId, TaskTally] = {
            column.task_id: TaskTally() for column in outcome.whole.store.columns
        }
        self.dates: list[DateDetails] = []
        self.failed_dates = 0

    def take(self, pairs: Iterable[Pair]) -> None:
        """Let all of them pass."""
        for row, run in pairs:
            lines = () if run is None else run.instances
            for line in lines:
                self.tasks.setdefault(line.task_id, TaskTally()).add(line)
            failed = row.failed or any(line.state in FAILED_TASK_STATES for line in lines)
            self.failed_dates += failed
            if (self.lists_all or failed) and len(self.dates) < MOST_DATES:
                self.dates.append(details_of(row, run))


def details_of(row: RunRow, run: RunInstances | None) -> DateDetails:
    """A date as it is listed."""
    lines = () if run is None else run.instances
    failed = tuple(line for line in lines if line.state is TaskState.FAILED)
    return DateDetails(
        row=row,
        number=len(lines),
        succeeded=sum(line.state is TaskState.SUCCESS for line in lines),
        tries=sum(line.try_number for line in lines),
        failed=failed[:MOST_TASKS_OF_A_DATE],
        failed_in_all=len(failed),
        note="" if run is None else run.note,
        who="" if run is None else run.triggering_user or "",
    )
