"""The reruns of the watch screen: what is chosen, the question, and what came of it."""

from __future__ import annotations

from backfill_tui.domain.problems import Problem
from backfill_tui.domain.repairing import RerunOutcome, RerunRequest
from backfill_tui.domain.watching import BackfillFacts
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.messages import ProblemArose
from backfill_tui.ui.rerun_words import rerun_words
from backfill_tui.ui.screens.rerun import RerunDialog, Selection
from backfill_tui.ui.screens.rerunning import RerunningDialog
from backfill_tui.ui.screens.watch_cells import cell_in_view, rows_to_rerun
from backfill_tui.ui.screens.watch_folds import WatchFoldScreen


class WatchRerunScreen(WatchFoldScreen):
    """Reruns the marked dates, else the failed one under the cursor."""

    def action_rerun(self) -> None:
        """Ask how much of the chosen dates is to run again."""
        selection = self._selection()
        if not self.program.writes.may_begin():
            return
        if selection is None:
            mark, failed = shown_key("watch.mark"), shown_key("watch.next_failed")
            self.notify(
                f"Mark dates with {mark}, or go to a failed one with {failed}, to rerun them", markup=False
            )
        elif not selection.dates:
            date, why = self.grid.date_of(self.grid.cursor_row), self.grid.row
            self.notify(f"Nothing to rerun on {date}: {why.membership.words if why else ''}", markup=False)
        else:
            self.app.push_screen(RerunDialog(selection), self._rerun)

    def _selection(self) -> Selection | None:
        rows = rows_to_rerun(self.grid)
        if not rows or self.progress is None:
            return None
        facts = self.progress.facts
        cell = cell_in_view(self.grid, self.progress.read_at)
        return Selection(
            dag_id=facts.dag_id,
            # In a range a run may be of any backfill, or of none.
            backfill_id=facts.backfill_id if isinstance(facts, BackfillFacts) else None,
            dates={row.run_id: self.grid.date_of(index) for index, row in rows if row.run_id is not None},
            task_id=None if cell is None else cell.task_id,
        )

    def _rerun(self, request: RerunRequest | None) -> None:
        if request is not None:
            self.app.push_screen(RerunningDialog(request), self._rerun_ended)

    def _rerun_ended(self, outcome: RerunOutcome | Problem | None) -> None:
        if isinstance(outcome, Problem):
            self.post_message(ProblemArose(outcome))
            return
        if outcome is None:
            return
        if not outcome.stopped:
            self.grid.clear_marks()
        self.program.start_engine()
        words = rerun_words(outcome)
        self.notify(words, markup=False, severity="warning" if outcome.stopped else "information")
