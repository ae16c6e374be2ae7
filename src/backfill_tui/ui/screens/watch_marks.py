"""The watch screen marks runs and tasks: what is chosen, what is asked, and what was done."""

from __future__ import annotations

from functools import partial

from backfill_tui.domain.mark_words import done_words
from backfill_tui.domain.marking import MarkOutcome, MarkRequest
from backfill_tui.domain.text import one_line
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.screens.set_state import SetStateDialog
from backfill_tui.ui.screens.watch_cells import cell_in_view, rows_to_mark
from backfill_tui.ui.screens.watch_failures import WatchFailuresScreen
from backfill_tui.ui.text import count


class WatchMarksScreen(WatchFailuresScreen):
    """Marks the dates that are marked on the grid, else the one under the cursor."""

    def action_set_state(self) -> None:
        """Ask what of these dates to mark, and as what."""
        if not self.program.writes.may_begin():
            return
        rows = rows_to_mark(self.grid)
        if not rows or self.progress is None:
            key = shown_key("watch.mark")
            self.notify(
                f"There is no run here to mark: go to a date that has one, or mark some with {key}",
                markup=False,
            )
            return
        dates = {row.run_id: self.grid.date_of(index) for index, row in rows if row.run_id is not None}
        cell = None if self.zoomed_out else cell_in_view(self.grid, self.progress.read_at)
        self.app.push_screen(SetStateDialog(self.progress.facts.dag_id, dates, cell), self._mark)

    def _mark(self, request: MarkRequest | None) -> None:
        if request is not None:
            deed = f"Marking {count(len(request.run_ids), 'run')} of {request.dag_id} as {request.mark_as}"
            wanted = request
            self.program.writes.begin(
                deed, lambda gateway: gateway.mark(wanted), partial(self._mark_done, wanted)
            )

    def _mark_done(self, request: MarkRequest, outcome: MarkOutcome) -> None:
        if outcome.changes and self.is_attached:
            self.grid.clear_marks()
        if outcome.again:
            self.program.start_engine()
        # What is not in the journal, of which the remarks tell, can not be undone.
        can_undo = outcome.changes and not outcome.again and not outcome.remarks
        undo = f", {shown_key('watch.undo')} undoes it" if can_undo else ""
        self.notify(f"{done_words(request, outcome)}{undo}", markup=False)
        for words in outcome.remarks:
            self.notify(one_line(words), severity="warning", markup=False)
