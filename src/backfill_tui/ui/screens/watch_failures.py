"""The failures of what is watched: their list is opened, and what was chosen there is done."""

from __future__ import annotations

from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.states import CODE_OF, TaskState
from backfill_tui.ui.screens.failures import FailuresDialog, FailuresLeft
from backfill_tui.ui.screens.watch_rerun import WatchRerunScreen


class WatchFailuresScreen(WatchRerunScreen):
    """Opens the list of failures over its grid."""

    def action_failures(self) -> None:
        """List what failed, in groups."""
        now = self.progress
        if now is not None:
            dialog = FailuresDialog(self.grid, self.watched, now.facts, now.read_at)
            self.app.push_screen(dialog, self._failures_left)

    def _failures_left(self, left: FailuresLeft | None) -> None:
        if left is None:
            return
        if left.rerun:
            self.action_rerun()
        if left.row is not None:
            self._go_to(left.row, left.task_id)

    def _go_to(self, row: int, task_id: TaskId | None) -> None:
        while row not in self.grid.view and self.show_more():
            # What hides it is taken away.
            continue
        self.grid.cursor_row = row
        columns = [column.task_id for column in self.store.columns]
        if task_id in columns:
            self.grid.go_to_state(columns.index(task_id), CODE_OF[TaskState.FAILED])
        self.dates.focus()
