"""Lines of text in cells: fitted, aligned, joined; outside text goes through here and is never markup."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from backfill_tui.domain.text import one_line

Part = tuple[str, Style]


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The text, harmless and on one line, in exactly `width` cells; too long a text ends in an ellipsis."""
    if width <= 0:
        return ""
    plain = one_line(text)
    cells = cell_len(plain)
    if cells > width:
        return set_cell_size(plain, width - 1) + "…"
    gap = " " * (width - cells)
    return gap + plain if right else plain + gap


def line(parts: Iterable[Part], width: int, base: Style) -> Strip:
    """The parts one after the other on the base style, cut or filled to `width` cells."""
    segments = [Segment(text, base + style) for text, style in parts if text]
    return Strip(segments).adjust_cell_length(width, base).simplify()


def count(number: int, one: str, many: str = "") -> str:
    """`1 run`, `3 runs`, `12,000 runs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def in_words(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
