"""What one stream has sent of a grid, and what differs from it now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from backfill_tui.bridge.environment import dialect_of
from backfill_tui.bridge.grid_reader import Entry, GridReader, is_running
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.watching import BackfillFacts, GridUpdate, RunRow, TaskColumn

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Session

CHUNK_ROWS: Final = 200
"""Rows of one update at most: enough to be quick, few enough to paint between two of them."""

SLOW_LANE_CELLS: Final = 2_000
"""Cells read at each tick though nothing says that they changed."""


class SentGrid:
    """Remembers each row as it was sent, by its ordinal, and the entry it was read for.

    Three kinds of rows are read again: those whose entry changed (their run began, ended, was cleared,
    deleted or taken over), those whose run is running, and some of the others in turn.
    """

    def __init__(self, reader: GridReader, columns: tuple[TaskColumn, ...]) -> None:
        self._reader = reader
        self._columns = columns
        self._columns_sent = False
        self._sent: dict[int, tuple[RunRow, bytes]] = {}
        self._entries: dict[int, Entry] = {}
        self._round: Iterator[int] = iter(())
        self._quiet_rows = 0

    def updates(
        self, connection: Connection, facts: BackfillFacts, read_at: Instant, *, moved: bool
    ) -> Iterator[GridUpdate]:
        """One update, or several where the rows to send are very many.

        `moved` is false when the database is known not to have changed since the last reading; once every
        row was read again after a change, nothing is read then. Raises UnknownTasksError (see GridReader).
        """
        self._quiet_rows = 0 if moved else self._quiet_rows
        if self._columns_sent and self._quiet_rows >= len(self._entries):
            yield self._update(facts, read_at, [], total_rows=max(self._entries, default=0), loaded=True)
            return
        entries = self._reader.entries(connection)
        wanted = self._to_read(entries)
        last = max(0, len(wanted) - 1) // CHUNK_ROWS
        for number in range(last + 1):
            chunk = [entries[at] for at in wanted[number * CHUNK_ROWS : (number + 1) * CHUNK_ROWS]]
            rows = self._reader.rows(connection, chunk) if chunk else []
            fresh = [row for row in rows if self._sent.get(row[0].ordinal) != row]
            self._sent.update((row[0].ordinal, row) for row in rows)
            self._entries.update((entry[0], entry) for entry in chunk)
            if fresh or number == last:
                loaded = len(self._sent) >= len(entries)
                yield self._update(facts, read_at, fresh, total_rows=max(entries, default=0), loaded=loaded)

    def _to_read(self, entries: dict[int, Entry]) -> list[int]:
        known = self._entries
        hot = {
            ordinal for ordinal, entry in entries.items() if known.get(ordinal) != entry or is_running(entry)
        }
        in_turn = max(1, SLOW_LANE_CELLS // max(1, len(self._columns)))
        for _ in range(min(in_turn, len(entries))):
            ordinal = next(self._round, None)
            if ordinal is None:
                self._round = iter(sorted(entries))
                ordinal = next(self._round)
            hot.add(ordinal)
            self._quiet_rows += 1
        return sorted(hot & entries.keys())

    def _update(
        self,
        facts: BackfillFacts,
        read_at: Instant,
        rows: Sequence[tuple[RunRow, bytes]],
        *,
        total_rows: int,
        loaded: bool,
    ) -> GridUpdate:
        columns = None if self._columns_sent else self._columns
        self._columns_sent = True
        return GridUpdate(
            read_at=read_at,
            facts=facts,
            columns=columns,
            rows=tuple(row for row, _ in rows),
            cells=b"".join(cells for _, cells in rows),
            total_rows=total_rows,
            loaded=loaded,
        )


class ChangeMark:
    """Whether anyone else wrote to the database since the last look; only SQLite can tell."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tells = dialect_of(session) == "sqlite"
        self._version: int | None = None

    def moved(self) -> bool:
        """True at the first look, and wherever it can not be known."""
        if not self._tells:
            return True
        before = self._version
        # It counts the commits of all other connections, of this process or another.
        self._version = self._session.execute(text("PRAGMA data_version")).scalar_one()
        return self._version != before
