"""Tables as values, drawn for a terminal or written plainly for a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from rich.table import Table as RichTable


class Tone(StrEnum):
    """What a cell wants to be seen as; a terminal gives it a colour, a pipe only the words."""

    PLAIN = ""
    FAINT = "dim"
    GOOD = "green"
    BUSY = "cyan"
    BAD = "bold red"
    ODD = "yellow"


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of one cell, outside text allowed; it is made harmless where it is drawn."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading; numbers stand right.

    Of a column that `folds` long text takes several lines, of another it is cut; a terminal that is too
    narrow takes room from either, but leaves `least` cells.
    """

    heading: str
    number: bool = False
    folds: bool = False
    least: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns and rows of as many cells."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]


def plain_lines(table: Table) -> Iterator[str]:
    """The table for a pipe: columns padded to their widest cell, never cut, no trailing space."""
    texts = [[one_line(cell.text) for cell in row] for row in table.rows]
    heads = [column.heading for column in table.columns]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
    for line in (heads, *texts):
        yield "  ".join(
            text.rjust(width) if column.number else text.ljust(width)
            for text, width, column in zip(line, widths, table.columns, strict=True)
        ).rstrip()


def for_terminal(table: Table) -> RichTable:
    """The table as rich draws it, sized to the terminal; outside text never meets markup."""
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in table.columns:
        drawn.add_column(
            Text(column.heading),
            justify="right" if column.number else "left",
            no_wrap=not column.folds,
            overflow="fold" if column.folds else "ellipsis",
            min_width=column.least,
        )
    for row in table.rows:
        drawn.add_row(*(Text(one_line(cell.text), style=cell.tone.value) for cell in row))
    return drawn
