"""How fast the runs of a watched backfill end, and how long the rest may take: always a range, or nothing.

It holds while the runs that are left are like those that ended last and as many of them run at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Final

from backfill_tui.domain.instants import SECOND, Instant, Microseconds
from backfill_tui.domain.time_ranges import TimeRange
from backfill_tui.domain.watching import RunRow

FEWEST: Final = 4
"""Of fewer finished runs nothing is said."""
_LAST: Final = 16
"""How many of the runs that ended last tell how long one takes."""
_LOOK_BACK: Final = 30
"""How many times the length of a run the present pace looks back; what ended before may be of another day."""
_SHORTEST_LOOK: Final = 300 * SECOND
_LEAST_SPREAD: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How runs ended so far.

    `ended` counts those that ended in each of some equal parts of the time since the first one began, and is
    empty while fewer than `FEWEST` have. `per_minute` is the present pace and `left` what the rest may take,
    both None where that is not known.
    """

    ended: tuple[int, ...] = ()
    per_minute: float | None = None
    left: TimeRange | None = None


def pace_of(rows: Iterable[RunRow | None], now: Instant, *, running: int, left: int, parts: int = 16) -> Pace:
    """The pace of a backfill whose rows were read at `now`, the database's clock.

    `running` runs are active and `left` have not ended; give 0 where no more run starts or ends by itself.
    """
    took = sorted(
        (row.ended_at, row.started_at)
        for row in rows
        if row is not None and row.ended_at is not None and row.started_at is not None
    )
    if len(took) < FEWEST:
        return Pace()
    ends = [end for end, _ in took]
    begun = min(start for _, start in took)
    per_second = _rate(ends, _typical(took), now) if left else None
    return Pace(
        ended=_counted(ends, begun, now if left else ends[-1], parts),
        per_minute=None if per_second is None else per_second * 60,
        left=_time_left(took, per_second, running, left) if left and running else None,
    )


def _counted(ends: Sequence[int], begun: int, until: int, parts: int) -> tuple[int, ...]:
    # A clock of another host may be ahead: what ended after `until` is in the last part.
    length = max(1, until - begun)
    edges = [0, *(bisect_right(ends, begun + length * part // parts) for part in range(1, parts)), len(ends)]
    return tuple(after - before for before, after in pairwise(edges))


def _typical(took: Sequence[tuple[int, int]]) -> int:
    """How long one of the last runs took, on average."""
    last = took[-_LAST:]
    return max(1, sum(max(0, end - start) for end, start in last) // len(last))


def _rate(ends: Sequence[int], typical: int, now: int) -> float | None:
    """Runs a second of late; None while too few ended of late, or all of them in one go."""
    back = max(_SHORTEST_LOOK, _LOOK_BACK * typical)
    of_late = ends[bisect_right(ends, now - back) :]
    if len(of_late) <= FEWEST or now - of_late[0] < typical:
        return None
    return (len(of_late) - 1) * SECOND / (now - of_late[0])


def _time_left(
    took: Sequence[tuple[int, int]], per_second: float | None, running: int, left: int
) -> TimeRange:
    """From the pace of late, and from how long a run takes of which so many run at once.

    Those that run now may be about to end, or have only begun.
    """
    typical = _typical(took)
    least: float = max(0, left - running) * typical / running
    most: float = -(-left // running) * typical
    if per_second:
        least, most = min(least, left * SECOND / per_second), max(most, left * SECOND / per_second)
    spread = 1 + max(_LEAST_SPREAD, 1 / sqrt(len(took)))
    return TimeRange(low=Microseconds(int(least / spread)), high=Microseconds(int(most * spread)))
