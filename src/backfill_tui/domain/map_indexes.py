"""The states of mapped tasks one map index at a time, for the rows that are seen of an unfolded task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.columns import MOST_INDEXES
from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.states import CODE_OF, TaskState
from backfill_tui.domain.tallies import NOTHING, Tally, roll_up

FIRST_OF_REST: Final = MOST_INDEXES - 1
"""The map index from which on states are counted and not told one by one."""

_ABSENT: Final = CODE_OF[TaskState.ABSENT]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexQuery:
    """Which mapped tasks of which runs: those that are seen, so never very many."""

    dag_id: DagId
    run_ids: tuple[RunId, ...]
    task_ids: tuple[TaskId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexCell:
    """One mapped task of one run: a code a map index, then a tally of all from `FIRST_OF_REST` on.

    A task that is not expanded yet has its only task instance in the place of map index 0.
    """

    run_id: RunId
    task_id: TaskId
    codes: bytes
    rest: Tally = NOTHING

    @property
    def number(self) -> int:
        """How many map indexes there are."""
        return FIRST_OF_REST + self.rest.total if self.rest.total else len(self.codes)

    def shown(self, columns: int) -> bytes:
        """The codes of so many columns, at most `MOST_INDEXES`."""
        codes = self.codes.ljust(columns, bytes([_ABSENT]))[:columns]
        return codes[:FIRST_OF_REST] + bytes([self.rest.code]) if columns > FIRST_OF_REST else codes


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexCells:
    """What was read; a task that has no task instance in a run is left out."""

    cells: tuple[IndexCell, ...]


def index_cell(
    run_id: RunId,
    task_id: TaskId,
    single: Iterable[tuple[int, int]],
    rest: Iterable[tuple[int, int]] = (),
) -> IndexCell:
    """One cell from its (map index, code) and, from `FIRST_OF_REST` on, from its (code, number)."""
    codes = bytearray()
    for map_index, code in single:
        at = max(0, map_index)
        codes.extend(bytes([_ABSENT]) * (at + 1 - len(codes)))
        codes[at] = code
    whole = roll_up(Tally(code, number, number) for code, number in rest)
    return IndexCell(run_id=run_id, task_id=task_id, codes=bytes(codes), rest=whole)
