"""The lines of a log: outside text, following what is written until one scrolls up."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.reactive import var
from textual.strip import Strip

from backfill_tui.domain.log_errors import last_exception
from backfill_tui.domain.log_search import BAD
from backfill_tui.domain.tasks import LogPlace, TaskLog
from backfill_tui.ui.widgets import log_messages as messages
from backfill_tui.ui.widgets.log_finding import Finding, Kept
from backfill_tui.ui.widgets.log_layout import LogLayout
from backfill_tui.ui.widgets.log_pages import MOST_LINES, LogPage, LogPages
from backfill_tui.ui.widgets.log_painter import segments
from backfill_tui.ui.widgets.log_words import page_of
from backfill_tui.ui.widgets.scrolling import Scrolling

_LAST_LINES = 5_000
_CUT = "the lines before were left out"
_OLDER = "go up to read the lines before"


class LogText(Scrolling, can_focus=True, inherit_bindings=False):
    """Shows a `TaskLog`, or a sentence while there is none; what `finding` looks for stands out."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-view--bad",
        "log-view--quiet",
        "log-view--found",
        "log-view--current",
    }
    DEFAULT_CSS = """
    LogText {
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
        self.finding: Finding | None = None

    @property
    def text(self) -> str:
        """What is shown, as one text."""
        return "\n".join(self._layout.lines) or self._sentence

    def on_show(self) -> None:
        """Tell that it is worth reading a log now."""
        self.post_message(messages.CameIntoView())

    def on_hide(self) -> None:
        """Tell that nobody sees it."""
        self.post_message(messages.WentOutOfView())

    @property
    def ends(self) -> LogPlace | None:
        """Where the log went on when it was read last; None while its end is not kept."""
        return None if self._pages.has_newer else self._pages.ends

    @property
    def is_at_older_lines(self) -> bool:
        """Whether the end of the log is not kept, for somebody reads far before it."""
        return self._pages.has_newer

    def last_exception(self) -> str:
        """The last exception the last lines name, `KeyError: 'sku'`; empty when they name none."""
        return last_exception(self._layout.lines[-_LAST_LINES:])

    def say(self, sentence: str) -> None:
        """Show a sentence instead of a log."""
        self._pages.replace()
        self._layout.replace(())
        self._head, self._sentence = "", sentence
        if self.finding is not None:
            self.finding.forget()
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
        elif self._pages.has_newer and log.begins is not None and log.begins == self._pages.ends:
            self._append(page_of(log))

    def _lay_out(self, head: str, *, shift: int) -> None:
        """Lay out what is kept; what is seen stays, `shift` lines further down."""
        before, follows = bool(self._head), self.following
        top = self._layout.line_at(self.scroll_offset.y) if self._layout.rows else 0
        self._head = head or (_OLDER if self._pages.has_older else "")
        shift += bool(self._head) - before
        self._layout.replace([*([self._head] if self._head else []), *self._pages.lines()])
        if self.finding is not None:
            self.finding.shift(shift)
        self._resize_to_lines()
        if not follows and self._layout.rows:
            line = min(max(0, top + shift), len(self._layout.lines) - 1)
            self.scroll_to(y=self._layout.row_of(line), animate=False, force=True, immediate=True)

    def _resize_to_lines(self) -> None:
        layout = self._layout
        self.virtual_size = Size(layout.width or layout.widest, layout.rows)
        self.refresh()
        if self.following:
            # At once, for what lays this out next keeps the place it finds, and again when it is laid out.
            self.scroll_end(animate=False, force=True, x_axis=False, immediate=True)
            self.scroll_end(animate=False, force=True, x_axis=False)
        self._lines_changed()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever leaves the end stays where they are; whoever comes back to it follows again."""
        super().watch_scroll_y(old_value, new_value)
        self.following = new_value >= self.max_scroll_y and not self._pages.has_newer
        if not self.following:
            self._want_more(new_value)

    def _want_more(self, row: float) -> None:
        near, pages = self.scrollable_content_region.height, self._pages
        if row <= near and pages.has_older and pages.begins is not None:
            self.post_message(messages.PageWanted(pages.begins, forwards=False))
        elif row >= self.max_scroll_y - near and pages.has_newer and pages.ends is not None:
            self.post_message(messages.PageWanted(pages.ends, forwards=True))

    def on_resize(self) -> None:
        """The end is still the end when there is less room."""
        if self._layout.width:
            self._wrap_to(self.scrollable_content_region.width)
        if self.following:
            self.scroll_end(animate=False, force=True, x_axis=False)

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
        parts = segments(self._layout, row, ground, self._style_of, self.finding, first=int(bool(self._head)))
        return Strip(parts).crop_extend(left, left + width, ground)

    def _style_of(self, part: str) -> Style:
        return self.get_component_rich_style(f"log-view--{part}", partial=True)

    # Going about in it

    def go_to_last_error(self) -> None:
        """Bring the last line of an error that is kept into view, with what led to it over it."""
        found = [at for at, line in enumerate(self._layout.lines) if BAD.search(line)]
        if found:
            row = self._layout.row_of(found[-1])
            above = self.scrollable_content_region.height * 2 // 3
            self.scroll_to(y=max(0, row - above), animate=False, force=True, immediate=True)

    def _go_to(self, line: int) -> None:
        row = self._layout.row_of(line)
        self.scroll_to(y=max(0, row - self.scrollable_content_region.height // 3), animate=False, force=True)

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
            self.scroll_to(y=self._layout.row_of(top), animate=False, force=True)

    @property
    def _kept(self) -> Kept:
        pages = self._pages
        return Kept(
            lines=self._layout.lines,
            first=int(bool(self._head)),
            begins=pages.begins,
            whole=not pages.has_older and not pages.has_newer and not self._head,
        )

    def _lines_changed(self) -> None:
        """There are other lines; for who adds to this."""
