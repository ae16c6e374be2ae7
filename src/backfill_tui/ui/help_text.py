"""What the help of a place says: its purpose, its keys from the registry, and what the signs mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from textwrap import wrap
from typing import Final

from textual.content import Content

from backfill_tui.domain.fuzzy import fitting_sentences, folded
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.ui.app_commands import APP, EVERYWHERE
from backfill_tui.ui.clicks import clickable
from backfill_tui.ui.commands import PARTS, Place
from backfill_tui.ui.declaration import Command
from backfill_tui.ui.glyphs import BROKEN_MARK, PAUSED_MARK, STATUS_MARKS, TASK_MARKS, VERDICT_MARKS, Mark
from backfill_tui.ui.keymap import keymap_in_use, with_keys
from backfill_tui.ui.own_keys import NO_KEY

_KEYS_WIDTH: Final = 15
_HELP_WIDTH: Final = 49
"""With the keys it fits into a dialog on 80 columns."""
_LEGEND_WIDTH: Final = 24
_STATUSES = ("Backfills", STATUS_MARKS.values())
_LEGENDS: Final[Mapping[str, tuple[tuple[str, Iterable[Mark]], ...]]] = {
    "Plan": (("Verdicts", [VERDICT_MARKS[verdict] for verdict in Verdict]),),
    "Dags": (_STATUSES,),
    "Watch": (_STATUSES,),
    "Backfills": (_STATUSES,),
}
"""By the title of a place, the signs that it has besides those of states."""


@dataclass(frozen=True, slots=True)
class HelpText:
    """The help of one place; `held` are the commands of what has the focus there."""

    place: Place
    purpose: str
    held: Collection[str] = ()

    def whole(self) -> Content:
        """All of it."""
        lines = [Content(with_keys(self.purpose)), Content("")] if self.purpose else []
        return Content("\n").join([*lines, *_joined([*self._commands(""), *self._signs("")])])

    def found(self, wanted: str) -> Content:
        """The commands and the signs that fit some letters, or that there are none."""
        parts = [*self._commands(wanted), *self._signs(wanted)]
        return Content("\n").join(_joined(parts)) if parts else Content.styled("Nothing fits", "$muted")

    def _commands(self, wanted: str) -> Iterator[tuple[str, list[Content]]]:
        for title, commands in self._sections():
            if rows := [line for command in _that_fit(wanted, commands) for line in _row(command)]:
                yield title, rows

    def _signs(self, wanted: str) -> Iterator[tuple[str, list[Content]]]:
        marks = [*TASK_MARKS.values(), PAUSED_MARK, BROKEN_MARK]
        legends = [("Signs", [mark for mark in marks if mark.sign.strip()])]
        for title, more in [*legends, *_LEGENDS.get(self.place.title, ())]:
            known = list(dict.fromkeys(more))
            fitting = fitting_sentences(wanted, [folded(mark.word) for mark in known])
            if fitting:
                yield title, [*_legend([known[place] for place in fitting])]

    def _sections(self) -> Iterator[tuple[str, Sequence[Command]]]:
        """The commands under a heading each: of what has the focus, of the place, of its other parts."""
        parts = [
            (part, list(commands))
            for held in self.place.widgets
            for part, commands in groupby(held, key=lambda command: command.place)
        ]
        focused = [one for one in parts if any(command.id in self.held for command in one[1])]
        # In a list that one only moves in, the commands of the screen are what is looked for.
        ahead = [one for one in focused if any(command.label for command in one[1])]
        behind = [one for one in focused if one not in ahead]
        others = [one for one in parts if one not in focused]
        yield from ((f"Here, in {PARTS[part]}", commands) for part, commands in ahead)
        yield self.place.title, self.place.own
        yield from ((f"Here, in {PARTS[part]}", commands) for part, commands in behind)
        yield from ((f"In {PARTS[part]}", commands) for part, commands in others)
        yield "Everywhere", EVERYWHERE if self.place.modal else APP


def _that_fit(wanted: str, commands: Sequence[Command]) -> list[Command]:
    """The commands whose sentence, keys, id or word at the foot of the screen fit, in their own order."""
    sentences = [folded(command.help) for command in commands]
    beside = [folded(f"{_keys(command) or NO_KEY} {command.id} {command.label}") for command in commands]
    return [commands[place] for place in fitting_sentences(wanted, sentences, beside)]


def _keys(command: Command) -> str:
    return " ".join(keymap_in_use().words(command))


def _row(command: Command) -> Iterator[Content]:
    """A command with its keys, on as many lines as either needs."""
    own = _keys(command)
    keys = wrap(own or NO_KEY, _KEYS_WIDTH - 1)
    helps = wrap(command.help, _HELP_WIDTH)
    for key, words in zip_longest(keys, helps, fillvalue=""):
        row = Content.assemble((key.ljust(_KEYS_WIDTH), "$accent" if own else "$muted"), words)
        yield clickable(row, f"carry_out({command.id!r})")


def _legend(marks: list[Mark]) -> Iterator[Content]:
    for first in range(0, len(marks), 2):
        yield Content("").join(
            Content.assemble((mark.sign, f"${mark.variable}"), f" {mark.word}".ljust(_LEGEND_WIDTH))
            for mark in marks[first : first + 2]
        )


def _joined(parts: Iterable[tuple[str, list[Content]]]) -> Iterator[Content]:
    """The parts under their headings, a blank line between them."""
    for number, (title, lines) in enumerate(parts):
        if number:
            yield Content("")
        yield Content.styled(title, "bold")
        yield from lines
