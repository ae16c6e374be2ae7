"""What one stream has sent of a grid, and what differs from it now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from backfill_tui.bridge.grid_known import KnownEntries
from backfill_tui.bridge.grid_reader import GridReader
from backfill_tui.bridge.view_lane import ViewLane
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.watching import GridRows, RunRow, TaskColumn

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

CHUNK_ROWS: Final = 200
"""Rows of one update at most: enough to be quick, few enough to paint between two of them."""

FIRST_ROWS: Final = 50
"""Rows of the very first update: about a screen, so that something is seen soon."""

SLOW_LANE_CELLS: Final = 1_000
"""Cells of any row read at each tick though nothing says that they changed; while the database stands still,
which leaves all else to do, three times as many."""
_WHILE_STILL: Final = 3

VIEW_LANE_CELLS: Final = 1_000
"""Cells read so of the rows in view: of fifty with a hundred tasks all within a second."""


class SentGrid:
    """Remembers each row as it was sent, by its ordinal.

    A row counts as sent once the next update is asked for: one that fails on its way is sent again.
    Three kinds of rows are read again: those whose entry changed (their run began, ended, was cleared,
    deleted or taken over), those whose run is running, and some of the others in turn, more often where
    somebody looks at them.
    """

    def __init__(self, reader: GridReader, columns: tuple[TaskColumn, ...]) -> None:
        self._reader = reader
        self._columns = columns
        self._columns_sent = False
        self._sent: dict[int, tuple[RunRow, bytes]] = {}
        self._entries = KnownEntries(reader.entries)
        self._view = ViewLane()
        self._quiet_rows = 0
        self._told_at = Instant(0)

    def updates(
        self, connection: Connection, read_at: Instant, *, moved: bool, in_view: Sequence[int] = ()
    ) -> Iterator[GridRows]:
        """One update, or several where the rows to send are very many.

        `moved` is false when the database is known not to have changed since the last reading: then only rows
        in turn are read, and nothing once all were since the last change; that is told once a second.
        `in_view` are the ordinals of the rows that somebody looks at. Raises UnknownTasksError (see
        GridReader).
        """
        self._quiet_rows = 0 if moved else self._quiet_rows
        entries = self._entries
        if self._columns_sent and not moved and self._quiet_rows >= entries.count:
            if not 0 <= read_at - self._told_at < SECOND:
                yield self._update(read_at, [], loaded=True)
            return
        entries.refresh(connection, moved=moved)
        in_turn = entries.in_turn(self._rows_of(SLOW_LANE_CELLS * (1 if moved else _WHILE_STILL)))
        read_anyway = entries.unread | (entries.running if moved else set()) | set(in_turn)
        looked_at = self._view.next(in_view, self._rows_of(VIEW_LANE_CELLS), besides=read_anyway)
        wanted = sorted(read_anyway.union(filter(entries.knows, looked_at)))
        # Where all are read at once, as they are at first, that was a round.
        self._quiet_rows += len(in_turn) if len(wanted) < entries.count else entries.count
        bounds = [0, *range(CHUNK_ROWS if self._sent else FIRST_ROWS, len(wanted), CHUNK_ROWS), len(wanted)]
        for start, end in pairwise(bounds):
            chunk = entries.of(wanted[start:end])
            rows = self._reader.rows(connection, chunk) if chunk else []
            fresh = [row for row in rows if self._sent.get(row[0].ordinal) != row]
            first = sum(row[0].ordinal not in self._sent for row in fresh)
            if fresh or end == len(wanted):
                loaded = len(self._sent) + first >= entries.count
                yield self._update(read_at, fresh, loaded=loaded)
                self._columns_sent = True
            self._sent.update((row[0].ordinal, row) for row in fresh)
            entries.were_read(chunk)

    def _rows_of(self, cells: int) -> int:
        """How many rows have so many cells; at least one."""
        return max(1, cells // max(1, len(self._columns)))

    def _update(self, read_at: Instant, rows: Sequence[tuple[RunRow, bytes]], *, loaded: bool) -> GridRows:
        self._told_at = read_at
        return GridRows(
            read_at=read_at,
            columns=None if self._columns_sent else self._columns,
            rows=tuple(row for row, _ in rows),
            cells=b"".join(cells for _, cells in rows),
            total_rows=self._entries.last,
            loaded=loaded,
        )
