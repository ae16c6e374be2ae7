"""The drawing of the grid: what a `GridStore` holds, each line drawn once until it changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events, on
from textual.geometry import Region, Size
from textual.reactive import reactive, var
from textual.strip import Strip

from backfill_tui.domain.grid import GridChange, GridStore
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.watching import RunRow
from backfill_tui.ui.glyphs import Look
from backfill_tui.ui.widgets.column_view import ColumnView
from backfill_tui.ui.widgets.grid_layout import GridLayout, lay_out
from backfill_tui.ui.widgets.grid_marks import Marks
from backfill_tui.ui.widgets.grid_rows import NO_ROW, RowWords
from backfill_tui.ui.widgets.grid_strips import GridPainter, RowLine
from backfill_tui.ui.widgets.kept_lines import KeptLines
from backfill_tui.ui.widgets.row_view import Only, Order, RowView
from backfill_tui.ui.widgets.shown_dates import WantedDates


class GridCanvas(KeptLines, inherit_bindings=False):
    """Draws a store with a cursor and marks; whoever changes the store says so by `take`.

    The cursor is a row of the store and a column that is shown, both zero-based; `view` says which rows are
    shown, and where, `columns` which columns. `marks` are the rows chosen for a rerun, and
    `waiting_because` is the reason that the first waiting row gives.
    """

    DEFAULT_CSS = """
    GridCanvas {
        height: 1fr;
        background: $background;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
    }
    """

    cursor_row: reactive[int] = reactive(0, repaint=False)
    cursor_column: reactive[int] = reactive(0, repaint=False)
    waiting_because: var[str] = var("")

    def __init__(self, store: GridStore, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.store = store
        self.view = RowView(store)
        self.columns = ColumnView(store)
        self.marks = Marks(store)
        self._words = RowWords()
        self._shape: GridLayout | None = None
        self._painter: GridPainter | None = None
        self._now = Instant(0)

    # What the store tells

    def take(self, change: GridChange, now: Instant) -> None:
        """Draw what changed; `now` is the database's clock, for how long running runs took so far."""
        next_second = now // SECOND != self._now // SECOND
        self._now = now
        self.marks.follow(change.rows)
        wider = self.columns.learn(change) | self._words.learn(self.store, change)
        before = self.view.position(self.cursor_row)
        others = self.view.learn(change.rows)
        if wider or self._shape is None:
            self.lay_out()
        elif others:
            self._words.find_waiting(self.store, self.view.rows)
            self._fit_rows()
        if others:
            self._hold_in_place(before)
        if wider or others:
            return
        again = set(change.rows)
        visible = self.visible_rows()
        if next_second and self._shape is not None and self._shape.took:
            again |= {row for row in visible if self._is_running(row)}
        if change.rows:
            again |= {self._words.first_waiting, self._words.find_waiting(self.store, self.view.rows)}
        self.redraw(again.intersection(visible))

    def show_only(self, only: Only, dates: WantedDates | None = None) -> None:
        """Show the rows of one state, and of some dates; the cursor goes to the nearest of them."""
        self.view.narrow(only, dates)
        self._show_others()

    def sort(self, order: Order) -> None:
        """Show the rows in another order; the cursor stays on its row."""
        self.view.sort(order)
        self._show_others()

    def _show_others(self) -> None:
        self._words.find_waiting(self.store, self.view.rows)
        self._fit_rows()
        self.marks.keep(self.view)
        self._hold_to_view()

    def _hold_in_place(self, before: int | None) -> None:
        """The row under the cursor, which was at that position, stays where the eye is."""
        now = self.view.position(self.cursor_row)
        if before is not None and now is not None and now != before:
            top = max(0, min(self.scroll_offset.y + now - before, self.max_scroll_y))
            self.scroll_to(y=top, animate=False, immediate=True)
        self._hold_to_view()

    def _hold_to_view(self) -> None:
        """The cursor stays on rows that are shown; marks do whatever runs come to, which the foot tells."""
        self.cursor_row = self.validate_cursor_row(self.cursor_row)
        self.show_cursor()

    @property
    def row(self) -> RunRow | None:
        """The row under the cursor, None while there is none or it is not read yet."""
        return self.store.rows[self.cursor_row] if self.cursor_row in self.view else None

    @property
    def date_width(self) -> int:
        """Terminal cells of the longest date so far, or of the word over them."""
        return max(self._words.date_width, len("Date"))

    def date_of(self, index: int) -> str:
        """The date of a row as the grid shows it."""
        return self._words.date(self.store.rows[index])

    def sentence_of(self, index: int) -> str:
        """What a row says in place of cells; empty when its cells speak for themselves."""
        row, cells = self.store.rows[index], self.store.row_cells(index)
        return self._words.sentence(index, row, cells, self.waiting_because)

    @property
    def says_why_it_waits(self) -> bool:
        """Whether one of the rows that are shown says why queued runs do not start."""
        return self._words.first_waiting != NO_ROW

    def _is_running(self, index: int) -> bool:
        row = self.store.rows[index]
        return row is not None and row.started_at is not None and row.ended_at is None

    # Drawing

    def lay_out(self) -> None:
        """Let everything stand where there is room for it now."""
        self._words.find_waiting(self.store, self.view.rows)
        width = self.scrollable_content_region.width
        if not width:
            self._shape = None
            return
        self._shape = lay_out(self.columns.heads(), width, self.date_width)
        self._painter = None
        self._fit_rows()

    def _fit_rows(self) -> None:
        """As many rows as are shown."""
        if self._shape is not None:
            self.virtual_size = Size(self._shape.frozen + self._shape.body, len(self.view) + self._shape.head)
        self.refresh()

    def on_mount(self) -> None:
        """A scrollbar that comes or goes leaves another width, without a resize."""
        self.watch(self, "show_vertical_scrollbar", self._fit, init=False)

    @on(events.Resize)
    def _fit(self) -> None:
        self.lay_out()
        self.show_cursor()

    def notify_style_update(self) -> None:
        """Forget everything drawn: a colour changed, or the focus."""
        self._painter = None
        super().notify_style_update()

    def _paint(self) -> GridPainter | None:
        if self._painter is None and self._shape is not None:
            variables = self.app.theme_variables
            look = Look(variables)
            lit = variables["cursor-background" if self.has_focus else "cursor-background-blurred"]
            ground = self.background_colors[1].hex
            width = self.scrollable_content_region.width
            self._painter = GridPainter(look, self._shape, width, (ground, lit))
        return self._painter

    def render_line(self, y: int) -> Strip:
        """One line: the head, or a row of the store."""
        painter = self._paint()
        if painter is None or not self.store.rows:
            return Strip.blank(self.size.width, self.rich_style)
        left, top = self.scroll_offset
        if y < self.head_height:
            by_start = self.view.order is Order.START
            return painter.head(y, left, self.cursor_column, by_start=by_start)
        position = y - self.head_height + top
        if position >= len(self.view):
            return self._below(painter, position)
        index = self.view.rows[position]
        row = self.store.rows[index]
        cells = self.columns.cells(index)
        line = RowLine(
            row=row,
            date=self._words.date(row),
            sentence=self.sentence_of(index),
            cursor=self.cursor_column if index == self.cursor_row else None,
            marked=index in self.marks,
            words=self.columns.words(index),
        )
        return painter.row(line, cells, left, self._now)

    def _below(self, painter: GridPainter, position: int) -> Strip:
        """A line below the rows; where none is shown the first one says so."""
        if position or len(self.view):
            return Strip.blank(self.size.width, painter.ground)
        return painter.remark(self.view.why_empty)

    @property
    def head_height(self) -> int:
        """Lines over the rows."""
        return 1 if self._shape is None else self._shape.head

    def visible_rows(self) -> Sequence[int]:
        """The rows that are seen."""
        top = self.scroll_offset.y
        return self.view.rows[top : top + max(0, self.size.height - self.head_height)]

    def redraw(self, rows: Iterable[int]) -> None:
        """One dirty region for each stretch of rows: a region for each cell would cost more."""
        width, top, head = self.size.width, self.scroll_offset.y, self.head_height
        regions: list[Region] = []
        positions = (self.view.position(row) for row in set(rows))
        for position in sorted(position for position in positions if position is not None):
            if not head <= (y := position - top + head) < self.size.height:
                continue
            if regions and regions[-1].bottom == y:
                regions[-1] = Region(0, regions[-1].y, width, regions[-1].height + 1)
            else:
                regions.append(Region(0, y, width, 1))
        if regions:
            self.refresh(*regions)

    def watch_waiting_because(self) -> None:
        """Another reason stands in the first waiting row."""
        self.redraw([self._words.first_waiting])

    def validate_cursor_row(self, row: int) -> int:
        """The nearest row that is shown; where none is the cursor stays for when there are some again."""
        return self.view.nearest(row) if len(self.view) else self.cursor_row

    def validate_cursor_column(self, column: int) -> int:
        """The nearest column there is."""
        return max(0, min(column, len(self.columns) - 1))

    def show_cursor(self) -> None:
        """Scroll as little as it takes to see the cursor."""
        if self._shape is None:
            return
        left, top = self.scroll_offset
        height = self.scrollable_content_region.height - self.head_height
        position = self.view.position(self.cursor_row) or 0
        y = max(min(top, position), position - height + 1)
        x = left
        if len(self.columns):
            room = self.scrollable_content_region.width - self._shape.frozen
            start, end = self._shape.starts[self.cursor_column : self.cursor_column + 2]
            x = max(min(left, start), end - room)
        if (x, y) != (left, top):
            self.scroll_to(x, y, animate=False, force=True)

    def cell_at(self, x: int, y: int) -> tuple[int | None, int | None]:
        """The row and the column under a point of the widget; None for what is not there."""
        if self._shape is None:
            return None, None
        left, top = self.scroll_offset
        position = y - self.head_height + top
        inside = x >= self._shape.frozen
        column = self._shape.column_at(x - self._shape.frozen + left) if inside else None
        shown = y >= self.head_height and position < len(self.view)
        return self.view.rows[position] if shown else None, column

    @property
    def page_height(self) -> int:
        """How many rows are seen at once."""
        return max(1, self.scrollable_content_region.height - self.head_height)
