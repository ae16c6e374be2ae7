"""The watch screen marks runs and tasks: what is chosen, what is asked, and what was done."""

from __future__ import annotations

from textual import on
from textual.message import Message

from backfill_tui.domain.mark_words import done_words
from backfill_tui.domain.marking import MarkOutcome, MarkRequest
from backfill_tui.ui.commands import shown_key
from backfill_tui.ui.screens.set_state import SetStateDialog
from backfill_tui.ui.screens.watch_cells import cell_in_view, rows_to_mark
from backfill_tui.ui.screens.watch_failures import WatchFailuresScreen
from backfill_tui.ui.workers import ask


class MarkDone(Message):
    """A mark is through; the screen shows it once it is read."""

    def __init__(self, request: MarkRequest, outcome: MarkOutcome) -> None:
        super().__init__()
        self.request = request
        self.outcome = outcome


class WatchMarksScreen(WatchFailuresScreen):
    """Marks the dates that are marked on the grid, else the one under the cursor."""

    def action_set_state(self) -> None:
        """Ask what of these dates to mark, and as what."""
        rows = rows_to_mark(self.grid)
        if not rows or self.progress is None:
            self.notify("There is no run here to mark: go to a date that has one, or mark some with space")
            return
        dates = {row.run_id: self.grid.date_of(index) for index, row in rows if row.run_id is not None}
        cell = None if self.zoomed_out else cell_in_view(self.grid, self.progress.read_at)
        self.app.push_screen(SetStateDialog(self.progress.facts.dag_id, dates, cell), self._mark)

    def _mark(self, request: MarkRequest | None) -> None:
        if request is not None:
            program, wanted = self.program, request
            ask(
                self, "mark", lambda _: program.gateway.mark(wanted),
                lambda outcome: MarkDone(wanted, outcome),
            )  # fmt: skip

    @on(MarkDone)
    def _mark_done(self, message: MarkDone) -> None:
        outcome = message.outcome
        if outcome.changes:
            self.grid.clear_marks()
        if outcome.again:
            self.program.start_engine()
        undo = f", {shown_key('watch.undo')} undoes it" if outcome.changes and not outcome.again else ""
        self.notify(f"{done_words(message.request, outcome)}{undo}", markup=False)
