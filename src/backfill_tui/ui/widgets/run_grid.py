"""The live grid: dates down in the order of execution, tasks across, one sign a task instance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.binding import BindingType
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive, var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from backfill_tui.domain.grid import GridChange, GridStore
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.watching import RunRow
from backfill_tui.ui.command import bindings
from backfill_tui.ui.glyphs import Look
from backfill_tui.ui.watch_commands import GRID
from backfill_tui.ui.widgets.grid_layout import GridLayout, lay_out
from backfill_tui.ui.widgets.grid_marks import Marks
from backfill_tui.ui.widgets.grid_rows import RowWords, first_failed_column
from backfill_tui.ui.widgets.grid_strips import GridPainter, RowLine

_HEAD = 1
_WHEEL_ROWS = 3


class RunGrid(ScrollView, can_focus=True):
    """Shows a `GridStore`; whoever changes the store says so by `take`.

    The cursor is a row and a column, both zero-based. `marks` are the rows chosen for a rerun.
    """

    HELP = (
        "A row is a date of the backfill, in the order in which Airflow starts them; a column is a task. "
        "A mapped task shows the most urgent state of its task instances. A row without a run says why."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(GRID)]
    DEFAULT_CSS = """
    RunGrid {
        height: 1fr;
        background: $background;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
    }
    """

    ALLOW_SELECT = False

    cursor_row: reactive[int] = reactive(0, repaint=False)
    cursor_column: reactive[int] = reactive(0, repaint=False)
    waiting_because: var[str] = var("")

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

    def __init__(self, store: GridStore, *, ascii_only: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.store = store
        self.marks = Marks()
        self._ascii_only = ascii_only
        self._words = RowWords()
        self._shape: GridLayout | None = None
        self._painter: GridPainter | None = None
        self._now = Instant(0)

    # What the store tells

    def take(self, change: GridChange, now: Instant) -> None:
        """Draw what changed; `now` is the database's clock, for how long running runs took so far."""
        self._now = now
        wider = self._words.learn(self.store, change)
        if change.reshaped or wider or self._shape is None:
            self._lay_out()
            return
        first, last = self._visible()
        live = (row for row in range(first, last) if self._is_running(row))
        again = {*change.rows, *live}
        if change.rows:
            again |= {self._words.first_waiting, self._words.find_waiting(self.store)}
        self._redraw(row for row in again if first <= row < last)

    @property
    def row(self) -> RunRow | None:
        """The row under the cursor, None while it is not read yet."""
        return self.store.rows[self.cursor_row] if self.cursor_row < len(self.store.rows) else None

    def date_of(self, index: int) -> str:
        """The date of a row as the grid shows it."""
        return self._words.date(self.store.rows[index])

    def sentence_of(self, index: int) -> str:
        """What a row says in place of cells; empty when its cells speak for themselves."""
        row, cells = self.store.rows[index], self.store.row_cells(index)
        return self._words.sentence(index, row, cells, self.waiting_because)

    def _is_running(self, index: int) -> bool:
        row = self.store.rows[index]
        return row is not None and row.started_at is not None and row.ended_at is None

    # Drawing

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return
        date = max(self._words.date_width, cell_len("Date"))
        self._shape = lay_out(self.store.columns, width, date)
        self._painter = None
        self._words.find_waiting(self.store)
        rows = len(self.store.rows)
        self.virtual_size = Size(self._shape.frozen + self._shape.body, rows + _HEAD)
        self.refresh()

    @on(events.Resize)
    def _fit(self) -> None:
        self._lay_out()
        self._show_cursor()

    def notify_style_update(self) -> None:
        """Forget everything drawn: a colour changed, or the focus."""
        self._painter = None
        super().notify_style_update()

    def _paint(self) -> GridPainter | None:
        if self._painter is None and self._shape is not None:
            variables = self.app.theme_variables
            look = Look(variables, ascii_only=self._ascii_only)
            lit = variables["cursor-background" if self.has_focus else "cursor-background-blurred"]
            ground = self.background_colors[1].rich_color.get_truecolor().hex
            width = self.scrollable_content_region.width
            self._painter = GridPainter(look, self._shape, width, (ground, lit))
        return self._painter

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Those that change colours on purpose; everything drawn here is in true colour already."""
        return [one for one in super().get_line_filters() if not isinstance(one, ANSIToTruecolor)]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region. The grid has no border and no padding, and keeps what it drew by itself."""
        strips = [self.render_line(y) for y in crop.line_range]
        for one in self.get_line_filters():
            background = self.background_colors[1]
            strips = [strip.apply_filter(one, background) for strip in strips]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line: the head, or a row of the store."""
        painter = self._paint()
        if painter is None or not self.store.rows:
            return Strip.blank(self.size.width, self.rich_style)
        left, top = self.scroll_offset
        if y < _HEAD:
            return painter.head(left, self.cursor_column)
        index = y - _HEAD + top
        if index >= len(self.store.rows):
            return Strip.blank(self.size.width, painter.ground)
        row = self.store.rows[index]
        cells = self.store.row_cells(index)
        line = RowLine(
            row=row,
            date=self._words.date(row),
            sentence=self.sentence_of(index),
            cursor=self.cursor_column if index == self.cursor_row else None,
            marked=index in self.marks,
        )
        return painter.row(line, cells, left, self._now)

    def _visible(self) -> tuple[int, int]:
        top = self.scroll_offset.y
        return top, min(len(self.store.rows), top + self.size.height - _HEAD)

    def _redraw(self, rows: Iterable[int]) -> None:
        """One dirty region for each stretch of rows: a region for each cell would cost more."""
        width, top = self.size.width, self.scroll_offset.y
        regions: list[Region] = []
        for row in sorted(set(rows)):
            y = row - top + _HEAD
            if not _HEAD <= y < self.size.height:
                continue
            if regions and regions[-1].bottom == y:
                regions[-1] = Region(0, regions[-1].y, width, regions[-1].height + 1)
            else:
                regions.append(Region(0, y, width, 1))
        if regions:
            self.refresh(*regions)

    def watch_waiting_because(self) -> None:
        """Another reason stands in the first waiting row."""
        self._redraw([self._words.first_waiting])

    # The cursor

    def validate_cursor_row(self, row: int) -> int:
        """The nearest row there is."""
        return max(0, min(row, len(self.store.rows) - 1))

    def validate_cursor_column(self, column: int) -> int:
        """The nearest column there is."""
        return max(0, min(column, len(self.store.columns) - 1))

    def watch_cursor_row(self, before: int, now: int) -> None:
        """Follow the cursor, and stretch the range that is being marked."""
        stretched = self.marks.stretch(now, self._can_be_marked)
        self._redraw({before, now} | stretched)
        if stretched:
            self._tell_marks()
        self._moved()

    def watch_cursor_column(self) -> None:
        """Follow the cursor."""
        self.refresh(Region(0, 0, self.size.width, _HEAD))
        self._redraw([self.cursor_row])
        self._moved()

    def _moved(self) -> None:
        self._show_cursor()
        self.post_message(self.CursorMoved(self.cursor_row, self.cursor_column))

    def _show_cursor(self) -> None:
        if self._shape is None:
            return
        left, top = self.scroll_offset
        height = self.scrollable_content_region.height - _HEAD
        y = max(min(top, self.cursor_row), self.cursor_row - height + 1)
        x = left
        if self.store.columns:
            room = self.scrollable_content_region.width - self._shape.frozen
            start, end = self._shape.starts[self.cursor_column : self.cursor_column + 2]
            x = max(min(left, start), end - room)
        if (x, y) != (left, top):
            self.scroll_to(x, y, animate=False)

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor."""
        self.cursor_row += rows
        self.cursor_column += columns

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is visible."""
        height = max(1, self.scrollable_content_region.height - _HEAD)
        top = self.scroll_offset.y
        self.scroll_to(y=max(0, top + pages * height), animate=False)
        self.cursor_row += pages * height

    def action_row(self, row: int) -> None:
        """Go to a row; -1 is the last."""
        self.cursor_row = row if row >= 0 else len(self.store.rows) - 1

    def action_column(self, column: int) -> None:
        """Go to a column; -1 is the last."""
        self.cursor_column = column if column >= 0 else len(self.store.columns) - 1

    def action_failed(self, step: int) -> None:
        """Go to the next failed date, or the one before, around the end."""
        found = self.store.next_failed(self.cursor_row, step)
        if found is None:
            self.notify("No date of this backfill has failed")
        else:
            self.cursor_row = found
            self.cursor_column = first_failed_column(self.store.row_cells(found))

    # Marks

    def _can_be_marked(self, index: int) -> bool:
        row = self.store.rows[index]
        return row is not None and row.run_id is not None

    def _tell_marks(self) -> None:
        self.post_message(self.MarksChanged(self.marks.rows))

    def action_mark(self) -> None:
        """Mark the row for a rerun, or take the mark away."""
        if not self._can_be_marked(self.cursor_row):
            self.notify("This date has no run of this backfill to rerun")
            return
        self.marks.toggle(self.cursor_row)
        self._redraw([self.cursor_row])
        self._tell_marks()

    def action_mark_range(self) -> None:
        """Begin a range that follows the cursor, or end it."""
        began = self.marks.begin_or_end_range(self.cursor_row, self._can_be_marked)
        self._redraw(began)
        self._tell_marks()

    def action_mark_and_move(self, rows: int) -> None:
        """Mark this row and the next one."""
        for _ in range(2):
            if self._can_be_marked(self.cursor_row):
                self.marks.add([self.cursor_row])
            self._redraw([self.cursor_row])
            self.cursor_row += rows if _ == 0 else 0
        self._tell_marks()

    def mark(self, rows: Iterable[int]) -> None:
        """Mark some rows besides those that are marked."""
        self.marks.add(rows)
        self.refresh()
        self._tell_marks()

    def clear_marks(self) -> None:
        """Mark nothing."""
        self.marks.clear()
        self.refresh()
        self._tell_marks()

    # The mouse

    def action_choose(self) -> None:
        """See more of the cell under the cursor."""
        self.post_message(self.CellChosen())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; a click on the cursor chooses the cell."""
        event.stop()
        if self._shape is None:
            return
        row = event.y - _HEAD + self.scroll_offset.y
        x = event.x - self._shape.frozen
        column = self._shape.column_at(x + self.scroll_offset.x) if x >= 0 else None
        before = (self.cursor_row, self.cursor_column)
        if event.y >= _HEAD and row < len(self.store.rows):
            self.cursor_row = row
        if column is not None:
            self.cursor_column = column
        if event.y >= _HEAD and before == (self.cursor_row, self.cursor_column) == (row, column):
            self.action_choose()
