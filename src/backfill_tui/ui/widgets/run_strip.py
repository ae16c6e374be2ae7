"""The grid from far away: one cell a date on the clock of its Dag, thousands of them on one screen."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import pairwise
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from backfill_tui.domain.instants import zone_named
from backfill_tui.domain.plan_dates import DateColumns
from backfill_tui.domain.progress import kinds_of
from backfill_tui.domain.watching import RunRow
from backfill_tui.ui.command import bindings
from backfill_tui.ui.glyphs import Look
from backfill_tui.ui.watch_commands import ZOOM
from backfill_tui.ui.widgets.grid_canvas import GridCanvas
from backfill_tui.ui.widgets.grid_signs import ROW_MARKS
from backfill_tui.ui.widgets.scrolling import Scrolling
from backfill_tui.ui.widgets.strip_calendar import Calendar
from backfill_tui.ui.widgets.strip_layout import StripLayout
from backfill_tui.ui.widgets.strip_painter import Grounds, Selected, StripPainter

_KINDS: Final = tuple(ROW_MARKS)
_MARKS: Final = tuple(ROW_MARKS.values())
"""By the code of a cell, which is as much more as there are of them where its date is marked."""
_KEPT_LINES: Final = 256


class RunStrip(Scrolling, can_focus=True, inherit_bindings=False):
    """Shows the rows that a grid shows, as far as they have a date, with that grid's cursor and marks.

    Whoever changes the grid says so by `follow`. What moves the cursor here is told by `Moved`.
    """

    ALLOW_SELECT = False
    HELP = (
        "A cell is a date, grouped on the clock of the Dag, and shows how its run stands; one that is marked "
        "is underlined. "
        "The keys of the grid work here too."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ZOOM)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"run-strip--cursor", "run-strip--marked"}
    DEFAULT_CSS = """
    RunStrip {
        height: 1fr;
        padding: 0 0 0 2;
        background: $background;
        overflow-x: hidden;
        scrollbar-size: 0 1;
        scrollbar-gutter: stable;
        & > .run-strip--cursor { color: $background; background: $accent; text-style: bold; }
        & > .run-strip--marked { background: $cursor-background; text-style: bold underline; }
    }
    """

    class Moved(Message):
        """The cursor is to go to another row of the store."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    class Opened(Message):
        """The date under the cursor is to be seen in the grid."""

    def __init__(self, grid: GridCanvas, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._grid = grid
        self._rows: list[int] = []
        self._codes = b""
        self._calendar: Calendar | None = None
        self._laid: StripLayout | None = None
        self._painter: StripPainter | None = None
        self._strips: LRUCache[tuple[int, bool], Strip] = LRUCache(_KEPT_LINES)

    # What is shown

    def follow(self) -> None:
        """Show what the grid shows now."""
        store = self._grid.store
        dated = [
            (index, row)
            for index in sorted(self._grid.view.rows)
            if (row := store.rows[index]) is not None and row.logical_date is not None
        ]
        rows = [index for index, _ in dated]
        if rows != self._rows or (self._calendar is None and rows):
            self._rows = rows
            self._calendar = self._new_calendar([row for _, row in dated])
            self._lay_out()
        self._codes = bytes([self._code(index, row) for index, row in dated])
        self.point()

    def point(self) -> None:
        """Show the cursor of the grid where it is now."""
        self.redraw()
        self.show_cursor()

    def _new_calendar(self, rows: list[RunRow]) -> Calendar | None:
        facts = self._grid.store.facts
        if facts is None or not rows:
            return None
        dates = array("q", [row.logical_date or 0 for row in rows])
        steady = all(before < after for before, after in pairwise(dates))
        columns = DateColumns(identities=dates.tobytes(), ascending=steady)
        return Calendar(columns, zone_named(facts.timezone))

    def _code(self, index: int, row: RunRow) -> int:
        return _KINDS.index(kinds_of(row)[0]) + (len(_KINDS) if index in self._grid.marks else 0)

    @property
    def cursor(self) -> int | None:
        """The cell of the row under the grid's cursor, None when it has no cell."""
        row = self._grid.cursor_row
        place = bisect_left(self._rows, row)
        there = place < len(self._rows) and self._rows[place] == row
        return self._calendar.cell(place) if there and self._calendar is not None else None

    def _row(self, cell: int, calendar: Calendar) -> int:
        return self._rows[calendar.place(max(0, min(cell, len(calendar) - 1)))]

    # Drawing

    @on(events.Resize)
    def _fit(self) -> None:
        self._lay_out()
        self.point()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        fits = self._calendar is not None and width > 0
        self._laid = StripLayout(self._calendar, width) if fits and self._calendar is not None else None
        self.virtual_size = Size(width, len(self._laid) if self._laid is not None else 0)

    def redraw(self) -> None:
        """Draw all that is seen again."""
        self._painter = None
        self._strips.clear()
        self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor is seen only where the keys go."""
        super().watch_has_focus(has_focus)
        self.redraw()

    def notify_style_update(self) -> None:
        """The theme or the styles have changed: nothing drawn before is right."""
        super().notify_style_update()
        self._painter = None
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One line of what is seen; the uppermost always says what its groups share."""
        laid, line = self._laid, y + self.scroll_offset.y
        if laid is None or line >= len(laid):
            return self._below(y)
        key = (line, y == 0 or laid.begins_block(line))
        strip = self._strips.get(key)
        if strip is None:
            if self._painter is None:
                self._painter = self._new_painter(laid)
            selected = Selected(cursor=self.cursor if self.has_focus else None)
            strip = self._strips[key] = self._painter.line(line, selected, headed=key[1])
        return strip

    def _below(self, y: int) -> Strip:
        """A line below the dates; where there is none the first one says so."""
        blank = Strip.blank(self.size.width, self.rich_style)
        if self._rows or y:
            return blank
        words = Segment(self._grid.view.why_empty, self.rich_style)
        return Strip([words, *blank]).crop(0, self.size.width)

    def _new_painter(self, laid: StripLayout) -> StripPainter:
        # What failed is drawn in reverse, but not under the cursor.
        cursor = self.get_component_rich_style("run-strip--cursor", partial=True) + Style(reverse=False)
        marked = self.get_component_rich_style("run-strip--marked", partial=True)
        grounds = Grounds(plain=self.rich_style, cursor=cursor, span=Style(), marked=marked)
        look = Look(self.app.theme_variables)
        return StripPainter(self._codes, _MARKS, laid, look, grounds)

    def show_cursor(self) -> None:
        """Scroll as little as it takes to see the cursor."""
        cell, height = self.cursor, self.scrollable_content_region.height
        if self._laid is None or cell is None or not height:
            return
        line, top = self._laid.position(cell)[0], self.scroll_offset.y
        y = max(min(top, line), line - height + 1)
        if y != top:
            self.scroll_to(y=y, animate=False, immediate=True, force=True)

    # The cursor

    def _go(self, cell: int) -> None:
        if self._calendar is not None:
            self.post_message(self.Moved(self._row(cell, self._calendar)))

    def action_move(self, dates: int) -> None:
        """Move the cursor by some dates."""
        self._go((self.cursor or 0) + dates)

    def action_move_line(self, lines: int) -> None:
        """Move the cursor by some lines."""
        if self._laid is not None:
            line, x = self._laid.position(self.cursor or 0)
            self._go(self._laid.nearest(line + lines, x))

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by the lines that are seen."""
        self.action_move_line(pages * max(1, self.scrollable_content_region.height))

    def action_move_to(self, cell: int) -> None:
        """Move the cursor to the first date or, for -1, to the last."""
        self._go(cell if cell >= 0 else len(self._rows) - 1)

    def action_open(self) -> None:
        """See the date under the cursor in the grid."""
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; a click on the cursor opens the date."""
        event.stop()
        laid, gutter = self._laid, self.styles.gutter
        line, x = event.y - gutter.top + self.scroll_offset.y, event.x - gutter.left
        cell = laid.cell_at(line, x) if laid is not None else None
        if cell is None:
            return
        if cell == self.cursor:
            self.action_open()
        else:
            self._go(cell)
