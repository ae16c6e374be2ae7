"""The pane about the cell under the cursor: it asks for task instances and log, and keeps both fresh."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.getters import query_one
from textual.reactive import var
from textual.timer import Timer

from backfill_tui.domain.ids import DagId
from backfill_tui.domain.problems import NotThere, Problem
from backfill_tui.domain.states import TaskState
from backfill_tui.domain.tasks import CellQuery, LogQuery
from backfill_tui.ui.program import program_of
from backfill_tui.ui.screens.inspector_messages import CellRead, LogNotRead, LogRead
from backfill_tui.ui.screens.watch_log import LogPane, whole
from backfill_tui.ui.seen import is_seen
from backfill_tui.ui.widgets.log_search import SearchLine
from backfill_tui.ui.widgets.log_view import LogView
from backfill_tui.ui.widgets.task_details import CellInView, TaskDetails
from backfill_tui.ui.workers import ask, is_busy

_SETTLE_SECONDS = 0.12
"""A cursor on its way asks for nothing."""

_READING = "Reading ..."
_BEFORE_IT_STARTS = frozenset({TaskState.NONE, TaskState.SCHEDULED, TaskState.QUEUED})
_FOLLOW_SECONDS = 1.0
_SLOW_SECONDS = 5.0


class Inspector(LogPane):
    """Details and log of one cell; `follow` gives it the cell under the cursor, as often as that changes.

    A log is shown at its end, or where it is opened `at_error` with its last error in view.
    """

    HELP = (
        "The task under the cursor and its log: {watch.try} shows the try before, {watch.map_index} the next "
        "map index."
    )
    toggled: var[bool] = var(default=False, toggle_class="-toggled")

    details = query_one(TaskDetails)

    def __init__(self, id: str | None = None, *, at_error: bool = False) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._at_error = at_error
        self._dag_id = DagId("")
        self._settling: Timer | None = None
        self._problem: Problem | None = None

    def compose(self) -> ComposeResult:
        """Details over the log, what it is searched for under it."""
        yield TaskDetails()
        yield LogView()
        yield SearchLine()

    def on_mount(self) -> None:
        """Look again at a task that has not ended, as long as it is on the screen."""
        self.set_interval(_FOLLOW_SECONDS, self.look_again)
        if self._at_error:
            # No grid tells that it runs again, and its log may still be on its way from a worker.
            self.set_interval(_SLOW_SECONDS, partial(self.look_again, ended=True))

    @property
    def cell(self) -> CellInView | None:
        """The cell that is shown."""
        return self.details.cell

    def follow(self, dag_id: DagId, cell: CellInView | None) -> None:
        """Show a cell: at once what the grid knows of it, the rest when it is read."""
        self._dag_id = dag_id
        before = self.cell
        same = before is not None and cell is not None and _place(before) == _place(cell)
        if same and before is not None and cell is not None:
            moved = _seen(before) != _seen(cell)
            if moved or before.ticks(cell.now):
                fresh = replace(before, state=cell.state, row_says=cell.row_says, now=cell.now)
                self._show(replace(fresh, stands_for=cell.stands_for))
            if moved:
                self._settle()
            return
        self._show(cell)
        self._problem = None
        self.log_view.say("" if cell is None or cell.run_id is None else _READING)
        self._settle()

    # What is shown

    def choose_map_index(self, step: int) -> None:
        """Show the next map index."""
        if self.cell is not None:
            self._show(self.cell.with_map_index(step))
            self.read_log()
            # Why this one waits is read only now.
            self._settle()

    def choose_try(self) -> None:
        """Show the try before, or the latest after the first."""
        if self.cell is not None:
            self._show(self.cell.with_try_before())
            self.read_log()

    # Asking

    def _settle(self) -> None:
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(_SETTLE_SECONDS, self._read_cell)

    def look_again(self, *, ended: bool = False) -> None:
        """Read a task that has not ended once more, while it is seen; with `ended` any task."""
        instance = self.cell.instance if self.cell is not None else None
        goes_on = instance is not None and (ended or not instance.state.finished)
        if goes_on and is_seen(self) and not is_busy(self, "cell"):
            self._read_cell()

    def _read_cell(self) -> None:
        cell = self.cell
        if cell is None or cell.run_id is None or not self.is_on_screen:
            return
        shown = cell.instance.key.map_index if cell.instance is not None else cell.map_index
        first, last = cell.indexes
        query = CellQuery(
            dag_id=self._dag_id, run_id=cell.run_id, task_id=cell.task_id, map_index=shown,
            first_index=first, last_index=last,
        )  # fmt: skip
        gateway = program_of(self)
        ask(
            self,
            "cell",
            lambda _: gateway.gateway.cell(query),
            lambda details: CellRead(query, details),
            failure=LogNotRead,
        )

    @on(CellRead)
    def _cell_read(self, message: CellRead) -> None:
        cell, query = self.cell, message.query
        asked = (query.run_id, query.task_id, (query.first_index, query.last_index))
        if cell is None or (cell.run_id, cell.task_id, cell.indexes) != asked:
            return
        self._problem = None
        self._show(cell.with_instances(message.details.instances, message.details.left_out))
        self.read_log()

    def read_log(self, *, anew: bool = False) -> None:
        """Read the log of the try that is shown, or what was written since; `anew` from its end."""
        cell = self.cell
        if cell is None or not self.log_view.display:
            return
        instance = cell.instance
        if instance is None or cell.try_number == 0:
            self.log_view.say(_why_no_log(cell) if self._problem is None else _why_not_read(self._problem))
            return
        query = LogQuery(dag_id=self._dag_id, key=instance.key, try_number=cell.try_number)
        if anew or self._log_of != query:
            self._ask_for_log(query)
        elif not self.log_view.is_at_older_lines:
            self._ask_for_log(replace(query, after=self.log_view.ends))

    def _ask_for_log(self, query: LogQuery) -> None:
        program = program_of(self)
        ask(
            self,
            "log",
            lambda _: program.gateway.log(query),
            lambda log: LogRead(query, log),
            failure=LogNotRead,
        )

    @on(LogRead)
    def _log_read(self, message: LogRead) -> None:
        message.stop()
        query = whole(message.query)
        cell = self.cell
        instance = cell.instance if cell is not None else None
        if cell is None or instance is None or not self._is_shown(query):
            return
        failed = instance.state is TaskState.FAILED or cell.try_number < instance.try_number
        anew = self._log_of != query
        if message.query.after not in {None, self.log_view.ends}:
            # It follows lines that one has left since, for another page.
            return
        if anew:
            self._log_of = query
            self.log_view.say("")
            self.log_view.following = not self._at_error
        self.log_view.show(message.log)
        if anew and self._at_error:
            # After it went to its end, as a log does that is laid out anew.
            self.log_view.call_after_refresh(self.log_view.go_to_last_error)
        self._show(replace(cell, exception=self.log_view.last_exception() if failed else ""))

    def _is_shown(self, query: LogQuery) -> bool:
        cell = self.cell
        instance = cell.instance if cell is not None else None
        if cell is None or instance is None:
            return False
        return (instance.key, cell.try_number) == (query.key, query.try_number)

    @on(LogNotRead)
    def _log_not_read(self, message: LogNotRead) -> None:
        message.stop()
        # A log that is opened later says it too.
        self._problem = message.problem
        self.log_view.say(_why_not_read(message.problem))

    def _show(self, cell: CellInView | None) -> None:
        self.details.cell = cell


def _place(cell: CellInView) -> tuple[object, ...]:
    return (cell.run_id, cell.task_id, cell.map_index, cell.rest, cell.date)


def _seen(cell: CellInView) -> tuple[object, ...]:
    return (cell.state, cell.row_says, cell.stands_for)


def _why_no_log(cell: CellInView) -> str:
    if cell.row_says:
        return ""
    if cell.state is TaskState.ABSENT:
        return "This run has no such task instance"
    if cell.instance is None and cell.state not in _BEFORE_IT_STARTS:
        return _READING
    return "It has not started, so there is no log yet"


def _why_not_read(problem: Problem) -> str:
    return problem.message if isinstance(problem, NotThere) else str(problem)
