"""Lines of text in cells: fitted, aligned, joined; outside text goes through here and is never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from backfill_tui.domain.fuzzy import matched_letters
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.text import one_line

Part = tuple[str, Style]

# Not an apostrophe within a word.
_QUOTED = re.compile(r"""(?<!\w)(['"])(.+?)\1(?!\w)""")
_QUOTED_AT_MOST = 24


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


def end_of(text: str, width: int) -> str:
    """The end of a text, as much of it as has room in `width` cells."""
    begin, taken = len(text), 0
    while begin and (taken := taken + cell_len(text[begin - 1])) <= width:
        begin -= 1
    return text[begin:]


def lit(text: str, width: int, query: str, plain: Style, found: Style) -> list[Part]:
    """A text as `fit` gives it, with the letters that a query stands for in another style."""
    fitted = fit(text, width)
    whole = one_line(text) if query else ""
    letters = {
        place
        for place in matched_letters(query, whole)
        # What was cut is not seen, nor is the ellipsis a letter of it.
        if place < len(fitted) and fitted[place] == whole[place]
    }
    return [
        ("".join(fitted[place] for place in places), found if is_found else plain)
        for is_found, places in groupby(range(len(fitted)), key=letters.__contains__)
    ]


def wrapped(text: str, width: int, most: int) -> list[str]:
    """The text on lines of at most `width` cells, `most` of them; a longer one ends in an ellipsis.

    Before that its quoted values are shortened, for a sentence says more than the value it quotes.
    """
    plain = one_line(text)
    if width <= 0 or most <= 0:
        return []
    lines = _folded(plain, width)
    if len(lines) > most:
        lines = _folded(_QUOTED.sub(_shortened, plain), width)
    if len(lines) > most:
        rest = " ".join(lines[most - 1 :])
        lines = [*lines[: most - 1], fit(rest, width)]
    return lines


def _folded(plain: str, width: int) -> list[str]:
    lines = [""]
    for word in plain.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(longer) <= width:
            lines[-1] = longer
            continue
        pieces = chop_cells(word, width)
        lines[-1:] = [lines[-1], *pieces] if lines[-1] else pieces
    return lines


def _shortened(quoted: re.Match[str]) -> str:
    mark, value = quoted.groups()
    return f"{mark}{value[:_QUOTED_AT_MOST].rstrip()}…{mark}" if len(value) > _QUOTED_AT_MOST else quoted[0]


def line(parts: Iterable[Part], width: int, base: Style) -> Strip:
    """The parts one after the other on the base style, cut or filled to `width` cells."""
    segments = [Segment(text, base + style) for text, style in parts if text]
    return Strip(segments).adjust_cell_length(width, base).simplify()


count: Final = counted
"""The screen's name for it."""


def in_words(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
