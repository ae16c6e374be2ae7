"""Tables as values, drawn for a terminal or written plainly for a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from rich.table import Table as RichTable

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


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


class Listing(Sized, Protocol[R_co]):
    """What can be counted, and gone through more than once."""

    def __iter__(self) -> Iterator[R_co]: ...


class LazyRows(Generic[R]):
    """The rows of a long table: each is made anew whenever it is come to, and none is held."""

    def __init__(self, source: Listing[T], make: Callable[[T], R]) -> None:
        self._count = source.__len__
        self._rows: Callable[[], Iterator[R]] = lambda: map(make, source)

    def __len__(self) -> int:
        return self._count()

    def __iter__(self) -> Iterator[R]:
        return self._rows()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns and rows of as many cells."""

    columns: tuple[Column, ...]
    rows: Listing[tuple[Cell, ...]]


def plain_lines(table: Table) -> Iterator[str]:
    """The table for a pipe: columns padded to their widest cell, never cut, no trailing space.

    Its rows are gone through twice, because the last one may be the widest.
    """
    heads = [column.heading for column in table.columns]
    widths = [len(head) for head in heads]
    for line in _texts(table):
        widths = list(map(max, widths, map(len, line)))
    pads = [str.rjust if column.number else str.ljust for column in table.columns]
    for line in chain([heads], _texts(table)):
        padded = (pad(text, width) for pad, text, width in zip(pads, line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _texts(table: Table) -> Iterator[list[str]]:
    return ([one_line(cell.text) for cell in row] for row in table.rows)


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
