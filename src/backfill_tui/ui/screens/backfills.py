"""All backfills, newest first, each with the status that its runs give it, and the keys that change that."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Input, Static

from backfill_tui.domain.control import ControlOutcome
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.problems import Problem
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import BackfillSummary
from backfill_tui.ui import opening
from backfill_tui.ui.command import bindings
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.listing import BackfillRow, backfill_rows, matching_backfills
from backfill_tui.ui.screens.controlling import ControllingScreen
from backfill_tui.ui.seen import is_seen
from backfill_tui.ui.text import count
from backfill_tui.ui.watch_commands import BACKFILLS
from backfill_tui.ui.widgets.backfill_details import BackfillDetails
from backfill_tui.ui.widgets.backfill_table import BackfillTable
from backfill_tui.ui.widgets.environment_line import EnvironmentLine
from backfill_tui.ui.widgets.filter_line import FilterLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.line_list import LineList
from backfill_tui.ui.workers import ask, is_busy

_READ_SECONDS: Final = 2.0


class BackfillsRead(Message):
    """The backfills as they are now, newest first."""

    def __init__(self, backfills: tuple[BackfillSummary, ...]) -> None:
        super().__init__()
        self.backfills = backfills


class BackfillsNotRead(Message):
    """The backfills could not be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class BackfillsScreen(ControllingScreen):
    """Lists the backfills of all Dags, or of one; `dag_id` is the Dag whose newest the cursor is put on."""

    PLACE = "backfills"
    HELP = (
        "All backfills, newest first. The status is read off their runs: Airflow's own mark of completion "
        "can come before the last run has ended. How long one took is counted from its creation to the end "
        "of its last run."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(BACKFILLS)]
    DEFAULT_CSS = """
    BackfillsScreen #backfills-notice { height: auto; padding: 1 2; color: $muted; }
    BackfillsScreen #backfills-notice.-bad { color: $error; }
    BackfillsScreen #backfills-notice.-hidden { display: none; }
    """

    table = query_one(BackfillTable)
    filter = query_one(FilterLine)
    details = query_one(BackfillDetails)
    notice = query_one("#backfills-notice", Static)

    def __init__(self, dag_id: DagId | None = None) -> None:
        super().__init__()
        self._begins_at = dag_id
        self._only: DagId | None = None
        self._rows: tuple[BackfillRow, ...] = ()

    def compose(self) -> ComposeResult:
        """The list under the environment, and the backfill under the cursor."""
        yield EnvironmentLine("Backfills")
        yield Static("Reading the backfills ...", id="backfills-notice", markup=False)
        yield FilterLine()
        yield BackfillTable()
        yield BackfillDetails()
        yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Read now, and again while the list is shown."""
        self.table.focus()
        self.set_interval(_READ_SECONDS, self._read_again)

    def on_screen_resume(self) -> None:
        """It is seen (again)."""
        self.action_refresh_list()

    # Reading

    def _read_again(self) -> None:
        if is_seen(self) and not is_busy(self, "backfills"):
            self.action_refresh_list()

    def action_refresh_list(self) -> None:
        """Read the list again."""
        program = self.program
        ask(
            self,
            "backfills",
            lambda _: program.gateway.backfills(),
            BackfillsRead,
            failure=BackfillsNotRead,
        )

    @on(BackfillsRead)
    def _read(self, message: BackfillsRead) -> None:
        self._rows = backfill_rows(message.backfills)
        self._show()
        if self._begins_at is not None:
            self.table.go_to_dag(self._begins_at)
            self._begins_at = None

    def _show(self) -> None:
        rows = tuple(row for row in self._rows if self._only in {None, row.summary.facts.dag_id})
        shown = matching_backfills(rows, self.filter.wanted)
        self.table.show(shown, self.filter.wanted, rows)
        self.filter.say(f"{len(shown):,} of {count(len(rows), 'backfill')}")
        self.notice.set_class(bool(shown), "-hidden")
        self.notice.remove_class("-bad")
        self.notice.update(Content(self._why_empty()))
        self.query_one(EnvironmentLine).subject = f"of {self._only}" if self._only else ""
        self._show_details()

    def _why_empty(self) -> str:
        if self.filter.wanted.strip():
            return self.filter.none_fits("backfill", "backfills.back")
        if self._only is not None:
            key = shown_key("backfills.only")
            return one_line(f'"{self._only}" has no backfill any more: {key} shows those of all Dags')
        return "No Dag has had a backfill yet: choose one in the list of Dags and plan it"

    @on(BackfillsNotRead)
    def _not_read(self, message: BackfillsNotRead) -> None:
        self.notice.remove_class("-hidden")
        self.notice.add_class("-bad")
        self.notice.update(Content(one_line(str(message.problem))))

    # The filter

    def action_filter(self) -> None:
        """Type what the list is to be narrowed to."""
        self.filter.edit()
        self.refresh_bindings()

    @on(Input.Changed)
    def _filter_changed(self) -> None:
        self._show()

    @on(Input.Submitted)
    def _filter_done(self) -> None:
        self.filter.done()
        self.table.focus()

    # The row under the cursor

    @property
    def subject(self) -> BackfillSummary | None:
        """The backfill under the cursor."""
        current = self.table.current if self.is_mounted else None
        return current.summary if current is not None else None

    def controlled(self, outcome: ControlOutcome) -> None:  # noqa: ARG002  # whatever it was
        """It looks different now."""
        self.action_refresh_list()

    @on(LineList.Moved)
    def _show_details(self) -> None:
        self.details.row = self.table.current
        self.refresh_bindings()

    @on(LineList.Chosen)
    def _chosen(self) -> None:
        self.action_watch()

    def action_watch(self) -> None:
        """Watch the backfill under the cursor."""
        subject = self.subject
        if subject is not None:
            opening.watch(self.program, subject.facts.backfill_id)

    def action_export(self) -> None:
        """Write what became of the backfill under the cursor to a file."""
        from backfill_tui.ui.exporting import open_export, outcome_job

        program, subject = self.program, self.subject
        if subject is not None:
            facts = subject.facts
            open_export(program, outcome_job(lambda: program.gateway, facts.dag_id, facts.backfill_id))

    def action_only_this_dag(self) -> None:
        """Show only the backfills of the Dag under the cursor, or those of all Dags again."""
        subject = self.subject
        self._only = None if self._only is not None or subject is None else subject.facts.dag_id
        self._show()

    def action_back(self) -> None:
        """Show all backfills again, else go back."""
        if self.filter.filters:
            self.filter.clear()
            self.table.focus()
        else:
            self.dismiss()

    def label_of(self, command_id: str) -> str:
        """What `d` shows next."""
        if command_id == "backfills.only" and self._only is not None:
            return "all Dags"
        return super().label_of(command_id)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """There must be a backfill to watch, and what can be done to it depends on how it is."""
        if action in {"watch", "export"}:
            return self.subject is not None
        if action == "only_this_dag":
            return self._only is not None or self.subject is not None
        if action == "filter":
            return bool(self._rows) and not isinstance(self.focused, Input)
        if action == "undo":
            return self.subject is not None and not self.program.read_only
        return self.can_control(action)
