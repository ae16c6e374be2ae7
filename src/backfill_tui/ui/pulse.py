"""When Airflow was heard last, and when its Dags are to be read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_DAGS_SECONDS: Final = 4.0
_DAGS_SHARE: Final = 20
"""Reading the Dags may take at most one part in so many of the time."""
_UNCHANGED_SECONDS: Final = 15.0
"""What stands in no table, such as a file that was taken away, is looked for though nobody wrote."""


class Pulse:
    """Keeps times by a clock that gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heard_at = clock()
        self._dags_due = 0.0
        self._dags_asked_at = 0.0
        self._changes: int | None = None
        self._changes_asked: int | None = None

    def heard(self, changes: int | None) -> None:
        """Airflow has just answered; `changes` as in `Environment`."""
        self._heard_at, self._changes = self._clock(), changes

    @property
    def silent_seconds(self) -> int:
        """Whole seconds since it did."""
        return int(self._clock() - self._heard_at)

    def dags_asked(self) -> None:
        """The Dags are being read, as they are after the changes of which was heard, or later."""
        self._dags_asked_at, self._changes_asked = self._clock(), self._changes

    def dags_failed(self) -> None:
        """They could not be read, so that nothing is known of them."""
        self._changes_asked = None

    def dags_read(self, seconds: float) -> None:
        """The Dags have just been read, which took so long."""
        self._dags_due = self._clock() + max(_DAGS_SECONDS, seconds * _DAGS_SHARE)

    @property
    def dags_are_due(self) -> bool:
        """Whether the Dags were read long enough ago; where nobody wrote since, that is later."""
        now = self._clock()
        unchanged = self._changes is not None and self._changes == self._changes_asked
        return now >= self._dags_due and (not unchanged or now >= self._dags_asked_at + _UNCHANGED_SECONDS)
