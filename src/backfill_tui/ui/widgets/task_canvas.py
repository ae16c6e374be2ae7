"""The drawing of the transposed grid: tasks down, dates across, as a grid shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events, on
from textual.geometry import Region, Size
from textual.reactive import var
from textual.strip import Strip

from backfill_tui.domain.columns import ShownColumn
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.watching import TaskColumn
from backfill_tui.ui.glyphs import Look
from backfill_tui.ui.widgets.kept_lines import KeptLines
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.task_layout import NARROW, WIDE, TaskLayout, lay_out_tasks
from backfill_tui.ui.widgets.task_lines import HEAD, TaskLines
from backfill_tui.ui.widgets.task_strips import Line, TaskPainter

_Shape = tuple[tuple[TaskColumn, ...], tuple[ShownColumn, ...], int, int, int, int]
"""All that a layout depends on."""


class TaskCanvas(KeptLines, inherit_bindings=False):
    """Draws the rows that a grid shows as columns, with that grid's cursor and marks.

    Whoever changes the grid says so by `follow`, and by `point` when only its cursor moved. `wide` is whether
    a date has three terminal cells, with its number, and not one.
    """

    DEFAULT_CSS = """
    TaskCanvas {
        height: 1fr;
        background: $background;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
    }
    """

    wide: var[bool] = var(default=False)

    def __init__(self, grid: RunGrid, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._grid = grid
        self._shape: _Shape | None = None
        self._laid = lay_out_tasks((), 0, 0, 0, NARROW)
        self._task_lines = TaskLines(grid, self._laid)
        self._painter: TaskPainter | None = None
        self._said: dict[int, Line] = {}
        self._pointed_at = 0

    # What the grid tells

    def follow(self) -> None:
        """Show what the grid shows now."""
        self._lay_out()
        self._task_lines.look_at_dates()
        self._look_again(range(self.size.height))

    def point(self) -> None:
        """Show the cursor of the grid where it is now."""
        self.show_cursor()
        tasks = {self._pointed_at, self._grid.cursor_column}
        self._look_again([*range(HEAD), *(task - self.scroll_offset.y + HEAD for task in tasks)])

    def watch_wide(self) -> None:
        """Another width of the dates, at the same cursor."""
        self._fit()

    def _look_again(self, lines: Iterable[int]) -> None:
        """Have those of the lines drawn again that say something else than what is drawn."""
        self._pointed_at = self._grid.cursor_column
        scrolled, room = self.scroll_offset, self._room
        for y in lines:
            if y in self._lines and self._said.get(y) != self._task_lines.line(y, scrolled, room):
                self.refresh(Region(0, y, self.size.width, 1))

    # Drawing

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _room(self) -> int:
        return self._width - self._laid.frozen

    def _lay_out(self) -> None:
        grid = self._grid
        measures = (len(grid.view), self._width, grid.date_width, self.cell_width)
        shape = (grid.store.columns, grid.columns.shown, *measures)
        if shape == self._shape or not self._width:
            return
        self._shape, self._painter = shape, None
        layout = self._laid = lay_out_tasks(grid.columns.heads(), *measures)
        self._task_lines = TaskLines(grid, layout)
        self.virtual_size = Size(layout.frozen + layout.body, HEAD + len(layout.names))
        self.refresh()
        self.ask_for_indexes()

    def on_mount(self) -> None:
        """A scrollbar that comes or goes leaves another width, without a resize."""
        self.watch(self, "show_vertical_scrollbar", self._fit, init=False)

    @on(events.Resize)
    def _fit(self) -> None:
        self._lay_out()
        self.show_cursor()

    def notify_style_update(self) -> None:
        """Forget everything drawn: a colour changed, or the focus."""
        self._painter = None
        super().notify_style_update()

    def _paint(self, layout: TaskLayout) -> TaskPainter:
        if self._painter is None:
            variables = self.app.theme_variables
            look = Look(variables)
            lit = variables["cursor-background" if self.has_focus else "cursor-background-blurred"]
            ground = self.background_colors[1].hex
            self._painter = TaskPainter(look, layout, self._width, (ground, lit))
        return self._painter

    def render_line(self, y: int) -> Strip:
        """One line: of the head, or a task."""
        room = self._room
        if not self._grid.store.rows or room <= 0:
            return Strip.blank(self.size.width, self.rich_style)
        scrolled = self.scroll_offset
        line = self._said[y] = self._task_lines.line(y, scrolled, room)
        return self._paint(self._laid).line(line, scrolled.x)

    # Map indexes

    def ask_for_indexes(self) -> None:
        """Say that map indexes are to be read, where any are seen."""
        if self._grid.columns.folding.tasks and all(self.indexes_in_view()):
            self._grid.post_message(RunGrid.IndexesWanted())

    def visible_rows(self) -> Sequence[int]:
        """The rows of the store whose dates are seen."""
        places = self._laid.window(self.scroll_offset.x, self._room)
        return self._grid.view.rows[places.start : places.stop]

    def indexes_in_view(self) -> tuple[tuple[RunId, ...], tuple[TaskId, ...]]:
        """The runs and the unfolded tasks that are seen."""
        top = self.scroll_offset.y
        return self._grid.indexes_of(self.visible_rows(), (top, top + self.page_height))

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Other dates came into view."""
        super().watch_scroll_x(old_value, new_value)
        self.ask_for_indexes()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other tasks came into view."""
        super().watch_scroll_y(old_value, new_value)
        self.ask_for_indexes()

    # Places

    def show_cursor(self) -> None:
        """Scroll as little as it takes to see the cursor."""
        if self._room <= 0:
            return
        left, top = self.scroll_offset
        cell, height, task = self.cell_width, self.page_height, self._grid.cursor_column
        place = self._grid.view.position(self._grid.cursor_row) or 0
        x = max(min(left, place * cell), (place + 1) * cell - self._room)
        y = max(min(top, task), task - height + 1)
        if (x, y) != (left, top):
            # Forced: where the scrollbar is to come with the next layout, Textual would not scroll yet.
            self.scroll_to(x, y, animate=False, force=True)

    def cell_at(self, x: int, y: int) -> tuple[int | None, int | None]:
        """The row and the column of the store under a point of the widget; None for what is not there."""
        left, top = self.scroll_offset
        place = self._laid.date_at(x - self._laid.frozen + left) if x >= self._laid.frozen else None
        task = y - HEAD + top
        row = None if place is None else self._grid.view.rows[place]
        return row, task if y >= HEAD and task < len(self._laid.names) else None

    @property
    def cell_width(self) -> int:
        """Terminal cells of a date."""
        return WIDE if self.wide else NARROW

    @property
    def page_width(self) -> int:
        """How many dates are seen at once."""
        return max(1, self._room // self.cell_width)

    @property
    def page_height(self) -> int:
        """How many tasks are seen at once."""
        return max(1, self.scrollable_content_region.height - HEAD)
