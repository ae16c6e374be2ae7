"""What one presses next, told once for each screen to those who see it for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from textual.content import Content

from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.own_keys import ids_named_in
from backfill_tui.ui.screens.base import PlaceScreen
from backfill_tui.ui.widgets.hint_line import HintLine


@dataclass(frozen=True, slots=True)
class Hint:
    """Words with `{command.ids}` for keys; `reading` are those of a session that changes nothing."""

    words: str
    reading: str


HINTS: Final[Mapping[str, Hint]] = {
    "dags": Hint(
        "{dags.plan} plans a backfill of the Dag under the cursor and starts nothing yet; "
        "{app.help} has all keys",
        "{dags.plan} shows what a backfill of the Dag under the cursor would do; {app.help} has all keys",
    ),
    "plan": Hint(
        "Type a range, or take one by its name with {plan.presets}; each date has its reason. "
        "{plan.launch} launches what is listed, and asks first",
        "Type a range, or take one by its name with {plan.presets}; each date has its reason",
    ),
    "watch": Hint(
        "{watch.next_failed} goes to the next date that failed and {watch.details} shows its log; "
        "{watch.mark_failed} marks all of them and {watch.rerun} runs them again, and asks first",
        "{watch.next_failed} goes to the next date that failed and {watch.details} shows its log",
    ),
}
"""By the place of a screen."""


class FirstTimes(Protocol):
    """Which hints were told, in this session or in one before."""

    def is_new(self, name: str) -> bool:
        """Whether the hint of that name is still to be told."""
        ...

    def keep(self, name: str) -> None:
        """It was told."""
        ...


def tell_hint(screen: PlaceScreen[Any]) -> None:
    """Tell the hint of a screen at its foot, unless it was told before; it goes away by itself."""
    program, place = screen.program, screen.PLACE
    if program.first_times is not None and program.first_times.is_new(place):
        hint = HINTS[place]
        words = _with_keys(hint.reading if program.read_only else hint.words)
        screen.mount(HintLine(words, partial(program.first_times.keep, place)))


def _with_keys(text: str) -> Content:
    """The words with the keys in the colour that they have at the foot: `a` could be read as a word."""
    parts: list[str | tuple[str, str]] = []
    for command_id in ids_named_in(text):
        before, _, text = text.partition(f"{{{command_id}}}")
        parts += [before, (shown_key(command_id), "$accent")]
    return Content.assemble(*parts, text)
