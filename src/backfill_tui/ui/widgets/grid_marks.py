"""Which rows of the grid are marked, and a range that grows with the cursor."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import TypeAlias

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.ids import RunId

Between: TypeAlias = Callable[[int, int], Iterable[int]]
"""The rows that can be marked from one to another, both of them as well."""


class Marks:
    """Marked rows, by index; while a range is open, those from its beginning to the cursor as well.

    A mark is of a run: `follow` lets it stay on its run wherever that stands then.
    """

    def __init__(self, store: GridStore) -> None:
        self._store = store
        self._runs: dict[int, RunId] = {}
        self._fixed: frozenset[int] = frozenset()
        self._range: frozenset[int] = frozenset()
        self._from: int | None = None

    @property
    def rows(self) -> frozenset[int]:
        """All marked rows."""
        return self._fixed | self._range

    @property
    def in_range(self) -> bool:
        """Whether a range is open."""
        return self._from is not None

    def __contains__(self, row: int) -> bool:
        return row in self._fixed or row in self._range

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, rows: Iterable[int]) -> None:
        """Mark some rows too."""
        self._fixed |= frozenset(rows)
        self._remember()

    def remove(self, rows: Iterable[int]) -> None:
        """Take the marks of some rows away; an open range ends here."""
        self._close()
        self._fixed -= frozenset(rows)

    def toggle(self, row: int) -> None:
        """Mark a row, or take its mark away; an open range ends here."""
        self._close()
        self._fixed ^= {row}
        self._remember()

    def keep(self, rows: Container[int]) -> None:
        """Take away the marks of all rows but these."""
        self._fixed = frozenset(row for row in self._fixed if row in rows)
        self._range = frozenset(row for row in self._range if row in rows)

    def follow(self, changed: Iterable[int]) -> bool:
        """Look at rows that changed; whether other rows are marked than before.

        A row that shows another run now passes its mark on to where that run is; a run that is gone has none.
        """
        fallen = any(row >= len(self._store.rows) for row in self._runs)
        if not fallen and not any(
            row in self._runs and self._run_of(row) != self._runs[row] for row in changed
        ):
            return False
        before, runs = self.rows, self._runs
        wanted = frozenset(runs.values())
        at = {row.run_id: place for place, row in enumerate(self._store.rows) if row and row.run_id in wanted}
        fixed, stretched = (
            frozenset(at[run] for row, run in runs.items() if row in some and run in at)
            for some in (self._fixed, self._range)
        )
        self._fixed, self._range = fixed, stretched
        self._remember()
        return self.rows != before

    def _run_of(self, place: int) -> RunId | None:
        row = self._store.rows[place]
        return row.run_id if row is not None else None

    def _remember(self) -> None:
        found = ((row, self._run_of(row)) for row in self.rows)
        self._runs = {row: run for row, run in found if run is not None}

    def clear(self) -> None:
        """Mark nothing."""
        self._fixed = self._range = frozenset()
        self._from = None

    def begin_or_end_range(self, row: int, between: Between) -> frozenset[int]:
        """Open a range at a row, or keep what it holds and close it; the rows whose mark may have changed."""
        if self._from is not None:
            self._close()
            return frozenset()
        self._from = row
        return self.stretch(row, between)

    def stretch(self, row: int, between: Between) -> frozenset[int]:
        """Let an open range reach to `row`; the rows whose mark changed."""
        if self._from is None:
            return frozenset()
        before = self.rows
        self._range = frozenset(between(self._from, row))
        self._remember()
        return before ^ self.rows

    def _close(self) -> None:
        self._fixed |= self._range
        self._range, self._from = frozenset(), None
