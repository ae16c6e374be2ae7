"""Help for where one is: what the screen is for, its keys from the registry, and what the signs mean."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.getters import query_one
from textual.widgets import Input

from backfill_tui.ui.app_commands import SCREENSHOT
from backfill_tui.ui.command import bindings
from backfill_tui.ui.commands import command_of
from backfill_tui.ui.dialog_commands import HELP_DIALOG
from backfill_tui.ui.help_text import HelpText
from backfill_tui.ui.palette import deed_of
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.filter_line import FilterLine
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.scrolled_text import ScrolledText


class HelpDialog(Dialog[None], inherit_bindings=False):
    """Shows the help of the place under it; a click on a command carries it out there."""

    PLACE = "help"
    HELP = "All keys of the place that is under it, those of what has the focus first."
    # Help has no help.
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(HELP_DIALOG), *bindings((SCREENSHOT,))]

    filter = query_one(FilterLine)
    shown = query_one(ScrolledText)

    def __init__(self, text: HelpText) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        box = DialogBox(classes="-tall")
        box.border_title = f"Help: {self._text.place.title}"
        box.border_subtitle = "a command can be clicked"
        with box:
            yield FilterLine()
            yield ScrolledText(self._text.whole())
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """It is read first."""
        self.shown.focus()

    def action_filter(self) -> None:
        """Type what is looked for."""
        self.filter.edit()
        self.refresh_bindings()

    @on(Input.Changed)
    def _filter_changed(self) -> None:
        wanted = self.filter.wanted
        self.shown.show(self._text.found(wanted) if wanted.strip() else self._text.whole())

    @on(Input.Submitted)
    def _filter_done(self) -> None:
        self.filter.done()
        self.shown.focus()

    def action_close(self) -> None:
        """Show all again, else close it."""
        if self.filter.filters:
            self.filter.clear()
            self.shown.focus()
        else:
            self.dismiss(None)

    def action_carry_out(self, command_id: str) -> None:
        """Carry out a command of the place under it, where its key would do it now."""
        command, under = command_of(command_id), self.app.screen_stack[-2]
        deed = deed_of(command, self.app, under)
        if deed is None:
            self.notify(f"It does nothing now: {command.help}", markup=False)
        else:
            self.dismiss(None)
            deed()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While it is typed there is no other way to begin it."""
        return not isinstance(self.focused, Input) if action == "filter" else True
