"""The failures of a backfill in groups, a line each: how many dates, which task, what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from rich.cells import cell_len
from rich.style import Style

from backfill_tui.domain.failures import Failure, FailureGroup, FailureKind
from backfill_tui.domain.ids import RunId
from backfill_tui.domain.text import one_line
from backfill_tui.ui.failure_words import NO_TASK
from backfill_tui.ui.glyphs import Look, Mark
from backfill_tui.ui.text import Part, fit
from backfill_tui.ui.widgets.line_list import LineList

_PLAIN: Final = Style()
_DATES: Final = 6
_LEAST_TASK: Final = 4
_MOST_TASK: Final = 24
_NARROW_TASK: Final = 14
_ROOM_FOR_SPANS: Final = 90
_ALL_MARKED: Final = Mark("●", "all dates are marked", "accent")
_SOME_MARKED: Final = Mark("◦", "some dates are marked", "accent")


class FailureList(LineList):
    """One line a group; the cursor stays on its group while the list changes.

    `date_of` gives the words of the date of a failure. `settled` says that all groups were read once.
    """

    HELP = (
        "The failed tasks in groups: those of one task whose errors differ only in numbers, dates, ids or "
        "paths. A dot stands before a group whose dates are marked, a ring before one with some of them."
    )

    def __init__(self, date_of: Callable[[Failure], str]) -> None:
        super().__init__(id="failures")
        self._date_of = date_of
        self._groups: tuple[FailureGroup, ...] = ()
        self._marked: Collection[RunId] = frozenset()
        self._widest: tuple[int, int] | None = None
        """Cells of the longest task and of the longest span, once a line was drawn."""
        self.settled = False

    @property
    def row_count(self) -> int:
        """How many groups there are."""
        return len(self._groups)

    @property
    def current(self) -> FailureGroup | None:
        """The group under the cursor."""
        return self._groups[self.cursor] if self._groups else None

    def show(self, groups: tuple[FailureGroup, ...], marked: Collection[RunId]) -> None:
        """Take over what was read, and the runs that are marked in the grid."""
        # At the first line one is still waiting for what comes to be first.
        under = self.current if self.settled or self.cursor else None
        self._groups, self._marked = groups, marked
        self._widest = None
        self.reload()
        keys = [group.key for group in groups]
        if under is not None and under.key in keys:
            self.cursor = keys.index(under.key)

    def span_of(self, group: FailureGroup) -> str:
        """From which date to which, `2024-02-06..2024-03-01`."""
        first, last = self._date_of(group.failures[0]), self._date_of(group.failures[-1])
        return first if first == last else f"{first}..{last}"

    def draw_header(self, width: int) -> str:
        """The names of the columns."""
        task, span = self._widths(width)
        words = f"  {'Dates':>{_DATES}}  {fit('Task', task)}  "
        return words + (f"{fit('Span', span)}  " if span else "") + "Error"

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        """One group."""
        group = self._groups[row]
        task, span = self._widths(width)
        sign = self._sign(group)
        lost = look.muted if group.kind is not FailureKind.ERROR else look.error
        parts: list[Part] = [
            (f"{look.sign(sign) if sign else ' '} ", look.accent),
            (f"{len(group.ordinals):>{_DATES},}  ", _PLAIN),
            (fit(group.task_id or NO_TASK, task) + "  ", _PLAIN),
        ]
        if span:
            parts.append((fit(self.span_of(group), span) + "  ", look.muted))
        left = width - sum(cell_len(text) for text, _ in parts)
        return [*parts, (fit(group.words, left), lost)]

    def _widths(self, width: int) -> tuple[int, int]:
        """The cells of the task and of the span, which is 0 where it has no room."""
        if self._widest is None:
            self._widest = (
                max((cell_len(one_line(group.task_id)) for group in self._groups), default=0),
                max((cell_len(self.span_of(group)) for group in self._groups), default=0),
            )
        (task, span), roomy = self._widest, width >= _ROOM_FOR_SPANS
        return max(_LEAST_TASK, min(task, _MOST_TASK if roomy else _NARROW_TASK)), span if roomy else 0

    def _sign(self, group: FailureGroup) -> Mark | None:
        marked = [failure.run_id in self._marked for failure in group.failures]
        return _ALL_MARKED if all(marked) else _SOME_MARKED if any(marked) else None
