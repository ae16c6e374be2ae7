"""A terminal as rich draws on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from backfill_tui.domain.text import harmless
from backfill_tui.headless.interrupts import uninterrupted
from backfill_tui.headless.progress_lines import ASCII, signs_for

_ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
_PLAIN_ELLIPSIS: Final = "~"
"""That of the screen in ASCII too; it takes one cell, as the other does."""


class TerminalConsole(Console):
    """A console that leaves the cursor where it can be seen, and draws in ASCII where that is asked for.

    Who stops the program with ctrl+z, or ends it with a signal, would else be left without a cursor.
    `draws_ascii` is also true where the encoding of the stream has no other signs.
    """

    def __init__(self, stream: TextIO, *, ascii_signs: bool) -> None:
        super().__init__(file=stream, highlight=False, markup=False, emoji=False)
        self.draws_ascii = ascii_signs or signs_for(super().encoding) is ASCII

    @property
    def encoding(self) -> str:
        """That of the stream, by which rich chooses what it draws with."""
        return "ascii" if self.draws_ascii else super().encoding

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """See rich; what is cut ends with a plain sign where only such are drawn."""
        for segment in super().render(renderable, options):
            if self.draws_ascii and _ELLIPSIS in segment.text:
                yield segment._replace(text=segment.text.replace(_ELLIPSIS, _PLAIN_ELLIPSIS))
            else:
                yield segment

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002  # rich's
        """Nothing to do."""
        return False

    def line_above(self, sentence: str) -> None:
        """One line of outside text, above what is drawn."""
        with uninterrupted():
            self.print(Text(harmless(sentence)), soft_wrap=True)
