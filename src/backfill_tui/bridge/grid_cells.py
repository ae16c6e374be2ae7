"""Reads the cells of many runs: the states of a run's task instances arrive as one text.

A text a run costs half of what a tuple a task instance does, and the many runs of a backfill in which the
same tasks came to the same ends have the same text, which is understood once.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from airflow.models.taskinstance import TaskInstance
from sqlalchemy import bindparam, func, select

from backfill_tui.bridge.grid_entries import plain_rows
from backfill_tui.domain.states import CODE_OF, URGENCY, TaskState, task_code
from backfill_tui.domain.tallies import mapped_places, packed, row_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from backfill_tui.domain.ids import DagId
    from backfill_tui.domain.watching import TaskColumn

_ABSENT: Final = CODE_OF[TaskState.ABSENT]
_NOWHERE: Final = (-1, _ABSENT)
_KEPT_CHARACTERS: Final = 4_000_000
"""Of texts understood before: some thousand, or few where tasks are mapped very often."""
# Neither can be in a task id: Airflow allows letters, digits, dashes, dots and underscores.
_BETWEEN: Final = ","
_IS: Final = ":"


class CellReader:
    """Reads the cells of one Dag's runs: a byte a column, then the tallies of the mapped ones."""

    def __init__(self, dag_id: DagId, columns: Sequence[TaskColumn]) -> None:
        self._dag_id = dag_id
        self._column_of = {str(column.task_id): place for place, column in enumerate(columns)}
        self._places: dict[str, tuple[int, int]] = {}
        self._cells_of_text: dict[str, bytes] = {}
        self._kept = 0
        self._mapped = mapped_places(columns)
        self._no_cells = bytes([_ABSENT]) * len(columns)
        self.absent: Final = self._no_cells.ljust(row_size(columns), b"\0")
        """The cells of a date that has no run."""

    def cells(self, connection: Connection, run_ids: Sequence[str]) -> tuple[dict[str, bytes], set[str]]:
        """The cells of these runs by run id, and the tasks that no column stands for.

        A run without task instances is left out.
        """
        if not run_ids:
            return {}, set()
        strangers: set[str] = set()
        texts = _texts(connection, {"dag_id": self._dag_id, "run_ids": run_ids})
        cells = {run_id: self._understood(text, strangers) for run_id, text in texts.items()}
        return cells, strangers

    def _understood(self, text: str, strangers: set[str]) -> bytes:
        known = self._cells_of_text.get(text)
        if known is not None:
            return known
        row, places = bytearray(self._no_cells), self._places
        words = text.split(_BETWEEN)
        counted = Counter(words) if self._mapped else None
        for word in counted or words:
            place = places.get(word) or self._learn(word)
            if place is None:
                strangers.add(word.partition(_IS)[0])
                continue
            column, code = place
            if URGENCY[code] < URGENCY[row[column]]:
                row[column] = code
        cells = bytes(row)
        if counted is not None:
            cells += self._tallies(cells, counted)
        if not strangers:
            self._kept += len(text)
            if self._kept > _KEPT_CHARACTERS:
                self._cells_of_text.clear()
                self._kept = len(text)
            self._cells_of_text[text] = cells
        return cells

    def _tallies(self, cells: bytes, counted: Counter[str]) -> bytes:
        """How many task instances each mapped task has, and how many of them are in the state it shows."""
        totals = dict.fromkeys(self._mapped, 0)
        shown = dict.fromkeys(self._mapped, 0)
        for word, number in counted.items():
            column, code = self._places.get(word, _NOWHERE)
            if column in totals:
                totals[column] += number
                shown[column] += number if code == cells[column] else 0
        return packed((shown[column], totals[column]) for column in self._mapped)

    def _learn(self, word: str) -> tuple[int, int] | None:
        """The column and the code of one task instance; None when no column stands for its task."""
        task_id, _, state = word.partition(_IS)
        column = self._column_of.get(task_id)
        if column is None:
            return None
        self._places[word] = (column, task_code(state or None))
        return self._places[word]


def _texts(connection: Connection, asked: dict[str, Any]) -> dict[str, str]:
    query = _joined(_JOINS[connection.dialect.name])
    return {run_id: text for run_id, text, _ in plain_rows(connection.execute(query, asked))}


_JOINS: Final = {"sqlite": "group_concat", "postgresql": "string_agg"}
"""How a database joins texts of any length."""

_WORD: Final = TaskInstance.task_id + _IS + func.coalesce(TaskInstance.state, "")


@lru_cache(maxsize=len(_JOINS))
def _joined(function: str) -> Any:
    text = getattr(func, function)(_WORD, _BETWEEN)
    # The try number is not used. Without it SQLite finds all columns in the index on (dag_id, task_id,
    # run_id, state) and walks through every task instance of the Dag; with it, it takes that on
    # (dag_id, run_id).
    return (
        select(TaskInstance.run_id, text, func.max(TaskInstance.try_number))
        .where(
            TaskInstance.dag_id == bindparam("dag_id"),
            TaskInstance.run_id.in_(bindparam("run_ids", expanding=True)),
        )
        .group_by(TaskInstance.run_id)
    )
