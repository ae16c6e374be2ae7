"""A backfill or a range of dates, live: where it stands, every date and task, the log of one that matters."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Static

from backfill_tui.domain.causes import Cause
from backfill_tui.domain.dag_range import DagRange, GridFacts, RangeUpdate, Watchable, range_words
from backfill_tui.domain.problems import Problem, Unreachable
from backfill_tui.domain.progress import is_held_by_cancel, task_progress
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.ui import opening, pausing
from backfill_tui.ui.command import bindings
from backfill_tui.ui.connection import Connection
from backfill_tui.ui.hints import tell_hint
from backfill_tui.ui.messages import ProblemArose
from backfill_tui.ui.notices import Notices
from backfill_tui.ui.screens.watch_cells import cell_in_view, waiting_because
from backfill_tui.ui.screens.watch_inspector import Inspector
from backfill_tui.ui.screens.watch_lift import keys_of_remedy, keys_to_read_again
from backfill_tui.ui.screens.watch_selection import WatchSelectionScreen
from backfill_tui.ui.screens.watch_stream import Stream, StreamBroke, UpdatesArrived
from backfill_tui.ui.seen import is_seen
from backfill_tui.ui.watch_commands import WATCH_SCREEN
from backfill_tui.ui.widgets.environment_line import EnvironmentLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.progress_header import Progress, ProgressHeader
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.run_strip import RunStrip
from backfill_tui.ui.widgets.task_grid import TaskGrid


class WatchScreen(WatchSelectionScreen):
    """Follows a backfill or a range while it is shown; what it shows is what the stream said last."""

    PLACE = "watch"
    HELP = (
        "Where a backfill or a range of dates stands, as it was read last. Mark dates with {watch.mark}, "
        "or all failed ones with {watch.mark_failed}, then rerun them with {watch.rerun}. Stop after pauses "
        "the backfill once so many of its runs have failed: this screen does that, so it works as long as "
        "the screen is open."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(WATCH_SCREEN)]
    CSS_PATH = "../styles/watch.tcss"

    inspector = query_one(Inspector)
    notice = query_one("#watch-notice", Static)

    def __init__(self, watched: Watchable) -> None:
        super().__init__(watched)
        self._causes: tuple[Cause, ...] = ()
        self._stream: Stream | None = None
        self._broken: Problem | None = None
        self.notices = Notices()

    def compose(self) -> ComposeResult:
        """Header, grid and the pane about the cell under the cursor."""
        yield EnvironmentLine("Watch", self._named())
        yield ProgressHeader()
        yield Static(id="watch-banner", markup=False)
        yield Static(id="watch-notice", markup=False)
        with Container(id="watch-body"):
            grid = RunGrid(self.store)
            yield grid
            yield TaskGrid(grid)
            yield RunStrip(grid)
            yield Inspector()
        yield KeyLine(self.PLACE)

    def _named(self, facts: GridFacts | None = None) -> str:
        """The backfill by its number, or the range by its dates; a clock is needed for these."""
        if isinstance(self.watched, DagRange):
            return self.watched.dag_id if facts is None else range_words(facts)
        return f"backfill {self.watched}"

    def on_mount(self) -> None:
        """Begin to follow, and begin again when a new bridge is up."""
        self.grid.focus()
        tell_hint(self)
        self.watch(self.app, "connection", self._connection_changed, init=False)

    # The stream

    def on_screen_resume(self) -> None:
        """It is seen: follow, and look at once at the task under the cursor."""
        if self._stream is None and self._broken is None:
            self._follow()
        self.inspector.look_again()

    def on_screen_suspend(self) -> None:
        """It is hidden: leave the stream, unless only a dialog stands over it."""
        if not is_seen(self):
            self._leave()

    def on_unmount(self) -> None:
        """It is closed."""
        self._leave()

    def action_reconnect(self) -> None:
        """Read the dates again after the stream broke."""
        self._leave()
        self._follow()

    def _follow(self) -> None:
        self._broken = None
        program = self.program
        self._stream = Stream(self, lambda: program.gateway, self.watched)

    def _leave(self) -> None:
        if self._stream is not None:
            self._stream.leave()
            self._stream = None

    def _connection_changed(self, connection: Connection) -> None:
        if self._broken is not None:
            self.header.keys = keys_to_read_again(self)
        if connection is not Connection.READY or self._broken is None:
            return
        self._broken = None
        # Under another screen it waits until it is seen again; a dialog hides nothing.
        if is_seen(self):
            self.action_reconnect()

    @on(UpdatesArrived)
    def _updates_arrived(self, message: UpdatesArrived) -> None:
        if message.stream is not self._stream:
            return
        updates = message.stream.take()
        if not updates:
            return
        for update in updates:
            change = self.store.apply(update)
            self._causes = self._causes if update.causes is None else update.causes
            self.grid.take(change, update.read_at)
            if change.rows or change.reshaped:
                self.follow_grid()
        message.stream.in_view = self.ordinals_in_view()
        self._show(updates[-1])

    @on(StreamBroke)
    def _stream_broke(self, message: StreamBroke) -> None:
        if message.stream is not self._stream:
            return
        self._stream = None
        self._broken = message.problem
        self.header.broken = True
        self.header.look_at_clock()
        self.header.keys = keys_to_read_again(self)
        self.notice.update(Content(one_line(str(message.problem))))
        self.notice.add_class("-shown")
        self.refresh_bindings()
        if isinstance(message.problem, Unreachable):
            self.app.post_message(ProblemArose(message.problem))

    def _show(self, update: GridUpdate | RangeUpdate) -> None:
        counts = self.store.counts()
        self.progress = Progress(
            facts=update.facts,
            counts=counts,
            total_rows=update.total_rows,
            read_at=update.read_at,
            engine=self.program.engine_status,
            tasks=task_progress(self.store.task_counts()),
            causes=self._causes,
        )
        self.look_at_pace(self.progress)
        self.header.arrived_at = self.program.clock()
        self.header.broken = False
        before = self.header.progress
        if not self.progress.looks_like(before):
            self.header.progress = self.progress
            self.grid.waiting_because = waiting_because(self.progress, self._causes)
        self.say_what_is_shown()
        self.header.keys = keys_of_remedy(self, self.progress)
        self.notice.remove_class("-shown")
        self.query_one(EnvironmentLine).subject = f"{update.facts.dag_id}  {self._named(update.facts)}"
        self._show_cell()
        if update.loaded:
            self.guard(self.progress)
            self.notices.look(self.program, self.progress)
        if not self.progress.offers_like(before):
            self.refresh_bindings()

    # The cell under the cursor

    @on(RunGrid.CursorMoved)
    def _cursor_moved(self) -> None:
        self.point_at_cursor()
        self._show_cell()
        self.refresh_bindings()

    @on(RunGrid.CellChosen)
    def _cell_chosen(self) -> None:
        self.action_details()

    def _show_cell(self) -> None:
        if self.progress is not None:
            cell = cell_in_view(self.grid, self.progress.read_at)
            self.inspector.follow(self.progress.facts.dag_id, cell)

    def action_details(self) -> None:
        """Show or hide the log."""
        self.inspector.toggled = not self.inspector.toggled
        self.body.set_class(self.inspector.toggled, "-no-log")
        if not self.inspector.log_view.display:
            self.dates.focus()

    def action_next_pane(self) -> None:
        """Go from the grid to the log, and back."""
        log = self.inspector.log_view
        (log if self.dates.has_focus and log.display else self.dates).focus()

    def action_another_try(self) -> None:
        """Show the try before."""
        self.inspector.choose_try()

    def action_map_index(self, step: int) -> None:
        """Show another map index."""
        self.inspector.choose_map_index(step)

    # Ways on

    def action_unpause(self) -> None:
        """Unpause the Dag, after a question."""
        if self.progress is not None:
            pausing.ask_to_pause(self, self.progress.facts.dag_id, is_paused=False)

    def action_backfills(self) -> None:
        """List the backfills, with the cursor on this Dag's newest."""
        opening.show_backfills(
            self.program, self.progress.facts.dag_id if self.progress is not None else None
        )

    def action_back(self) -> None:
        """Leave the log, else the strip, else take the marks away, else show more dates, else leave."""
        if not self.dates.has_focus:
            self.dates.focus()
        elif self.zoomed_out:
            self.action_zoom()
        elif self.grid.marks:
            self.grid.clear_marks()
        elif not self.show_more():
            self.dismiss()

    def _can_rerun(self, progress: Progress) -> bool:
        held = is_held_by_cancel(progress.facts) and progress.counts.queued > 0
        return held or bool(progress.counts.failed or self.grid.marks)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only what applies now."""
        progress = self.progress
        may_write = not self.program.read_only and progress is not None
        has_rows = progress is not None and bool(self.store.rows)
        cell = self.inspector.cell if self.is_mounted else None
        instance = cell.instance if cell is not None else None
        applies = {
            "rerun": may_write and progress is not None and self._can_rerun(progress),
            "mark_failed": may_write and progress is not None and progress.counts.failed > 0,
            "failed": progress is not None and progress.counts.failed > 0,
            "failures": progress is not None and (progress.counts.failed > 0 or progress.tasks.failed > 0),
            "running": progress is not None and progress.counts.running > 0,
            "queued": progress is not None and progress.counts.queued > 0,
            "jump": has_rows,
            "export": has_rows,
            "filter": has_rows,
            "narrow": has_rows,
            "sort": has_rows,
            "zoom": has_rows,
            "transpose": has_rows,
            "set_state": may_write and has_rows,
            "undo": may_write,
            "mark": may_write and has_rows,
            "mark_range": may_write and has_rows,
            "select": may_write and has_rows,
            "unpause": may_write and progress is not None and progress.facts.dag_is_paused,
            "reconnect": self._broken is not None and self.program.connection is Connection.READY,
            "another_try": instance is not None and instance.try_number > 1,
            "map_index": cell is not None and cell.is_mapped,
            "fold": self.folding_applies("fold"),
            "unfold": self.folding_applies("unfold"),
            "fold_all": self.folding_applies("fold_all"),
            "stop_after": may_write
            and progress is not None
            and progress.backfill is not None
            and progress.backfill.completed_at is None,
        }
        return applies.get(action.partition("(")[0], self.can_control(action))
