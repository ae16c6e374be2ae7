"""What one presses next, told once for each screen to those who see it for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backfill_tui.ui.keymap import with_keys

if TYPE_CHECKING:
    from backfill_tui.ui.app import BackfillApp

_SECONDS: Final = 12


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


def tell_hint(program: BackfillApp, place: str) -> None:
    """Tell the hint of a place, unless it was told before; it goes away by itself."""
    hint = HINTS[place]
    if program.is_first_time(place):
        words = hint.reading if program.read_only else hint.words
        program.notify(with_keys(words), title="New here?", timeout=_SECONDS, markup=False)
