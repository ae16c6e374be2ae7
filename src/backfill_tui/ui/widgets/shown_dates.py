"""The dates that a grid is narrowed to: typed as a range, and kept as the text that says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backfill_tui.domain.instants import Instant, zone_named
from backfill_tui.domain.ranges import RangeContext, parse_range
from backfill_tui.domain.spans import Span
from backfill_tui.domain.states import RunState
from backfill_tui.domain.text import one_line
from backfill_tui.domain.watching import RunRow


@dataclass(frozen=True, slots=True)
class WantedDates:
    """The dates of a span, both ends included; `text` is how it was typed, harmless."""

    text: str
    span: Span

    def takes(self, row: RunRow | None) -> bool:
        """Whether the date of a row is one of them; of a row that is not read, or has no date, it is not."""
        date = None if row is None else row.logical_date
        return date is not None and self.span.first <= date <= self.span.last


def read_dates(text: str, rows: Iterable[RunRow | None], zone: str, now: Instant) -> WantedDates | None:
    """The dates that a range stands for, None for an empty text; `rows` are those of the backfill.

    The text is one of `domain.ranges` in the timezone named `zone`: `start` is the first date of the backfill
    and `last success` that of its latest run that succeeded. Raises BadRequest for what is no range.
    """
    if not text.strip():
        return None
    dated = [(row.logical_date, row) for row in rows if row is not None and row.logical_date is not None]
    context = RangeContext(
        zone=zone_named(zone),
        now=now,
        start=min((date for date, _ in dated), default=None),
        last_success=max((date for date, row in dated if row.state is RunState.SUCCESS), default=None),
    )
    return WantedDates(one_line(text).strip(), parse_range(text, context))
