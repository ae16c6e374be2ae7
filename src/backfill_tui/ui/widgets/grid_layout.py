"""Where everything of the grid stands: pure arithmetic over names and a width, no drawing."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from rich.cells import cell_len, set_cell_size

from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import TaskColumn

GUTTER: Final = 2
"""The sign of the cursor and the sign of a marked row."""

TOOK: Final = 9
"""Room for how long a run took, `12:03:04` and a space."""

_WORD_FROM_WIDTH: Final = 100
_SHORTEST_LABEL: Final = 3
_DENSE: Final = 2
_ELLIPSIS_FROM: Final = 5


@dataclass(frozen=True, slots=True)
class GridLayout:
    """The columns of the grid in terminal cells.

    `date` and `run` are widths of the frozen columns, gaps included. `starts` has one entry more than there
    are tasks: where each column begins, counted from the end of the frozen part, and where the last ends.
    `labels` are the heads, empty where the columns are too narrow for any (`dense`). `took` is 0 when there
    is no room for it.
    """

    date: int
    run: int
    starts: tuple[int, ...]
    labels: tuple[str, ...]
    dense: bool
    took: int

    @property
    def frozen(self) -> int:
        """Cells that stay where they are when the tasks scroll sideways."""
        return GUTTER + self.date + self.run

    @property
    def body(self) -> int:
        """Cells of all task columns together."""
        return self.starts[-1]

    @property
    def run_words(self) -> bool:
        """Whether the run's state is shown with its word."""
        return self.run > len("Run  ")

    def width_of(self, column: int) -> int:
        """Cells of one column, its gap included."""
        return self.starts[column + 1] - self.starts[column]

    def column_at(self, x: int) -> int | None:
        """The column under a cell of the body, None beyond the last."""
        if not 0 <= x < self.body:
            return None
        return bisect_right(self.starts, x) - 1

    def window(self, left: int, width: int) -> tuple[int, int]:
        """The columns from `first` to before `last` that show in `width` cells from `left` on."""
        if not self.labels:
            return (0, 0)
        first = bisect_right(self.starts, left) - 1
        last = bisect_right(self.starts, left + width - 1)
        return (min(first, len(self.labels)), min(last, len(self.labels)))


def lay_out(columns: Sequence[TaskColumn], width: int, date_width: int) -> GridLayout:
    """The layout for a number of terminal cells; `date_width` is that of the longest date or partition key.

    Names stand in full while they fit, are cut to one length while that leaves three letters of each, and
    give way to narrow numbered columns after that.
    """
    run = 13 if width >= _WORD_FROM_WIDTH else 5
    date = date_width + 2
    available = width - GUTTER - date - run
    names = column_names(columns)
    longest = max(map(cell_len, names), default=0)
    for gap, shortest in ((2, _ELLIPSIS_FROM), (1, _SHORTEST_LABEL)):
        for cap in range(longest, min(shortest, longest) - 1, -1):
            widths = [min(cell_len(name), cap) + gap for name in names]
            # A column narrower than its cursor's brackets would move the signs of its neighbours.
            widths = [max(one, _SHORTEST_LABEL + gap - 1) for one in widths]
            if sum(widths) <= available - TOOK:
                return GridLayout(date, run, _starts(widths), cut_names(names, cap), dense=False, took=TOOK)
    widths = [_DENSE] * len(names)
    took = TOOK if sum(widths) <= available - TOOK else 0
    return GridLayout(date, run, _starts(widths), ("",) * len(names), dense=True, took=took)


def column_names(columns: Sequence[TaskColumn]) -> tuple[str, ...]:
    """What each task is called in the head: without its group where that is enough, `[]` when mapped."""
    whole = [one_line(column.task_id) for column in columns]
    short = [name.rpartition(".")[2] or name for name in whole]
    met = Counter(short)
    return tuple(
        (last if met[last] == 1 else name) + ("[]" if column.mapped else "")
        for column, name, last in zip(columns, whole, short, strict=True)
    )


def cut_names(names: Sequence[str], cap: int) -> tuple[str, ...]:
    """The names cut to `cap` terminal cells.

    Those that would look the same keep their ends; those that still would are numbered.
    """
    cut = [_cut(name, cap) for name in names]
    if cap >= _ELLIPSIS_FROM:
        met = Counter(cut)
        whole = zip(names, cut, strict=True)
        cut = [_cut_middle(name, cap) if met[had] > 1 else had for name, had in whole]
    met = Counter(cut)
    nth: Counter[str] = Counter()
    told = []
    for had in cut:
        nth[had] += 1
        number = str(nth[had])
        told.append(set_cell_size(had, cap - len(number)) + number if met[had] > 1 else had)
    return tuple(told)


def _cut(name: str, cap: int) -> str:
    if cell_len(name) <= cap:
        return name
    if cap < _ELLIPSIS_FROM:
        return set_cell_size(name, cap)
    return set_cell_size(name, cap - 1) + "…"


def _cut_middle(name: str, cap: int) -> str:
    if cell_len(name) <= cap:
        return name
    tail = cap // 2
    return set_cell_size(name, cap - tail - 1) + "…" + set_cell_size(name[-tail:], tail)


def _starts(widths: Sequence[int]) -> tuple[int, ...]:
    return (0, *accumulate(widths))
