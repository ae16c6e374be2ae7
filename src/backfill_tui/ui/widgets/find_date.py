"""The row of a backfill that a typed date means: one that it names, else the nearest there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backfill_tui.domain.dates import EXAMPLES, read_span
from backfill_tui.domain.fuzzy import fits, folded
from backfill_tui.domain.instants import Instant, zone_named
from backfill_tui.domain.planning import BackfillPlan
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.spans import Span
from backfill_tui.domain.watching import RunRow, TaskColumn


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the store, and whether the text names it or only comes near; or the place of a task there."""

    row: int
    exact: bool
    task: int | None = None


def find_date(
    text: str, rows: Sequence[RunRow | None], among: Iterable[int], zone: str, now: Instant
) -> Found:
    """The first of the rows `among` whose date lies in what `text` stands for, else the nearest.

    The text is an expression of `domain.dates` in the timezone named `zone`; of rows without a date it is
    the beginning of a partition key. Raises BadRequest when it is neither, and when no row can be meant.
    """
    read = [(index, row) for index in among if (row := rows[index]) is not None]
    if text.strip():
        for index, row in read:
            if row.logical_date is None and (row.partition_key or "").startswith(text.strip()):
                return Found(index, exact=True)
    span = _span_of(text, zone, now)
    dated = [(row.logical_date, index) for index, row in read if row.logical_date is not None]
    if not dated:
        msg = "No row that is shown has such a date"
        raise BadRequest(msg, remedy="write the beginning of a partition key")
    away, _, index = min((_away(date, span), date, index) for date, index in dated)
    return Found(index, exact=not away)


def find_task(text: str, tasks: Sequence[TaskColumn], row: int) -> Found | None:
    """The task that a text fits best by its id; None where it fits none. The row stays as it is."""
    found = fits(text, [folded(task.task_id) for task in tasks]) if text.strip() else []
    return Found(row, exact=True, task=found[0][0]) if found else None


def find_planned(text: str, plan: BackfillPlan, places: Sequence[int], zone: str, now: Instant) -> Found:
    """The date of a plan that a text means, among those at `places`: its place, as `find_date` has rows."""
    dates = plan.judged.dates
    if dates.partition_keys is not None and text.strip():
        for place in places:
            if dates.partition_keys[place].startswith(text.strip()):
                return Found(place, exact=True)
    span, identities = _span_of(text, zone, now), dates.dates
    near = ((_away(Instant(identities[place]), span), identities[place], place) for place in places)
    away, _, place = min(near, default=(0, 0, -1))
    if place < 0:
        msg = "No date is shown"
        raise BadRequest(msg, remedy="show all dates again, or plan another range")
    return Found(place, exact=not away)


def _span_of(text: str, zone: str, now: Instant) -> Span:
    remedy = f"write it like {EXAMPLES}"
    try:
        span = read_span(text, zone_named(zone), now=now)
    except ValueError as cause:
        reason = str(cause)
        raise BadRequest(f"That is not a date: {reason}", remedy=remedy) from cause
    if span is None:
        msg = "That is not a date"
        raise BadRequest(msg, remedy=remedy)
    return span


def _away(date: Instant, span: Span) -> int:
    """How far a date is from a span; 0 for one in it."""
    return max(span.first - date, date - span.last, 0)
