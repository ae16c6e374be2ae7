"""The line under a log where the text is typed that is looked for, and which says what was found."""

from __future__ import annotations

from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widgets import Input, Static

from backfill_tui.ui.widgets.conf_field import Field

_LONGEST: Final = 500


class SearchField(Field):
    """Where the text is typed."""

    HELP = "What is typed is looked for in the whole log, also in what was not read yet."

    def __init__(self) -> None:
        super().__init__("", id="search", max_length=_LONGEST)

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
        yield SearchField()
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
