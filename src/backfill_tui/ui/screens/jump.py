"""The date that the grid is to go to: typed, and found while it is typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input, Static

from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.ui.command import bindings
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.watch_commands import JUMP
from backfill_tui.ui.widgets.conf_field import Field
from backfill_tui.ui.widgets.find_date import Found, find_date
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.run_grid import RunGrid


class JumpDialog(Dialog[Found]):
    """Gives the row that was found, among those that `grid` shows; `now` is the database's clock."""

    PLACE = "jump"
    HELP = (
        "Any date of the calendar will do: a day, a month, 2024-Q1, 2024-W07, yesterday. Of a longer time "
        "it goes to the first date in it, and where there is none to the nearest."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(JUMP)]
    DEFAULT_CSS = """
    JumpDialog Input { width: 1fr; margin: 0 0 1 0; background: $panel; }
    JumpDialog Input:focus { background: $cursor-background; }
    """

    field = query_one(Field)
    verdict = query_one("#jump-verdict", Static)

    def __init__(self, grid: RunGrid, zone: str, now: Instant) -> None:
        super().__init__()
        self._grid = grid
        self._zone = zone
        self._now = now

    def compose(self) -> ComposeResult:
        """The field, and where it leads."""
        box = DialogBox()
        box.border_title = "Go to a date"
        with box:
            yield Field("", id="date", placeholder="2024-02-06, 2024-02, last month", max_length=100)
            yield Static(id="jump-verdict")
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Type at once."""
        self.field.focus()
        self._tell()

    def _find(self) -> Found:
        grid = self._grid
        return find_date(self.field.value, grid.store.rows, grid.view.rows, self._zone, self._now)

    @on(Input.Changed)
    def _tell(self) -> None:
        self.verdict.update(self._words())

    def _words(self) -> Content:
        if not self.field.value.strip():
            return Content.styled(f"On the clock of the Dag, {one_line(self._zone)}", "$muted")
        try:
            found = self._find()
        except BadRequest as problem:
            return Content.styled(one_line(problem.message), "$error")
        date = self._grid.date_of(found.row)
        if found.exact:
            return Content(f"Goes to {date}")
        return Content.styled(f"No such date here, the nearest is {date}", "$warning")

    def action_accept(self) -> None:
        """Go there."""
        try:
            self.dismiss(self._find())
        except BadRequest:
            self.field.focus()

    def action_back(self) -> None:
        """Stay where the cursor is."""
        self.dismiss(None)
