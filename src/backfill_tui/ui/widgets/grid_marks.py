"""Which rows of the grid are marked, and a range that grows with the cursor."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import TypeAlias

Between: TypeAlias = Callable[[int, int], Iterable[int]]
"""The rows that can be marked from one to another, both of them as well."""


class Marks:
    """Marked rows, by index; while a range is open, those from its beginning to the cursor as well."""

    def __init__(self) -> None:
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

    def remove(self, rows: Iterable[int]) -> None:
        """Take the marks of some rows away; an open range ends here."""
        self._close()
        self._fixed -= frozenset(rows)

    def toggle(self, row: int) -> None:
        """Mark a row, or take its mark away; an open range ends here."""
        self._close()
        self._fixed ^= {row}

    def keep(self, rows: Container[int]) -> None:
        """Take away the marks of all rows but these."""
        self._fixed = frozenset(row for row in self._fixed if row in rows)
        self._range = frozenset(row for row in self._range if row in rows)

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
        return before ^ self.rows

    def _close(self) -> None:
        self._fixed |= self._range
        self._range, self._from = frozenset(), None
