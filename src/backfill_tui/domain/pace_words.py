"""How fast runs end, and when the last one will have, in words."""

from __future__ import annotations

import time
from typing import Final

from backfill_tui.domain.instants import SECOND
from backfill_tui.domain.throughput import Pace
from backfill_tui.domain.time_ranges import TimeRange, in_words


def rate_words(per_minute: float) -> str:
    """`7.4 runs/min`, `12 runs/h`: in the unit that gives the number at least one digit before its point."""
    unit, number = next(
        ((unit, per_minute * factor) for unit, factor in (("min", 1), ("h", 60)) if per_minute * factor >= 1),
        ("day", per_minute * 24 * 60),
    )
    return f"{number:,.0f} runs/{unit}" if number >= 10 else f"{number:.1f} runs/{unit}"  # noqa: PLR2004


def left_words(pace: Pace) -> str:
    """`9 to 14 min left`; empty where that is not known."""
    return f"{in_words(pace.left)} left" if pace.left is not None else ""


def end_words(left: TimeRange, now: float) -> str:
    """`ends between 14:12 and 14:20`, `ends about 14:12`: on the clock of this machine, which says `now`.

    Another day than today is named.
    """
    first, last = (_clock(now + end / SECOND, now) for end in (left.low, left.high))
    return f"ends about {first}" if first == last else f"ends between {first} and {last}"


_TIME: Final = "%H:%M"
_DATE: Final = "%Y-%m-%d"


def _clock(moment: float, now: float) -> str:
    local, today = time.localtime(moment), time.localtime(now)
    is_today = time.strftime(_DATE, local) == time.strftime(_DATE, today)
    return time.strftime(_TIME if is_today else f"{_DATE} {_TIME}", local)
