"""The log of a task instance, and how one finds one's way in it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from backfill_tui.domain.log_search import Search
from backfill_tui.domain.tasks import LogMatch, LogMatches, LogSearch
from backfill_tui.ui.command import bindings
from backfill_tui.ui.log_commands import LOG
from backfill_tui.ui.widgets import log_messages as messages
from backfill_tui.ui.widgets.log_finding import Finding
from backfill_tui.ui.widgets.log_text import LogText
from backfill_tui.ui.widgets.log_words import page_of


class LogView(LogText, inherit_bindings=False):
    """A log with its keys; what is searched for is found in the whole of it, whatever is kept."""

    HELP = (
        "The log of one try. It follows what is written; scroll up to stay where you are, {log.last} to "
        "follow again. Of a long log only the end is read, and more of it as you scroll up. A search finds "
        "what stands anywhere in it, and so does {log.error}; {log.pager} opens all of it in $PAGER."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LOG)]

    # Going about in it

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        if self._pages.has_newer:
            self.post_message(messages.NewestWanted())
        self.following = True
        self.scroll_end(animate=False, force=True, x_axis=False)

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them again."""
        self.scroll_to(x=0, animate=False, force=True)
        self._wrap_to(0 if self._layout.width else self.scrollable_content_region.width)

    def action_pager(self) -> None:
        """Ask for the whole log in a pager."""
        self.post_message(messages.PagerWanted())

    def action_first_error(self) -> None:
        """Go to the first line of an error in the whole log."""
        kept = self._kept
        if not kept.whole:
            self.post_message(messages.MatchWanted("", None, 1))
            return
        found = next(iter(Search().lines_of(kept.lines)), None)
        if found is None:
            self._say_that_there_is_no_error()
        else:
            self._go_to(found)

    def _say_that_there_is_no_error(self) -> None:
        self.app.notify("No error stands in this log")

    # The search

    def action_search(self) -> None:
        """Let a text be typed."""
        self.post_message(messages.SearchAsked())

    def search(self, words: str) -> None:
        """Look for a text from what is seen on; an empty one ends the search."""
        self.finding = Finding(words) if words else None
        self.refresh()
        self.refresh_bindings()
        if self.finding is None:
            self.post_message(messages.SearchDropped())
        self._lines_changed()
        self.action_match(1)

    def action_drop_search(self) -> None:
        """End the search."""
        self.search("")

    def action_match(self, step: int) -> None:
        """Go to the next line it stands in, after the last to the first, wherever in the log that is."""
        finding, kept = self.finding, self._kept
        if finding is not None and finding.uncounted:
            finding.uncounted = False
            self._lines_changed()
        if finding is not None and self._layout.rows:
            line = finding.next_in(kept, step, self._layout.line_at(self.scroll_offset.y))
            if line is not None:
                self._go_to_match(finding, line)
            elif not kept.whole:
                finding.looking = True
                start = self._pages.ends if step > 0 else self._pages.begins
                self.post_message(messages.MatchWanted(finding.search.words, start, step))
        self._tell_what_was_found()

    def _go_to_match(self, finding: Finding, line: int) -> None:
        finding.current = line
        self._go_to(line)
        self.refresh()

    def show_match(self, search: LogSearch, match: LogMatch) -> None:
        """Take over what was looked for in the whole log; an answer to another search is left."""
        finding = self.finding
        if search.words and (finding is None or finding.search.words != search.words):
            return
        if match.log is not None:
            self.following = False
            self._pages.replace(page_of(match.log))
            self._lay_out("", shift=0)
            line = match.line + bool(self._head)
            if finding is None or not search.words:
                self._go_to(line)
            else:
                self._go_to_match(finding, line)
        elif not search.words:
            self._say_that_there_is_no_error()
        if finding is not None:
            finding.looking = False
        self._tell_what_was_found()

    def show_count(self, search: LogSearch, matches: LogMatches) -> None:
        """Take over how many lines of the whole log have what is looked for."""
        if self.finding is not None and self.finding.search.words == search.words:
            self.finding.counted(matches)
            self._tell_what_was_found()

    def search_failed(self) -> None:
        """Nobody looks for the next line any more."""
        if self.finding is not None:
            self.finding.looking = False
        self._tell_what_was_found()

    def count_failed(self) -> None:
        """Nobody counts the lines any more; the next look for one has them counted."""
        if self.finding is not None:
            self.finding.counting, self.finding.uncounted = False, True
        self._tell_what_was_found()

    def _lines_changed(self) -> None:
        """Let the lines of the whole log be counted that are not yet, unless all of it is here."""
        finding, kept = self.finding, self._kept
        wanted = finding is not None and not finding.counting and not finding.uncounted
        if finding is not None and wanted and self._layout.rows and not kept.whole:
            counted, ends = finding.matches, self._pages.ends
            if counted is None:
                finding.counting = True
                self.post_message(messages.CountWanted(finding.search.words, None))
            elif not counted.more and ends is not None and ends.at > counted.ends.at:
                finding.counting = True
                self.post_message(messages.CountWanted(finding.search.words, counted.ends))
        self._tell_what_was_found()

    def _tell_what_was_found(self) -> None:
        words = self.finding.words(self._kept) if self.finding else ""
        self.post_message(messages.Searched(words))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Its keys are the screen's while nothing is searched for."""
        return self.finding is not None if action in {"match", "drop_search"} else True
