"""Fields that take one line: a choice of a few, and a switch."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.ui.command import bindings
from backfill_tui.ui.widget_commands import CHOICE, SWITCH


class Choice(Widget, can_focus=True):
    """One of a few options, side by side: `(•) this  ( ) that`."""

    HELP = "One of a few: {choice.previous} and {choice.next} choose, and so does a click."

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CHOICE)]
    DEFAULT_CSS = """
    Choice { width: auto; height: 1; padding: 0 1; }
    Choice:focus { background: $cursor-background; }
    """

    chosen: reactive[int] = reactive(0)

    class Changed(Message):
        """Another option was chosen."""

    def __init__(
        self,
        options: tuple[str, ...],
        *,
        chosen: int = 0,
        id: str | None = None,  # noqa: A002  # Textual's
    ) -> None:
        super().__init__(id=id)
        self._options = options
        self.set_reactive(Choice.chosen, chosen)

    def render(self) -> Content:
        """The options in a row."""
        return Content("  ").join(
            Content.assemble(("(•) ", "$accent"), option)
            if place == self.chosen
            else Content.styled(f"( ) {option}", "$muted")
            for place, option in enumerate(self._options)
        )

    def validate_chosen(self, place: int) -> int:
        """Stay within the options."""
        return max(0, min(place, len(self._options) - 1))

    def watch_chosen(self) -> None:
        """Tell whoever holds the field."""
        self.post_message(self.Changed())

    def action_choose(self, by: int) -> None:
        """Choose a neighbour."""
        self.chosen += by

    def action_choose_next(self) -> None:
        """Choose the next one, after the last the first."""
        self.chosen = (self.chosen + 1) % len(self._options)

    def on_click(self, event: events.Click) -> None:
        """Choose what is under the pointer."""
        left = 1
        for place, option in enumerate(self._options):
            right = left + len(option) + 6
            if left <= event.x < right:
                self.chosen = place
            left = right


class Switch(Widget, can_focus=True):
    """On or off: `[x] words`."""

    HELP = "On or off: {switch.turn} or a click turns it."

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SWITCH)]
    DEFAULT_CSS = """
    Switch { width: auto; height: 1; padding: 0 1; }
    Switch:focus { background: $cursor-background; }
    """

    on: reactive[bool] = reactive(False)  # noqa: FBT003  # its first value

    class Changed(Message):
        """It was switched."""

    def __init__(self, words: str, *, on: bool = False, id: str | None = None) -> None:  # noqa: A002  # Textual's
        super().__init__(id=id)
        self._words = words
        self.set_reactive(Switch.on, on)

    def render(self) -> Content:
        """The box and its words."""
        box = Content.styled("[x] ", "$accent") if self.on else Content.styled("[ ] ", "$muted")
        return Content.assemble(box, (self._words, "$foreground" if self.on else "$muted"))

    def watch_on(self) -> None:
        """Tell whoever holds the field."""
        self.post_message(self.Changed())

    def action_switch(self) -> None:
        """On if it is off, off if it is on."""
        self.on = not self.on

    def on_click(self) -> None:
        """As by key."""
        self.action_switch()
