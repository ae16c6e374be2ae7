"""What stands over the columns of the grid: their names or numbers, and what they are a part of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from rich.cells import cell_len, set_cell_size

from backfill_tui.domain.columns import ShownColumn, group_label, path_of
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import TaskColumn
from backfill_tui.ui.widgets.grid_layout import ColumnHead, GridLayout, column_names

_NUMBER_EVERY: Final = 5
_ONE_DIGIT: Final = 10


def heads_of(
    columns: Sequence[TaskColumn], shown: Sequence[ShownColumn], totals: Sequence[int]
) -> tuple[ColumnHead, ...]:
    """The heads of the columns that are shown; `totals` are the most task instances a cell of each has."""
    names = column_names(columns)
    return tuple(_head(columns, names, one, total) for one, total in zip(shown, totals, strict=True))


def _head(columns: Sequence[TaskColumn], names: Sequence[str], shown: ShownColumn, total: int) -> ColumnHead:
    column, name = columns[shown.place], names[shown.place]
    path = one_line(path_of(column.groups))
    if shown.group:
        around = column.groups[: column.groups.index(shown.group)]
        label = one_line(group_label(shown.group, around[-1] if around else ""))
        return ColumnHead(f"{label}/", one_line(path_of(around)), _room(total))
    if shown.map_index is None:
        return ColumnHead(name, path, _room(total))
    if shown.rest:
        return ColumnHead(f"{shown.map_index}+", f"{path}{name}", _room(total))
    return ColumnHead("", f"{path}{name}", index=shown.map_index)


def _room(total: int) -> int:
    """Terminal cells of a sign with its numbers, `✗3/12`, as far as these can grow."""
    return 1 if total <= 1 else 1 + len(f"{total}/{total}")


def names_line(layout: GridLayout) -> list[str]:
    """What stands right over each column, as wide as the column: a name, or a number over narrow ones."""
    ruler = _ruler(layout)
    return [
        centred(label, layout.width_of(at)) if label else ruler[layout.starts[at] : layout.starts[at + 1]]
        for at, label in enumerate(layout.labels)
    ]


def _ruler(layout: GridLayout) -> str:
    """The numbers of narrow columns; one that is longer than its column spreads over the next ones."""
    cells = [" "] * layout.body
    for at in range(len(layout.labels)):
        number = _number(layout, at)
        start = layout.starts[at]
        last = layout.column_at(start + len(number) - 1)
        if number and last is not None and not any(layout.labels[at : last + 1]):
            cells[start : start + len(number)] = number
    return "".join(cells)


def _number(layout: GridLayout, at: int) -> str:
    """The map index of a column, else its place among all; most of these are left out for want of room."""
    index = layout.heads[at].index
    if index is not None:
        return str(index) if index < _ONE_DIGIT or index % _NUMBER_EVERY == 0 else ""
    place = at + 1
    return str(place) if not layout.labels[at] and (place == 1 or place % _NUMBER_EVERY == 0) else ""


def parts_line(layout: GridLayout, left: int, room: int, rule: str) -> str:
    """What the columns are a part of, in `room` terminal cells from `left` on; `rule` shows how far it goes.

    A part that is seen only with its end is named all the same.
    """
    line, filled = "", 0
    for over, start, end in _parts(layout):
        first, last = max(start, left) - left, min(end - 1, left + room) - left
        if last <= first:
            continue
        line += " " * (first - filled) + _over(over, last - first, rule)
        filled = last
    return line + " " * (room - filled)


def _parts(layout: GridLayout) -> Iterator[tuple[str, int, int]]:
    for over, ats in groupby(range(len(layout.heads)), key=lambda at: layout.heads[at].over):
        group = list(ats)
        if over:
            yield over, layout.starts[group[0]], layout.starts[group[-1] + 1]


def _over(text: str, room: int, rule: str) -> str:
    """A path in so many cells; the outer groups give way first."""
    while cell_len(text) > room and "/" in (rest := text.removeprefix("…").rstrip("/")):
        text = f"…{rest.partition('/')[2]}" + ("/" if text.endswith("/") else "")
    if cell_len(text) > room:
        text = set_cell_size(text, room - 1) + "…"
    return text + rule * (room - cell_len(text))


def centred(text: str, width: int) -> str:
    """The text in the middle of a column whose last cell is the gap; at least one space before a sign."""
    size = cell_len(text)
    before = max(1, (width - 1 - size) // 2) if size == 1 else (width - 1 - size) // 2
    before = max(0, before)
    return " " * before + text + " " * (width - before - size)
