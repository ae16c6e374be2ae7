"""A line to type into what a list is narrowed to, and how many rows are left; gone while nothing is typed."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.getters import query_one
from textual.widget import Widget
from textual.widgets import Static

from backfill_tui.domain.text import one_line
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.widgets.conf_field import Field

_LONGEST: Final = 200
"""Nobody types more; what is pasted by mistake would be looked for letter by letter, in every name."""


class FilterField(Field):
    """The field itself."""

    HELP = (
        "Some letters of what you look for, in their order: what has them in a row comes first. Several "
        "words all have to fit."
    )

    def __init__(self, placeholder: str) -> None:
        super().__init__("", id="filter", placeholder=placeholder, max_length=_LONGEST)
        self.select_on_focus = False


class FilterLine(Widget):
    """The field behind its slash, and the words beside it."""

    PLACEHOLDER: ClassVar[str] = "some letters of it"
    DEFAULT_CSS = """
    FilterLine { height: 1; padding: 0 1; display: none; }
    FilterLine.-filtering { display: block; }
    FilterLine > Horizontal { height: 1; }
    FilterLine #slash { width: 2; color: $accent; display: none; }
    FilterLine Input { width: 1fr; display: none; background: $background; }
    FilterLine #count { width: auto; padding: 0 1; }
    FilterLine.-filtering #slash, FilterLine.-filtering Input { display: block; }
    """

    field = query_one(FilterField)

    def compose(self) -> ComposeResult:
        """The field is there from the start, and shown when it is wanted."""
        with Horizontal():
            yield Static("/", id="slash", markup=False)
            yield FilterField(self.PLACEHOLDER)
            yield Static("", id="count")

    @property
    def wanted(self) -> str:
        """What is typed."""
        return self.field.value

    @property
    def filters(self) -> bool:
        """Whether it is in view."""
        return self.has_class("-filtering")

    def edit(self) -> None:
        """Show the field and type into it."""
        self.add_class("-filtering")
        # At once, not when the loop comes round to it: what is typed next already belongs here.
        self.screen.set_focus(self.field)

    def done(self) -> None:
        """Typing is over: an empty filter goes away."""
        self.set_class(bool(self.wanted), "-filtering")

    def clear(self) -> None:
        """No filter any more."""
        self.field.value = ""
        self.done()

    def none_fits(self, what: str, back: str) -> str:
        """What a list says in which nothing fits; `back` is the command that shows all of it again."""
        return one_line(f"No {what} here fits {self.wanted!r}: {shown_key(back)} shows all again")

    def say(self, words: Content | str) -> None:
        """What stands beside the field."""
        if self.is_mounted:
            self.query_one("#count", Static).update(words)
