"""What a log on the screen tells: what of it is wanted, and what a search has found."""

from __future__ import annotations

from textual.message import Message

from backfill_tui.domain.tasks import LogPlace


class CameIntoView(Message):
    """The log is on the screen now."""


class WentOutOfView(Message):
    """The log is no longer on the screen."""


class PageWanted(Message):
    """Somebody came near the end of what is kept: the page before a place, or after it, is wanted."""

    def __init__(self, place: LogPlace, *, forwards: bool) -> None:
        super().__init__()
        self.place = place
        self.forwards = forwards


class NewestWanted(Message):
    """The end of the log is wanted, and it is not kept."""


class PagerWanted(Message):
    """The whole log is wanted in a pager."""


class SearchAsked(Message):
    """A text to look for is to be typed."""


class SearchDropped(Message):
    """Nothing is looked for any more."""


class MatchWanted(Message):
    """The next line with some words is wanted, from a place on, and it is not kept."""

    def __init__(self, words: str, start: LogPlace | None, step: int) -> None:
        super().__init__()
        self.words = words
        self.start = start
        self.step = step


class CountWanted(Message):
    """The lines with some words are to be counted, from a place on."""

    def __init__(self, words: str, start: LogPlace | None) -> None:
        super().__init__()
        self.words = words
        self.start = start


class Searched(Message):
    """What the search found, in words; empty when there is none."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
