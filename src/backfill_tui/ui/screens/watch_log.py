"""The log of the task under the cursor: its pages as one scrolls, the search in all of it, a pager."""

from __future__ import annotations

import os
from dataclasses import replace

from textual import on
from textual.containers import Vertical
from textual.getters import query_one
from textual.message import Message

from backfill_tui.domain.problems import Problem
from backfill_tui.domain.tasks import LogPlace, LogQuery, LogSearch
from backfill_tui.domain.text import one_line
from backfill_tui.ui import pager
from backfill_tui.ui.program import program_of
from backfill_tui.ui.screens.inspector_messages import (
    CountFailed,
    LogCounted,
    LogMatched,
    LogPageRead,
    LogWritten,
    MatchFailed,
    PageNotRead,
)
from backfill_tui.ui.widgets import log_messages as messages
from backfill_tui.ui.widgets.log_search import SearchLine
from backfill_tui.ui.widgets.log_view import LogView
from backfill_tui.ui.workers import Asking, ask, is_busy

_FINDING = "find in log"
_COUNTING = "count in log"


class LogPane(Vertical):
    """What is asked about the log that is shown; whoever adds to it says which that is."""

    log_view = query_one(LogView)
    search_line = query_one(SearchLine)

    def __init__(self, id: str | None = None) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._log_of: LogQuery | None = None

    def read_log(self, *, anew: bool = False) -> None:
        """Read the log that is to be shown, or what was written since; `anew` from its end."""
        raise NotImplementedError

    def _is_shown(self, query: LogQuery) -> bool:
        raise NotImplementedError

    @on(messages.CameIntoView)
    def _log_came_into_view(self) -> None:
        self.search_line.hidden = False
        self.read_log()

    @on(messages.WentOutOfView)
    def _log_went_out_of_view(self) -> None:
        self.search_line.hidden = True

    # The search

    @on(messages.SearchAsked)
    def _search_asked(self) -> None:
        self.search_line.ask()

    @on(SearchLine.Wanted)
    def _search_wanted(self, message: SearchLine.Wanted) -> None:
        message.stop()
        self.log_view.focus()
        self.log_view.search(message.words)

    @on(SearchLine.Left)
    def _search_left(self, message: SearchLine.Left) -> None:
        message.stop()
        self.log_view.focus()

    @on(messages.Searched)
    def _searched(self, message: messages.Searched) -> None:
        message.stop()
        self.search_line.found = message.words

    @on(messages.SearchDropped)
    def _search_dropped(self, message: messages.SearchDropped) -> None:
        message.stop()
        for group in (_FINDING, _COUNTING):
            self.workers.cancel_group(self, group)

    @on(messages.MatchWanted)
    def _match_wanted(self, message: messages.MatchWanted) -> None:
        message.stop()
        search = self._search(message.words, message.start, message.step)
        if search is None:
            self.log_view.search_failed()
            return
        program = program_of(self)
        ask(
            self,
            _FINDING,
            lambda asking: program.gateway.find_in_log(search, asking.unwanted),
            lambda match: LogMatched(search, match),
            failure=MatchFailed,
        )

    @on(messages.CountWanted)
    def _count_wanted(self, message: messages.CountWanted) -> None:
        message.stop()
        search = self._search(message.words, message.start)
        if search is None:
            self.log_view.count_failed()
            return
        program = program_of(self)
        ask(
            self,
            _COUNTING,
            lambda asking: program.gateway.count_in_log(search, asking.unwanted),
            lambda matches: LogCounted(search, matches),
            failure=CountFailed,
        )

    def _search(self, words: str, start: LogPlace | None, step: int = 1) -> LogSearch | None:
        query = self._log_of
        if query is None or not self._is_shown(query):
            return None
        return LogSearch(query=query, words=words, start=start, step=step)

    @on(LogMatched)
    def _log_matched(self, message: LogMatched) -> None:
        message.stop()
        if self._log_of == message.search.query and self._is_shown(message.search.query):
            # What is read at the end would take the place of what was found.
            self.workers.cancel_group(self, "log")
            self.log_view.show_match(message.search, message.match)

    @on(LogCounted)
    def _log_counted(self, message: LogCounted) -> None:
        message.stop()
        if self._log_of == message.search.query:
            self.log_view.show_count(message.search, message.matches)

    @on(MatchFailed)
    def _match_failed(self, message: MatchFailed) -> None:
        message.stop()
        self.log_view.search_failed()
        self._say(message.problem)

    @on(CountFailed)
    def _count_failed(self, message: CountFailed) -> None:
        message.stop()
        self.log_view.count_failed()
        self._say(message.problem)

    def _say(self, problem: Problem) -> None:
        self.app.notify(one_line(str(problem)), severity="error", markup=False)

    # The pages of a long log

    @on(messages.PageWanted)
    def _page_wanted(self, message: messages.PageWanted) -> None:
        message.stop()
        if self._log_of is None or not self._is_shown(self._log_of) or is_busy(self, "page"):
            return
        if message.forwards:
            query = replace(self._log_of, after=message.place, forwards=True)
        else:
            query = replace(self._log_of, before=message.place)
        program = program_of(self)
        ask(
            self,
            "page",
            lambda _: program.gateway.log(query),
            lambda log: LogPageRead(query, log),
            failure=PageNotRead,
        )

    @on(LogPageRead)
    def _page_read(self, message: LogPageRead) -> None:
        message.stop()
        if self._is_shown(message.query) and self._log_of == whole(message.query):
            self.log_view.show_page(message.log)

    @on(messages.NewestWanted)
    @on(PageNotRead)
    def _newest_wanted(self, message: Message) -> None:
        message.stop()
        self.read_log(anew=True)

    # The whole log in a pager

    @on(messages.PagerWanted)
    def _pager_wanted(self, message: messages.PagerWanted) -> None:
        message.stop()
        query = self._log_of
        if query is None or not self._is_shown(query) or is_busy(self, "pager"):
            return
        program = program_of(self)

        def write(asking: Asking) -> LogWritten:
            words = pager.pager_words(os.environ)
            path = pager.write_log(program.gateway, query, asking.unwanted)
            if asking.unwanted():
                pager.remove(path)
            return LogWritten(words, path)

        ask(self, "pager", write, lambda written: written)

    @on(LogWritten)
    def _log_written(self, message: LogWritten) -> None:
        message.stop()
        try:
            problem = pager.read_in_pager(self.app, message.words, message.path)
        finally:
            pager.remove(message.path)
        if problem:
            self.app.notify(one_line(problem), severity="error", markup=False)


def whole(query: LogQuery) -> LogQuery:
    """The query of the end of the same log."""
    return replace(query, before=None, after=None, forwards=False)
