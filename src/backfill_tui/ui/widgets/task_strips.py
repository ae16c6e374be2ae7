"""The lines of the transposed grid: the marks of the dates, and a line of cells for each task."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.states import CODES
from backfill_tui.ui.glyphs import TASK_MARKS, Look, Mark, under_cursor
from backfill_tui.ui.widgets.grid_layout import GUTTER
from backfill_tui.ui.widgets.grid_signs import CURSOR_MARK, MARKED_MARK, ROW_MARKS, loud
from backfill_tui.ui.widgets.grid_strips import RUNS_OF_EQUAL
from backfill_tui.ui.widgets.task_layout import TaskLayout

POINTER_MARK: Final = Mark("▾", "cursor", "accent")
UNREAD_MARK: Final = Mark("…", "reading", "muted")
_BLANK_MARK: Final = Mark(" ", "", "muted")


class Cells(StrEnum):
    """What the cells of a line are."""

    TASKS = "tasks"
    RUNS = "runs"
    MARKS = "marks"


RUN_KINDS: Final = ("unread", *ROW_MARKS)
"""By the code of a cell of the runs' line."""
NO_MARK, MARKED, POINTED = range(3)
"""The codes of the line of marks."""

_MARKS: Final[dict[Cells, tuple[Mark, ...]]] = {
    Cells.TASKS: tuple(TASK_MARKS[state] for state in CODES),
    Cells.RUNS: (UNREAD_MARK, *ROW_MARKS.values()),
    Cells.MARKS: (_BLANK_MARK, MARKED_MARK, POINTER_MARK),
}


@dataclass(frozen=True, slots=True)
class WordsLine:
    """A line of words: `corner` stands over the names, `words` over the dates."""

    corner: str
    words: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that says something in place of names and cells, or nothing."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class CellsLine:
    """A line of cells after a name; `cursor` is the place of the cell under the cursor, if it is here.

    `lit` says that the cursor is in this line, whether its cell is seen or not.
    """

    name: str
    kind: Cells
    cells: bytes
    lit: bool = False
    cursor: int | None = None


Line = WordsLine | CellsLine | Remark


class TaskPainter:
    """Draws the lines for one look, one layout and one width; make a new one when any of them changes."""

    def __init__(self, look: Look, layout: TaskLayout, width: int, backgrounds: tuple[str, str]) -> None:
        self._look = look
        self._layout = layout
        self._width = width
        self._grounds = tuple(Style(bgcolor=Color.parse(one).rich_color) for one in backgrounds)
        self._under_cursor = Style(color=self._grounds[0].bgcolor, bgcolor=look.accent.color, bold=True)
        self._bold = Style(bold=True)
        self._signs = {kind: [look.sign(mark) for mark in marks] for kind, marks in _MARKS.items()}
        self._styles = {kind: [loud(look, mark) for mark in marks] for kind, marks in _MARKS.items()}
        self._equal: dict[tuple[Cells, bool], dict[bytes, list[Segment]]] = defaultdict(dict)

    def line(self, line: Line, left: int) -> Strip:
        """A line; its cells are those of the dates that show from the terminal cell `left` on."""
        muted = self._grounds[0] + self._look.muted
        if isinstance(line, Remark):
            return Strip(
                [Segment(set_cell_size(f"{'':{GUTTER}}{line.text}", self._width), muted)], self._width
            )
        if isinstance(line, CellsLine):
            return self._cells(line, left % self._layout.cell)
        frozen = self._frozen("", line.corner, self._look.text + self._bold, lit=False)
        words = set_cell_size(line.words, self._width - self._layout.frozen)
        return Strip([*frozen, Segment(words, muted)], self._width)

    def _cells(self, line: CellsLine, hidden: int) -> Strip:
        """A line of cells, the first `hidden` terminal cells of which are not seen."""
        gutter = self._look.sign(CURSOR_MARK) if line.lit else ""
        style = self._look.text if line.kind is Cells.TASKS else self._look.muted
        frozen = self._frozen(gutter, line.name, style, lit=line.lit)
        room = self._width - self._layout.frozen
        body, filled = self._body(line), len(line.cells) * self._layout.cell
        if hidden or filled > room:
            # A date that is seen in part is cut.
            seen = Strip(body, filled).crop(hidden, hidden + room)
            body, filled = list(seen), seen.cell_length
        rest = Segment(" " * (room - filled), self._grounds[line.lit])
        return Strip([*frozen, *body, rest], self._width)

    def _frozen(self, gutter: str, name: str, style: Style, *, lit: bool) -> list[Segment]:
        ground = self._grounds[lit]
        return [
            Segment(f"{gutter:{GUTTER}}", ground + self._look.accent + self._bold),
            Segment(set_cell_size(name, self._layout.names_width), ground + style),
        ]

    def _body(self, line: CellsLine) -> list[Segment]:
        if line.cursor is None:
            return self._draw_cells(line, 0, len(line.cells))
        return [
            *self._draw_cells(line, 0, line.cursor),
            *self._draw_cursor(line.kind, line.cells[line.cursor]),
            *self._draw_cells(line, line.cursor + 1, len(line.cells)),
        ]

    def _draw_cells(self, line: CellsLine, first: int, last: int) -> list[Segment]:
        equal = self._equal[line.kind, line.lit]
        segments: list[Segment] = []
        for found in RUNS_OF_EQUAL.finditer(line.cells, first, last):
            run = found[0]
            if run not in equal:
                equal[run] = self._draw_equal(line.kind, run, lit=line.lit)
            segments += equal[run]
        return segments

    def _draw_equal(self, kind: Cells, run: bytes, *, lit: bool) -> list[Segment]:
        """Neighbouring cells of one state: one segment, unless their sign is a patch of colour."""
        code, number = run[0], len(run)
        sign, ground = self._signs[kind][code], self._grounds[lit]
        style = ground + self._styles[kind][code]
        if self._layout.cell == 1:
            return [Segment(sign * number, style)]
        if not style.reverse:
            return [Segment(f" {sign} " * number, style)]
        return [Segment(" ", ground), Segment(sign, style), Segment(" ", ground)] * number

    def _draw_cursor(self, kind: Cells, code: int) -> list[Segment]:
        """The cell under the cursor: in brackets, or in the colour of the cursor where they have no room."""
        sign = self._signs[kind][code]
        if self._layout.cell == 1:
            return [Segment(under_cursor(sign), self._under_cursor)]
        frame = self._grounds[1] + self._look.accent + self._bold
        style = self._grounds[1] + self._styles[kind][code] + self._bold
        return [Segment("[", frame), Segment(sign, style), Segment("]", frame)]
