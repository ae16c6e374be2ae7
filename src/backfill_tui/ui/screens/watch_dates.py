"""Which dates the watch screen shows, and in which order: one state alone, some dates alone, or both."""

from __future__ import annotations

from functools import partial
from typing import Final

from backfill_tui.domain.fuzzy import fits, folded
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.ui.screens.base import PlaceMeant
from backfill_tui.ui.screens.jump import JumpDialog, date_found
from backfill_tui.ui.screens.narrow import NarrowDialog, Narrowed
from backfill_tui.ui.screens.watch_cells import waiting_because
from backfill_tui.ui.screens.watch_grid import WatchGridScreen
from backfill_tui.ui.text import fit
from backfill_tui.ui.widgets.find_date import Found, find_date, find_task
from backfill_tui.ui.widgets.progress_header import Progress
from backfill_tui.ui.widgets.row_view import Only, Order, RowView

_LONGEST_TEXT: Final = 24


class WatchDatesScreen(WatchGridScreen):
    """Goes to a date, and narrows the grid and the strip to the dates that are wanted."""

    def action_jump(self) -> None:
        """Ask for a date, and go there."""
        if self.progress is not None and self.grid.view.rows:
            clock = self.progress.facts.timezone, self.progress.read_at
            self.app.push_screen(JumpDialog(self._find, self._words_of, clock, tasks=True), self._jump)

    def _find(self, text: str) -> Found:
        """The row that a text means, among those that are shown, else a task; BadRequest for neither."""
        if self.progress is None:
            msg = "No date was read yet"
            raise BadRequest(msg)
        grid, zone = self.grid, self.progress.facts.timezone
        try:
            return find_date(text, grid.store.rows, grid.view.rows, zone, self.progress.read_at)
        except BadRequest:
            found = find_task(text, self.store.columns, grid.cursor_row)
            if found is None:
                raise
            return found

    def _words_of(self, found: Found) -> str:
        if found.task is None:
            return self.grid.date_of(found.row)
        return f"the task {one_line(self.store.columns[found.task].task_id)}"

    def places_meant(self, text: str) -> list[PlaceMeant]:
        """The date that is shown, or the tasks, that a text means."""
        if self.progress is None:
            return []
        names = [folded(column.task_id) for column in self.store.columns]
        tasks = [
            PlaceMeant(
                kind="Task ",
                words=self.store.columns[place].task_id,
                told="go to its column",
                rank=rank,
                go=partial(self._jump, Found(self.grid.cursor_row, exact=True, task=place)),
            )
            for place, rank in fits(text, names)
        ]
        try:
            found = self._find(text)
        except BadRequest:
            return tasks
        return tasks if found.task is not None else [date_found(found, self._words_of, self._jump), *tasks]

    def _jump(self, found: Found | None) -> None:
        if found is None:
            return
        if found.task is not None:
            self.grid.cursor_column = self.grid.columns.column_of(found.task, None)
            return
        self.grid.cursor_row = found.row
        if not found.exact:
            self.notify(f"No such date here: {self.grid.date_of(found.row)} is the nearest", markup=False)

    def action_filter(self, step: int) -> None:
        """Show only the dates of the next state that any date is in, in the end all again."""
        view = self.grid.view
        counts, now = self.store.counts(), view.only
        there = [only for only in Only if only in {now, Only.ALL} or only.number(counts)]
        self.show_only(there[(there.index(now) + step) % len(there)])

    def show_only(self, only: Only) -> None:
        """Show only the dates of one state, or of all; which dates of the calendar stays as it is."""
        self.grid.show_only(only, self.grid.view.dates)
        self._shown_anew()

    def action_narrow(self) -> None:
        """Ask for a range, and show only its dates."""
        if self.progress is None:
            return
        if not self.has_dates:
            self.notify("Only dates can be shown alone, and these are partitions")
            return
        zone, now = self.progress.facts.timezone, self.progress.read_at
        self.app.push_screen(NarrowDialog(self.grid, zone, now), self.narrow)

    def narrow(self, narrowed: Narrowed | None) -> None:
        """Show only some dates, or all; which state stays as it is."""
        if narrowed is not None:
            self.grid.show_only(self.grid.view.only, narrowed.dates)
            self._shown_anew()

    def action_sort(self) -> None:
        """Sort by the start of the runs, or by date again."""
        self.grid.sort(Order.START if self.grid.view.order is Order.DATE else Order.DATE)
        self._shown_anew()

    def show_more(self) -> bool:
        """Take the narrowing away that escape takes away first; whether there was one."""
        view = self.grid.view
        if view.only is not Only.ALL:
            self.show_only(Only.ALL)
        elif view.dates is not None:
            self.narrow(Narrowed(None))
        else:
            return False
        return True

    def _shown_anew(self) -> None:
        self.say_what_is_shown()
        self.follow_grid()
        self.refresh_bindings()

    def say_what_is_shown(self) -> None:
        """The header says which dates are shown, unless all are, and their order where it is another."""
        self.header.shown = shown_words(self.grid.view, len(self.store.rows))
        told = self.grid.says_why_it_waits and self.dates is self.grid
        self.header.waits = "" if told or self.progress is None else unsaid(self.progress)

    def zoomed(self) -> None:
        """The grid alone gives reasons."""
        self.say_what_is_shown()

    def label_of(self, command_id: str) -> str:
        """What escape does first."""
        if command_id != "watch.back":
            return super().label_of(command_id)
        view = self.grid.view
        if self.zoomed_out:
            return "zoom in"
        if self.grid.marks:
            return "unmark"
        if not view.narrowed:
            return ""
        return "all states" if view.only is not Only.ALL and view.dates is not None else "all dates"


def unsaid(progress: Progress) -> str:
    """Why queued runs do not start, where the header does not say that without being told to."""
    facts = progress.backfill
    all_run = facts is not None and progress.counts.running >= facts.max_active_runs
    return "" if all_run or not progress.counts.queued else waiting_because(progress, progress.causes)


def shown_words(view: RowView, total: int) -> str:
    """`only failed of 2024-03: 2 of 60, by start`; empty where all rows are shown by date."""
    said = []
    if view.narrowed:
        state = "" if view.only is Only.ALL else str(view.only)
        dates = "" if view.dates is None else fit(view.dates.text, _LONGEST_TEXT).rstrip()
        said.append(f"only {' of '.join(filter(None, [state, dates]))}: {len(view):,} of {total:,}")
    if view.order is Order.START:
        said.append("by start")
    return ", ".join(said)
