"""Help for where one is: what the screen is for, its keys from the registry, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from backfill_tui.domain.outcomes import Verdict
from backfill_tui.ui.command import bindings, key_words
from backfill_tui.ui.commands import PLACES, TEXT, Place
from backfill_tui.ui.glyphs import BROKEN_MARK, PAUSED_MARK, TASK_MARKS, VERDICT_MARKS, Mark
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.scrolled_text import ScrolledText

_KEYS_WIDTH = 15
_HELP_WIDTH = 49
"""With the keys it fits into a dialog on 80 columns."""
_LEGEND_WIDTH = 24


class HelpDialog(Dialog[None]):
    """Shows the help of one place."""

    PLACE = "text"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TEXT)]

    def __init__(self, place: Place, purpose: str) -> None:
        super().__init__()
        self._place = place
        self._purpose = purpose

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        box = DialogBox(classes="-tall")
        box.border_title = f"Help: {self._place.title}"
        with box:
            yield ScrolledText(Content("\n").join([*self._lines()]))
            yield KeyLine(self.PLACE)

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)

    def _lines(self) -> Iterator[Content]:
        if self._purpose:
            yield Content(self._purpose)
            yield Content("")
        for command in self._place.commands:
            keys = " ".join(key_words(key) for key in command.keys.split(","))
            first, *rest = wrap(command.help, _HELP_WIDTH)
            yield Content.assemble((keys.ljust(_KEYS_WIDTH), "$accent"), first)
            yield from (Content(" " * _KEYS_WIDTH + more) for more in rest)
        yield Content("")
        yield Content.styled("Signs", "bold")
        marks = list(dict.fromkeys([*TASK_MARKS.values(), PAUSED_MARK, BROKEN_MARK]))
        yield from _legend([mark for mark in marks if mark.sign.strip()])
        if self._place is PLACES["plan"]:
            yield Content("")
            yield Content.styled("Verdicts", "bold")
            yield from _legend([VERDICT_MARKS[verdict] for verdict in Verdict])


def _legend(marks: list[Mark]) -> Iterator[Content]:
    for first in range(0, len(marks), 2):
        yield Content("").join(
            Content.assemble((mark.sign, f"${mark.variable}"), f" {mark.word}".ljust(_LEGEND_WIDTH))
            for mark in marks[first : first + 2]
        )
