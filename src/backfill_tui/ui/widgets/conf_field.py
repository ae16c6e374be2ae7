"""The field for the conf: a long one that is pasted stands beside it, for drawing it would take seconds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from textual import events
from textual.widgets import Input

from backfill_tui.ui.plan_values import size_words

_DRAWN_AT_MOST: Final = 500
_LINE_BREAKS: Final = re.compile(r"[\r\n]+")


class Field(Input):
    """A field whose cursor does not blink: nothing is drawn while nothing happens.

    Its keys are done in the order in which they come, also in one burst: Textual itself carries a key that
    is bound, such as backspace, to the app and back, while the letters after it are written already.
    """

    HELP = "A field to type into; keys that are letters type here, those of the screen with ctrl or f work."

    def __init__(
        self,
        value: str,
        *,
        id: str,  # noqa: A002  # Textual's
        placeholder: str = "",
        max_length: int = 0,
    ) -> None:
        super().__init__(value, placeholder=placeholder, id=id, max_length=max_length, compact=True)
        self.cursor_blink = False

    def once_typed(self, act: Callable[[], None]) -> None:
        """Do it as soon as the keys that were pressed before stand in the field.

        A key with priority, as enter in a dialog, is carried out while letters of the same burst are still on
        their way here.
        """
        self.call_later(act)

    async def _on_key(self, event: events.Key) -> None:
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()
                return
        await super()._on_key(event)


class ConfField(Field):
    """Takes the whole of what is pasted, its lines as one: in JSON a line break is nothing but white space.

    A text that is too long to be drawn is held, and the field tells its size; typing or deleting drops it.
    """

    HELP = "JSON that the runs are given. What is pasted may have several lines and be long."

    DEFAULT_CSS = """
    ConfField.-held > .input--placeholder { color: $accent; }
    """

    def __init__(self, value: str, *, id: str, placeholder: str) -> None:  # noqa: A002  # Textual's
        super().__init__(value, id=id, placeholder=placeholder)
        self._empty_words = placeholder
        self._held = ""

    @property
    def text(self) -> str:
        """The conf, whether it is drawn or held."""
        return self._held or self.value

    def delete(self, start: int, end: int) -> None:
        """Drop what is held, by whichever key that deletes; else delete the letters there."""
        if not self._let_go():
            super().delete(start, end)

    def insert_text_at_cursor(self, text: str) -> None:
        """What is typed stands in the place of what is held."""
        self._let_go()
        super().insert_text_at_cursor(text)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        pasted = _LINE_BREAKS.sub(" ", event.text)
        start, end = sorted(self.selection)
        whole = f"{self.value[:start]}{pasted}{self.value[end:]}".strip()
        if len(whole) > _DRAWN_AT_MOST:
            self._hold(whole)
        elif pasted:
            self._let_go()
            self.replace(pasted, start, end)

    def _hold(self, text: str) -> None:
        self._held = text
        with self.prevent(Input.Changed):
            self.value = ""
        self.placeholder = f"{{…}} {size_words(text)}, del clears"
        self.add_class("-held")
        self.post_message(self.Changed(self, self.value))

    def _let_go(self) -> bool:
        """Whether something was held."""
        if not self._held:
            return False
        self._held = ""
        self.placeholder = self._empty_words
        self.remove_class("-held")
        self.post_message(self.Changed(self, self.value))
        return True
