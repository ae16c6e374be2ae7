"""Backgrounds that mean something, told by attributes where colours can not: without any, and with sixteen.

A terminal's own sixteen colours are not known, so that none of them is sure to be seen under a text, and with
NO_COLOR there is none. Reversed and underlined text is there everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

FILLED: Final = (
    "cursor-background",
    "accent",
    "warning",
    "error",
    "success",
    "hairline",
    "muted",
    "state-failed",
    "state-upstream-failed",
    "state-up-for-retry",
    "state-success",
    "state-awaiting-input",
    "state-deferred",
)
"""The variables of the theme that are backgrounds of what is to be seen: they become reversed text."""

LINED: Final = ("cursor-background-blurred", "field")
"""Those of what is to be told from its surroundings only: they become underlined text."""

_Key = tuple[object, object]


class Attributes(LineFilter):
    """Gives the meaning of backgrounds to attributes, by the variables of a theme.

    Without `in_colour` no colour is left at all. With it those on other backgrounds stay as they are.
    """

    def __init__(self, variables: Mapping[str, str], *, in_colour: bool) -> None:
        super().__init__()
        self._in_colour = in_colour
        keys = {
            name: _key(Color.parse(variables[name]).rich_color) for name in (*FILLED, *LINED, "background")
        }
        # What has the colour of the ground, as grey text has where there are few colours, fills nothing.
        self._filled = {keys[name] for name in FILLED} - {keys["background"]}
        self._lined = {keys[name] for name in LINED} - {keys["background"]}
        self._cursor = keys["cursor-background"]
        # A key that does nothing now, a border: without colours they would be as loud as all the rest.
        self._faint = keys["hairline"]
        self._found: dict[Style, Style] = {}

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same texts, each in its style without what can not be shown."""
        del background
        return [
            Segment(text, None if style is None else self._told(style), control)
            for text, style, control in segments
        ]

    def _told(self, style: Style) -> Style:
        # Metadata is what a click finds, and no part of how a style compares.
        if style.meta:
            return self._changed(style) + Style(meta=style.meta)
        if style not in self._found:
            self._found[style] = self._changed(style)
        return self._found[style]

    def _changed(self, style: Style) -> Style:
        ground = None if style.bgcolor is None else _key(style.bgcolor)
        filled, lined = ground in self._filled, ground in self._lined
        if self._in_colour and not (filled or lined):
            return style
        plain = style.without_color
        if filled:
            # What is reversed already stands out of what is reversed by being as it was.
            plain += Style(reverse=not style.reverse)
        if lined:
            plain += Style(underline=True)
        if not self._in_colour and style.color is not None and _key(style.color) == self._faint:
            plain += Style(dim=True)
        if not self._in_colour or ground == self._cursor:
            return plain
        # Reversed, the colour of the text is that of its background.
        return plain + Style(color=style.bgcolor if filled else style.color)


def _key(colour: RichColor) -> _Key:
    """What makes two colours the same; their names do not."""
    return colour.triplet, colour.number
