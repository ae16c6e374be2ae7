"""The lines of the calendar strip: runs of equal cells, and the names of the groups before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from backfill_tui.domain.outcomes import Outcome, Verdict
from backfill_tui.ui.glyphs import AHEAD_MARK, MISSING_MARK, RUN_MARKS, Look, Mark, under_cursor
from backfill_tui.ui.widgets.grid_signs import loud
from backfill_tui.ui.widgets.strip_layout import Piece, StripLayout


def mark_of(outcome: Outcome) -> Mark:
    """The mark of a date as the world is now, whatever the plan would make of it."""
    if outcome.existing is not None:
        return RUN_MARKS[outcome.existing.state]
    return AHEAD_MARK if outcome.verdict is Verdict.NOT_YET else MISSING_MARK


def words_of(outcome: Outcome) -> str:
    """`failed, reprocess`: how a date stands now and what the plan makes of it."""
    mark, verdict = mark_of(outcome), outcome.verdict.label
    return mark.word if mark.word == verdict else f"{mark.word}, {verdict}"


_UNSEEN: Final = Style()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The cell under the cursor, None while it is not to be seen, and a span from one cell to another."""

    cursor: int | None = None
    span: range = range(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The background, and what the cursor, a span and a mark add to the cells they are on."""

    plain: Style
    cursor: Style
    span: Style
    marked: Style = _UNSEEN


class StripPainter:
    """Draws the lines of some dates in one layout and look; `muted` takes the colours away, not the signs.

    `places` has for each date, by its place, where its mark stands in `marks`, or in `marks` again, behind
    them, where the user has marked that date.
    """

    def __init__(
        self,
        places: Sequence[int],
        marks: Sequence[Mark],
        layout: StripLayout,
        look: Look,
        grounds: Grounds,
        *,
        muted: bool = False,
    ) -> None:
        self._layout = layout
        self._grounds = grounds
        self._places = places
        self._signs = [mark.sign for mark in marks] + [under_cursor(mark.sign) for mark in marks]
        styles = [look.muted if muted else loud(look, mark) for mark in marks]
        self._styles = [*styles, *(look.style(mark) + grounds.marked for mark in marks)]
        self._head = look.muted if muted else look.text
        self._label = look.muted

    def line(self, line: int, selected: Selected, *, headed: bool) -> Strip:
        """One line; `headed` says that it begins with what its groups share."""
        layout, ground = self._layout, self._grounds.plain
        head = layout.head(line) if headed else ""
        segments = [Segment(f"{head:{layout.calendar.grain.head_width}}", ground + self._head)]
        filled = len(segments[0].text)
        for piece in layout.pieces(line):
            label = ""
            if piece.labelled:
                # The cells of a group need not begin in its first column.
                room = layout.calendar.grain.label_width + piece.x - piece.origin
                label = f"{layout.label(piece):<{room}}"
            segments.append(Segment(f"{label:>{piece.x - filled}}", ground + self._label))
            segments += self._cells(piece, selected)
            filled = piece.x + piece.stop - piece.first
        return Strip(segments).adjust_cell_length(layout.width, ground).simplify()

    def _cells(self, piece: Piece, selected: Selected) -> Iterator[Segment]:
        edges = {piece.first, piece.stop, selected.span.start, selected.span.stop}
        if selected.cursor is not None:
            edges |= {selected.cursor, selected.cursor + 1}
        inside = sorted(edge for edge in edges if piece.first <= edge <= piece.stop)
        for first, stop in pairwise(inside):
            added = self._grounds.span if first in selected.span else None
            if first == selected.cursor:
                added = self._grounds.cursor
            for sign, style, number in self._equal(first, stop):
                shown = sign if added is None else under_cursor(sign)
                yield Segment(shown * number, self._grounds.plain + style + added)

    def _equal(self, first: int, stop: int) -> Iterator[tuple[str, Style, int]]:
        """Neighbouring cells of one mark, with their number."""
        place = self._layout.calendar.place
        marks = [self._places[place(cell)] for cell in range(first, stop)]
        begin = 0
        for at in range(1, len(marks) + 1):
            if at == len(marks) or marks[at] != marks[begin]:
                yield self._signs[marks[begin]], self._styles[marks[begin]], at - begin
                begin = at
