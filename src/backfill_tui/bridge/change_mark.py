"""Whether anyone wrote to the database since the last look, told without reading what was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backfill_tui.bridge.environment import dialect_of
from backfill_tui.domain.instants import SECOND, Instant

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_SQLITE: Final = "PRAGMA data_version"
"""Counts the commits of all other connections, of this process or another."""

_POSTGRESQL: Final = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_snapshot()::text END,"
    " extract(epoch from statement_timestamp())"
)
"""Which transactions are seen, by which alone the server decides what a statement reads.

A commit makes another snapshot in the very moment in which others see it, however long it was written to the
log before. A standby tells its snapshots without what is under way, so that nothing can be known of it. The
clock, which is wanted at each look as well, is that of before the snapshot.
"""

_ITSELF: Final = re.compile(r"PostgreSQL [\d.]+(?:beta\d+|rc\d+|devel)? ")
"""Others that speak like PostgreSQL keep their rows in ways of their own."""


@dataclass(frozen=True, slots=True)
class Look:
    """Whether anything was written since the look before, and the database's clock: no later than that."""

    moved: bool
    now: Instant


class ChangeMark:
    """What the database says of itself as long as nobody writes; of some kinds nothing is known.

    `clock` reads the time of a database that does not tell it with the mark.
    """

    def __init__(self, session: Session, clock: Callable[[Session], Instant]) -> None:
        self._session = session
        self._clock = clock
        self._mark: object = None
        self._kind = dialect_of(session)
        if self._kind == "postgresql" and not _ITSELF.match(self._ask("SELECT version()")[0]):
            self._kind = "like postgresql"

    def look(self) -> Look:
        """It has moved at the first look, and wherever it can not be known."""
        if self._kind == "postgresql":
            mark, seconds = self._ask(_POSTGRESQL)
            return Look(self._moved_to(mark), Instant(int(seconds * SECOND)))
        # The clock first: what is read is never older than the update says.
        now = self._clock(self._session)
        return Look(self._kind != "sqlite" or self._moved_to(self._ask(_SQLITE)[0]), now)

    def _moved_to(self, mark: object) -> bool:
        before, self._mark = self._mark, mark
        return mark is None or mark != before

    def _ask(self, look: str) -> Any:
        # A bare statement costs half of one that SQLAlchemy takes apart, five times a second.
        return self._session.connection().exec_driver_sql(look).one()
