"""When Airflow was heard last, and when its Dags are to be read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_DAGS_SECONDS: Final = 4.0
_DAGS_SHARE: Final = 20
"""Reading the Dags may take at most one part in so many of the time."""


class Pulse:
    """Keeps times by a clock that gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heard_at = clock()
        self._dags_due = 0.0

    def heard(self) -> None:
        """Airflow has just answered."""
        self._heard_at = self._clock()

    @property
    def silent_seconds(self) -> int:
        """Whole seconds since it did."""
        return int(self._clock() - self._heard_at)

    def dags_read(self, seconds: float) -> None:
        """The Dags have just been read, which took so long."""
        self._dags_due = self._clock() + max(_DAGS_SECONDS, seconds * _DAGS_SHARE)

    @property
    def dags_are_due(self) -> bool:
        """Whether the Dags were read long enough ago."""
        return self._clock() >= self._dags_due
