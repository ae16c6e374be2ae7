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
    """Harmless lines, and the places between which they stand; `followed` when there are lines after them."""

    lines: tuple[str, ...]
    begins: LogPlace | None = None
    ends: LogPlace | None = None
    followed: bool = False


class LogPages:
    """Pages in order, without a gap; at most `most_lines` lines, unless one page alone has more."""

    def __init__(self, most_lines: int = MOST_LINES) -> None:
        self._most = most_lines
        self._pages: deque[LogPage] = deque()
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
    def has_newer(self) -> bool:
        """Whether there are lines after."""
        return bool(self._pages) and self._pages[-1].followed

    @property
    def has_older(self) -> bool:
        """Whether there are lines before."""
        return self.begins is not None and self.begins.at > 0

    def lines(self) -> Iterator[str]:
        """All lines that are kept."""
        return (line for page in self._pages for line in page.lines)

    def replace(self, *pages: LogPage) -> None:
        """Keep other pages."""
        self._pages = deque(pages)
        self._count = sum(len(page.lines) for page in pages)

    def put_after(self, page: LogPage) -> int:
        """Add what follows; gives how many lines had to go at the beginning."""
        last = self._pages[-1]
        if len(last.lines) + len(page.lines) <= self._most // _SMALL or not page.lines:
            # What a task writes comes in small pieces.
            self._pages[-1] = replace(page, lines=last.lines + page.lines, begins=last.begins)
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
            self._count -= len(self._pages.pop().lines)
            self._pages[-1] = replace(self._pages[-1], followed=True)
