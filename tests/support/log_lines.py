"""A log of lines in pages and searched, as the bridge does it with bytes: a place is a number of lines."""

from __future__ import annotations

from collections.abc import Sequence

from backfill_tui.domain.log_search import Search, shown
from backfill_tui.domain.tasks import LogMatch, LogMatches, LogPlace, LogQuery, LogSearch, TaskLog


def page_of(lines: Sequence[str], query: LogQuery) -> TaskLog:
    """The page that was asked for."""
    after = query.after.at if query.after is not None and query.after.at <= len(lines) else 0
    if query.forwards:
        return _between(lines, after, min(len(lines), after + query.max_lines), forwards=True)
    end = len(lines) if query.before is None else query.before.at
    return _between(lines, max(after, end - query.max_lines), end)


def find(lines: Sequence[str], search: LogSearch) -> LogMatch:
    """The next line that has the words, around the end, and the page around it."""
    found = _found(lines, search.words)
    if not found:
        return LogMatch(log=None)
    default = 0 if search.step > 0 else len(lines)
    start = search.start.at if search.start is not None else default
    if search.step > 0:
        at = next((at for at in found if at >= start), found[0])
    else:
        at = next((at for at in reversed(found) if at < start), found[-1])
    half = max(1, search.query.max_lines // 2)
    begin = max(0, at + 1 - half)
    page = _between(lines, begin, min(len(lines), at + 1 + half), forwards=True)
    return LogMatch(log=page, line=at - begin)


def count(lines: Sequence[str], search: LogSearch) -> LogMatches:
    """All lines from a place on that have the words."""
    start = search.start.at if search.start is not None else 0
    return LogMatches(
        places=tuple(at for at in _found(lines, search.words) if at >= start),
        begins=LogPlace(at=start),
        ends=LogPlace(at=len(lines)),
    )


def _found(lines: Sequence[str], words: str) -> list[int]:
    return Search(words).lines_of([" ".join(shown(line)) for line in lines])


def _between(lines: Sequence[str], begin: int, end: int, *, forwards: bool = False) -> TaskLog:
    return TaskLog(
        lines=tuple(lines[begin:end]),
        truncated=begin > 0,
        begins=LogPlace(at=begin),
        ends=LogPlace(at=end),
        followed=forwards and end < len(lines),
    )
