"""The log of a task instance: outside text, line by line, following what is written until one scrolls up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from backfill_tui.domain.tasks import TaskLog
from backfill_tui.domain.text import harmless
from backfill_tui.ui.command import bindings
from backfill_tui.ui.watch_commands import LOG

_BAD: Final = re.compile(r"\b(?:ERROR|CRITICAL)\b|^\s*Traceback \(|^\s*[\w.]*(?:Error|Exception)\b")
_EXCEPTION: Final = re.compile(r"(?:^|\s)((?:[A-Za-z_][\w.]*)?(?:Error|Exception|Interrupt|Timeout)\b: .*)")
_TAB = 4
_CUT = "the lines before were left out"


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a `TaskLog`, or a sentence while there is none."""

    HELP = (
        "The log of one try. It follows what is written; scroll up to stay where you are, G to follow again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LOG)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-view--bad", "log-view--quiet"}
    DEFAULT_CSS = """
    LogView {
        height: 1fr;
        padding: 0 1;
        background: $background;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        & > .log-view--bad { color: $error; }
        & > .log-view--quiet { color: $muted; }
    }
    """

    class CameIntoView(Message):
        """The log is on the screen now."""

    ALLOW_SELECT = False

    following: var[bool] = var(default=True)

    def __init__(self, id: str | None = None) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._lines: list[str] = []
        self._raw: Sequence[str] = ()
        self._sentence = ""

    @property
    def text(self) -> str:
        """What is shown, as one text."""
        return "\n".join(self._lines) or self._sentence

    def on_show(self) -> None:
        """Tell that it is worth reading a log now."""
        self.post_message(self.CameIntoView())

    def say(self, sentence: str) -> None:
        """Show a sentence instead of a log."""
        self._lines, self._raw, self._sentence = [], (), sentence
        self.following = True
        self._resize_to_lines()

    def show(self, log: TaskLog) -> None:
        """Take over a log that was read anew; only lines that are not there yet are looked at."""
        if not log.lines:
            self.say("Nothing was written yet")
            return
        known = len(self._raw)
        if not self._lines or log.truncated or tuple(log.lines[:known]) != tuple(self._raw):
            self._lines, known = ([_CUT] if log.truncated else []), 0
        new = log.lines[known:]
        self._raw, self._sentence = log.lines, ""
        if new or known == 0:
            self._lines += [line for raw in new for line in _plain(raw)]
            self._resize_to_lines()

    def _resize_to_lines(self) -> None:
        widest = max(map(cell_len, self._lines), default=0)
        self.virtual_size = Size(widest, len(self._lines))
        self.refresh()
        if self.following:
            self.scroll_end(animate=False, x_axis=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever leaves the end stays where they are; whoever comes back to it follows again."""
        super().watch_scroll_y(old_value, new_value)
        self.following = new_value >= self.max_scroll_y

    def on_resize(self) -> None:
        """The end is still the end when there is less room."""
        if self.following:
            self.action_follow()

    def render_line(self, y: int) -> Strip:
        """One line of the log."""
        left, top = self.scroll_offset
        width = self.scrollable_content_region.width
        ground = self.rich_style
        at = top + y
        if not self._lines and y == 0:
            quiet = self.get_component_rich_style("log-view--quiet", partial=True)
            return Strip([Segment(self._sentence, ground + quiet)]).crop_extend(0, width, ground)
        if at >= len(self._lines):
            return Strip.blank(width, ground)
        style = ground + self._style_of(self._lines[at])
        return Strip([Segment(self._lines[at], style)]).crop_extend(left, left + width, ground)

    def _style_of(self, line: str) -> Style:
        if line is _CUT:
            return self.get_component_rich_style("log-view--quiet", partial=True)
        if _BAD.search(line):
            return self.get_component_rich_style("log-view--bad", partial=True)
        return Style()

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        self.following = True
        self.scroll_end(animate=False, x_axis=False)


def last_exception(log: TaskLog) -> str:
    """The last exception a log names, `KeyError: 'sku'`; empty when it names none."""
    for line in reversed(log.lines):
        found = _EXCEPTION.search(harmless(line))
        if found:
            return found[1].strip()
    return ""


def _plain(raw: str) -> list[str]:
    return harmless(raw).expandtabs(_TAB).split("\n")
