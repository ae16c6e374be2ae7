"""The dates of a watched backfill by state: those whose run is in it, and those with a task that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.progress import kinds_of
from backfill_tui.domain.states import CODES, URGENCY, TaskState


class RunKind(StrEnum):
    """What a run can be, in the order in which one asks for it; `CANCELLED` never started."""

    FAILED = "failed"
    RUNNING = "running"
    QUEUED = "queued"
    SUCCESS = "success"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class InState:
    """The rows whose run is in a state, or in which any task is."""

    state: RunKind | TaskState
    rows: frozenset[int]

    @property
    def of_run(self) -> bool:
        """Whether it is the run that is in that state."""
        return isinstance(self.state, RunKind)


_TASK_CODES: Final = sorted(
    (code for code, state in enumerate(CODES) if state is not TaskState.ABSENT), key=URGENCY.__getitem__
)


def by_state(store: GridStore, shown: Iterable[int]) -> tuple[InState, ...]:
    """The states that any of these rows is in, those of runs first, the most urgent ones first.

    Rows without a run are left out. A mapped task is in the most urgent state of its task instances.
    """
    runs: dict[str, list[int]] = {}
    tasks: dict[int, list[int]] = {}
    for index in shown:
        row = store.rows[index]
        if row is None or row.run_id is None:
            continue
        runs.setdefault(kinds_of(row)[0], []).append(index)
        for code in set(store.row_cells(index)):
            tasks.setdefault(code, []).append(index)
    found = [InState(state=kind, rows=frozenset(runs[kind])) for kind in RunKind if kind in runs]
    found += [
        InState(state=CODES[code], rows=frozenset(tasks[code])) for code in _TASK_CODES if code in tasks
    ]
    return tuple(found)
