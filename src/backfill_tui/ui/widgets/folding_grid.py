"""The grid's columns, folded and unfolded: task groups, and mapped tasks down to their map indexes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.message import Message

from backfill_tui.domain.columns import Folding, ShownColumn
from backfill_tui.domain.grid import GridChange
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.map_indexes import IndexCells
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import TaskColumn
from backfill_tui.ui.widgets.grid_canvas import GridCanvas

_Change = Callable[[Folding, ShownColumn, Sequence[TaskColumn]], Folding | None]


class FoldingGrid(GridCanvas):
    """Folds and unfolds columns; the cursor stays on its task.

    It reads nothing by itself: whoever hears `IndexesWanted` reads what `indexes_in_view` names, and gives
    it to `take_indexes`.
    """

    class IndexesWanted(Message):
        """Map indexes of unfolded tasks came into view, or may be others than those that were read."""

        def can_replace(self, message: Message) -> bool:
            """Only what is seen now matters."""
            return isinstance(message, FoldingGrid.IndexesWanted)

    _sought: tuple[int, int, int, int] | None = None
    """The row, the place and the state the cursor is to find, and the column it waits in until it is read."""

    _under_cursor: tuple[TaskId, int | None] | None = None

    def lay_out(self) -> None:
        """Let everything stand where there is room for it now; the cursor stays on its task."""
        super().lay_out()
        self._hold_to_column()

    def _hold_to_column(self) -> None:
        places = {column.task_id: place for place, column in enumerate(self.store.columns)}
        task_id, map_index = self._under_cursor or (None, None)
        place = None if task_id is None else places.get(task_id)
        if place is not None:
            self.cursor_column = self.columns.column_of(place, map_index)
        self.cursor_column = self.validate_cursor_column(self.cursor_column)
        self.remember_column()

    def remember_column(self) -> None:
        """Keep what the cursor stands on: folded, it is still that task, and the same map index of it."""
        if not self.columns.shown:
            return
        shown = self.columns.shown[self.cursor_column]
        columns = self.store.columns
        task_id, map_index = self._under_cursor or (None, None)
        kept = any(
            columns[place].task_id == task_id and shown.holds(place, map_index) for place in shown.places
        )
        if not kept or (map_index is None and shown.map_index is not None):
            self._under_cursor = columns[shown.place].task_id, shown.map_index

    def visible_columns(self) -> tuple[int, int]:
        """The columns from the first to before the last of which something is seen."""
        if self._shape is None:
            return 0, 0
        room = self.scrollable_content_region.width - self._shape.frozen
        return self._shape.window(self.scroll_offset.x, room)

    # Folding

    def action_fold(self) -> None:
        """Fold what the column under the cursor is a part of."""
        self._change(Folding.folded, "{} is in no task group, and nothing of it is unfolded")

    def action_unfold(self) -> None:
        """Unfold the task group or the mapped task under the cursor."""
        self._change(Folding.unfolded, "{} is neither a folded task group nor a folded mapped task")

    def action_fold_all(self) -> None:
        """Fold everything, or unfold everything where all is folded."""
        if not self.columns.can_fold:
            self.notify("This Dag has no task groups and no mapped tasks")
            return
        self.fold(self.columns.folding.turned(self.store.columns))

    def _change(self, change: _Change, refusal: str) -> None:
        if not self.store.columns:
            return
        shown = self.columns.shown[self.cursor_column]
        folding = change(self.columns.folding, shown, self.store.columns)
        if folding is None:
            task_id = self.store.columns[shown.place].task_id
            self.notify(refusal.format(one_line(shown.group or task_id)), markup=False)
            return
        self.fold(folding)

    def fold(self, folding: Folding) -> None:
        """Show the columns of a folding."""
        self.columns.fold(folding)
        self.lay_out()

    def can_unfold(self) -> bool:
        """Whether something folded is under the cursor."""
        if not self.columns.shown:
            return False
        shown = self.columns.shown[self.cursor_column]
        return self.columns.folding.unfolded(shown, self.store.columns) is not None

    def click_head(self, y: int, column: int) -> None:
        """Unfold the column that was clicked, or fold it; the upper line folds what it names."""
        self.cursor_column = column
        shown = self.columns.shown[column]
        part = self.store.columns[shown.place].groups if y < self.head_height - 1 else ()
        if shown.map_index is not None or (part and part[-1] != shown.group):
            self.action_fold()
        elif self.can_unfold():
            self.action_unfold()

    # Map indexes

    def ask_for_indexes(self) -> None:
        """Say that map indexes are to be read, where any are seen."""
        if self.columns.folding.tasks and all(self.indexes_in_view()):
            self.post_message(self.IndexesWanted())

    def indexes_in_view(self) -> tuple[tuple[RunId, ...], tuple[TaskId, ...]]:
        """The runs and the unfolded tasks that are seen."""
        return self.indexes_of(self.visible_rows(), self.visible_columns())

    def indexes_of(
        self, rows: Sequence[int], columns: tuple[int, int]
    ) -> tuple[tuple[RunId, ...], tuple[TaskId, ...]]:
        """The runs of some rows, and the unfolded tasks in the columns from the first to before the last."""
        found = (self.store.rows[row] for row in rows)
        runs = tuple(row.run_id for row in found if row is not None and row.run_id is not None)
        return runs, self.columns.unfolded_in(*columns)

    def take_indexes(self, found: IndexCells) -> None:
        """Draw what was read."""
        changed = self.columns.learn_indexes(found)
        if self.columns.outgrown():
            self.lay_out()
        else:
            rows = self.store.rows
            visible = [row for row in self.visible_rows() if rows[row] is not None]
            self.redraw(row for row in visible if (run := rows[row]) is not None and run.run_id in changed)
        if self._sought is not None:
            row, place, code, column = self._sought
            if (row, column) == (self.cursor_row, self.cursor_column):
                self.go_to_state(place, code)

    def go_to_state(self, place: int, code: int) -> None:
        """Go to a task of this row; where it is unfolded, to its first map index in that state."""
        row = self.cursor_row
        self.cursor_column = self.columns.column_in(row, place, code)
        waits = self.columns.shown[self.cursor_column].map_index is not None
        read = self.columns.is_read(row, place)
        self._sought = None if read or not waits else (row, place, code, self.cursor_column)

    def take(self, change: GridChange, now: Instant) -> None:
        """Draw what changed, and ask for the map indexes behind it."""
        super().take(change, now)
        if change.rows and not set(change.rows).isdisjoint(self.visible_rows()):
            self.ask_for_indexes()

    def _fit_rows(self) -> None:
        """Other rows may be seen, as after a filter or in a larger terminal."""
        super()._fit_rows()
        self.ask_for_indexes()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Other columns came into view."""
        super().watch_scroll_x(old_value, new_value)
        self.ask_for_indexes()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows came into view."""
        super().watch_scroll_y(old_value, new_value)
        self.ask_for_indexes()
