"""The log of a task instance: outside text, line by line, following what is written until one scrolls up."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from backfill_tui.domain.tasks import LogPlace, TaskLog
from backfill_tui.ui.command import bindings
from backfill_tui.ui.log_commands import LOG
from backfill_tui.ui.widgets.log_layout import LogLayout
from backfill_tui.ui.widgets.log_pages import MOST_LINES, LogPage, LogPages
from backfill_tui.ui.widgets.log_search import Finding
from backfill_tui.ui.widgets.log_words import BAD, last_exception, page_of

_LAST_LINES = 5_000
_CUT = "the lines before were left out"
_OLDER = "go up to read the lines before"


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a `TaskLog`, or a sentence while there is none."""

    HELP = (
        "The log of one try. It follows what is written; scroll up to stay where you are, G to follow again. "
        "Of a long log only the end is read, and more of it as you scroll up; O opens all of it in $PAGER."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LOG)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-view--bad",
        "log-view--quiet",
        "log-view--found",
        "log-view--current",
    }
    DEFAULT_CSS = """
    LogView {
        height: 1fr;
        padding: 0 1;
        background: $background;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        scrollbar-size-horizontal: 0;
        & > .log-view--bad { color: $error; }
        & > .log-view--quiet { color: $muted; }
        & > .log-view--found { text-style: underline bold; }
        & > .log-view--current { text-style: reverse; }
    }
    """

    class CameIntoView(Message):
        """The log is on the screen now."""

    class WentOutOfView(Message):
        """The log is no longer on the screen."""

    class PageWanted(Message):
        """Somebody came near the end of what is kept: the page between two places is wanted."""

        def __init__(self, before: LogPlace, after: LogPlace | None = None) -> None:
            super().__init__()
            self.before = before
            self.after = after

    class NewestWanted(Message):
        """The end of the log is wanted, and it is not kept."""

    class PagerWanted(Message):
        """The whole log is wanted in a pager."""

    class SearchAsked(Message):
        """A text to look for is to be typed."""

    class Searched(Message):
        """What the search found, in words; empty when there is none."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    ALLOW_SELECT = False

    following: var[bool] = var(default=True)

    def __init__(
        self,
        id: str | None = None,  # noqa: A002  # Textual's own name for it
        *,
        most_lines: int = MOST_LINES,
    ) -> None:
        super().__init__(id=id)
        self._layout = LogLayout()
        self._pages = LogPages(most_lines)
        self._head = ""
        self._sentence = ""
        self._finding: Finding | None = None

    @property
    def text(self) -> str:
        """What is shown, as one text."""
        return "\n".join(self._layout.lines) or self._sentence

    def on_show(self) -> None:
        """Tell that it is worth reading a log now."""
        self.post_message(self.CameIntoView())

    def on_hide(self) -> None:
        """Tell that nobody sees it."""
        self.post_message(self.WentOutOfView())

    @property
    def ends(self) -> LogPlace | None:
        """Where the log went on when it was read last; None while its end is not kept."""
        return self._pages.ends if self._pages.newer is None else None

    @property
    def is_at_older_lines(self) -> bool:
        """Whether the end of the log is not kept, for somebody reads far before it."""
        return self._pages.newer is not None

    def last_exception(self) -> str:
        """The last exception the last lines name, `KeyError: 'sku'`; empty when they name none."""
        return last_exception(self._layout.lines[-_LAST_LINES:])

    def say(self, sentence: str) -> None:
        """Show a sentence instead of a log."""
        self._pages.replace()
        self._layout.replace(())
        self._head, self._sentence = "", sentence
        if self._finding is not None:
            self._finding.current = None
        self.following = True
        self._resize_to_lines()

    def show(self, log: TaskLog) -> None:
        """Take over what was read: what follows the lines that are kept, or the end of the log anew."""
        page = page_of(log)
        if self.ends is not None and log.begins == self.ends:
            self._append(page)
        elif not page.lines:
            self.say("Nothing was written yet")
        elif page.begins is not None or not self._follows_what_is_kept(page, log):
            self._pages.replace(page)
            self._lay_out(_CUT if log.truncated and log.begins is None else "", shift=0)

    def _follows_what_is_kept(self, page: LogPage, log: TaskLog) -> bool:
        """A log without places comes whole: only lines that are not there yet are taken."""
        known = tuple(self._pages.lines())
        if not known or log.truncated or page.lines[: len(known)] != known:
            return False
        self._append(LogPage(page.lines[len(known) :]))
        return True

    def _append(self, page: LogPage) -> None:
        gone = self._pages.put_after(page)
        if gone:
            self._lay_out("", shift=-gone)
        elif page.lines:
            self._layout.extend(page.lines)
            self._resize_to_lines()

    def show_page(self, log: TaskLog) -> None:
        """Take over a page that was wanted; one that fits to neither end of what is kept is left."""
        if log.ends is not None and log.ends == self._pages.begins:
            page = page_of(log)
            self._pages.put_before(page)
            self._lay_out("", shift=len(page.lines))
        elif log.ends is not None and log.ends == self._pages.newer and log.begins == self._pages.ends:
            self._append(page_of(log))

    def _lay_out(self, head: str, *, shift: int) -> None:
        """Lay out what is kept; what is seen stays, `shift` lines further down."""
        before, follows = bool(self._head), self.following
        top = self._layout.line_at(self.scroll_offset.y) if self._layout.rows else 0
        self._head = head or (_OLDER if self._pages.has_older else "")
        shift += bool(self._head) - before
        self._layout.replace([*([self._head] if self._head else []), *self._pages.lines()])
        if self._finding is not None:
            self._finding.shift(shift)
        self._resize_to_lines()
        if not follows and self._layout.rows:
            line = min(max(0, top + shift), len(self._layout.lines) - 1)
            self.scroll_to(y=self._layout.row_of(line), animate=False, immediate=True)

    def _resize_to_lines(self) -> None:
        layout = self._layout
        self.virtual_size = Size(layout.width or layout.widest, layout.rows)
        self.refresh()
        if self.following:
            self.scroll_end(animate=False, x_axis=False)
        self._tell_what_was_found()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever leaves the end stays where they are; whoever comes back to it follows again."""
        super().watch_scroll_y(old_value, new_value)
        self.following = new_value >= self.max_scroll_y and self._pages.newer is None
        if not self.following:
            self._want_more(new_value)

    def _want_more(self, row: float) -> None:
        near = self.scrollable_content_region.height
        if row <= near and self._pages.has_older and self._pages.begins is not None:
            self.post_message(self.PageWanted(self._pages.begins))
        elif row >= self.max_scroll_y - near and self._pages.newer is not None:
            self.post_message(self.PageWanted(self._pages.newer, self._pages.ends))

    def on_resize(self) -> None:
        """The end is still the end when there is less room."""
        if self._layout.width:
            self._wrap_to(self.scrollable_content_region.width)
        if self.following:
            self.action_follow()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One row of the log."""
        left, top = self.scroll_offset
        width = self.scrollable_content_region.width
        ground = self.rich_style
        row = top + y
        if not self._layout.rows and y == 0:
            quiet = self.get_component_rich_style("log-view--quiet", partial=True)
            return Strip([Segment(self._sentence, ground + quiet)]).crop_extend(0, width, ground)
        if row >= self._layout.rows:
            return Strip.blank(width, ground)
        return Strip(self._segments(row, ground)).crop_extend(left, left + width, ground)

    def _segments(self, row: int, ground: Style) -> list[Segment]:
        """A row in pieces: what was searched for stands out."""
        at, begin, end = self._layout.part_at(row)
        line = self._layout.lines[at]
        style = ground + self._style_of(line, is_head=at == 0 and bool(self._head))
        finding = self._finding
        spans = finding.search.spans(line) if finding else []
        if finding is None or not spans:
            return [Segment(line[begin:end], style)]
        name = "log-view--current" if at == finding.current else "log-view--found"
        found = style + self.get_component_rich_style(name, partial=True)
        segments, place = [], begin
        for first, last in spans:
            first, last = max(first, place), min(last, end)  # noqa: PLW2901  # the part of it in this row
            if first < last:
                segments += [Segment(line[place:first], style), Segment(line[first:last], found)]
                place = last
        return [*segments, Segment(line[place:end], style)]

    def _style_of(self, line: str, *, is_head: bool) -> Style:
        if is_head:
            return self.get_component_rich_style("log-view--quiet", partial=True)
        if BAD.search(line):
            return self.get_component_rich_style("log-view--bad", partial=True)
        return Style()

    # Going about in it

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        if self._pages.newer is not None:
            self.post_message(self.NewestWanted())
        self.following = True
        self.scroll_end(animate=False, x_axis=False)

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them again."""
        self.scroll_to(x=0, animate=False)
        self._wrap_to(0 if self._layout.width else self.scrollable_content_region.width)

    def _wrap_to(self, width: int) -> None:
        """Lay the lines out anew; the line at the top stays there."""
        if not self._layout.rows:
            self._layout.wrap(width)
            return
        top = self._layout.line_at(self.scroll_offset.y)
        follows = self.following
        self._layout.wrap(width)
        self._resize_to_lines()
        if not follows:
            self.scroll_to(y=self._layout.row_of(top), animate=False)

    def action_pager(self) -> None:
        """Ask for the whole log in a pager."""
        self.post_message(self.PagerWanted())

    def action_first_error(self) -> None:
        """Go to the first line of an error."""
        found = next((at for at, line in enumerate(self._layout.lines) if BAD.search(line)), None)
        if found is None:
            self.app.notify(f"No error stands in {self._what_is_searched()}")
        else:
            self._go_to(found)

    def _go_to(self, line: int) -> None:
        row = self._layout.row_of(line)
        self.scroll_to(y=max(0, row - self.scrollable_content_region.height // 3), animate=False)

    # The search

    def action_search(self) -> None:
        """Let a text be typed."""
        self.post_message(self.SearchAsked())

    def search(self, words: str) -> None:
        """Look for a text from what is seen on; an empty one ends the search."""
        self._finding = Finding(words) if words else None
        self.refresh()
        self.refresh_bindings()
        self.action_match(1)

    def action_drop_search(self) -> None:
        """End the search."""
        self.search("")

    def action_match(self, step: int) -> None:
        """Go to the next line it stands in, after the last to the first."""
        if self._finding is not None and self._layout.rows:
            top = self._layout.line_at(self.scroll_offset.y)
            line = self._finding.go(self._layout.lines, step, top)
            if line is not None:
                self._go_to(line)
                self.refresh()
        self._tell_what_was_found()

    def _tell_what_was_found(self) -> None:
        words = self._finding.words(self._layout.lines, self._what_is_searched()) if self._finding else ""
        self.post_message(self.Searched(words))

    def _what_is_searched(self) -> str:
        whole = not self._pages.has_older and not self.is_at_older_lines and not self._head
        return "this log" if whole else "what was read"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Its keys are the screen's while nothing is searched for."""
        return self._finding is not None if action in {"match", "drop_search"} else True
