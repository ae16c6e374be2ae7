"""Whether anyone wrote to the database since the last look, told without reading what was written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from backfill_tui.bridge.environment import dialect_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_SQLITE: Final = "PRAGMA data_version"
"""Counts the commits of all other connections, of this process or another."""

_POSTGRESQL: Final = "SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_snapshot()::text END"
"""Which transactions are seen, by which alone the server decides what a statement reads.

A commit makes another snapshot in the very moment in which others see it, however long it was written to the
log before. A standby tells its snapshots without what is under way, so that nothing can be known of it.
"""

_ITSELF: Final = re.compile(r"PostgreSQL [\d.]+(?:beta\d+|rc\d+|devel)? ")
"""Others that speak like PostgreSQL keep their rows in ways of their own."""


class ChangeMark:
    """What the database says of itself as long as nobody writes; of some kinds nothing is known."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._mark: object = None
        self._look = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}.get(dialect_of(session))
        if self._look is _POSTGRESQL and not _ITSELF.match(self._ask("SELECT version()")):
            self._look = None

    def moved(self) -> bool:
        """True at the first look, and wherever it can not be known."""
        if self._look is None:
            return True
        before, self._mark = self._mark, self._ask(self._look)
        return self._mark is None or self._mark != before

    def _ask(self, look: str) -> Any:
        # A bare statement costs half of one that SQLAlchemy takes apart, five times a second.
        return self._session.connection().exec_driver_sql(look).scalar_one()
