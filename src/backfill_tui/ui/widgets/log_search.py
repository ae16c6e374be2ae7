"""Searching a log: the text that is looked for, and the line under the log where it is typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widgets import Input, Static


@dataclass(frozen=True, slots=True)
class Search:
    """A text that is looked for as it stands; without a capital in it, capitals do not count."""

    words: str

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where it stands in a line, in characters."""
        return [found.span() for found in self._pattern.finditer(line)]

    def lines_of(self, lines: Sequence[str]) -> list[int]:
        """The lines it stands in."""
        pattern = self._pattern
        return [at for at, line in enumerate(lines) if pattern.search(line)]

    @property
    def _pattern(self) -> re.Pattern[str]:
        flags = re.IGNORECASE if self.words == self.words.lower() else 0
        return re.compile(re.escape(self.words), flags)


class Finding:
    """A search under way: `current` is the line one is at, None before the first."""

    def __init__(self, words: str) -> None:
        self.search = Search(words)
        self.current: int | None = None

    def go(self, lines: Sequence[str], step: int, top: int) -> int | None:
        """The next line it stands in, around the end; the first time from line `top` on. None without any."""
        found = self.search.lines_of(lines)
        if not found:
            return None
        if self.current is None:
            self.current = next((at for at in found if at >= top), found[0])
        elif step > 0:
            self.current = next((at for at in found if at > (self.current or 0)), found[0])
        else:
            self.current = next((at for at in reversed(found) if at < (self.current or 0)), found[-1])
        return self.current

    def shift(self, lines: int) -> None:
        """The same lines stand further down, or were left behind."""
        if self.current is not None:
            self.current = self.current + lines if self.current + lines >= 0 else None

    def words(self, lines: Sequence[str], where: str) -> str:
        """What was found: `sku  3 of 12 lines in this log`."""
        found = self.search.lines_of(lines)
        place = f"{found.index(self.current) + 1:,} of " if self.current in found else ""
        many = f"{len(found):,} {'line' if len(found) == 1 else 'lines'}" if found else "not"
        return f"{self.search.words}  {place}{many} in {where}"


class SearchField(Input):
    """Where the text is typed."""

    class Left(Message):
        """Nothing is to be looked for."""

    class Closed(Message):
        """The focus went elsewhere."""

    def key_escape(self, event: events.Key) -> None:
        """Look for nothing else."""
        event.stop()
        event.prevent_default()
        self.post_message(self.Left())

    def on_blur(self) -> None:
        """Nobody types here any more."""
        self.post_message(self.Closed())


class SearchLine(Horizontal):
    """The line under the log: a field while one types, then what was found."""

    DEFAULT_CSS = """
    SearchLine { height: 1; display: none; padding: 0 1; background: $surface; }
    SearchLine.-shown { display: block; }
    SearchLine.-hidden { display: none; }
    SearchLine #search-mark { width: auto; color: $accent; }
    SearchLine SearchField { width: 1fr; display: none; }
    SearchLine.-typing SearchField { display: block; }
    SearchLine #search-found { width: 1fr; color: $muted; }
    SearchLine.-typing #search-found { display: none; }
    """

    found: var[str] = var("")
    typing: var[bool] = var(False, toggle_class="-typing")  # noqa: FBT003  # its first value
    hidden: var[bool] = var(False, toggle_class="-hidden")  # noqa: FBT003  # its first value

    class Wanted(Message):
        """A text is to be looked for; an empty one ends the search."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Left(Message):
        """The search stays as it is."""

    def compose(self) -> ComposeResult:
        """The sign, the field and the words."""
        yield Static("/", id="search-mark", markup=False)
        yield SearchField(compact=True)
        yield Static(id="search-found", markup=False)

    def ask(self) -> None:
        """Let a text be typed."""
        self.typing = True
        field = self.query_one(SearchField)
        field.value = ""
        field.focus()

    def watch_typing(self) -> None:
        """It is there while somebody types."""
        self._show_what_there_is()

    def watch_found(self) -> None:
        """It is there while something is searched for."""
        self._show_what_there_is()

    def _show_what_there_is(self) -> None:
        self.set_class(self.typing or bool(self.found), "-shown")
        if self.is_mounted:
            self.query_one("#search-found", Static).update(Content(self.found))

    @on(Input.Submitted)
    def _typed(self, message: Input.Submitted) -> None:
        message.stop()
        self.typing = False
        self.post_message(self.Wanted(message.value))

    @on(SearchField.Left)
    def _left(self, message: SearchField.Left) -> None:
        message.stop()
        self.typing = False
        self.post_message(self.Left())

    @on(SearchField.Closed)
    def _typing_ended(self, message: SearchField.Closed) -> None:
        message.stop()
        self.typing = False
