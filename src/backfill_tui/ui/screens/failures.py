"""What failed in a watched backfill, in groups: which dates, which task, what went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Input, Static

from backfill_tui.domain.dag_range import GridFacts, Watchable, grid_words
from backfill_tui.domain.failures import Failure, FailureGroup, FailuresFound, FailuresQuery, grouped
from backfill_tui.domain.fuzzy import folded, ranked
from backfill_tui.domain.ids import RunId, TaskId
from backfill_tui.domain.instants import Instant, minute, zone_named
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.failure_commands import FAILURES
from backfill_tui.ui.failure_words import NO_TASK, group_words
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.screens.failure_log import FailureLogDialog
from backfill_tui.ui.text import count
from backfill_tui.ui.widgets.failure_list import FailureList
from backfill_tui.ui.widgets.filter_line import FilterLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.line_list import LineList
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.workers import Asking, ask, is_busy

_READ_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailuresLeft:
    """How the list was left: to rerun the marked dates, or to go to a row of the grid and a task."""

    row: int | None = None
    task_id: TaskId | None = None
    rerun: bool = False


class FailuresAdvanced(Message):
    """Some failures are known, `done` of `total` by now."""

    def __init__(self, groups: tuple[FailureGroup, ...], done: int, total: int) -> None:
        super().__init__()
        self.groups = groups
        self.done = done
        self.total = total

    def can_replace(self, message: Message) -> bool:
        """A screen that is slow takes the latest."""
        return isinstance(message, FailuresAdvanced)


class FailuresWereRead(Message):
    """All failures are known."""

    def __init__(self, failures: list[Failure], groups: tuple[FailureGroup, ...]) -> None:
        super().__init__()
        self.failures = failures
        self.groups = groups


class FailuresNotRead(Message):
    """The failures could not be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class FailuresDialog(Dialog[FailuresLeft]):
    """Lists the failures of what `grid` shows as they are now, and marks their dates in it."""

    PLACE = "failures"
    HELP = (
        "The error is the one that the log of the latest try ends with. A rerun is of dates: of each date "
        "that is marked, whatever failed in it runs again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(FAILURES)]
    DEFAULT_CSS = """
    FailuresDialog #failure-words { height: auto; max-height: 6; margin: 1 0 0 0; }
    FailuresDialog FailureList { background: $surface; }
    """

    box = query_one(DialogBox)
    listed = query_one(FailureList)
    filter = query_one(FilterLine)
    words = query_one("#failure-words", Static)

    def __init__(self, grid: RunGrid, about: Watchable, facts: GridFacts, now: Instant) -> None:
        super().__init__()
        self._grid = grid
        self._about = about
        self._facts = facts
        self._now = now
        self._rows: dict[RunId, int] = {}
        self._groups: tuple[FailureGroup, ...] = ()
        self._failures: list[Failure] | None = None

    def compose(self) -> ComposeResult:
        """The groups, and the one under the cursor in full."""
        box = DialogBox(classes="-wide -tall")
        box.border_title = Content(one_line(f"Failures: {grid_words(self._facts)}")).markup
        with box:
            yield FilterLine()
            yield FailureList(self._date_of)
            yield Static(id="failure-words", markup=False)
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Read now, and again while the list is open."""
        self.listed.empty = ("Reading the logs ...",)
        self.listed.focus()
        self.action_read_again()
        self.set_interval(_READ_SECONDS, self._look_again)

    # Reading

    def _look_again(self) -> None:
        if self.is_current and not is_busy(self, "failures"):
            self.action_read_again()

    def action_read_again(self) -> None:
        """Read what failed, and the logs that were not read yet."""
        program, query = self.program, FailuresQuery(about=self._about)
        known, groups = self._failures, self._groups

        def read(asking: Asking) -> FailuresWereRead:
            found: list[Failure] = []

            def more(part: FailuresFound) -> None:
                found.extend(part.failures)
                if known is None:
                    asking.post(FailuresAdvanced(grouped(found), part.done, part.total))

            program.gateway.failures(query, more, asking.unwanted)
            return FailuresWereRead(found, groups if found == known else grouped(found))

        ask(self, "failures", read, lambda message: message, failure=FailuresNotRead)

    @on(FailuresAdvanced)
    def _advanced(self, message: FailuresAdvanced) -> None:
        if self._failures is None:
            self._take(message.groups)
            self.box.border_subtitle = f"{message.done:,} of {message.total:,} logs"

    @on(FailuresWereRead)
    def _were_read(self, message: FailuresWereRead) -> None:
        self._failures = message.failures
        self.listed.empty = ("Nothing has failed",)
        self._take(message.groups)
        self.listed.settled = True
        number = count(len(message.failures), "failure")
        self.box.border_subtitle = f"{number} in {count(len(self._groups), 'group')}" if self._groups else ""

    @on(FailuresNotRead)
    def _not_read(self, message: FailuresNotRead) -> None:
        self.listed.empty = ()
        self._show()
        self.words.update(Content.styled(one_line(str(message.problem)), "bold $error"))

    def _take(self, groups: tuple[FailureGroup, ...]) -> None:
        self._groups = groups
        self._show()

    # What is shown

    @on(LineList.Moved)
    def _show_words(self) -> None:
        words, group = Content(""), self.listed.current
        if group is not None:
            marked = len(self._grid.marks.rows.intersection(self._rows_of([group])))
            words = group_words(group, self.listed.span_of(group), marked)
        self.words.update(words)
        self.refresh_bindings()

    def _show(self) -> None:
        rows = self._grid.store.rows
        self._rows = {row.run_id: at for at, row in enumerate(rows) if row is not None and row.run_id}
        found = (rows[at] for at in self._grid.marks.rows)
        shown = self._shown_groups()
        if self._groups and not shown:
            self.listed.empty = (self.filter.none_fits("group", "failures.back"),)
        self.filter.say(f"{len(shown):,} of {count(len(self._groups), 'group')}")
        self.listed.show(shown, {row.run_id for row in found if row is not None and row.run_id})
        self._show_words()

    def _shown_groups(self) -> tuple[FailureGroup, ...]:
        """The groups that fit what is typed, by task or by error, the best first."""
        names = [folded(f"{group.task_id or NO_TASK} {group.words}") for group in self._groups]
        return tuple(self._groups[place] for place in ranked(self.filter.wanted, names))

    # The filter

    def action_filter(self) -> None:
        """Type what the list is to be narrowed to."""
        self.filter.edit()
        self.refresh_bindings()

    @on(Input.Changed)
    def _filter_changed(self) -> None:
        self._show()
        self.listed.cursor = 0

    @on(Input.Submitted)
    def _filter_done(self) -> None:
        self.filter.done()
        self.listed.focus()

    def _date_of(self, failure: Failure) -> str:
        row, date = self._rows.get(failure.run_id), failure.logical_date
        if row is not None:
            return self._grid.date_of(row)
        if failure.partition_key:
            return one_line(failure.partition_key)
        return "" if date is None else minute(date, zone_named(self._facts.timezone))

    # What is done

    def action_mark(self) -> None:
        """Mark the dates of the group, or take their marks away."""
        if self.listed.current is not None:
            self._mark([self.listed.current])

    def action_mark_all(self) -> None:
        """Mark the dates of all groups that are shown, or take their marks away."""
        self._mark(self._shown_groups())

    def _mark(self, groups: Iterable[FailureGroup]) -> None:
        rows = self._rows_of(groups)
        able = {row for row in rows if self._grid.can_be_marked(row)}
        if able and able <= self._grid.marks.rows:
            self._grid.unmark(able)
        elif able:
            self._grid.mark(able)
        if len(able) < len(rows):
            self.notify(f"{count(len(rows) - len(able), 'date')} not shown in the grid now, so not marked")
        self._show()

    def _rows_of(self, groups: Iterable[FailureGroup]) -> set[int]:
        """The rows of the grid of some groups, as far as they are there."""
        found = (self._rows.get(failure.run_id) for group in groups for failure in group.failures)
        return {row for row in found if row is not None}

    def action_log(self) -> None:
        """Read the log of one of the group."""
        group = self.listed.current
        if group is None:
            return
        if not group.task_id:
            self.notify("No task of these runs failed, so there is no log that says why")
            return
        self.app.push_screen(FailureLogDialog(self._facts.dag_id, group, self._date_of, self._now))

    def action_go(self) -> None:
        """Go to the first date of the group."""
        group = self.listed.current
        row = None if group is None else self._rows.get(group.failures[0].run_id)
        if group is not None and row is not None:
            self.dismiss(FailuresLeft(row=row, task_id=group.task_id))

    def action_rerun(self) -> None:
        """Rerun the marked dates, else those of the group."""
        if not self._grid.marks:
            self.action_mark()
        if self._grid.marks:
            self.dismiss(FailuresLeft(rerun=True))

    def action_back(self) -> None:
        """Show all groups again, else close it."""
        if self.filter.filters:
            self.filter.clear()
            self.listed.focus()
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """There must be a group, and nothing is rerun in a read-only session."""
        if action in {"mark", "mark_all", "rerun"}:
            return bool(self._groups) and not self.program.read_only
        if action == "filter":
            return bool(self._groups) and not isinstance(self.focused, Input)
        return bool(self._groups) if action in {"log", "go"} else True
