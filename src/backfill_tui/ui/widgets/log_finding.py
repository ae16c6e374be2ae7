"""A search in a log under way: among the lines that are kept, and what is known of the whole log."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backfill_tui.domain.log_search import Search
from backfill_tui.domain.tasks import LogMatches, LogPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The lines on the screen that are of the log: all from `first` on, which begins at a place of it.

    `whole` when the log has no others.
    """

    lines: Sequence[str]
    first: int
    begins: LogPlace | None
    whole: bool


class Finding:
    """What is looked for; `current` is the line one is at, None before the first.

    `matches` counts those of the whole log once that was read, `counting` says that it is, `uncounted` that
    it could not be; `looking` while the next one is looked for in what is not kept.
    """

    def __init__(self, words: str) -> None:
        self.search = Search(words)
        self.current: int | None = None
        self.matches: LogMatches | None = None
        self.looking = False
        self.counting = False
        self.uncounted = False

    def forget(self) -> None:
        """Another log is searched."""
        self.current, self.matches = None, None
        self.looking = self.counting = self.uncounted = False

    def next_in(self, kept: Kept, step: int, top: int) -> int | None:
        """The next line it stands in, at first from line `top` on; around the end only of a whole log."""
        found = self._found(kept)
        if self.current is None:
            ahead = [at for at in found if at >= top]
        elif step > 0:
            ahead = [at for at in found if at > self.current]
        else:
            ahead = [at for at in reversed(found) if at < self.current]
        if ahead:
            return ahead[0]
        if not found or not kept.whole:
            return None
        return found[0] if step > 0 or self.current is None else found[-1]

    def shift(self, lines: int) -> None:
        """The same lines stand further down, or were left behind."""
        if self.current is not None:
            self.current = self.current + lines if self.current + lines >= 0 else None

    def counted(self, matches: LogMatches) -> None:
        """Take over how many there are, or how many more where that goes on from what was counted."""
        before = self.matches
        if before is not None and before.ends == matches.begins:
            matches = replace(matches, places=before.places + matches.places, begins=before.begins)
        self.matches, self.counting = matches, False

    def words(self, kept: Kept) -> str:
        """What was found: `sku  3 of 12 lines in this log`."""
        found = self._found(kept)
        place = found.index(self.current) + 1 if self.current in found else None
        if kept.whole:
            return self._said(place, len(found), more=False)
        if self.looking or (self.matches is None and not self.uncounted):
            return f"{self.search.words}  looking through the whole log"
        if self.matches is None:
            return f"{self.search.words}  not counted in the whole log"
        places = self.matches.places
        if place is not None and kept.begins is not None:
            before = bisect_left(places, kept.begins.at)
            known = before < len(places) or not self.matches.more
            place = place + before if known else None
        return self._said(place, len(places), more=self.matches.more)

    def _said(self, place: int | None, many: int, *, more: bool) -> str:
        if not many:
            return f"{self.search.words}  not in this log"
        at = f"{place:,} of " if place is not None else ""
        lines = f"{many:,} or more lines" if more else f"{many:,} {'line' if many == 1 else 'lines'}"
        return f"{self.search.words}  {at}{lines} in this log"

    def _found(self, kept: Kept) -> list[int]:
        return [at for at in self.search.lines_of(kept.lines) if at >= kept.first]
