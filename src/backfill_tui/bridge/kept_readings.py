"""What was read for a list, kept as long as nobody writes to the database.

A screen that is left alone asks for the same again and again, and to know whether anything was written since
(`change_mark`) takes a small part of reading it all.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from backfill_tui.bridge.change_mark import ChangeMark
from backfill_tui.domain.instants import Instant
from backfill_tui.domain.text import one_line

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backfill_tui.bridge.environment import AirflowEnvironment

T = TypeVar("T")

LONGEST_SECONDS: Final = 15.0
"""Nothing is kept longer: what stands in no table, such as a file that was taken away, comes to light too."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """One reading, the state of the database it is of, and when it was made."""

    value: Any
    of: tuple[int, Hashable]
    made_at: float


class KeptReadings:
    """Readings by name; several threads may ask at once, each then reads for itself.

    The look at the database has a connection of its own, which holds no transaction.
    """

    def __init__(self, airflow: AirflowEnvironment, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._airflow = airflow
        self._clock = clock
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._session: Session | None = None
        self._mark: ChangeMark | None = None
        self._state = 0
        self._kept: dict[Hashable, _Kept] = {}

    def get(
        self, what: Hashable, read: Callable[[Session], T], *, beside: Hashable = None
    ) -> tuple[T, Instant]:
        """What `read` gave or gives, and the clock of the database at which it is true.

        `beside` tells the state of what is read besides the database.
        """
        state, now = self._look()
        of, made_at = (state, beside), self._clock()
        kept = self._kept.get(what)
        if kept is not None and kept.of == of and made_at - kept.made_at < LONGEST_SECONDS:
            value: T = kept.value
            return value, now
        with self._airflow.session() as session:
            now = self._airflow.now(session)
            value = read(session)
        self._kept[what] = _Kept(value, of, made_at)
        return value, now

    @property
    def state(self) -> int:
        """Which state of the database was seen last, counted from the first."""
        with self._lock:
            return self._state

    def close(self) -> None:
        """Let go of the connection; the next look opens another one."""
        with self._lock:
            self._forget()

    def _look(self) -> tuple[int, Instant]:
        """Which state of the database this is, counted from the first, and its clock.

        It is looked at before anything is read: what is written meanwhile makes another state.
        """
        from sqlalchemy.exc import DBAPIError

        with self._lock:
            try:
                if self._mark is None:
                    self._session = self._open.enter_context(self._airflow.session())
                    self._session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
                    self._mark = ChangeMark(self._session, self._airflow.now)
                look = self._mark.look()
            except (DBAPIError, OSError) as lost:
                # The reading itself will say what is wrong, if it still is.
                sys.stderr.write(f"the state of the database is not known: {one_line(str(lost))}\n")
                self._forget()
                return self._state, Instant(0)
            if look.moved:
                self._state += 1
            return self._state, look.now

    def _forget(self) -> None:
        """Begin anew with another connection; what was kept is of no known state."""
        if self._session is not None:
            # Closed as it is: of a lost connection nothing can be committed or rolled back.
            self._session.invalidate()
        self._open.close()
        self._session = self._mark = None
        self._state += 1
