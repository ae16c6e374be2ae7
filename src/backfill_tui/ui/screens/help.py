"""Help for where one is: what the screen is for, its keys from the registry, and what the signs mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby, zip_longest
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from backfill_tui.domain.outcomes import Verdict
from backfill_tui.ui.app_commands import APP, EVERYWHERE, SCREENSHOT
from backfill_tui.ui.command import Command, bindings
from backfill_tui.ui.commands import PARTS, Place
from backfill_tui.ui.dialog_commands import TEXT
from backfill_tui.ui.glyphs import BROKEN_MARK, PAUSED_MARK, STATUS_MARKS, TASK_MARKS, VERDICT_MARKS, Mark
from backfill_tui.ui.key_names import key_words
from backfill_tui.ui.keymap import keymap_in_use, with_keys
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.key_line import KeyLine
from backfill_tui.ui.widgets.scrolled_text import ScrolledText

_KEYS_WIDTH = 15
_HELP_WIDTH = 49
"""With the keys it fits into a dialog on 80 columns."""
_LEGEND_WIDTH = 24
_STATUSES = ("Backfills", STATUS_MARKS.values())
_LEGENDS: Mapping[str, tuple[tuple[str, Iterable[Mark]], ...]] = {
    "Plan": (("Verdicts", [VERDICT_MARKS[verdict] for verdict in Verdict]),),
    "Dags": (_STATUSES,),
    "Watch": (_STATUSES,),
    "Backfills": (_STATUSES,),
}
"""By the title of a place, the signs that it has besides those of states."""


class HelpDialog(Dialog[None], inherit_bindings=False):
    """Shows the help of one place; `held` are the commands of the widget that has the focus there."""

    PLACE = "help"
    HELP = "All keys of the place that is under it, those of what has the focus first."
    # Help has no help.
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TEXT), *bindings((SCREENSHOT,))]

    def __init__(self, place: Place, purpose: str, held: Collection[str] = ()) -> None:
        super().__init__()
        self._place = place
        self._purpose = purpose
        self._held = held

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
            yield Content(with_keys(self._purpose))
            yield Content("")
        for title, commands in self._sections():
            yield Content.styled(title, "bold")
            for command in commands:
                yield from _row(command)
            yield Content("")
        yield Content.styled("Signs", "bold")
        marks = list(dict.fromkeys([*TASK_MARKS.values(), PAUSED_MARK, BROKEN_MARK]))
        yield from _legend([mark for mark in marks if mark.sign.strip()])
        for title, more in _LEGENDS.get(self._place.title, ()):
            yield Content("")
            yield Content.styled(title, "bold")
            yield from _legend(list(dict.fromkeys(more)))

    def _sections(self) -> Iterator[tuple[str, Iterable[Command]]]:
        """The commands under a heading each: of what has the focus, of the place, of its other parts."""
        parts = [
            (part, list(commands))
            for held in self._place.widgets
            for part, commands in groupby(held, key=lambda command: command.place)
        ]
        focused = [one for one in parts if any(command.id in self._held for command in one[1])]
        # In a list that one only moves in, the commands of the screen are what is looked for.
        ahead = [one for one in focused if any(command.label for command in one[1])]
        behind = [one for one in focused if one not in ahead]
        others = [one for one in parts if one not in focused]
        yield from ((f"Here, in {PARTS[part]}", commands) for part, commands in ahead)
        yield self._place.title, self._place.own
        yield from ((f"Here, in {PARTS[part]}", commands) for part, commands in behind)
        yield from ((f"In {PARTS[part]}", commands) for part, commands in others)
        yield "Everywhere", EVERYWHERE if self._place.modal else APP


def _row(command: Command) -> Iterator[Content]:
    """A command with its keys, on as many lines as either needs."""
    keys = wrap(" ".join(key_words(key) for key in keymap_in_use().keys(command)), _KEYS_WIDTH - 1)
    helps = wrap(command.help, _HELP_WIDTH)
    for key, words in zip_longest(keys, helps, fillvalue=""):
        yield Content.assemble((key.ljust(_KEYS_WIDTH), "$accent"), words)


def _legend(marks: list[Mark]) -> Iterator[Content]:
    for first in range(0, len(marks), 2):
        yield Content("").join(
            Content.assemble((mark.sign, f"${mark.variable}"), f" {mark.word}".ljust(_LEGEND_WIDTH))
            for mark in marks[first : first + 2]
        )
