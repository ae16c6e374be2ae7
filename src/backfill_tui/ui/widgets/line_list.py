"""A list of lines with a cursor, drawn line by line, so that 100,000 rows cost what is seen of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from backfill_tui.ui.command import bindings
from backfill_tui.ui.glyphs import Look, Mark
from backfill_tui.ui.text import Part, line
from backfill_tui.ui.widget_commands import LIST
from backfill_tui.ui.widgets.scrolling import Scrolling

_EMPTY_ABOVE = 2
_CURSOR = Mark("▌", "cursor", "accent")


class LineList(Scrolling, can_focus=True, inherit_bindings=False):
    """Rows that a subclass draws as parts of text, under a fixed header line.

    A subclass gives `row_count`, `draw_row` and `draw_header`, and calls `reload` when all rows may have
    changed or `refresh_row` when one did. Column 0 belongs to the cursor.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LIST)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-list--header", "line-list--cursor"}
    DEFAULT_CSS = """
    LineList {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        background: $background;
        & > .line-list--header { color: $muted; text-style: bold; }
        & > .line-list--cursor { background: $cursor-background-blurred; }
        &:focus > .line-list--cursor { background: $cursor-background; }
    }
    """

    cursor: reactive[int] = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor is on another row now."""

        def __init__(self, source: LineList, row: int) -> None:
            super().__init__()
            self.source = source
            self.row = row

        @property
        def control(self) -> LineList:
            """The list."""
            return self.source

    class Chosen(Message):
        """The row under the cursor was clicked."""

        def __init__(self, source: LineList, row: int) -> None:
            super().__init__()
            self.source = source
            self.row = row

        @property
        def control(self) -> LineList:
            """The list."""
            return self.source

    empty: tuple[str, ...] = ()
    """The lines that stand there when there is no row."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._strips: dict[int, Strip] = {}
        self._look: Look | None = None

    @property
    @abstractmethod
    def row_count(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One row as parts; `width` is what is left beside the cursor's column."""

    @abstractmethod
    def draw_header(self, width: int) -> str:
        """The words over the columns, as wide as a row."""

    @property
    def look(self) -> Look:
        """Signs and colours of the theme in use."""
        if self._look is None:
            self._look = Look(self.app.theme_variables)
        return self._look

    def reload(self) -> None:
        """All rows may have changed, in number too; the cursor stays within them."""
        self._strips.clear()
        self.virtual_size = Size(self.scrollable_content_region.width, self.row_count + 1)
        self.cursor = self.validate_cursor(self.cursor)
        self.refresh()

    def refresh_row(self, row: int) -> None:
        """One row has changed: only it is drawn again."""
        self._strips.pop(row, None)
        y = row + 1 - self.scroll_offset.y
        if 0 < y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One line of what is seen."""
        width = self.size.width
        base = self.rich_style
        if y == 0:
            header = self.get_component_rich_style("line-list--header")
            return line([(" " + self.draw_header(width - 1), header)], width, base)
        row = self.scroll_offset.y + y - 1
        if not self.row_count and 0 <= y - _EMPTY_ABOVE < len(self.empty):
            return line([(f"    {self.empty[y - _EMPTY_ABOVE]}", self.look.muted)], width, base)
        if row >= self.row_count:
            return Strip.blank(width, base)
        if row not in self._strips:
            self._strips[row] = self._draw(row, width, base)
        return self._strips[row]

    def validate_cursor(self, row: int) -> int:
        """A row that exists, 0 when there is none."""
        return max(0, min(row, self.row_count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Draw both rows, bring the new one into view, tell."""
        self.refresh_row(old)
        self.refresh_row(new)
        self._show_cursor()
        self.post_message(self.Moved(self, new))

    def action_move(self, by: int) -> None:
        """Move the cursor by some rows."""
        self.cursor += by

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by what is seen at once."""
        self.cursor += pages * max(1, self.size.height - 2)

    def action_move_to(self, row: int) -> None:
        """Move the cursor to a row; -1 is the last."""
        self.cursor = row if row >= 0 else self.row_count - 1

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the click is; a click on it chooses the row."""
        row = self.scroll_offset.y + event.y - 1
        if event.y == 0 or row >= self.row_count:
            return
        if row == self.cursor:
            self.post_message(self.Chosen(self, row))
        self.cursor = row

    def on_resize(self) -> None:
        """Widths have changed."""
        self.reload()
        self._show_cursor()

    def on_focus(self) -> None:
        """The cursor is drawn stronger."""
        self.refresh_row(self.cursor)

    def on_blur(self) -> None:
        """The cursor is drawn weaker."""
        self.refresh_row(self.cursor)

    def notify_style_update(self) -> None:
        """The theme or the styles have changed: nothing drawn before is right."""
        super().notify_style_update()
        self._look = None
        self._strips.clear()

    def _draw(self, row: int, width: int, base: Style) -> Strip:
        look = self.look
        mark: Part = (" ", base)
        if row == self.cursor:
            base += self.get_component_rich_style("line-list--cursor", partial=True)
            mark = (look.sign(_CURSOR), look.accent)
        return line([mark, *self.draw_row(row, width - 1, look)], width, base)

    def _show_cursor(self) -> None:
        if not self.row_count:
            return
        top, room = self.scroll_offset.y, max(1, self.size.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True, immediate=True)
        elif self.cursor >= top + room:
            self.scroll_to(y=self.cursor - room + 1, animate=False, force=True, immediate=True)
