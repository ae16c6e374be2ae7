"""Which rows of a store the grid shows, and in which order: all, or those of one state and of some dates."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.progress import kinds_of
from backfill_tui.domain.watching import RunCounts, RunRow
from backfill_tui.ui.widgets.shown_dates import WantedDates

_NOT_STARTED: Final = sys.maxsize


class Only(StrEnum):
    """What a grid can be narrowed to; the words are those of the screen."""

    ALL = "all"
    FAILED = "failed"
    RUNNING = "running"
    QUEUED = "queued"
    SUCCEEDED = "succeeded"
    NOT_RUN = "not run"

    def takes(self, row: RunRow | None) -> bool:
        """Whether a row is shown; one that is not read yet is shown only among all."""
        return self is Only.ALL or (row is not None and kinds_of(row)[0] in _KINDS[self])

    def number(self, counts: RunCounts) -> int:
        """How many rows it takes, by the counts of all."""
        if self is Only.ALL:
            return counts.total
        return sum(getattr(counts, kind) for kind in _KINDS[self])


_KINDS: Final[dict[Only, frozenset[str]]] = {
    Only.FAILED: frozenset({"failed"}),
    Only.RUNNING: frozenset({"running"}),
    Only.QUEUED: frozenset({"queued"}),
    Only.SUCCEEDED: frozenset({"success"}),
    Only.NOT_RUN: frozenset({"skipped", "deleted", "taken_over", "cancelled"}),
}
"""The fields of `RunCounts` that each is about."""


class Order(StrEnum):
    """How the rows are sorted."""

    DATE = "date"
    """As the backfill plans them: the oldest date first, or the newest where it runs backwards."""
    START = "start"
    """As their runs started; what has not started comes last, in the order in which it is to start."""


class RowView:
    """The rows that are shown, in the order of the store or of the start of their runs.

    A row is an index of the store; its position is its place among the rows that are shown. `len()` is the
    number of these. `only` and `dates` both narrow them.
    """

    def __init__(self, store: GridStore) -> None:
        self.only = Only.ALL
        self.dates: WantedDates | None = None
        self.order = Order.DATE
        self._store = store
        self._chosen: list[int] = []
        self._starts: list[int] = []
        self._number = 0

    @property
    def narrowed(self) -> bool:
        """Whether not all rows are meant to be shown."""
        return self.only is not Only.ALL or self.dates is not None

    @property
    def _as_stored(self) -> bool:
        return not self.narrowed and self.order is Order.DATE

    @property
    def rows(self) -> Sequence[int]:
        """The rows that are shown, by position."""
        return range(len(self._store.rows)) if self._as_stored else self._chosen

    @property
    def why_empty(self) -> str:
        """What is said where no row is shown."""
        of = f" of {self.dates.text}" if self.dates is not None else ""
        return f"No date{of} is {self.only} now" if self.only is not Only.ALL else f"No date{of} is here"

    def takes(self, row: RunRow | None) -> bool:
        """Whether a row is one of those that are shown."""
        return self.only.takes(row) and (self.dates is None or self.dates.takes(row))

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, row: object) -> bool:
        return isinstance(row, int) and self.position(row) is not None

    def position(self, row: int) -> int | None:
        """Where a row is shown, None where it is not."""
        at = self._after(row)
        return at if 0 <= at < len(self) and self.rows[at] == row else None

    def nearest(self, row: int) -> int:
        """The row itself where it is shown, else the next one that is, else the last that is."""
        return self.moved(row, 0)

    def moved(self, row: int, by: int) -> int:
        """The row that is shown so many positions further, held at the ends; itself where none is shown."""
        if not len(self):
            return row
        at = self._after(row)
        if by > 0 and row not in self:
            by -= 1
        return self.rows[max(0, min(at + by, len(self) - 1))]

    def between(self, one: int, other: int) -> Sequence[int]:
        """The rows that are shown from one to another, both of them as well, whichever comes first."""
        first, last = sorted((one, other), key=self._after)
        return self.rows[self._after(first) : self._after(last) + (last in self)]

    def next_row(self, row: int, step: int, wanted: Only) -> int | None:
        """The next row down (`step` 1) or up (-1) that `wanted` takes, going round; None when there is none.

        It is `row` itself when no other one is.
        """
        if wanted is Only.FAILED and self._as_stored:
            return self._store.next_failed(row, step)
        rows, store = self.rows, self._store.rows
        at = self._after(row)
        ahead = rows[at + 1 if row in self else at :]
        turned = [*ahead, *rows[:at], row] if step > 0 else [*rows[:at][::-1], *ahead[::-1], row]
        return next((one for one in turned if one in self and wanted.takes(store[one])), None)

    def narrow(self, only: Only, dates: WantedDates | None = None) -> None:
        """Show other rows."""
        self.only, self.dates = only, dates
        self.find()

    def sort(self, order: Order) -> None:
        """Show the rows in another order."""
        self.order = order
        self.find()

    def find(self) -> None:
        """Look at all rows of the store anew."""
        if self._as_stored:
            return
        rows = self._store.rows
        self._chosen = [index for index, row in enumerate(rows) if self.takes(row)]
        if self.order is Order.START:
            self._starts = [_start(row) for row in rows]
            self._chosen.sort(key=self._starts.__getitem__)

    def learn(self, changed: Iterable[int]) -> bool:
        """Look at the rows that changed; whether others are shown than before, or in another order."""
        fewer, self._number = len(self._store.rows) < self._number, len(self._store.rows)
        if fewer:
            self.find()
            return True
        if self._as_stored:
            return False
        if self.order is Order.START and self._starts_differ(changed := list(changed)):
            before = self._chosen
            self.find()
            return self._chosen != before
        moved = False
        for row in changed:
            shown = row in self
            if self.takes(self._store.rows[row]) == shown:
                continue
            moved = True
            at = self._after(row)
            self._chosen[at : at + shown] = [] if shown else [row]
        return moved

    def _starts_differ(self, changed: Iterable[int]) -> bool:
        rows, starts = self._store.rows, self._starts
        return len(rows) != len(starts) or any(_start(rows[row]) != starts[row] for row in changed)

    def _after(self, row: int) -> int:
        """The position of the first row from this one on."""
        if self._as_stored:
            return row
        return bisect_left(self._chosen, self._key(row), key=self._key)

    def _key(self, row: int) -> tuple[int, int]:
        """What the chosen rows are sorted by, as it was when they were."""
        # A row that is no more is after all others.
        starts = self._starts[row : row + 1] if self.order is Order.START else [0]
        return (starts[0] if starts else _NOT_STARTED, row)


def _start(row: RunRow | None) -> int:
    return _NOT_STARTED if row is None or row.started_at is None else row.started_at
