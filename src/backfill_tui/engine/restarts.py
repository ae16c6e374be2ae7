"""When something that died is started again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass

LIMIT = 5
CALM_SECONDS = 60.0
_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 30.0


@dataclass(slots=True)
class Restarts:
    """The failures of one component in a row; a minute of good health wipes them out. Times are monotonic."""

    in_a_row: int = 0
    total: int = 0
    healthy_since: float | None = None

    def is_healthy(self, now: float) -> None:
        """It works."""
        if self.healthy_since is None:
            self.healthy_since = now
        elif now - self.healthy_since >= CALM_SECONDS:
            self.in_a_row = 0

    def failed(self, now: float) -> float | None:
        """It died: after how many seconds to start it again, None when it is not worth another try."""
        if self.healthy_since is not None and now - self.healthy_since >= CALM_SECONDS:
            self.in_a_row = 0
        self.healthy_since = None
        self.in_a_row += 1
        self.total += 1
        if self.in_a_row >= LIMIT:
            return None
        return min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * (1 << (self.in_a_row - 1)))
