"""Ranges of a backfill as people type them, and the words in which they are shown back.

A range is one expression of `dates` (`2024-Q1`, `last 30 days`), two of them (`2024-01-01..2024-02-15`), or
what a Dag has not yet done:

| range | from | to |
|---|---|---|
| `A..B` | the first instant of `A` | the last instant of `B` |
| `A..`, `since A` | the first instant of `A` | now |
| `..B` | the Dag's start date | the last instant of `B` |
| `since start` | the Dag's start date | now |
| `since last success` | just after the logical date of its latest success | now |

Now is taken to the whole second. `start` and `last success` may also stand before the two dots.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from typing import Final

from backfill_tui.domain.dates import (
    Side,
    Span,
    day_span,
    not_a_date,
    parse_bound,
    read_span,
    tidy,
    whole_second,
)
from backfill_tui.domain.instants import SECOND, Instant, minute, to_datetime
from backfill_tui.domain.near_misses import misspelt, near_miss, would_do
from backfill_tui.domain.numbers import counted
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.spans import is_unambiguous, within_reach
from backfill_tui.domain.text import one_line

RANGE_EXAMPLES: Final = "2024-03, 2024-Q1, last 30 days, since last success or 2024-01-01..2024-02-15"
"""One of each kind: a unit of the calendar, one that moves with the clock, an open and a closed range."""

_DOTS: Final = ".."
_SINCE: Final = "since "
_START: Final = ("start", "the start")
_LAST_SUCCESS: Final = ("last success", "the last success")
_PHRASES: Final = ("since start", "since last success")
_OTHER_SEPARATORS: Final = (" to ", " until ", " - ", "/")
_DAY: Final = 86_400 * SECOND
_LENGTHS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeContext:
    """What gives an expression its meaning: the Dag's timezone and start date, what it last did, and now.

    `last_success` is the logical date of its latest successful run; both dates are None where there is none.
    """

    zone: tzinfo
    now: Instant
    start: Instant | None = None
    last_success: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeWords:
    """A range as it is shown back: exact instants on the Dag's clock and in UTC, and how long it is.

    A bound that is the last microsecond before a full second is shown as that second, the end of a day as
    24:00, and a range that begins a microsecond after a full second as one after it. `days` counts the days
    of a range of whole days, else the dates that the range touches.
    `length` is `91 days`, or for a range that is not of whole days its two largest parts, `3 days 4 hours`.
    """

    local: str
    timezone: str
    utc: str
    days: int
    length: str


def parse_range(text: str, context: RangeContext) -> Span:
    """The range that one text means; raises BadRequest with a reason and examples for everything else."""
    try:
        span = read_range(text, context)
    except ValueError as cause:
        raise _not_a_range(text, str(cause)) from cause
    if span is None:
        raise _not_a_range(text)
    return span


def parse_bounds(from_text: str, to_text: str, context: RangeContext) -> Span:
    """The range that two fields mean: two bounds, or one text in the first field that is a whole range.

    Raises BadRequest for a text that can not be meant, for a range without a beginning and for one that ends
    before it begins.
    """
    if not from_text.strip():
        raise BadRequest("The range has no beginning", remedy=f"write it like {RANGE_EXAMPLES}")
    if not to_text.strip():
        return parse_range(from_text, context)
    for text in (from_text, to_text):
        if _DOTS in text:
            raise BadRequest(
                f'"{_shown(text)}" is a whole range, with both of its bounds',
                remedy="leave the other one empty",
            )
    return _between(from_text, to_text, context)


def read_range(text: str, context: RangeContext) -> Span | None:
    """The range of one text, as `parse_range`; None when it is nothing like one.

    Raises ValueError with the reason alone, and BadRequest where the reason names a part of the text.
    """
    wanted = tidy(text)
    if _DOTS in wanted:
        first, _, last = (part.strip() for part in text.partition(_DOTS))
        if not first and not last:
            msg = "it has no bounds"
            raise ValueError(msg)
        return _between(first, last, context) if last else _until_now(first, context)
    if wanted.startswith(_SINCE):
        return _until_now(text, context)
    span = read_span(wanted, context.zone, now=context.now)
    if span is None and (hint := _hint(wanted, context)):
        raise ValueError(hint)
    return span


def describe(span: Span, zone: tzinfo, timezone_name: str) -> RangeWords:
    """The words of a range; `timezone_name` is what the Dag calls `zone`."""
    first, last = (to_datetime(at, zone) for at in (span.first, span.last))
    whole = span.first == _day_of(first, zone).first and span.last == _day_of(last, zone).last
    elapsed = span.last - span.first + (span.last % SECOND == SECOND - 1)
    # Rounded, for changes of the clock; a day that a country skipped is no day of the range.
    days = round(elapsed / _DAY) if whole else (last.date() - first.date()).days + 1
    return RangeWords(
        local=_from_to(span, zone, weekdays=True),
        timezone=one_line(timezone_name),
        utc=f"{_from_to(span, timezone.utc)} UTC",
        days=days,
        length=counted(days, "day") if whole else _length(elapsed),
    )


def _from_to(span: Span, zone: tzinfo, *, weekdays: bool = False) -> str:
    just_after = span.first != span.last and span.first % SECOND == 1
    first = Instant(span.first - just_after)
    bounds = [(first, minute(first, zone))]
    if span.first != span.last:
        bounds.append((span.last, _end(span.last, zone)))
    words = (f"{to_datetime(at, zone):%a} {text}" if weekdays else text for at, text in bounds)
    return f"{'after ' if just_after else ''}{' to '.join(words)}"


def shortest(span: Span, zone: tzinfo) -> tuple[str, str]:
    """The shortest texts that mean exactly these bounds when `parse_bound` reads them in `zone`.

    A day where the bound is that end of it, else a local time where the clock says it only once, else an
    instant in UTC.
    """
    return _short(span.first, Side.FROM, zone), _short(span.last, Side.TO, zone)


def _between(from_text: str, to_text: str, context: RangeContext) -> Span:
    try:
        first = _first(from_text, context)
    except ValueError as cause:
        raise not_a_date(from_text or _DOTS + to_text, Side.FROM, str(cause)) from cause
    last = parse_bound(to_text, Side.TO, context.zone, now=context.now)
    if first > last:
        begin, end = minute(first, context.zone), _end(last, context.zone)
        raise BadRequest(f"The range ends before it begins: from {begin} to {end}", remedy="swap its bounds")
    return Span(first, last)


def _until_now(text: str, context: RangeContext) -> Span:
    first, now = _first(text, context), whole_second(context.now)
    if first > now:
        msg = f"it would begin after now, on {minute(first, context.zone)}"
        raise ValueError(msg)
    return Span(first, now)


def _first(text: str, context: RangeContext) -> Instant:
    """The first instant of a range; ValueError when the Dag lacks what it begins with."""
    if tidy(text).startswith(_SINCE):
        text = text.strip()[len(_SINCE) :]
    name = tidy(text)
    if not text.strip() or name in _START:
        first = _known(context.start, "this Dag has no start date")
    elif name in _LAST_SUCCESS:
        first = Instant(_known(context.last_success, "this Dag has never succeeded") + 1)
    elif hint := misspelt(name, (_START[0], _LAST_SUCCESS[0])):
        raise ValueError(hint)
    else:
        return parse_bound(text.strip(), Side.FROM, context.zone, now=context.now)
    return within_reach(Span(first, first)).first


def _known(fact: Instant | None, lacking: str) -> Instant:
    if fact is None:
        raise ValueError(lacking)
    return fact


def _hint(text: str, context: RangeContext) -> str:
    for separator in _OTHER_SEPARATORS:
        first, _, last = text.partition(separator)
        if last and _is_read(first, context) and _is_read(last, context):
            return would_do(f"{first.strip()}{_DOTS}{last.strip()}")
    return near_miss(text, _PHRASES)


def _is_read(text: str, context: RangeContext) -> bool:
    try:
        return read_span(text, context.zone, now=context.now) is not None
    except ValueError:
        return False


def _not_a_range(text: str, reason: str = "") -> BadRequest:
    why = f": {reason}" if reason else ""
    return BadRequest(
        f'"{_shown(text)}" is not a range of dates{why}', remedy=f"write it like {RANGE_EXAMPLES}"
    )


def _shown(text: str) -> str:
    return one_line(text[:200])[:60]


def _end(last: Instant, zone: tzinfo) -> str:
    local = to_datetime(last, zone)
    if last == _day_of(local, zone).last:
        return f"{local.date()} 24:00"
    return minute(Instant(last + 1) if last % SECOND == SECOND - 1 else last, zone)


def _day_of(local: datetime, zone: tzinfo) -> Span:
    return day_span(local.date(), zone)


def _length(elapsed: int) -> str:
    seconds = elapsed // SECOND
    if not elapsed:
        return "one instant"
    if not seconds:
        return "less than a second"
    words = []
    for size, word in _LENGTHS:
        number, seconds = divmod(seconds, size)
        if number:
            words.append(counted(number, word))
        if words and (not number or len(words) == 2):  # noqa: PLR2004
            break
    return " ".join(words)


def _short(at: Instant, side: Side, zone: tzinfo) -> str:
    local = to_datetime(at, zone)
    if at == _day_of(local, zone).bound(side):
        return local.date().isoformat()
    naive = local.replace(tzinfo=None)
    if is_unambiguous(naive, zone):
        return _written(naive)
    return _written(to_datetime(at).replace(tzinfo=None)) + "Z"


def _written(naive: datetime) -> str:
    bare = not naive.second and not naive.microsecond
    return naive.isoformat(timespec="minutes" if bare else "auto")
