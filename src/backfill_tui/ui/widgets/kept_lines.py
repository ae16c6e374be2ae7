"""A scroll view that keeps its lines: each is drawn once, until what it shows changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.scrollbar import ScrollBar
from textual.strip import Strip

from backfill_tui.ui.widgets.quick_bar import QuickBar
from backfill_tui.ui.widgets.scrolling import Scrolling

if TYPE_CHECKING:
    from typing_extensions import Self


class KeptLines(Scrolling, inherit_bindings=False):
    """The base of what draws a backfill cell by cell: `render_line` is asked once for each line.

    `refresh` forgets the lines of the regions it is given, or all. Such a view has no border and no padding,
    and draws in true colour.
    """

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._lines: dict[int, Strip] = {}

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The vertical scrollbar, made when it is asked for first."""
        if self._vertical_scrollbar is None:
            bar = QuickBar(vertical=True, name="vertical", thickness=self.scrollbar_size_vertical)
            bar.display = False
            self._vertical_scrollbar = bar
            # As Textual's own does: there is no other way to have another class of scrollbars.
            self.app._start_widget(self, bar)  # noqa: SLF001
        return self._vertical_scrollbar

    def notify_style_update(self) -> None:
        """Forget everything drawn: a colour changed, or the focus."""
        self._lines.clear()
        super().notify_style_update()

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Forget the lines of the regions, or all of them, and have them drawn again."""
        if not regions:
            self._lines.clear()
        for region in regions:
            for y in region.line_range:
                self._lines.pop(y, None)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Those that change colours on purpose; everything drawn here is in true colour already."""
        return [one for one in super().get_line_filters() if not isinstance(one, ANSIToTruecolor)]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region, which Textual asks for again whenever anything near them changes.

        Without a border and a padding they can be kept here, at a third of the cost of Textual's own way.
        """
        lines = self._lines
        for y in crop.line_range:
            if y not in lines:
                lines[y] = self.render_line(y)
        strips = [lines[y] for y in crop.line_range]
        for one in self.get_line_filters():
            background = self.background_colors[1]
            strips = [strip.apply_filter(one, background) for strip in strips]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips
