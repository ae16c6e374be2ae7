"""Where everything stands when tasks are rows and dates columns: pure arithmetic, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from backfill_tui.ui.widgets.grid_layout import GUTTER, ColumnHead, cut_names

NARROW: Final = 1
WIDE: Final = 3
"""Terminal cells of a date."""

_SHORTEST_NAMES: Final = 12
_NAMES_OF_WIDTH: Final = 3
_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class TaskLayout:
    """The tasks down and the dates across, in terminal cells.

    `names` are those of the tasks, cut to what the frozen part has room for; `names_width` is that room, its
    gap included. A date takes `cell` cells; there are `dates` of them.
    """

    names: tuple[str, ...]
    names_width: int
    cell: int
    dates: int

    @property
    def frozen(self) -> int:
        """Cells that stay where they are when the dates scroll sideways."""
        return GUTTER + self.names_width

    @property
    def body(self) -> int:
        """Cells of all dates together."""
        return self.dates * self.cell

    def date_at(self, x: int) -> int | None:
        """The position of the date under a cell of the body, None beyond the last."""
        return x // self.cell if 0 <= x < self.body else None

    def window(self, left: int, room: int) -> range:
        """The positions of the dates that show in `room` cells from `left` on."""
        return range(left // self.cell, max(0, min(self.dates, -(-(left + room) // self.cell))))


def lay_out_tasks(
    heads: Sequence[ColumnHead], dates: int, width: int, date_width: int, cell: int
) -> TaskLayout:
    """The layout for a number of terminal cells; the frozen part has room for a date of `date_width` too."""
    names = [head.whole for head in heads]
    longest = max(map(cell_len, names), default=0)
    room = min(longest, max(_SHORTEST_NAMES, date_width, width // _NAMES_OF_WIDTH))
    return TaskLayout(
        names=cut_names(names, room),
        names_width=max(room, date_width) + _GAP,
        cell=cell,
        dates=dates,
    )
