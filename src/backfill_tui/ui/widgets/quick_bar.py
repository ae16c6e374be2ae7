"""A vertical scrollbar whose lines are drawn once for each look of a cell, and not one by one.

Textual makes a line of styled text for every line of a bar whenever it moves: a quarter of what it takes to
turn a page of the grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.scrollbar import ScrollBar
from textual.strip import Strip

if TYPE_CHECKING:
    from rich.style import Style
    from typing_extensions import Self


class QuickBar(ScrollBar):
    """Looks and acts as Textual's own; it is one cell wide, and has neither border nor padding."""

    _lines: list[Strip] | None = None

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Draw it anew, for it moved or is touched."""
        self._lines = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Draw it anew, for a colour changed."""
        self._lines = None
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region, which Textual asks for again whenever anything near them changes."""
        if self._lines is None or len(self._lines) != self.size.height:
            self._lines = self._draw()
        return self._lines[crop.y : crop.bottom]

    def _draw(self) -> list[Strip]:
        """All lines: those that look the same, as most do, are one and the same."""
        background, ground = self.background_colors[1], self.rich_style
        strips: dict[tuple[str, Style | None], Strip] = {}
        for text, style, _ in (segments := self._segments()):
            if (text, style) not in strips:
                strip = Strip([Segment(text, ground + style)], len(text))
                for one in self.get_line_filters():
                    strip = strip.apply_filter(one, background)
                strips[text, style] = strip
        return [strips[text, style] for text, style, _ in segments]

    def _segments(self) -> list[Segment]:
        """From top to bottom, a segment a line, as Textual's renderer has them."""
        console = self.app.console
        options = console.options.update(width=self.size.width, height=self.size.height)
        return [segment for segment in console.render(self.render(), options) if segment.text != "\n"]
