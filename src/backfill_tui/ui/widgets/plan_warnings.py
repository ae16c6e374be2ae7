"""What to know before a launch: as much of it as has room, and a key for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from backfill_tui.domain.planning import Gravity, PlanWarning
from backfill_tui.domain.text import one_line
from backfill_tui.ui.keymap import shown_key
from backfill_tui.ui.text import wrapped

SIGNS: Final = {
    Gravity.BLOCKS: ("✗", "$error"),
    Gravity.ASKS: ("!", "$warning"),
    Gravity.TELLS: ("i", "$accent"),
}
"""Sign and colour of each gravity, in the order in which they are read."""

_SIGN_WIDTH: Final = 2
_ROOM: Final = ((45, 8), (30, 5), (0, 3))
"""From so many lines of the terminal on, so many lines of warnings."""


class PlanWarnings(Widget):
    """The warnings of a plan, the grave ones first, each with its remedy where all of them have room."""

    DEFAULT_CSS = """
    PlanWarnings { height: auto; padding: 0 2; display: none; text-wrap: nowrap; }
    PlanWarnings.-shown { display: block; border-top: solid $hairline; }
    """

    warnings: reactive[tuple[PlanWarning, ...]] = reactive[tuple[PlanWarning, ...]]((), layout=True)

    def watch_warnings(self, warnings: tuple[PlanWarning, ...]) -> None:
        """Take no room for nothing."""
        self.set_class(bool(warnings), "-shown")

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many lines as are drawn."""
        return len(self._lines(width))

    def render(self) -> Content:
        """The lines."""
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        height = self.app.size.height
        room = next(lines for least, lines in _ROOM if height >= least)
        return warning_lines(self.warnings, width, room)


def by_gravity(warnings: Sequence[PlanWarning]) -> list[PlanWarning]:
    """What blocks first, then what wants a yes, then the rest."""
    return sorted(warnings, key=lambda warning: list(SIGNS).index(warning.gravity))


def whole_warning(warning: PlanWarning, width: int) -> list[Content]:
    """One warning to its end, its remedy on the same line where both fit."""
    room = width - _SIGN_WIDTH
    sign, style = SIGNS[warning.gravity]
    message, remedy = one_line(warning.message), one_line(warning.remedy)
    if remedy and cell_len(message) + cell_len(remedy) + 2 <= room:
        return [Content.assemble((f"{sign} ", style), message, (f": {remedy}", "$muted"))]
    first, *more = wrapped(message, room, len(message)) or [""]
    return [
        Content.assemble((f"{sign} ", style), first),
        *(Content(f"  {words}") for words in more),
        *(Content.styled(f"  {words}", "$muted") for words in wrapped(remedy, room, len(remedy))),
    ]


def warning_lines(warnings: Sequence[PlanWarning], width: int, room: int) -> list[Content]:
    """The warnings on at most `room` lines.

    Where all of them do not fit, each has a line, and the lines that are left go to the messages of the grave
    ones first, then to their remedies; the last line ends with the key that shows the rest.
    """
    ordered = by_gravity(warnings)
    lines = [line for warning in ordered for line in whole_warning(warning, width)]
    if len(lines) <= room:
        return lines
    shown = ordered[:room]
    spare = room - len(shown)
    messages = []
    for warning in shown:
        messages.append(_message(warning, width, 1 + spare))
        spare -= len(messages[-1]) - 1
    lines = []
    for warning, message in zip(shown, messages, strict=True):
        whole = whole_warning(warning, width)
        if len(whole) <= len(message) + spare:
            spare -= len(whole) - len(message)
            lines += whole
        else:
            lines += message
    key, left = shown_key("plan.notes"), len(ordered) - len(shown)
    hint = f"and {left} more: {key}" if left else f"{key} shows all of it"
    return [*lines[:-1], _with_a_hint(lines[-1], hint, width)]


def _message(warning: PlanWarning, width: int, most: int) -> list[Content]:
    sign, style = SIGNS[warning.gravity]
    first, *more = wrapped(warning.message, width - _SIGN_WIDTH, most) or [""]
    return [Content.assemble((f"{sign} ", style), first), *(Content(f"  {words}") for words in more)]


def _with_a_hint(line: Content, hint: str, width: int) -> Content:
    """A line that ends with a hint, for which it is cut where both have no room."""
    room = width - cell_len(hint) - _SIGN_WIDTH
    return Content.assemble(line.truncate(room, ellipsis=True, pad=True), "  ", (hint, "$muted"))
