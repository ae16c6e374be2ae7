"""Task logs: a page of one, and what is looked for in the whole of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from backfill_tui.bridge.log_files import FilePage, read_page, read_page_after
from backfill_tui.bridge.log_find import FoundMessage, count, find
from backfill_tui.bridge.log_sources import LogSources, Look, OpenLog
from backfill_tui.domain.environment import Mode
from backfill_tui.domain.log_search import Search
from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.tasks import LogMatch, LogMatches, LogPlace, LogQuery, LogSearch, TaskLog
from backfill_tui.wire.methods import COUNT_IN_LOG, FIND_IN_LOG, LOG, Nothing

if TYPE_CHECKING:
    from backfill_tui.bridge.environment import AirflowEnvironment
    from backfill_tui.bridge.server import Call, Server

MOST_COUNTED: Final = 10_000
"""Lines that one answer counts."""


def register(server: Server, airflow: AirflowEnvironment) -> None:
    """Let the server answer `log`, `find_in_log` and `count_in_log`."""
    sources = LogSources(served=airflow.mode is not Mode.EMBEDDED)

    def opened(query: LogQuery, look: Look) -> OpenLog | None:
        with airflow.session() as session:
            return sources.open(session, query, look)

    def log(query: LogQuery, call: Call[Nothing]) -> TaskLog:
        found = opened(query, _look_of(call))
        if found is None:
            return TaskLog(lines=())
        with found.data:
            return read_log(found, query)

    def find_in_log(search: LogSearch, call: Call[Nothing]) -> LogMatch:
        found = opened(search.query, _look_of(call))
        if found is None:
            return LogMatch(log=None)
        with found.data:
            return find_line(found, search, _look_of(call))

    def count_in_log(search: LogSearch, call: Call[Nothing]) -> LogMatches:
        found = opened(search.query, _look_of(call))
        if found is None:
            nowhere = LogPlace(at=0)
            return LogMatches(places=(), begins=nowhere, ends=nowhere)
        with found.data:
            return count_lines(found, search, _look_of(call))

    server.handle(LOG, log)
    server.handle(FIND_IN_LOG, find_in_log)
    server.handle(COUNT_IN_LOG, count_in_log)


def read_log(log: OpenLog, query: LogQuery) -> TaskLog:
    """The page that was asked for."""
    after = query.after.at if query.after is not None and query.after.in_file == log.in_file else 0
    most = max(1, query.max_lines)
    if query.forwards:
        page = read_page_after(log.data, max_lines=most, after=after, ended=log.ended)
        return _told(log, page, page.lines, page.begins, followed=page.ends < page.whole)
    before = _place(query.before, log)
    page = read_page(log.data, max_lines=most, before=before, after=after, ended=log.ended)
    return _told(log, page, page.lines, page.begins)


def find_line(log: OpenLog, search: LogSearch, look: Look) -> LogMatch:
    """The next line that has the words, in the middle of a page."""
    wanted, start = Search(search.words), _place(search.start, log)
    found = find(log.data, wanted, start=start, step=search.step, ended=log.ended, look=look)
    if found is None:
        return LogMatch(log=None)
    half = max(1, search.query.max_lines // 2)
    above = read_page(log.data, max_lines=half, before=found.ends, ended=log.ended)
    below = read_page_after(log.data, max_lines=half, after=found.ends, ended=log.ended)
    page = _told(log, below, above.lines + below.lines, above.begins, followed=below.ends < below.whole)
    return LogMatch(log=page, line=_line_of(found, search.step, len(above.lines)))


def _line_of(found: FoundMessage, step: int, above: int) -> int:
    """Which line of a page it is: its message is the last of `above` lines, perhaps without its head."""
    number = found.matching[0] if step > 0 else found.matching[-1]
    return max(0, above - found.lines + number)


def count_lines(log: OpenLog, search: LogSearch, look: Look) -> LogMatches:
    """The lines that have the words from a place on, as far as they are counted."""
    start = _place(search.start, log) or 0
    places, ends, more = count(
        log.data, Search(search.words), start=start, most=MOST_COUNTED, ended=log.ended, look=look
    )
    return LogMatches(places=tuple(places), begins=_at(log, start), ends=_at(log, ends), more=more)


def _told(
    log: OpenLog, page: FilePage, lines: tuple[str, ...], begins: int, *, followed: bool = False
) -> TaskLog:
    return TaskLog(
        lines=lines,
        truncated=begins > 0,
        begins=_at(log, begins),
        ends=_at(log, page.ends),
        followed=followed,
    )


def _at(log: OpenLog, place: int) -> LogPlace:
    return LogPlace(at=place, in_file=log.in_file)


def _place(place: LogPlace | None, log: OpenLog) -> int | None:
    if place is not None and place.in_file != log.in_file:
        raise NotThere("The log is kept elsewhere by now", remedy="read it from its end")
    return place.at if place is not None else None


def _look_of(call: Call[Nothing]) -> Callable[[], None]:
    """Gives up once nobody waits, and tells whoever does that it is not over."""

    def look() -> None:
        call.check()
        call.emit(Nothing())

    return look
