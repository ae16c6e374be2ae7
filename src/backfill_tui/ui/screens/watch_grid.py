"""The grid of the watch screen: where its cursor goes, and which dates are marked."""

from __future__ import annotations

from textual import on
from textual.containers import Container
from textual.getters import query_one

from backfill_tui.domain.dag_range import Watchable
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.progress import BackfillStatus
from backfill_tui.domain.throughput import pace_of
from backfill_tui.ui.screens.watch_control import WatchControlScreen
from backfill_tui.ui.widgets.progress_header import Progress
from backfill_tui.ui.widgets.row_view import Only
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.run_strip import RunStrip
from backfill_tui.ui.widgets.task_grid import TaskGrid


class WatchGridScreen(WatchControlScreen):
    """Holds the store of what is watched, and what shows it: the grid, and what follows it."""

    grid = query_one(RunGrid)
    tasks = query_one(TaskGrid)
    strip = query_one(RunStrip)
    body = query_one("#watch-body", Container)

    def __init__(self, watched: Watchable) -> None:
        super().__init__(watched)
        self.store = GridStore()
        self._paced_at = Instant(0)

    def look_at_pace(self, progress: Progress) -> None:
        """The header says how fast runs end; once a second is often enough to go through all rows."""
        if 0 <= progress.read_at - self._paced_at < SECOND:
            return
        self._paced_at = progress.read_at
        counts, moves = progress.counts, progress.standing.status is BackfillStatus.RUNNING
        is_complete = progress.backfill is not None and progress.backfill.completed_at is not None
        # What is left of a backfill that is marked complete is not all of it going to run.
        left = counts.active if moves and not is_complete else 0
        running = counts.running
        self.header.pace = pace_of(self.store.rows, progress.read_at, running=running, left=left)

    # Where the cursor goes

    def action_failed(self, step: int) -> None:
        """Go to the next failed date, or the one before."""
        self.grid.go_to_next(Only.FAILED, step)

    def action_running(self, step: int) -> None:
        """Go to the next running date, or the one before."""
        self.grid.go_to_next(Only.RUNNING, step)

    def action_queued(self, step: int) -> None:
        """Go to the next queued date, or the one before."""
        self.grid.go_to_next(Only.QUEUED, step)

    # From far away, and with the tasks as rows

    @property
    def zoomed_out(self) -> bool:
        """Whether the strip stands in place of the grid."""
        return self.body.has_class("-zoomed-out")

    @property
    def dates(self) -> RunGrid | TaskGrid | RunStrip:
        """What shows the dates now."""
        return self.strip if self.zoomed_out else self.task_cells

    @property
    def task_cells(self) -> RunGrid | TaskGrid:
        """What shows the tasks of the dates, if only behind the strip."""
        return self.tasks if self.body.has_class("-transposed") else self.grid

    def ordinals_in_view(self) -> tuple[int, ...]:
        """The ordinals of the dates whose tasks are seen; none from far away."""
        seen = self.dates
        rows = () if isinstance(seen, RunStrip) else seen.visible_rows()
        found = map(self.store.rows.__getitem__, rows)
        return tuple(row.ordinal for row in found if row is not None)

    @property
    def has_dates(self) -> bool:
        """Whether any row has a date: one of a partition has none."""
        return any(row is not None and row.logical_date is not None for row in self.store.rows)

    def action_zoom(self) -> None:
        """Zoom out to the strip, or in again."""
        if not self.zoomed_out and not self.has_dates:
            self.notify("Only dates have a place in the strip, and these are partitions")
            return
        self.body.toggle_class("-zoomed-out")
        self._show_dates()

    def action_transpose(self) -> None:
        """Show the tasks as rows, or the dates again."""
        self.body.remove_class("-zoomed-out").toggle_class("-transposed")
        self._show_dates()

    def _show_dates(self) -> None:
        self.zoomed()
        self.follow_grid()
        self.dates.focus()

    def zoomed(self) -> None:
        """Something else shows the dates now."""

    def follow_grid(self) -> None:
        """What is seen in place of the grid shows what the grid does."""
        seen = self.dates
        if not isinstance(seen, RunGrid):
            seen.follow()

    def point_at_cursor(self) -> None:
        """What is seen in place of the grid shows where the grid's cursor is."""
        seen = self.dates
        if not isinstance(seen, RunGrid):
            seen.point()

    @on(RunStrip.Moved)
    def _moved_in_strip(self, message: RunStrip.Moved) -> None:
        self.grid.cursor_row = message.row
        row = self.grid.row
        if row is not None and row.failed:
            self.grid.go_to_failed()

    @on(RunStrip.Opened)
    def _opened_in_strip(self) -> None:
        self.action_zoom()

    # Marks

    def action_mark(self) -> None:
        """Mark the date under the cursor, or take its mark away."""
        self.grid.action_mark()

    def action_mark_range(self) -> None:
        """Begin or end a range of marks."""
        self.grid.action_mark_range()

    def action_mark_failed(self) -> None:
        """Mark all failed dates that are shown."""
        failed = [row for row in self.store.failed_rows() if row in self.grid.view]
        if not failed:
            self.notify("No date that is shown has failed")
            return
        self.grid.mark(failed)
        if self.grid.cursor_row not in failed:
            self.action_failed(1)

    @on(RunGrid.MarksChanged)
    def _marks_changed(self) -> None:
        self.follow_grid()
        self.refresh_bindings()
