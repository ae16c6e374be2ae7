"""Which rows of a store the grid shows: all of them, or those whose run is in one state."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

from backfill_tui.domain.enums import StrEnum
from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.progress import kinds_of
from backfill_tui.domain.watching import RunCounts, RunRow


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


class RowView:
    """The rows that are shown, in the order of the store.

    A row is an index of the store; its position is its place among the rows that are shown. `len()` is the
    number of these.
    """

    def __init__(self, store: GridStore) -> None:
        self.only = Only.ALL
        self._store = store
        self._chosen: list[int] = []

    @property
    def rows(self) -> Sequence[int]:
        """The rows that are shown, by position."""
        return range(len(self._store.rows)) if self.only is Only.ALL else self._chosen

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

    def next_row(self, row: int, step: int, wanted: Only) -> int | None:
        """The next row down (`step` 1) or up (-1) that `wanted` takes, going round; None when there is none.

        It is `row` itself when no other one is.
        """
        if wanted is Only.FAILED and self.only is Only.ALL:
            return self._store.next_failed(row, step)
        rows, store = self.rows, self._store.rows
        at = self._after(row)
        ahead = rows[at + 1 if row in self else at :]
        turned = [*ahead, *rows[:at], row] if step > 0 else [*rows[:at][::-1], *ahead[::-1], row]
        return next((one for one in turned if one in self and wanted.takes(store[one])), None)

    def narrow(self, only: Only) -> None:
        """Show other rows."""
        self.only = only
        self.find()

    def find(self) -> None:
        """Look at all rows of the store anew."""
        if self.only is not Only.ALL:
            takes = self.only.takes
            self._chosen = [index for index, row in enumerate(self._store.rows) if takes(row)]

    def learn(self, changed: Iterable[int]) -> bool:
        """Look at the rows that changed; whether others are shown than before."""
        if self.only is Only.ALL:
            return False
        moved = False
        for row in changed:
            shown = row in self
            if self.only.takes(self._store.rows[row]) == shown:
                continue
            moved = True
            at = self._after(row)
            self._chosen[at : at + shown] = [] if shown else [row]
        return moved

    def _after(self, row: int) -> int:
        """The position of the first row from this one on."""
        return row if self.only is Only.ALL else bisect_left(self._chosen, row)
