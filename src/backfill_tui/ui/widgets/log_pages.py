"""The pages of a log that are kept: a window that goes over it, however long it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from backfill_tui.domain.tasks import LogPlace

MOST_LINES: Final = 40_000
_SMALL: Final = 40
"""A page of less than one in so many of the lines that are kept is joined with the one before."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Harmless lines, and the places between which they stand."""

    lines: tuple[str, ...]
    begins: LogPlace | None = None
    ends: LogPlace | None = None


class LogPages:
    """Pages in order, without a gap; at most `most_lines` lines, unless one page alone has more.

    Of newer pages that had to go it knows the places: `newer` ends the next of them, None at the end.
    """

    def __init__(self, most_lines: int = MOST_LINES) -> None:
        self._most = most_lines
        self._pages: deque[LogPage] = deque()
        self._left: list[LogPlace] = []
        self._count = 0

    @property
    def begins(self) -> LogPlace | None:
        """Where the first line stands; None where nothing before can be read."""
        return self._pages[0].begins if self._pages else None

    @property
    def ends(self) -> LogPlace | None:
        """Where the last line that is kept ends."""
        return self._pages[-1].ends if self._pages else None

    @property
    def newer(self) -> LogPlace | None:
        """Where the next page ends."""
        return self._left[-1] if self._left else None

    @property
    def has_older(self) -> bool:
        """Whether there are lines before."""
        return self.begins is not None and self.begins.at > 0

    def lines(self) -> Iterator[str]:
        """All lines that are kept."""
        return (line for page in self._pages for line in page.lines)

    def replace(self, *pages: LogPage) -> None:
        """Keep other pages."""
        self._pages, self._left = deque(pages), []
        self._count = sum(len(page.lines) for page in pages)

    def put_after(self, page: LogPage) -> int:
        """Add what follows; gives how many lines had to go at the beginning."""
        if self._left:
            self._left.pop()
        last = self._pages[-1]
        if len(last.lines) + len(page.lines) <= self._most // _SMALL:
            # What a task writes comes in small pieces.
            self._pages[-1] = replace(last, lines=last.lines + page.lines, ends=page.ends)
        else:
            self._pages.append(page)
        self._count += len(page.lines)
        gone = 0
        while self._count > self._most and len(self._pages) > 1:
            lines = len(self._pages.popleft().lines)
            self._count -= lines
            gone += lines
        return gone

    def put_before(self, page: LogPage) -> None:
        """Add the page before; lines at the end go, and can be read again."""
        self._pages.appendleft(page)
        self._count += len(page.lines)
        while self._count > self._most and len(self._pages) > 1:
            last = self._pages.pop()
            self._count -= len(last.lines)
            if last.ends is not None:
                self._left.append(last.ends)
