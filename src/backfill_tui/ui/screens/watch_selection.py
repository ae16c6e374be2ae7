"""The marks of the watch screen: by state, and counted at its foot."""

from __future__ import annotations

from backfill_tui.ui.screens.select_state import SelectDialog, Selected
from backfill_tui.ui.screens.watch_marks import WatchMarksScreen
from backfill_tui.ui.text import count
from backfill_tui.ui.widgets.grid_signs import MARKED_MARK


class WatchSelectionScreen(WatchMarksScreen):
    """Marks all dates in a state, and says how many are marked."""

    def action_select(self) -> None:
        """Ask for a state, and mark the dates in it."""
        self.app.push_screen(SelectDialog(self.grid), self._select)

    def _select(self, selected: Selected | None) -> None:
        if selected is None:
            return
        if not selected.besides:
            self.grid.clear_marks()
        self.grid.mark(row for row in selected.rows if self.grid.can_be_marked(row))

    def note(self) -> str:
        """How many dates are marked, for a rerun or whatever else is done to dates."""
        marked = self.grid.marks.rows if self.is_mounted else frozenset()
        if not marked:
            return ""
        hidden = len(marked.difference(self.grid.view.rows))
        words = f"{MARKED_MARK.sign} {count(len(marked), 'date')} marked"
        return f"{words}, {hidden:,} not shown" if hidden else words
