"""The first screen: the Dags, which of them need something, and the way to everything else."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Center, Middle, Vertical
from textual.getters import query_one
from textual.widgets import Input

from backfill_tui.domain.dag_range import DagRange
from backfill_tui.domain.dags import DagSummary
from backfill_tui.domain.ids import DagId
from backfill_tui.domain.text import one_line
from backfill_tui.ui import opening, parsing, pausing, readings
from backfill_tui.ui.command import bindings
from backfill_tui.ui.connection import Connection
from backfill_tui.ui.dags_commands import DAGS
from backfill_tui.ui.hints import tell_hint
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.listing import Listing, Row, matching
from backfill_tui.ui.messages import BackfillFound
from backfill_tui.ui.screens.detailing import DetailingScreen
from backfill_tui.ui.widgets.dag_details import DagDetails
from backfill_tui.ui.widgets.dag_head import DagHead, NoticeLine
from backfill_tui.ui.widgets.dag_table import DagTable
from backfill_tui.ui.widgets.environment_line import EnvironmentLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.line_list import LineList
from backfill_tui.ui.widgets.startup_panel import StartupPanel


class DagsScreen(DetailingScreen):
    """Shows how Airflow comes up, then its Dags."""

    PLACE = "dags"
    NEEDS_DAGS = True
    HELP = (
        "The Dags of this Airflow. Choose one and press {dags.plan} to plan a backfill: nothing is started "
        "before you have seen every date and confirmed."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DAGS)]

    table = query_one(DagTable)
    head = query_one(DagHead)
    details = query_one(DagDetails)
    notice = query_one(NoticeLine)

    def compose(self) -> ComposeResult:
        """The frame, with the start-up panel until there is a list."""
        yield EnvironmentLine()
        with Middle(id="startup"), Center():
            yield StartupPanel()
        yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Follow what the program reads."""
        self.watch(self.app, "listing", self._listed)
        self.watch(self.app, "connection", self._connection_changed, init=False)
        self.watch(self.app, "step", self._stepped, init=False)

    @property
    def current(self) -> Row | None:
        """The row under the cursor, None before there is a list."""
        table = self.query_one_optional(DagTable)
        return table.current if table else None

    @property
    def dag_of_undo(self) -> DagId | None:
        """The Dag under the cursor."""
        row = self.current
        return row.dag.dag_id if row is not None and row.dag is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """What applies depends on the row, and on whether there are rows at all."""
        row = self.current
        if action == "filter":
            return self.program.listing is not None and not isinstance(self.focused, Input)
        if action in {"plan", "watch", "backfills"}:
            return row is not None or (action != "plan" and self.program.listing is not None)
        dag = row.dag if row else None
        if action in {"holes", "pause", "undo", "dates"}:
            return dag is not None and (action != "holes" or dag.backfillable)
        if action == "unfilter":
            head = self.query_one_optional(DagHead)
            return head is not None and head.has_class("-filtering")
        if action == "parse":
            return self.program.connection is Connection.READY and self.program.listing is not None
        return True

    def offers(self, command_id: str) -> bool:
        """A read-only session pauses and undoes nothing; the keys then say so."""
        return not (self.program.read_only and command_id in {"dags.pause", "dags.undo"})

    def label_of(self, command_id: str) -> str:
        """What enter shows of a row that can not be planned, and the way back from a pause."""
        row = self.current
        dag = row.dag if row is not None else None
        if command_id == "dags.plan" and row is not None and (dag is None or not dag.backfillable):
            return "traceback" if dag is None else "why not"
        if command_id == "dags.pause" and dag is not None and dag.is_paused:
            return "unpause"
        return super().label_of(command_id)

    # What comes in.

    def on_screen_resume(self) -> None:
        """Coming back, the list is read at once: what was done meanwhile shows in it."""
        if self.program.listing is not None and self.program.connection is Connection.READY:
            self.program.read_dags()

    async def _listed(self, listing: Listing | None) -> None:
        if listing is None:
            return
        if not self.query(DagTable):
            await self._lay_out()
            self._greet(listing)
            tell_hint(self)
        self._show(listing)
        self.refresh_bindings()

    async def _lay_out(self) -> None:
        body = Vertical(NoticeLine(), DagHead(), Vertical(DagTable(), DagDetails(), id="pair"), id="browser")
        with self.app.batch_update():
            await self.query_one("#startup").remove()
            await self.mount(body, after=self.query_one(EnvironmentLine))
        self.watch(self.table, "scroll_y", self.detail, init=False)
        self.table.focus()

    def _greet(self, listing: Listing) -> None:
        """A backfill that was running before the program started is put under the cursor."""
        rows = listing.rows
        self.table.show(rows)
        for row in rows:
            if row.active is not None:
                self.table.go_to(row.key)
                return

    def _show(self, listing: Listing) -> None:
        rows = listing.rows
        shown = matching(rows, self.head.wanted)
        self.table.empty = self._why_empty(rows)
        self.table.show(shown, self.head.wanted, rows)
        self.head.count(rows, shown)
        self.notice.show(rows)
        self.details.row = self.table.current
        self.call_after_refresh(self.detail)

    def rows_in_view(self) -> list[Row]:
        """The rows of the table that are seen."""
        table = self.query_one_optional(DagTable)
        return table.in_view if table else []

    def _why_empty(self, rows: list[Row]) -> tuple[str, ...]:
        if rows:
            return (
                f"Nothing here has {one_line(self.head.wanted)!r} in its name, tags, owner or file",
                f"{shown_key('dags.unfilter')} shows everything again",
            )
        where = self.program.environment.where if self.program.environment else self.program.where
        return (
            f"There is no Dag in {one_line(where)}",
            f"Put a file with a Dag there, then press {shown_key('dags.parse')}",
        )

    def _connection_changed(self) -> None:
        self.refresh_bindings()

    def _stepped(self) -> None:
        head = self.query_one_optional(DagHead)
        if head is not None:
            head.step = self.program.step

    @on(LineList.Moved)
    def _moved(self) -> None:
        self.details.row = self.table.current
        self.refresh_bindings()

    @on(LineList.Chosen)
    def _chosen(self) -> None:
        self.action_plan()

    # The filter.

    def action_filter(self) -> None:
        """Type what the list is to be narrowed to."""
        self.head.edit()
        self.refresh_bindings()

    def action_unfilter(self) -> None:
        """Show every Dag again."""
        if self.query(DagHead):
            self.head.clear()
            self.table.focus()
            self.refresh_bindings()

    @on(Input.Changed)
    def _filter_changed(self) -> None:
        if self.program.listing is not None:
            self._show(self.program.listing)
            self.refresh_bindings()

    @on(Input.Submitted)
    def _filter_done(self) -> None:
        self.head.done()
        self.table.focus()
        self.refresh_bindings()

    # The ways on.

    def action_plan(self) -> None:
        """Plan a backfill of the Dag, or show why its file does not import."""
        if self.current is not None:
            self.plan_row(self.current)

    def plan_row(self, row: Row) -> None:
        """Plan a backfill of the Dag of a row, or show why its file does not import."""
        if row.dag is not None:
            self.with_details(row.dag, self._plan)
        elif row.problem is not None:
            opening.show_import_problem(self.program, row.problem)

    def action_holes(self) -> None:
        """Plan what is missing or failed since the start of the Dag."""
        row = self.current
        if row is not None and row.dag is not None:
            self.with_details(row.dag, partial(self._plan, holes=True))

    def _plan(self, dag: DagSummary, *, holes: bool = False) -> None:
        if not dag.backfillable:
            opening.show_why_not(self.program, dag)
            return
        from backfill_tui.ui.screens.plan import PlanScreen

        self.app.push_screen(PlanScreen(dag, holes=holes))

    def action_watch(self) -> None:
        """Watch the backfill of the Dag under the cursor, else the only one that is active."""
        row = self.current
        listing = self.program.listing
        active = list(listing.active.values()) if listing else []
        if row is not None and row.active is not None:
            opening.watch(self.program, row.active.facts.backfill_id)
        elif row is not None and row.dag is not None:
            only = active[0].facts.backfill_id if len(active) == 1 else None
            readings.find_backfill(self, self.program.link, row.dag.dag_id, only)
        elif len(active) == 1:
            opening.watch(self.program, active[0].facts.backfill_id)

    def action_dates(self) -> None:
        """Ask for a range, and watch the dates of the Dag under the cursor in it."""
        from backfill_tui.ui.screens.watch_range import WatchRangeDialog

        row, listing = self.current, self.program.listing
        if row is None or row.dag is None or listing is None:
            return

        def take(dates: DagRange | None) -> None:
            if dates is not None:
                opening.watch(self.program, dates)

        now = listing.dags.read_at
        self.with_details(row.dag, lambda dag: self.app.push_screen(WatchRangeDialog(dag, now), take))

    def action_backfills(self) -> None:
        """List the backfills, with the cursor on this Dag's newest."""
        row = self.current
        opening.show_backfills(
            self.program, row.dag.dag_id if row is not None and row.dag is not None else None
        )

    def action_parse(self) -> None:
        """Parse the Dag files again, or have that of the row parsed."""
        parsing.parse_again(self, self.current)

    def action_pause(self) -> None:
        """Pause or unpause the Dag, after a question."""
        row = self.current
        if row is None or row.dag is None:
            return
        if self.program.read_only:
            self.say_read_only("no Dag is paused or unpaused")
        else:
            pausing.ask_to_pause(self, row.dag.dag_id, is_paused=not row.dag.is_paused)

    @on(BackfillFound)
    def _backfill_found(self, message: BackfillFound) -> None:
        if not self.is_active:
            # Whoever has opened something else meanwhile is not to be taken away from it.
            return
        if message.backfill_id is not None:
            opening.watch(self.program, message.backfill_id)
        else:
            key = shown_key("dags.plan")
            words = f'"{message.dag_id}" has had no backfill yet: press {key} to plan one'
            self.notify(one_line(words), markup=False)
