"""The lines of the grid: segments in runs of equal cells, made once for each content that is seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.color import Color
from textual.strip import Strip

from backfill_tui.domain.instants import Instant, clock
from backfill_tui.domain.states import CODES
from backfill_tui.domain.watching import RunRow
from backfill_tui.ui.glyphs import TASK_MARKS, Look, Mark
from backfill_tui.ui.text import fit
from backfill_tui.ui.widgets.grid_heads import names_line, parts_line
from backfill_tui.ui.widgets.grid_layout import GUTTER, GridLayout
from backfill_tui.ui.widgets.grid_signs import (
    CURSOR_MARK,
    MARKED_MARK,
    POINTER_MARK,
    RULE_MARK,
    loud,
    run_mark,
)

_KEPT_RUNS: Final = 2048
"""Drawn runs of equal cells: a live grid makes ever new ones, of any state from any column to any other."""

_Body = tuple[list[Segment], int]
"""The segments of the task columns that are seen, and how many terminal cells they take."""

RUNS_OF_EQUAL: Final = re.compile(rb"(.)\1*", re.DOTALL)
"""Finds neighbouring cells of one state in the codes of a line."""


@dataclass(frozen=True, slots=True)
class RowLine:
    """What one line of the grid says besides its cells.

    `sentence` takes the place of the cells where a row has none to show; `cursor` is the column under the
    cursor, None when the cursor is in another row. `words` are the numbers of the columns that may have some.
    """

    row: RunRow | None
    date: str
    sentence: str
    cursor: int | None
    marked: bool
    words: tuple[str, ...] = ()


class GridPainter:
    """Draws the lines for one look, one layout and one width; make a new one when any of them changes."""

    def __init__(self, look: Look, layout: GridLayout, width: int, backgrounds: tuple[str, str]) -> None:
        self.layout = layout
        self._look = look
        self._width = width
        plain, cursor = (Style(bgcolor=Color.parse(one).rich_color) for one in backgrounds)
        self._grounds = (plain, cursor)
        marks = [TASK_MARKS[state] for state in CODES]
        self._signs = [look.sign(mark) for mark in marks]
        self._cells = tuple([ground + loud(look, mark) for mark in marks] for ground in self._grounds)
        self._words = tuple(ground + look.text for ground in self._grounds)
        self._muted = tuple(ground + look.muted for ground in self._grounds)
        self._bold = Style(bold=True)
        self._gutters: dict[tuple[Mark | None, bool, bool], list[Segment]] = {}
        self._names = names_line(layout)
        self._tallied = layout.tallied
        self._even = len({(layout.width_of(at), head.room) for at, head in enumerate(layout.heads)}) == 1
        self._heads: LRUCache[tuple[int, int, int, bool], Strip] = LRUCache(8)
        self._texts: list[list[str] | None] = [None] * len(CODES)
        self._equal: dict[tuple[int, int, int, bool], list[Segment]] = {}
        self._tallies: LRUCache[tuple[int, str, int, bool], list[Segment]] = LRUCache(4096)
        self._bodies: LRUCache[tuple[bytes, tuple[str, ...], int, int, int | None], _Body] = LRUCache(2048)

    @property
    def ground(self) -> Style:
        """The background of a line without the cursor."""
        return self._grounds[0]

    def head(self, y: int, left: int, cursor: int, *, by_start: bool = False) -> Strip:
        """A line of the head: names or numbers from `left` on, and over them what they are a part of."""
        strip = self._heads.get((y, left, cursor, by_start))
        if strip is None:
            names = y == self.layout.head - 1
            strip = self._draw_names(left, cursor, by_start=by_start) if names else self._draw_parts(left)
            self._heads[(y, left, cursor, by_start)] = strip
        return strip

    def _draw_parts(self, left: int) -> Strip:
        layout, muted = self.layout, self._muted[0]
        room = max(0, min(self._width - layout.frozen, layout.body - left))
        text = parts_line(layout, left, room, self._look.sign(RULE_MARK))
        frozen = Segment(" " * layout.frozen, muted)
        return self._line([frozen], ([Segment(text, muted)], room), "", muted, 0)

    def _draw_names(self, left: int, cursor: int, *, by_start: bool) -> Strip:
        layout = self.layout
        muted = self._muted[0]
        date = "Logical date" if layout.date > len("Logical date") else "Date"
        date = set_cell_size("By start" if by_start else date, layout.date)
        frozen = Segment(f"{'':{GUTTER}}{date}{'Run':{layout.run}}", muted)
        text = Strip(
            [
                Segment(name, self._words[0] + self._bold if at == cursor else muted)
                for at, name in enumerate(self._names)
            ],
            layout.body,
        )
        seen = text.crop(left, left + self._width - layout.frozen)
        return self._line([frozen], (list(seen), seen.cell_length), "Took", muted, 0)

    def row(self, line: RowLine, cells: bytes, left: int, now: Instant) -> Strip:
        """One row; `left` is how far the tasks are scrolled, `now` the database's clock."""
        lit = line.cursor is not None
        segments = self._frozen(line, lit=lit)
        room = self._width - self.layout.frozen
        muted = self._muted[lit]
        if line.sentence:
            text = fit(line.sentence, min(room - 1, cell_len(line.sentence)))
            return self._line(segments, ([Segment(text, muted)], cell_len(text)), "", muted, lit)
        took = self._took(line.row, now)
        body = self._body(cells, line.words, left, room, line.cursor)
        return self._line(segments, body, took, muted, lit)

    def remark(self, text: str) -> Strip:
        """A line that says something in place of rows."""
        said = Segment(set_cell_size(f"{'':{GUTTER}}{text}", self._width), self._muted[0])
        return Strip([said], self._width)

    def _frozen(self, line: RowLine, *, lit: bool) -> list[Segment]:
        mark = run_mark(line.row)
        key = (mark, lit, line.marked)
        gutter_and_run = self._gutters.get(key)
        if gutter_and_run is None:
            gutter_and_run = self._gutters[key] = self._gutter_and_run(mark, lit=lit, marked=line.marked)
        gutter, *run = gutter_and_run
        style = self._muted[lit] if mark is None else self._words[lit]
        return [gutter, Segment(set_cell_size(line.date, self.layout.date), style), *run]

    def _gutter_and_run(self, mark: Mark | None, *, lit: bool, marked: bool) -> list[Segment]:
        look, ground = self._look, self._grounds[lit]
        signs = (look.sign(CURSOR_MARK) if lit else " ") + (look.sign(MARKED_MARK) if marked else " ")
        gutter = Segment(signs, ground + look.accent + self._bold)
        width = self.layout.run
        if mark is None:
            return [gutter, Segment(" " * width, ground)]
        sign = Segment(look.sign(mark), ground + loud(look, mark))
        word = f" {mark.word}" if self.layout.run_words else ""
        return [gutter, Segment(" ", ground), sign, Segment(f"{word:{width - 2}}", ground + look.style(mark))]

    def _took(self, row: RunRow | None, now: Instant) -> str:
        if not self.layout.took or row is None or row.started_at is None:
            return ""
        end = row.ended_at if row.ended_at is not None else now
        return clock(end - row.started_at)

    def _body(self, cells: bytes, words: tuple[str, ...], left: int, room: int, cursor: int | None) -> _Body:
        key = (cells, words, left, room, cursor)
        body = self._bodies.get(key)
        if body is None:
            body = self._bodies[key] = self._draw_body(*key)
        return body

    def _draw_body(
        self, cells: bytes, words: tuple[str, ...], left: int, room: int, cursor: int | None
    ) -> _Body:
        layout = self.layout
        first, last = layout.window(left, room)
        origin, end = layout.starts[first], layout.starts[last]
        lit = cursor is not None
        numbers = {at: word for at, word in zip(self._tallied, words, strict=True) if word}
        if cursor is not None and first <= cursor < last:
            segments = self._draw_cells(cells, numbers, first, cursor, lit=lit)
            segments += self._draw_cursor(cells[cursor], numbers.get(cursor, ""), cursor)
            segments += self._draw_cells(cells, numbers, cursor + 1, last, lit=lit)
        else:
            segments = self._draw_cells(cells, numbers, first, last, lit=lit)
        if left == origin and end - origin <= room:
            return segments, end - origin
        # A column that is seen in part is cut.
        strip = Strip(segments, end - origin).crop(left - origin, left - origin + room)
        return list(strip), strip.cell_length

    def _draw_cells(
        self, cells: bytes, numbers: Mapping[int, str], first: int, last: int, *, lit: bool
    ) -> list[Segment]:
        segments: list[Segment] = []
        for at, word in numbers.items():
            if first <= at < last:
                segments += self._draw_plain(cells, first, at, lit=lit)
                tally = (cells[at], word, at, lit)
                drawn = self._tallies.get(tally)
                if drawn is None:
                    drawn = self._tallies[tally] = self._draw_tally(cells[at], word, at, lit=lit)
                segments += drawn
                first = at + 1
        return segments + self._draw_plain(cells, first, last, lit=lit)

    def _draw_plain(self, cells: bytes, first: int, last: int, *, lit: bool) -> list[Segment]:
        # Where all columns are alike, it does not matter which of them a run of equal cells begins with.
        equal, even = self._equal, self._even
        segments: list[Segment] = []
        for run in RUNS_OF_EQUAL.finditer(cells, first, last):
            start, end = run.span()
            code = cells[start]
            if even:
                start, end = 0, end - start
            key = (code, start, end, lit)
            drawn = equal.get(key)
            if drawn is None:
                if len(equal) >= _KEPT_RUNS:
                    # A plain dict is what is quickest to look into; what is on the screen is soon back.
                    equal.clear()
                drawn = equal[key] = self._draw_equal(code, start, end, lit=lit)
            segments += drawn
        return segments

    def _draw_tally(self, code: int, word: str, column: int, *, lit: bool) -> list[Segment]:
        """A sign and its numbers, where the sign stands without them."""
        before, sign, after = self._column_texts(code)[column].partition(self._signs[code])
        after = after[len(word) :]
        style, ground = self._cells[lit][code], self._grounds[lit]
        if not style.reverse:
            return [Segment(f"{before}{sign}{word}{after}", style)]
        numbers = ground + self._look.style(TASK_MARKS[CODES[code]])
        return [Segment(before, ground), Segment(sign, style), Segment(f"{word}{after}", numbers)]

    def _draw_equal(self, code: int, start: int, end: int, *, lit: bool) -> list[Segment]:
        """Neighbouring cells of one state: one segment, unless their sign is a patch of colour."""
        texts = self._column_texts(code)[start:end]
        style, ground = self._cells[lit][code], self._grounds[lit]
        if not style.reverse:
            return [Segment("".join(texts), style)]
        sign = self._signs[code]
        patches = []
        for text in texts:
            before, _, after = text.partition(sign)
            patches += [Segment(before, ground), Segment(sign, style), Segment(after, ground)]
        return [patch for patch in patches if patch.text]

    def _draw_cursor(self, code: int, word: str, column: int) -> list[Segment]:
        """The cell under the cursor in brackets, or pointed at where they have no room."""
        text = self._column_texts(code)[column]
        style = self._cells[1][code] + self._bold
        frame = self._grounds[1] + self._look.accent + self._bold
        if self.layout.is_narrow(column):
            return [Segment(text[0], style), Segment(self._look.sign(POINTER_MARK), frame)]
        at = _sign_at(len(text), self.layout.heads[column].room)
        numbers = Segment(word, self._grounds[1] + self._look.style(TASK_MARKS[CODES[code]]) + self._bold)
        return [
            Segment(f"{text[: at - 1]}[", frame),
            Segment(text[at], style),
            *([numbers] if word else []),
            Segment(f"]{text[at + len(word) + 2 :]}", frame),
        ]

    def _column_texts(self, code: int) -> list[str]:
        """The text of a state in every column: its sign in the middle under the column's head."""
        texts = self._texts[code]
        if texts is None:
            layout = self.layout
            widths = [layout.width_of(at) for at in range(len(layout.heads))]
            rooms = [0 if layout.is_narrow(at) else head.room for at, head in enumerate(layout.heads)]
            texts = self._texts[code] = list(map(self._placed, repeat(self._signs[code]), widths, rooms))
        return texts

    @staticmethod
    def _placed(sign: str, width: int, room: int) -> str:
        """A sign in a column, with room for numbers behind it; at the very left of a narrow one."""
        return f"{'':{_sign_at(width, room) if room else 0}}{sign}".ljust(width)

    def _line(self, segments: list[Segment], body: _Body, took: str, muted: Style, lit: int) -> Strip:
        """A whole line: the frozen part, the body, how long it took, and the background to the edge."""
        cells, size = body
        segments += cells
        filled = self.layout.frozen + size
        if took and 0 < self.layout.took <= self._width - filled:
            segments.append(Segment(f"{took:>{self.layout.took}}", muted))
            filled += self.layout.took
        if filled < self._width:
            segments.append(Segment(" " * (self._width - filled), self._grounds[lit]))
        return Strip(segments, max(filled, self._width))


def _sign_at(width: int, room: int) -> int:
    """Where the sign stands in a column whose last cell is the gap; at least one space is before it."""
    return max(1, (width - 1 - room) // 2)
