"""How long Airflow's own creation of a backfill's runs takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.instants import Microseconds
from backfill_tui.domain.time_ranges import TimeRange


@dataclass(frozen=True, slots=True)
class _Cost:
    """What Airflow's creation takes for one run, in microseconds: `low` to `high`, and more for each task.

    `statements` are the SQL statements it waits for, each a round trip to the database.
    """

    low: int
    low_per_task: int
    high: int
    high_per_task: int
    statements: int
    statements_per_task: int

    def of(self, tasks: int, delay: int) -> tuple[int, int]:
        """The range for a run of so many tasks when each statement takes `delay` more than on loopback."""
        waiting = delay * (self.statements + self.statements_per_task * tasks)
        return (
            self.low + self.low_per_task * tasks + waiting,
            self.high + self.high_per_task * tasks + waiting * 3 // 2,
        )


# Measured with Airflow 3.3.2 on two shared cores, 200 runs of 1, 5 and 20 tasks: creating takes 2.8 to 5.8 ms
# a run on SQLite (8 on a busy machine), 4.1 to 7.5 on PostgreSQL (20); reprocessing 6.8 to 67 and 11 to 96.
# With 2.3 ms to the server, 28 to 35 for creating and 69 to 434 for reprocessing; statements were counted.
_CREATE: Final = {
    "sqlite": _Cost(2_000, 100, 6_000, 300, statements=0, statements_per_task=0),
    "postgresql": _Cost(3_000, 120, 10_000, 600, statements=10, statements_per_task=0),
}
_REPROCESS: Final = {
    "sqlite": _Cost(3_000, 1_500, 8_000, 4_000, statements=0, statements_per_task=0),
    "postgresql": _Cost(6_000, 2_000, 12_000, 5_500, statements=18, statements_per_task=5),
}
_CREATION_START: Final = 300_000
"""The most it takes to begin and to commit: reading the Dag, taking the lock, writing to the disk."""
_LOOPBACK: Final = 100
"""A round trip that the measured times contain already; 30 to 80 microseconds were measured."""


def creation_time(
    creates: int, reprocesses: int, tasks_per_run: int, database: str, round_trip: Microseconds
) -> TimeRange:
    """How long Airflow's own creation of the runs takes, all in one transaction, before the first one starts.

    `database` is SQLAlchemy's name of it; whatever is not SQLite is taken for PostgreSQL. `round_trip` is how
    long it takes to answer nothing: each run waits for ten answers or more, one after the other.
    """
    kind = "sqlite" if database == "sqlite" else "postgresql"
    delay = max(0, round_trip - _LOOPBACK)
    new, again = (costs[kind].of(tasks_per_run, delay) for costs in (_CREATE, _REPROCESS))
    low = creates * new[0] + reprocesses * again[0]
    high = creates * new[1] + reprocesses * again[1]
    start = _CREATION_START if high else 0
    return TimeRange(low=Microseconds(low), high=Microseconds(high + start))
