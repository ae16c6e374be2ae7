"""A question for a date or for some: one field, and under it what the text in it means, while it is typed."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input, Static

from backfill_tui.domain.instants import Instant
from backfill_tui.domain.problems import BadRequest
from backfill_tui.domain.text import one_line
from backfill_tui.ui.screens.base import Dialog
from backfill_tui.ui.screens.dialog_box import DialogBox
from backfill_tui.ui.widgets.conf_field import Field
from backfill_tui.ui.widgets.key_line import KeyLine

T = TypeVar("T")


class DateQuestion(Dialog[T]):
    """Asks about dates, on the clock of `zone`; `now` is the time that words such as yesterday are read at.

    A kind of question says what its text gives by `answer`, and what of that is told before by `meaning`.
    """

    TITLE_WORDS: ClassVar[str]
    EXAMPLES: ClassVar[str]
    DEFAULT_CSS = """
    DateQuestion Input { width: 1fr; margin: 0 0 1 0; background: $field; }
    DateQuestion Input:focus { background: $cursor-background; }
    """

    field = query_one(Field)
    verdict = query_one("#meaning", Static)

    def __init__(self, zone: str, now: Instant) -> None:
        super().__init__()
        self.zone = zone
        self.now = now

    def answer(self) -> T:
        """What the text gives; raises BadRequest for a text that gives nothing."""
        raise NotImplementedError

    def meaning(self, given: T) -> Content:
        """What comes of it, in words."""
        raise NotImplementedError

    def empty_words(self) -> str:
        """What is said of an empty field."""
        return f"On the clock of the Dag, {one_line(self.zone)}"

    def examples(self) -> str:
        """What stands in the empty field."""
        return self.EXAMPLES

    def first_text(self) -> str:
        """What stands in the field at first."""
        return ""

    def compose(self) -> ComposeResult:
        """The field, and where it leads."""
        box = DialogBox()
        box.border_title = self.TITLE_WORDS
        with box:
            yield Field(self.first_text(), id="date", placeholder=self.examples(), max_length=100)
            yield Static(id="meaning")
            yield KeyLine(self.PLACE)

    def on_mount(self) -> None:
        """Type at once."""
        self.field.focus()
        self.tell()

    @on(Input.Changed)
    def tell(self) -> None:
        """Say what the text means now."""
        self.verdict.update(self._words())

    def _words(self) -> Content:
        if not self.field.value.strip():
            return Content.styled(self.empty_words(), "$muted")
        try:
            return self.meaning(self.answer())
        except BadRequest as problem:
            return Content.styled(one_line(problem.message), "$error")

    def action_accept(self) -> None:
        """Take what the text gives."""
        self.field.once_typed(self._accept)

    def _accept(self) -> None:
        try:
            self.dismiss(self.answer())
        except BadRequest:
            self.field.focus()

    def action_back(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
