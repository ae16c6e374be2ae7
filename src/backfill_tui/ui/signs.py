"""The plain signs of terminals without Unicode, put in where a line leaves for the terminal.

There is one table, and one place that uses it: whatever draws a sign need not know of it, and a widget of
Textual's own can not be forgotten. Each plain sign takes the cells of the one that it stands for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_STATES: Final = {
    "█": "#",
    "■": "#",
    "✗": "X",
    "△": "^",
    "▶": ">",
    "◔": "o",
    "·": ".",
    "↻": "r",
    "»": "R",
    "◷": "@",
    "◇": "d",
    "–": "-",
    "◌": "_",
    "‖": "=",
    "⊘": "c",
    "⇄": "t",
}
_POINTERS: Final = {
    "▌": ">",
    "◂": "<",
    "▾": "v",
    "●": "*",
    "◦": "+",
    "•": "*",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
}
_LEVELS: Final = dict(zip("▁▂▃▄▅▆▇", ".:-=+*%", strict=True))
"""The bars of a sparkline, by how dark their stand-ins are."""
_EDGES: Final = {"…": "~", "▔": "-", "▀": "-", "▐": "|", "▎": "|", "▊": "|", "▏": "|", "▕": "|"}
_ELSEWHERE: Final = {"🔎": "/ ", "✓": "+", "×": "x", "“": '"', "”": '"', "‘": "'", "’": "'", "—": "-"}
"""What Textual's own widgets draw, and quotation marks."""

ASCII_SIGNS: Final = {**_STATES, **_POINTERS, **_LEVELS, **_EDGES, **_ELSEWHERE}
"""The plain sign for every one that is drawn; the lines of boxes follow a rule, see `plain_sign`."""

_BOXES: Final = range(0x2500, 0x2580)
_ACROSS: Final = frozenset("─┄┈╌╴╶╼╾")
_ACROSS_BOLD: Final = frozenset("━═┅┉╍╸╺")
_DOWN: Final = frozenset("│┃║┆┇┊┋╎╏╵╷╹╻╽╿")


def plain_sign(sign: str) -> str:
    """The ASCII that stands for a character, itself where there is none."""
    if sign.isascii():
        return sign
    if sign in ASCII_SIGNS:
        return ASCII_SIGNS[sign]
    if ord(sign) not in _BOXES:
        return sign
    if sign in _ACROSS:
        return "-"
    if sign in _ACROSS_BOLD:
        return "="
    return "|" if sign in _DOWN else "+"


class PlainSigns(LineFilter):
    """Draws every line with what the terminal has: plain signs, and only characters of its `charset`.

    A character that the charset lacks becomes as many question marks as it has cells.
    """

    def __init__(self, *, ascii_signs: bool, charset: str) -> None:
        super().__init__()
        self._ascii_signs = ascii_signs
        self._charset = charset
        self._text = lru_cache(4096)(self._plain)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, in other characters."""
        del background
        return [
            segment
            if segment.text.isascii()
            else Segment(self._text(segment), segment.style, segment.control)
            for segment in segments
        ]

    def _plain(self, segment: Segment) -> str:
        if self._ascii_signs and segment.style is not None and "@mouse.down" in segment.style.meta:
            # The ends of a scroll bar are finer than a cell, in signs that mean something elsewhere.
            return " " * segment.cell_length
        # Characters that are drawn as one have fewer cells together than alone.
        return set_cell_size("".join(map(self._character, segment.text)), segment.cell_length)

    def _character(self, sign: str) -> str:
        shown = plain_sign(sign) if self._ascii_signs else sign
        if shown.isascii() or _has(self._charset, shown):
            return shown
        return "?" * cell_len(shown)


@lru_cache(4096)
def _has(charset: str, sign: str) -> bool:
    try:
        sign.encode(charset)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
