"""The columns of the watch screen: folded, unfolded, and the map indexes of unfolded tasks kept true."""

from __future__ import annotations

from textual import on
from textual.message import Message

from backfill_tui.domain.dag_range import Watchable
from backfill_tui.domain.map_indexes import IndexCells, IndexQuery
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.ui.screens.watch_dates import WatchDatesScreen
from backfill_tui.ui.seen import is_seen
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.workers import ask

_LOOK_AGAIN_SECONDS = 1.0
"""Two map indexes that exchange their states change no number of their row, so nothing says that they did."""


class IndexesRead(Message):
    """The map indexes that were seen when they were asked for."""

    def __init__(self, found: IndexCells) -> None:
        super().__init__()
        self.found = found


class IndexesNotRead(Message):
    """The map indexes could not be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class WatchFoldScreen(WatchDatesScreen):
    """Reads the map indexes that are seen: at once when others come into view, and as long as they are seen.

    One reading is under way at a time. What is wanted meanwhile is read after it, so that a slow database
    delays answers but never has all of them overtaken by the next.
    """

    def __init__(self, watched: Watchable) -> None:
        super().__init__(watched)
        self._reading = False
        self._wanted = False
        self._said = ""

    def on_mount(self) -> None:
        """Begin to look again."""
        self.set_interval(_LOOK_AGAIN_SECONDS, self._look_again)

    def _look_again(self) -> None:
        if is_seen(self) and not self.zoomed_out:
            self.task_cells.ask_for_indexes()

    @on(RunGrid.IndexesWanted)
    def _indexes_wanted(self) -> None:
        if self._reading or self.progress is None:
            self._wanted = True
            return
        run_ids, task_ids = self.task_cells.indexes_in_view()
        self._wanted = False
        if not run_ids or not task_ids:
            return
        self._reading = True
        program = self.program
        query = IndexQuery(dag_id=self.progress.facts.dag_id, run_ids=run_ids, task_ids=task_ids)
        ask(
            self,
            "indexes",
            lambda _: program.gateway.indexes(query),
            IndexesRead,
            failure=IndexesNotRead,
        )

    @on(IndexesRead)
    def _indexes_read(self, message: IndexesRead) -> None:
        self._said = ""
        self.grid.take_indexes(message.found)
        self.follow_grid()
        self._read_on()

    @on(IndexesNotRead)
    def _indexes_not_read(self, message: IndexesNotRead) -> None:
        said, self._said = self._said, str(message.problem)
        if self._said != said:
            words = one_line(f"The map indexes are not read: {self._said}")
            self.notify(words, severity="error", markup=False)
        self._read_on()

    def _read_on(self) -> None:
        self._reading = False
        if self._wanted:
            self._indexes_wanted()

    def action_fold(self) -> None:
        """Fold the task group or the mapped task that the column is a part of."""
        self.grid.action_fold()
        self.follow_grid()

    def action_unfold(self) -> None:
        """Unfold the task group or the mapped task under the cursor."""
        self.grid.action_unfold()
        self.follow_grid()

    def action_fold_all(self) -> None:
        """Fold everything, or unfold it."""
        self.grid.action_fold_all()
        self.follow_grid()

    def folding_applies(self, action: str) -> bool:
        """Whether there is anything for a key to fold or to unfold, where the cursor is."""
        if not self.is_mounted or self.zoomed_out or not self.grid.columns.can_fold:
            return False
        return action != "unfold" or self.grid.can_unfold()
