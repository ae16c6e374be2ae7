"""The live grid: dates down in the order of execution, tasks across, one sign a task instance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message

from backfill_tui.domain.columns import Folding
from backfill_tui.domain.grid import GridChange
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.states import CODE_OF, TaskState
from backfill_tui.ui.command import bindings
from backfill_tui.ui.watch_commands import GRID
from backfill_tui.ui.widgets.folding_grid import FoldingGrid
from backfill_tui.ui.widgets.grid_rows import first_failed_column
from backfill_tui.ui.widgets.row_view import Only

_VERBS: Final = {Only.FAILED: "has failed", Only.RUNNING: "is running", Only.QUEUED: "is queued"}


class RunGrid(FoldingGrid, can_focus=True):
    """The grid with its keys: the cursor moves, dates are marked."""

    HELP = (
        "A row is a date, in the order in which Airflow starts those of a backfill, or by key in that in "
        "which their runs did start; a column is a task. A mapped task and a folded task group show the most "
        "urgent state of their task instances, how many are in it and how many there are: ✗3/12. "
        "A row without a run says why."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(GRID)]

    class CursorMoved(Message):
        """The cursor stands on another cell."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row = row
            self.column = column

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor is now matters."""
            return isinstance(message, RunGrid.CursorMoved)

    class CellChosen(Message):
        """The cell under the cursor was chosen, to see more of it."""

    class MarksChanged(Message):
        """Other rows are marked than before."""

        def __init__(self, marked: frozenset[int]) -> None:
            super().__init__()
            self.marked = marked

    # The cursor

    def watch_cursor_row(self, before: int, now: int) -> None:
        """Follow the cursor, and stretch the range that is being marked."""
        stretched = self.marks.stretch(now, self._markable_between)
        self.redraw({before, now} | stretched)
        if stretched:
            self._tell_marks()
        self._moved()

    def watch_cursor_column(self) -> None:
        """Follow the cursor."""
        self.remember_column()
        self.refresh(Region(0, 0, self.size.width, self.head_height))
        self.redraw([self.cursor_row])
        self._moved()

    def fold(self, folding: Folding) -> None:
        """Show the columns of a folding; what stands under the cursor is another cell."""
        super().fold(folding)
        self._moved()

    def _moved(self) -> None:
        self.show_cursor()
        self.post_message(self.CursorMoved(self.cursor_row, self.cursor_column))

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor."""
        self.cursor_row = self.view.moved(self.cursor_row, rows)
        self.cursor_column += columns

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is visible."""
        rows = pages * self.page_height
        self.scroll_to(y=max(0, self.scroll_offset.y + rows), animate=False)
        self.cursor_row = self.view.moved(self.cursor_row, rows)

    def action_end(self, position: int) -> None:
        """Go to the first date that is shown or, for -1, to the last."""
        if self.view.rows:
            self.cursor_row = self.view.rows[position]

    def action_column(self, column: int) -> None:
        """Go to a column; -1 is the last."""
        self.cursor_column = column if column >= 0 else len(self.columns) - 1

    def go_to_next(self, wanted: Only, step: int) -> None:
        """Go to the next date of a state, or the one before (-1), around the end, and to its task."""
        found = self.view.next_row(self.cursor_row, step, wanted)
        if found is None:
            of = "that is shown" if self.view.narrowed else "that is watched"
            self.notify(f"No date {of} {_VERBS[wanted]}")
            return
        self.cursor_row = found
        cells = self.store.row_cells(found)
        if wanted is Only.FAILED:
            self.go_to_failed()
        elif wanted is Only.RUNNING:
            running = CODE_OF[TaskState.RUNNING]
            self.go_to_state(max(0, cells.find(running)), running)

    def go_to_failed(self) -> None:
        """Go to the first task that failed in the row under the cursor."""
        cells = self.store.row_cells(self.cursor_row)
        place = first_failed_column(cells)
        if cells:
            self.go_to_state(place, cells[place])

    # Marks

    def take(self, change: GridChange, now: Instant) -> None:
        """Draw what changed; marks stay on their runs."""
        before = self.marks.rows
        super().take(change, now)
        if self.marks.rows != before:
            self.refresh()
            self._tell_marks()

    def _hold_to_view(self) -> None:
        super()._hold_to_view()
        # How many marked rows are shown may be another number.
        self._tell_marks()

    def can_be_marked(self, index: int) -> bool:
        """Whether a row is shown and has a run."""
        row = self.store.rows[index]
        return row is not None and row.run_id is not None and index in self.view

    def _markable_between(self, one: int, other: int) -> Iterable[int]:
        return filter(self.can_be_marked, self.view.between(one, other))

    def _tell_marks(self) -> None:
        self.post_message(self.MarksChanged(self.marks.rows))

    def action_mark(self) -> None:
        """Mark the row for a rerun, or take the mark away."""
        if not self.can_be_marked(self.cursor_row):
            self.notify("This date has no run here that could be marked")
            return
        self.marks.toggle(self.cursor_row)
        self.redraw([self.cursor_row])
        self._tell_marks()

    def action_mark_range(self) -> None:
        """Begin a range that follows the cursor, or end it."""
        began = self.marks.begin_or_end_range(self.cursor_row, self._markable_between)
        self.redraw(began)
        self._tell_marks()

    def action_mark_and_move(self, rows: int) -> None:
        """Mark this row and the one it moves to."""
        before = self.cursor_row
        self.cursor_row = self.view.moved(before, rows)
        self.mark(row for row in (before, self.cursor_row) if self.can_be_marked(row))

    def mark(self, rows: Iterable[int]) -> None:
        """Mark some rows besides those that are marked."""
        self.marks.add(rows)
        self.refresh()
        self._tell_marks()

    def unmark(self, rows: Iterable[int]) -> None:
        """Take the marks of some rows away."""
        self.marks.remove(rows)
        self.refresh()
        self._tell_marks()

    def clear_marks(self) -> None:
        """Mark nothing."""
        self.marks.clear()
        self.refresh()
        self._tell_marks()

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there."""
        event.stop()
        row, column = self.cell_at(event.x, event.y)
        if row is None and column is not None and event.y < self.head_height:
            self.click_head(event.y, column)
            return
        self.choose(row, column)

    def choose(self, row: int | None, column: int | None) -> None:
        """Put the cursor in a row and a column, as far as they are given; choose the cell if it is there."""
        chosen = (row, column) == (self.cursor_row, self.cursor_column)
        if row is not None:
            self.cursor_row = row
        if column is not None:
            self.cursor_column = column
        if chosen:
            self.post_message(self.CellChosen())
