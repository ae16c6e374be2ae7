"""Where everything of the grid stands: pure arithmetic over names and a width, no drawing."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from rich.cells import cell_len, set_cell_size

from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import TaskColumn
from backfill_tui.ui.text import end_of

GUTTER: Final = 2
"""The sign of the cursor and the sign of a marked row."""

TOOK: Final = 9
"""Room for how long a run took, `12:03:04` and a space."""

NARROW: Final = 2
"""A sign and a gap."""

_WORD_FROM_WIDTH: Final = 100
_SHORTEST_LABEL: Final = 3
_ELLIPSIS_FROM: Final = 5


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """What stands over one column: its name, and on a line of its own what it is a part of.

    `room` is how many terminal cells a sign with its numbers takes. `index` is that of a map index, which has
    a narrow column under its number.
    """

    name: str
    over: str = ""
    room: int = 1
    index: int | None = None

    @property
    def whole(self) -> str:
        """The name with what it is a part of, where that has no line of its own: `files/read`, `read[3]`."""
        if self.over.endswith("[]"):
            return f"{self.over[:-1]}{self.name if self.index is None else self.index}]"
        return f"{self.over}{self.name}"


@dataclass(frozen=True, slots=True)
class GridLayout:
    """The columns of the grid in terminal cells.

    `date` and `run` are widths of the frozen columns, gaps included. `starts` has one entry more than there
    are columns: where each begins, counted from the end of the frozen part, and where the last ends. `labels`
    are the names cut to fit, empty over columns that are too narrow for any; `dense` says that those of the
    plain tasks are. `took` is 0 when there is no room for it. `head` are the lines of the head: two where
    columns are a part of something.
    """

    heads: tuple[ColumnHead, ...]
    head: int
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
    def tallied(self) -> tuple[int, ...]:
        """The columns whose sign may have numbers behind it."""
        return tuple(at for at, one in enumerate(self.heads) if one.room > 1)

    @property
    def run_words(self) -> bool:
        """Whether the run's state is shown with its word."""
        return self.run > len("Run  ")

    def width_of(self, column: int) -> int:
        """Cells of one column, its gap included."""
        return self.starts[column + 1] - self.starts[column]

    def is_narrow(self, column: int) -> bool:
        """Whether a column has room for its sign and a gap only."""
        return self.width_of(column) == NARROW

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


def lay_out(heads: Sequence[ColumnHead], width: int, date_width: int) -> GridLayout:
    """The layout for a number of terminal cells; `date_width` is that of the longest date or partition key.

    Names stand in full while they fit, are cut to one length while that leaves three letters of each, and
    give way to narrow numbered columns after that. Where map indexes need more room than there is, names are
    fitted as if these were not there, and the grid is scrolled.
    """
    run = 13 if width >= _WORD_FROM_WIDTH else 5
    date = date_width + 2
    lines = 2 if any(one.over for one in heads) else 1
    room = width - GUTTER - date - run - TOOK
    indexes = NARROW * sum(one.index is not None for one in heads)
    for without in (0, indexes) if indexes else (0,):
        for gap, cap in _caps(heads):
            widths = [_width(one, cap, gap) for one in heads]
            if sum(widths) - without <= room:
                labels = cut_names([one.name for one in heads], cap)
                took = TOOK if sum(widths) <= room else 0
                return GridLayout(
                    tuple(heads), lines, date, run, _starts(widths), labels, dense=False, took=took
                )
    widths = [NARROW if one.room == 1 else one.room + 2 for one in heads]
    labels = tuple("" if one.room == 1 else _cut(one.name, one.room + 1) for one in heads)
    took = TOOK if sum(widths) <= room else 0
    return GridLayout(tuple(heads), lines, date, run, _starts(widths), labels, dense=True, took=took)


def _caps(heads: Sequence[ColumnHead]) -> Iterator[tuple[int, int]]:
    """Gaps between columns and lengths of names, the best first."""
    longest = max((cell_len(one.name) for one in heads), default=0)
    for gap, shortest in ((2, _ELLIPSIS_FROM), (1, _SHORTEST_LABEL)):
        for cap in range(longest, min(shortest, longest) - 1, -1):
            yield gap, cap


def _width(head: ColumnHead, cap: int, gap: int) -> int:
    if head.index is not None:
        return NARROW
    # A column narrower than its cursor's brackets would move the signs of its neighbours.
    return max(
        min(cell_len(head.name), cap) + gap, _SHORTEST_LABEL + gap - 1, head.room + 2 * (head.room > 1)
    )


def column_names(columns: Sequence[TaskColumn]) -> tuple[str, ...]:
    """What each task is called in the head, `[]` when mapped.

    That is without the groups that stand over it, and without any other prefix where that is enough.
    """
    whole = [one_line(column.task_id) for column in columns]
    short = [name.rpartition(".")[2] or name for name in whole]
    met = Counter(last for column, last in zip(columns, short, strict=True) if not column.groups)
    return tuple(
        (_in_group(column, name) if column.groups else last if met[last] == 1 else name)
        + ("[]" if column.mapped else "")
        for column, name, last in zip(columns, whole, short, strict=True)
    )


def _in_group(column: TaskColumn, name: str) -> str:
    return name.removeprefix(f"{one_line(column.groups[-1])}.")


def cut_names(names: Sequence[str], cap: int) -> tuple[str, ...]:
    """The names cut to `cap` terminal cells.

    Those that would look the same keep their ends; those that still would are numbered.
    """
    cut = [_cut(name, cap) for name in names]
    if cap >= _ELLIPSIS_FROM:
        met = Counter(cut)
        whole = zip(names, cut, strict=True)
        cut = [_cut_middle(name, cap) if met[had] > 1 else had for name, had in whole]
    # Names that are the same from the beginning, in two groups, are told apart by what stands over them.
    met = Counter(had for _, had in set(zip(names, cut, strict=True)))
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
    return set_cell_size(name, cap - tail - 1) + "…" + set_cell_size(end_of(name, tail), tail)


def _starts(widths: Sequence[int]) -> tuple[int, ...]:
    return (0, *accumulate(widths))
