"""Which columns a grid shows: tasks, folded task groups, and the map indexes of unfolded tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from backfill_tui.domain.ids import TaskId
from backfill_tui.domain.watching import TaskColumn

MOST_INDEXES: Final = 256
"""Columns of one unfolded task at most; where there are more map indexes the last stands for the rest."""


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """One column on the screen, and the columns of the store that it stands for, by their places.

    `group` is the id of a folded task group. `map_index` belongs to an unfolded mapped task; with `rest` the
    column stands for that map index and all after it.
    """

    places: tuple[int, ...]
    group: str = ""
    map_index: int | None = None
    rest: bool = False

    @property
    def place(self) -> int:
        """The only column of the store that it stands for, or the first."""
        return self.places[0]

    def holds(self, place: int, map_index: int | None) -> bool:
        """Whether it shows this map index of a column of the store; None is the whole of it."""
        if place not in self.places:
            return False
        if self.map_index is None or map_index is None:
            return True
        return map_index >= self.map_index if self.rest else map_index == self.map_index


@dataclass(frozen=True, slots=True)
class Folding:
    """What is folded and what is not: task groups stand open and mapped tasks are folded, until one asks.

    `groups` are the ids of the folded task groups, `tasks` the unfolded mapped tasks.
    """

    groups: frozenset[str] = frozenset()
    tasks: frozenset[TaskId] = frozenset()

    def folded(self, shown: ShownColumn, columns: Sequence[TaskColumn]) -> Folding | None:
        """With what is around this column folded: its mapped task, else the innermost group; None without.

        A folded group folds the group that it is in.
        """
        column = columns[shown.place]
        if shown.map_index is not None:
            return replace(self, tasks=self.tasks - {column.task_id})
        around = column.groups
        if shown.group:
            around = around[: around.index(shown.group)]
        return replace(self, groups=self.groups | {around[-1]}) if around else None

    def unfolded(self, shown: ShownColumn, columns: Sequence[TaskColumn]) -> Folding | None:
        """With this column unfolded: a folded group or a folded mapped task; None for what is neither."""
        if shown.group:
            return replace(self, groups=self.groups - {shown.group})
        column = columns[shown.place]
        if column.mapped and shown.map_index is None:
            return replace(self, tasks=self.tasks | {column.task_id})
        return None

    def turned(self, columns: Sequence[TaskColumn]) -> Folding:
        """With everything folded; where everything is, with everything unfolded."""
        if any(self._is_open(column) for column in columns):
            return Folding(groups=frozenset(group for column in columns for group in column.groups))
        return Folding(tasks=frozenset(column.task_id for column in columns if column.mapped))

    def _is_open(self, column: TaskColumn) -> bool:
        """Whether a task is seen that could be folded away; a folded group hides what is in it."""
        return column.groups[0] not in self.groups if column.groups else column.task_id in self.tasks


def can_fold(columns: Sequence[TaskColumn]) -> bool:
    """Whether there is anything to fold or to unfold."""
    return any(column.mapped or column.groups for column in columns)


def shown_columns(
    columns: Sequence[TaskColumn], folding: Folding, indexes: Mapping[TaskId, int]
) -> tuple[ShownColumn, ...]:
    """The columns to show, each task in the first of them that holds it.

    A folded group stands where the first of its tasks stood. `indexes` says how many map indexes an unfolded
    task has; it has one column at least, and `MOST_INDEXES` at most.
    """
    shown: list[ShownColumn] = []
    place_of_group: dict[str, int] = {}
    for place, column in enumerate(columns):
        group = next((one for one in column.groups if one in folding.groups), "")
        if group in place_of_group:
            before = shown[place_of_group[group]]
            shown[place_of_group[group]] = replace(before, places=(*before.places, place))
        elif group:
            place_of_group[group] = len(shown)
            shown.append(ShownColumn((place,), group=group))
        elif column.mapped and column.task_id in folding.tasks:
            shown += _index_columns(place, indexes.get(column.task_id, 0))
        else:
            shown.append(ShownColumn((place,)))
    return tuple(shown)


def _index_columns(place: int, number: int) -> list[ShownColumn]:
    if number <= MOST_INDEXES:
        return [ShownColumn((place,), map_index=index) for index in range(max(1, number))]
    last = MOST_INDEXES - 1
    found = [ShownColumn((place,), map_index=index) for index in range(last)]
    return [*found, ShownColumn((place,), map_index=last, rest=True)]


def group_label(group: str, parent: str = "") -> str:
    """A group's id without that of the group around it."""
    return group.removeprefix(f"{parent}.")


def path_of(groups: Sequence[str]) -> str:
    """Nested groups as one path: `sources/north/`."""
    labels = (group_label(group, parent) for group, parent in zip(groups, ("", *groups), strict=False))
    return "".join(f"{label}/" for label in labels)
