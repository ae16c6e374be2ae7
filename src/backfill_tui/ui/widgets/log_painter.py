"""Rows of a log in colours: lines of errors, and what was searched for."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style

from backfill_tui.domain.log_search import BAD
from backfill_tui.ui.widgets.log_finding import Finding
from backfill_tui.ui.widgets.log_layout import LogLayout

StyleOf = Callable[[str], Style]
"""The style of a part of the log: `bad`, `quiet`, `found` or `current`."""


def segments(
    layout: LogLayout, row: int, ground: Style, style_of: StyleOf, finding: Finding | None, *, first: int
) -> list[Segment]:
    """A row in pieces: what was searched for stands out. The lines before `first` are not of the log."""
    at, begin, end = layout.part_at(row)
    line = layout.lines[at]
    if at < first:
        return [Segment(line[begin:end], ground + style_of("quiet"))]
    style = ground + style_of("bad") if BAD.search(line) else ground
    spans = finding.search.spans(line) if finding else []
    if finding is None or not spans:
        return [Segment(line[begin:end], style)]
    found = style + style_of("current" if at == finding.current else "found")
    pieces, place = [], begin
    for head, tail in spans:
        head, tail = max(head, place), min(tail, end)  # noqa: PLW2901  # the part of it in this row
        if head < tail:
            pieces += [Segment(line[place:head], style), Segment(line[head:tail], found)]
            place = tail
    return [*pieces, Segment(line[place:end], style)]
