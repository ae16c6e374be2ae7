"""The entries of a watched backfill as last read, kept true by reading as few of them as possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backfill_tui.bridge.grid_entries import Entry, EntrySource, Glance, Sums, is_running

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Connection


_SUMS_EVERY: Final = 5
"""Readings: a second. Only what no glance tells waits for it, such as that a run is of another backfill."""


class KnownEntries:
    """What is known of each date, by its ordinal.

    Runs that began or ended are found by the list of those that are running. All else is found by the sums
    that the database makes of all entries: only when these are not what the known entries add up to, every
    entry is read. So is it at the beginning of each round in which the rows are read in turn, whatever the
    sums say. The sums of very many entries cost more than all else, so they are made only when a glance at
    indexes tells of a change, or a second after the database moved without one.
    """

    def __init__(self, reader: EntrySource) -> None:
        self._reader = reader
        self._entries: dict[int, Entry] = {}
        self._ordinal_of_run: dict[int, int] = {}
        self._sums = Sums()
        self._glance: Glance = ()
        self._without_sums = 0
        self._order: list[int] = []
        self._turn = 0
        self.running: set[int] = set()
        """The ordinals of those whose run is running."""
        self.unread: set[int] = set()
        """The ordinals of those that changed since their row was read."""
        self.last = 0
        """The highest ordinal."""

    @property
    def count(self) -> int:
        """How many dates there are."""
        return len(self._entries)

    def knows(self, ordinal: int) -> bool:
        """Whether there is such a date."""
        return ordinal in self._entries

    def of(self, ordinals: Iterable[int]) -> list[Entry]:
        """The entries of these ordinals, in that order."""
        return [self._entries[ordinal] for ordinal in ordinals]

    def were_read(self, entries: Iterable[Entry]) -> None:
        """The rows of these entries were read: those that did not change meanwhile are true now."""
        self.unread.difference_update(entry[0] for entry in entries)

    def refresh(self, connection: Connection, *, moved: bool) -> None:
        """See what changed, and read it; nothing did where the database has not moved since the last time."""
        if self._turn >= len(self._order):
            self._read_all(connection)
            self._order, self._turn = sorted(self._entries), 0
            return
        if not moved and not self._without_sums:
            return
        # The glance first: what changes after it is told by the next one.
        running, glance = self._reader.glance(connection)
        if moved:
            self._read_moving(connection, running)
        self._without_sums += 1
        if glance == self._glance and self._without_sums < _SUMS_EVERY:
            return
        if self._reader.sums(connection) != self._sums:
            self._read_all(connection)
        self._glance, self._without_sums = glance, 0

    def _read_moving(self, connection: Connection, running: Iterable[int]) -> None:
        """Read the entries whose run is running, or was."""
        now_running = (self._ordinal_of_run.get(run) for run in running)
        moving = self.running.union(ordinal for ordinal in now_running if ordinal is not None)
        for entry in self._reader.some(connection, [entry[1] for entry in self.of(moving)]):
            self._sums = self._sums.with_change(self._entries[entry[0]], entry)
            self._learn(entry)

    def in_turn(self, number: int) -> Sequence[int]:
        """The next ordinals of a round through all."""
        found = self._order[self._turn : self._turn + number]
        self._turn += number
        return [ordinal for ordinal in found if ordinal in self._entries]

    def _read_all(self, connection: Connection) -> None:
        # The sums first: what changes between the two is told by the next sums.
        sums = self._reader.sums(connection)
        found = self._reader.everything(connection)
        self._sums = sums
        for ordinal in self._entries.keys() - found.keys():
            self._forget(self._entries[ordinal])
        for ordinal, entry in found.items():
            if self._entries.get(ordinal) != entry:
                self._learn(entry)
        self.last = max(found, default=0)

    def _learn(self, entry: Entry) -> None:
        ordinal, _, dag_run_id, *_ = entry
        if self._entries.get(ordinal) == entry:
            return
        self._entries[ordinal] = entry
        self.unread.add(ordinal)
        if dag_run_id is not None:
            self._ordinal_of_run[dag_run_id] = ordinal
        if is_running(entry):
            self.running.add(ordinal)
        else:
            self.running.discard(ordinal)

    def _forget(self, entry: Entry) -> None:
        del self._entries[entry[0]]
        if entry[2] is not None:
            self._ordinal_of_run.pop(entry[2], None)
        self.running.discard(entry[0])
        self.unread.discard(entry[0])
