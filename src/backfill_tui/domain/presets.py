"""Ranges that are one key away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backfill_tui.domain.dates import Span
from backfill_tui.domain.ranges import RangeContext, read_range

PRESETS: Final = (
    ("d", "Yesterday", "yesterday"),
    ("7", "Last 7 days", "last 7 days"),
    ("3", "Last 30 days", "last 30 days"),
    ("m", "This month", "this month"),
    ("M", "Last month", "last month"),
    ("t", "This quarter", "this quarter"),
    ("T", "Last quarter", "last quarter"),
    ("y", "This year", "this year"),
    ("Y", "Last year", "last year"),
    ("s", "Since the last success", "since last success"),
    ("a", "All since the start", "since start"),
)
"""Key, name and expression; the present unit on the small letter, the one before it on the capital one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One range to choose: its key, its name, what one would type for it, and what it means for a Dag.

    `span` is None where the Dag lacks what the range is made of, and `reason` then says what.
    """

    key: str
    name: str
    expression: str
    span: Span | None
    reason: str = ""


def presets(context: RangeContext) -> tuple[Preset, ...]:
    """All presets as they stand for a Dag now, in the order in which they are shown."""
    return tuple(_resolved(*row, context) for row in PRESETS)


def _resolved(key: str, name: str, expression: str, context: RangeContext) -> Preset:
    try:
        span, reason = read_range(expression, context), ""
    except ValueError as lacking:
        span, reason = None, str(lacking)
    return Preset(key=key, name=name, expression=expression, span=span, reason=reason)
