"""Which columns of a store the grid shows, and what its cells say where they stand for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.columns import Folding, ShownColumn, can_fold, shown_columns
from backfill_tui.domain.grid import GridChange, GridStore
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.map_indexes import IndexCell, IndexCells
from backfill_tui.domain.tallies import RollUp, Tally, most_urgent_of, tally_of, words_of
from backfill_tui.ui.widgets.grid_heads import heads_of
from backfill_tui.ui.widgets.grid_layout import ColumnHead

_NOWHERE: Final = -1
_UNREAD: Final = IndexCell(run_id=RunId(""), task_id=TaskId(""), codes=b"")


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Columns beside each other whose cells are found alike.

    Those of plain or folded tasks are `places` of the store in a row; `group` is one folded task group; else
    they are so many map `indexes` of the one task.
    """

    places: tuple[int, ...]
    group: bool = False
    indexes: int = 0


class ColumnView:
    """The columns that are shown: one a task, unless something is folded or unfolded.

    A column is an index of `shown`; a place is an index of the store's columns. The map indexes of unfolded
    tasks are those that were read last.
    """

    def __init__(self, store: GridStore) -> None:
        self.folding = Folding()
        self.shown: tuple[ShownColumn, ...] = ()
        self._store = store
        self._read: dict[tuple[RunId, TaskId], IndexCell] = {}
        self._stretches: list[_Stretch] = []
        self._as_stored = True
        self._roll_ups: dict[tuple[int, ...], RollUp] = {}
        self._tallied: list[tuple[ShownColumn, int | None]] = []
        self._numbers: dict[TaskId, int] = {}
        self._totals: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def can_fold(self) -> bool:
        """Whether there is anything to fold or to unfold."""
        return can_fold(self._store.columns)

    def fold(self, folding: Folding) -> None:
        """Show other columns."""
        self.folding = folding
        self._find()

    def learn(self, change: GridChange) -> bool:
        """Look at what changed; whether other columns are shown, or the same with wider numbers."""
        if change.reshaped:
            self._find()
            return True
        return bool(change.rows) and self.outgrown()

    def learn_indexes(self, found: IndexCells) -> set[RunId]:
        """Take what was read of the rows that are seen; the runs of which something else was read before."""
        before = self._read
        self._read = {(cell.run_id, cell.task_id): cell for cell in found.cells}
        return {key[0] for key in {**before, **self._read} if before.get(key) != self._read.get(key)}

    def outgrown(self) -> bool:
        """Whether there are more map indexes than columns, or numbers wider than theirs: then look anew."""
        if not self._store.most or (self._count_indexes(), self._widest()) == (self._numbers, self._totals):
            return False
        self._find()
        return True

    # Where a task is shown

    def column_of(self, place: int, map_index: int | None = None) -> int:
        """The column that shows a column of the store, or one map index of it."""
        return next((at for at, one in enumerate(self.shown) if one.holds(place, map_index)), 0)

    def column_in(self, row: int, place: int, code: int) -> int:
        """The column of a task: where it is unfolded, that of the first map index in this state."""
        found = [at for at, one in enumerate(self.shown) if place in one.places]
        cells = self.cells(row) if len(found) > 1 else b""
        return next((at for at in found if cells and cells[at] == code), found[0] if found else 0)

    def unfolded_in(self, first: int, last: int) -> tuple[TaskId, ...]:
        """The unfolded tasks that have a column from `first` to before `last`."""
        places = dict.fromkeys(one.place for one in self.shown[first:last] if one.map_index is not None)
        return tuple(self._store.columns[place].task_id for place in places)

    # What is shown

    def heads(self) -> tuple[ColumnHead, ...]:
        """What stands over the columns."""
        return heads_of(self._store.columns, self.shown, self._totals)

    def cells(self, row: int) -> bytes:
        """The codes of one row, a byte a column."""
        cells = self._store.row_cells(row)
        if self._as_stored:
            return cells
        numbers = self._store.row_numbers(row)
        return b"".join(self._codes(row, cells, numbers, stretch) for stretch in self._stretches)

    def _codes(self, row: int, cells: bytes, numbers: Sequence[int], stretch: _Stretch) -> bytes:
        if stretch.indexes:
            return self._cell_read(row, stretch.places[0]).shown(stretch.indexes)
        if stretch.group:
            return bytes([self._roll_up(stretch.places).tally(cells, numbers).code])
        return cells[stretch.places[0] : stretch.places[-1] + 1]

    def column_cells(self, column: int, rows: Sequence[int]) -> bytes:
        """The codes of one column in some rows, in their order."""
        shown = self.shown[column]
        if shown.map_index is None:
            return most_urgent_of([self._store.column_cells(place, rows) for place in shown.places])
        upto = shown.map_index + 1
        return b"".join(self._cell_read(row, shown.place).shown(upto)[-1:] for row in rows)

    def words(self, row: int) -> tuple[str, ...]:
        """The numbers of one row, for each column that may have some."""
        if not self._tallied:
            return ()
        cells, numbers = self._store.row_cells(row), self._store.row_numbers(row)
        return tuple(
            words_of(numbers[at], numbers[at + 1])
            if at is not None
            else self._tally(row, cells, numbers, shown).words
            for shown, at in self._tallied
        )

    def tally(self, row: int, column: int) -> Tally:
        """How many task instances a cell stands for, and in what state."""
        store = self._store
        return self._tally(row, store.row_cells(row), store.row_numbers(row), self.shown[column])

    def _tally(self, row: int, cells: bytes, numbers: Sequence[int], shown: ShownColumn) -> Tally:
        if shown.map_index is None:
            return self._roll_up(shown.places).tally(cells, numbers)
        read = self._cell_read(row, shown.place)
        return read.rest if shown.rest else tally_of(read.shown(shown.map_index + 1)[-1:])

    def _roll_up(self, places: tuple[int, ...]) -> RollUp:
        if places not in self._roll_ups:
            self._roll_ups[places] = RollUp(places, self._store.mapped)
        return self._roll_ups[places]

    def _cell_read(self, row: int, place: int) -> IndexCell:
        run = self._store.rows[row]
        run_id = run.run_id if run is not None else None
        task_id = self._store.columns[place].task_id
        return _UNREAD if run_id is None else self._read.get((run_id, task_id), _UNREAD)

    def is_read(self, row: int, place: int) -> bool:
        """Whether the map indexes of a task in a row are known."""
        return self._cell_read(row, place) is not _UNREAD

    # What there is

    def _find(self) -> None:
        self._numbers = self._count_indexes()
        self.shown = shown_columns(self._store.columns, self.folding, self._numbers)
        self._totals = self._widest()
        mapped = self._store.mapped
        self._roll_ups.clear()
        self._tallied = [
            (one, 2 * mapped.index(one.place) if not one.group and not one.rest else None)
            for one, total in zip(self.shown, self._totals, strict=True)
            if total > 1
        ]
        self._stretches = _stretches(self.shown)
        self._as_stored = self._stretches == [_Stretch(tuple(range(len(self._store.columns))))]

    def _count_indexes(self) -> dict[TaskId, int]:
        """The map indexes of each unfolded task, by the row that has most of them."""
        columns = self._store.columns
        numbers = {
            columns[place].task_id: most
            for place, most in zip(self._store.mapped, self._store.most, strict=True)
            if columns[place].task_id in self.folding.tasks
        }
        for (_, task_id), cell in self._read.items():
            if task_id in numbers:
                numbers[task_id] = max(numbers[task_id], cell.number)
        return numbers

    def _widest(self) -> tuple[int, ...]:
        """The most task instances that a cell of each column can have before its numbers get wider."""
        most = dict(zip(self._store.mapped, self._store.most, strict=True))
        return tuple(self._most_of(shown, most) for shown in self.shown)

    def _most_of(self, shown: ShownColumn, mapped: Mapping[int, int]) -> int:
        if shown.map_index is not None:
            most = self._numbers.get(self._store.columns[shown.place].task_id, 0) if shown.rest else 1
        else:
            most = sum(mapped.get(place, 1) for place in shown.places)
        return most if most <= 1 else 10 ** len(str(most)) - 1


def _stretches(shown: tuple[ShownColumn, ...]) -> list[_Stretch]:
    found: list[_Stretch] = []
    for one in shown:
        before = found[-1] if found else _Stretch((_NOWHERE,), group=True)
        if one.group:
            found.append(_Stretch(one.places, group=True))
        elif one.map_index is not None:
            if before.indexes and before.places == one.places:
                found[-1] = _Stretch(one.places, indexes=before.indexes + 1)
            else:
                found.append(_Stretch(one.places, indexes=1))
        elif not before.group and not before.indexes and before.places[-1] + 1 == one.place:
            found[-1] = _Stretch((*before.places, one.place))
        else:
            found.append(_Stretch(one.places))
    return found
