"""The reruns of the watch screen: what is chosen, the question, and what came of it."""

from __future__ import annotations

from functools import partial

from backfill_tui.domain.problems import Problem
from backfill_tui.domain.repairing import RerunOutcome, RerunRequest
from backfill_tui.ui.messages import ProblemArose
from backfill_tui.ui.rerun_words import rerun_words
from backfill_tui.ui.screens.rerun import RerunDialog, Selection
from backfill_tui.ui.screens.rerunning import RerunningDialog
from backfill_tui.ui.screens.watch_cells import rows_to_rerun
from backfill_tui.ui.screens.watch_folds import WatchFoldScreen


class WatchRerunScreen(WatchFoldScreen):
    """Reruns the marked dates, else the failed one under the cursor."""

    def action_rerun(self) -> None:
        """Ask how much of the chosen dates is to run again."""
        selection = self._selection()
        if selection is None:
            self.notify("Mark dates with space, or go to a failed one with n, to rerun them")
        elif not selection.dates:
            self.notify(rerun_words(RerunOutcome(), selection.without_run), markup=False)
        else:
            self.app.push_screen(RerunDialog(selection), partial(self._rerun, selection))

    def _selection(self) -> Selection | None:
        rows = rows_to_rerun(self.grid)
        if not rows or self.progress is None:
            return None
        columns, column = self.store.columns, self.grid.cursor_column
        return Selection(
            dag_id=self.progress.facts.dag_id,
            backfill_id=self.backfill_id,
            dates={row.run_id: self.grid.date_of(index) for index, row in rows if row.run_id is not None},
            without_run={
                self.grid.date_of(index): row.membership.words for index, row in rows if row.run_id is None
            },
            task_id=columns[column].task_id if column < len(columns) else None,
        )

    def _rerun(self, selection: Selection, request: RerunRequest | None) -> None:
        if request is not None:
            self.app.push_screen(RerunningDialog(request), partial(self._rerun_ended, selection))

    def _rerun_ended(self, selection: Selection, outcome: RerunOutcome | Problem | None) -> None:
        if isinstance(outcome, Problem):
            self.post_message(ProblemArose(outcome))
            return
        if outcome is None:
            return
        if not outcome.stopped:
            self.grid.clear_marks()
        self.program.start_engine()
        words = rerun_words(outcome, selection.without_run)
        self.notify(words, markup=False, severity="warning" if outcome.stopped else "information")
