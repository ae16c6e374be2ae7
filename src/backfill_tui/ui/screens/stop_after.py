"""The number of failed runs that pause a watched backfill: set, changed or taken away while it runs."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input, Label, Static

from backfill_tui.domain.problems import BadRequest
from backfill_tui.ui.command import bindings
from backfill_tui.ui.plan_values import stop_after_of
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.text import count
from backfill_tui.ui.watch_commands import STOP_AFTER
from backfill_tui.ui.widgets.conf_field import Field
from backfill_tui.ui.widgets.key_line import KeyLine

NEVER: Final = 0


class StopAfterDialog(Dialog[int]):
    """Gives the number that was set, `NEVER` for an empty field. `failed` runs count as failed already."""

    PLACE = "stop_after"
    HELP = (
        "Airflow has no such limit: it is this screen that pauses the backfill, so it works as long as the "
        "screen is open. Failures that somebody saw and resumed in spite of do not count."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(STOP_AFTER)]
    DEFAULT_CSS = """
    StopAfterDialog Horizontal { height: 1; margin: 1 0; }
    StopAfterDialog Label { width: auto; color: $muted; padding: 0 1 0 0; }
    StopAfterDialog Input { width: 9; margin: 0 1 0 0; background: $field; }
    StopAfterDialog Input:focus { background: $cursor-background; }
    """

    field = query_one(Field)
    verdict = query_one("#stop-after-verdict", Static)

    def __init__(self, limit: int | None, failed: int) -> None:
        super().__init__()
        self._limit = limit
        self._failed = failed

    def compose(self) -> ComposeResult:
        """What it does, the field, and what the number in it means now."""
        box = DialogBox()
        box.border_title = "Stop after failures"
        with box:
            yield Static(
                "Pauses the backfill once so many of its runs have failed, as long as this screen is open",
                markup=False,
            )
            with Horizontal():
                yield Label("Stop after")
                yield Field(
                    "" if self._limit is None else str(self._limit),
                    id="limit", placeholder="never", max_length=9,
                )  # fmt: skip
                yield Label("failed runs")
            yield Static(id="stop-after-verdict")
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Type at once."""
        self.field.focus()
        self._tell()

    @on(Input.Changed)
    def _tell(self) -> None:
        self.verdict.update(self._words())

    def _words(self) -> Content:
        try:
            limit = stop_after_of(self.field.value)
        except BadRequest as problem:
            return Content.styled(problem.remedy.capitalize(), "$error")
        runs = count(self._failed, "run") if self._failed else "no run"
        so_far = f"{runs} {'has' if self._failed <= 1 else 'have'} failed so far"
        if limit is None:
            return Content.styled(f"Empty means never; {so_far}", "$muted")
        if self._failed >= limit:
            return Content.styled(f"{so_far}: it is paused at once", "$warning")
        return Content.styled(so_far[0].upper() + so_far[1:], "$muted")

    def action_accept(self) -> None:
        """Take the number."""
        self.field.once_typed(self._accept)

    def _accept(self) -> None:
        try:
            self.dismiss(stop_after_of(self.field.value) or NEVER)
        except BadRequest:
            self.field.focus()

    def action_back(self) -> None:
        """Change nothing."""
        self.dismiss(None)
