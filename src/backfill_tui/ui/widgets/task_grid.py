"""The transposed grid: tasks down and dates across, with the keys of the grid turned by a quarter."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import BindingType

from backfill_tui.ui.command import bindings
from backfill_tui.ui.watch_commands import TASKS
from backfill_tui.ui.widgets.task_canvas import TaskCanvas

_WHEEL_DATES: Final = 4


class TaskGrid(TaskCanvas, can_focus=True):
    """Moves the cursor of the grid that it follows; that grid says where it is."""

    HELP = (
        "A row is a task, a column is a date, in the order in which Airflow starts those of a backfill. "
        "Over the tasks stands how each run is. The other keys of the grid work here too."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TASKS)]

    def action_move(self, tasks: int, dates: int) -> None:
        """Move the cursor."""
        self._grid.action_move(dates, tasks)

    def action_page(self, pages: int) -> None:
        """Move the cursor by the dates that are seen."""
        dates = pages * self.page_width
        x = self.scroll_offset.x + pages * self.page_width * self.cell_width
        self.scroll_to(x=max(0, x), animate=False)
        self._grid.action_move(dates, 0)

    def action_page_tasks(self, pages: int) -> None:
        """Move the cursor by the tasks that are seen."""
        tasks = pages * self.page_height
        self.scroll_to(y=max(0, self.scroll_offset.y + tasks), animate=False)
        self._grid.action_move(0, tasks)

    def action_end(self, position: int) -> None:
        """Go to the first date that is shown or, for -1, to the last."""
        self._grid.action_end(position)

    def action_task(self, column: int) -> None:
        """Go to the first task or, for -1, to the last."""
        self._grid.action_column(column)

    def action_mark_and_move(self, dates: int) -> None:
        """Mark this date and the one it moves to."""
        self._grid.action_mark_and_move(dates)

    def action_widen(self) -> None:
        """Give the dates room for their numbers, or take it away."""
        self.wide = not self.wide

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; a click on the cursor chooses the cell."""
        event.stop()
        self._grid.choose(*self.cell_at(event.x, event.y))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel goes along the dates where all tasks are seen."""
        self._scroll_along(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel goes along the dates where all tasks are seen."""
        self._scroll_along(event, -1)

    def _scroll_along(self, event: events.MouseEvent, step: int) -> None:
        if self.max_scroll_y:
            return
        event.prevent_default()
        event.stop()
        x = self.scroll_offset.x + step * _WHEEL_DATES * self.cell_width
        self.scroll_to(x=x, animate=False, immediate=True)
