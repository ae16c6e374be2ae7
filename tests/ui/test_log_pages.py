"""A log that is longer than what is kept of it: its pages come and go as one scrolls."""

from __future__ import annotations

from dataclasses import replace

from tests.support import log_lines
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import a_backfill, watching

from backfill_tui.domain.problems import NotThere
from backfill_tui.domain.tasks import LogMatch, LogMatches, LogPlace, LogQuery, LogSearch, TaskLog
from backfill_tui.gateway.port import IsCancelled, never
from backfill_tui.ui.screens.inspector_messages import LogRead
from backfill_tui.ui.screens.watch_inspector import Inspector
from backfill_tui.ui.widgets.log_pages import LogPage, LogPages
from backfill_tui.ui.widgets.log_view import LogView
from backfill_tui.ui.workers import is_busy

PAGE = 100


def place(at: int) -> LogPlace:
    return LogPlace(at=at)


def page(begin: int, end: int) -> LogPage:
    return LogPage(tuple(f"line {number}" for number in range(begin, end)), place(begin), place(end))


def kept(pages: LogPages) -> tuple[str, str]:
    lines = list(pages.lines())
    return lines[0], lines[-1]


def test_newer_pages_go_while_one_reads_backwards_and_are_found_again() -> None:
    pages = LogPages(most_lines=250)
    pages.replace(page(900, 1_000))
    for begin in (800, 700, 600):
        pages.put_before(page(begin, begin + 100))
    assert kept(pages) == ("line 600", "line 799")
    assert (pages.begins, pages.ends, pages.has_newer) == (place(600), place(800), True)
    assert pages.put_after(replace(page(800, 900), followed=True)) == 100
    assert kept(pages) == ("line 700", "line 899")
    assert pages.has_newer
    assert pages.put_after(page(900, 1_000)) == 100
    assert (pages.begins, pages.ends, pages.has_newer) == (place(800), place(1_000), False)


def test_a_page_of_nothing_says_that_nothing_follows() -> None:
    pages = LogPages()
    pages.replace(replace(page(0, 10), followed=True))
    assert pages.put_after(LogPage((), place(10), place(10))) == 0
    assert (len(list(pages.lines())), pages.has_newer) == (10, False)


def test_what_is_written_line_by_line_becomes_few_pages_and_the_oldest_go() -> None:
    pages = LogPages(most_lines=3_000)
    pages.replace(page(0, 1))
    gone = sum(pages.put_after(page(at, at + 1)) for at in range(1, 10_000))
    assert gone == 10_000 - len(list(pages.lines()))
    assert 2_000 <= len(list(pages.lines())) <= 3_000
    assert kept(pages)[1] == "line 9999"


class LongLog(ScriptedGateway):
    """Has one log of many lines, and gives it in pages as the bridge does."""

    lines = 1_000
    queries: list[LogQuery]
    searches: list[LogSearch]
    gone = False
    problem: NotThere | None = None
    hostile: tuple[str, ...] = ()
    marked: dict[int, str]

    def log(self, query: LogQuery) -> TaskLog:
        if self.hostile:
            return TaskLog(lines=self.hostile)
        self._enter("log")
        self.queries.append(query)
        if self.gone and query.before is not None:
            raise NotThere("The log is kept elsewhere by now", remedy="read it from its end")
        return log_lines.page_of(self._written(), replace(query, max_lines=PAGE))

    def find_in_log(self, search: LogSearch, is_cancelled: IsCancelled = never) -> LogMatch:
        self._enter("find_in_log", is_cancelled)
        if self.problem is not None:
            raise self.problem
        self.searches.append(search)
        query = replace(search.query, max_lines=PAGE)
        return log_lines.find(self._written(), replace(search, query=query))

    def count_in_log(self, search: LogSearch, is_cancelled: IsCancelled = never) -> LogMatches:
        self._enter("count_in_log", is_cancelled)
        return log_lines.count(self._written(), search)

    def _written(self) -> list[str]:
        return [f"line {number:04}{self.marked.get(number, '')}" for number in range(self.lines)]


def a_long_log() -> LongLog:
    world = a_backfill()
    world.advance(30)
    gateway = LongLog(world)
    gateway.queries, gateway.searches, gateway.marked = [], [], {}
    return gateway


async def at_the_log(eyes: Eyes) -> LogView:
    screen = await watching(eyes)
    view = screen.inspector.log_view
    view._pages._most = 250
    await eyes.press("n")
    await eyes.sees("line 0999")
    await eyes.press("tab")
    await eyes.until(lambda: view.has_focus, "the log to have the focus")
    return view


@on_screen
async def test_older_pages_are_read_when_one_gets_there_and_nothing_is_lost_on_the_way() -> None:
    async with looking_at(an_app(a_long_log()), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        assert "line 0900" in view.text
        assert "line 0899" not in view.text
        seen: set[str] = set()
        while "line 0000" not in eyes.text():
            seen |= {word for word in eyes.text().split() if word.isdigit()}
            top = view.scroll_offset.y
            await eyes.press("pageup")
            await eyes.until(lambda top=top: view.scroll_offset.y != top, "the page above")  # type: ignore[misc]
            assert len(view.text.splitlines()) <= 351
        seen |= {word for word in eyes.text().split() if word.isdigit()}
        assert {f"{number:04}" for number in range(1_000)} <= seen
        assert view.is_at_older_lines
        await eyes.press("G")
        await eyes.sees("line 0999")
        assert not view.is_at_older_lines


@on_screen
async def test_one_gets_back_down_through_pages_that_had_gone() -> None:
    async with looking_at(an_app(a_long_log()), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        for _ in range(6):
            before = view.text
            await eyes.press("g")
            await eyes.until(lambda before=before: view.text != before, "an older page")  # type: ignore[misc]
        assert view.is_at_older_lines
        seen: set[str] = set()
        while "line 0999" not in eyes.text():
            seen |= {word for word in eyes.text().split() if word.isdigit()}
            top = view.scroll_offset.y
            await eyes.press("pagedown")
            await eyes.until(lambda top=top: view.scroll_offset.y != top, "the page below")  # type: ignore[misc]
        seen |= {word for word in eyes.text().split() if word.isdigit()}
        assert {f"{number:04}" for number in range(500, 1_000)} <= seen
        assert not view.is_at_older_lines


@on_screen
async def test_a_page_that_can_not_be_had_any_more_leads_to_the_end() -> None:
    gateway = a_long_log()
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        gateway.gone = True
        gateway.lines = 1_200
        await eyes.press("g")
        await eyes.until(lambda: "line 1199" in view.text, "the end")


@on_screen
async def test_only_what_was_written_since_is_asked_for() -> None:
    gateway = a_long_log()
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        gateway.lines = 1_003
        await eyes.press("t")
        screen = eyes.app.screen
        screen.query_one("Inspector")._read_cell()  # type: ignore[attr-defined]
        await eyes.sees("line 1002")
        assert gateway.queries[-1].after == place(1_000)
        assert view.text.count("line 0950") == 1


@on_screen
async def test_the_match_one_is_at_stays_the_same_line_when_an_older_page_comes() -> None:
    async with looking_at(an_app(a_long_log()), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        view.search("line 0905")
        await eyes.sees("line 0905")
        await eyes.sees("line 0905  1 of 1 line in this log")
        while "line 0799" not in view.text:
            await eyes.press("pageup")
        await eyes.sees("line 0905  1 of 1 line in this log")
        while "line 0905" not in eyes.text().replace("/line 0905", ""):
            await eyes.press("pagedown")
        marked = [
            part.text
            for y in range(view.scrollable_content_region.height)
            for part in view.render_line(y)
            if part.style and part.style.reverse
        ]
        assert marked == ["line 0905"]


@on_screen
async def test_a_search_finds_what_was_not_read_yet_and_counts_the_whole_log() -> None:
    gateway = a_long_log()
    gateway.marked = {40: " needle", 500: " Needle", 990: " needle"}
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        view.search("needle")
        await eyes.sees("line 0990 needle", "needle  3 of 3 lines in this log")
        await eyes.press("n")
        await eyes.sees("line 0040 needle", "needle  1 of 3 lines in this log")
        assert "line 0990" not in view.text
        await eyes.press("n")
        await eyes.sees("line 0500 Needle", "needle  2 of 3 lines in this log")
        await eyes.press("N")
        await eyes.sees("line 0040 needle", "needle  1 of 3 lines in this log")
        await eyes.press("N")
        await eyes.sees("line 0990 needle", "needle  3 of 3 lines in this log")
        await eyes.press("G")
        await eyes.sees("line 0999")


@on_screen
async def test_a_search_goes_on_from_what_is_seen_and_not_from_the_end() -> None:
    gateway = a_long_log()
    gateway.marked = {300: " needle", 800: " needle"}
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        view.search("line 0500")
        await eyes.sees("line 0500  1 of 1 line in this log")
        view.search("needle")
        await eyes.sees("line 0800 needle", "needle  2 of 2 lines in this log")
        await eyes.press("n")
        await eyes.sees("line 0300 needle", "needle  1 of 2 lines in this log")


@on_screen
async def test_a_search_without_a_match_says_so_of_the_whole_log() -> None:
    async with looking_at(an_app(a_long_log()), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        view.search("nowhere")
        await eyes.sees("nowhere  not in this log", "line 0999")


@on_screen
async def test_the_first_error_is_that_of_the_whole_log() -> None:
    gateway = a_long_log()
    gateway.marked = {17: " ERROR it broke", 950: " ERROR again"}
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        await eyes.press("e")
        await eyes.sees("line 0017 ERROR it broke")
        assert view.is_at_older_lines
        gateway.marked = {}
        await eyes.press("e")
        await eyes.sees("No error stands in this log")


@on_screen
async def test_what_is_written_while_one_searches_is_counted_too() -> None:
    gateway = a_long_log()
    gateway.marked = {40: " needle", 1_001: " needle"}
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        view.search("needle")
        await eyes.sees("needle  1 of 1 line in this log")
        await eyes.press("G")
        await eyes.sees("line 0999")
        gateway.lines = 1_003
        eyes.app.screen.query_one("Inspector")._read_cell()  # type: ignore[attr-defined]
        await eyes.sees("line 1002", "2 lines in this log")


@on_screen
async def test_a_search_that_is_dropped_is_given_up() -> None:
    gateway = a_long_log()
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        with gateway.hold("find_in_log"):
            view.search("line 0007")
            await eyes.sees("line 0007  looking through the whole log")
            await eyes.press("escape")
            await eyes.no_longer_sees("looking through")
            await eyes.until(lambda: not is_busy(eyes.app.screen.query_one("Inspector"), "find in log"))
        assert gateway.searches == []
        await eyes.sees("line 0999")


@on_screen
async def test_a_log_that_can_not_be_searched_says_why() -> None:
    gateway = a_long_log()
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        gateway.problem = NotThere("The log is kept elsewhere by now", remedy="read it from its end")
        view.search("line 0007")
        await eyes.sees("The log is kept elsewhere by now")


async def grow(eyes: Eyes, gateway: LongLog) -> None:
    """Let the log grow, and the pane follow it."""
    gateway.lines += 3
    eyes.app.screen.query_one(Inspector)._read_cell()
    await eyes.sees(f"line {gateway.lines - 1:04}")


@on_screen
async def test_what_is_written_meanwhile_does_not_cancel_the_way_to_the_first_error() -> None:
    gateway = a_long_log()
    gateway.marked = {17: " ERROR it broke"}
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        await at_the_log(eyes)
        with gateway.hold("find_in_log"):
            await eyes.press("e")
            await eyes.until(lambda: gateway.asked.get("find_in_log"), "the error to be looked for")
            await grow(eyes, gateway)
        await eyes.sees("line 0017 ERROR it broke")


@on_screen
async def test_what_was_followed_and_comes_late_does_not_throw_away_what_one_went_to() -> None:
    gateway = a_long_log()
    gateway.marked = {17: " ERROR it broke"}
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        inspector = eyes.app.screen.query_one(Inspector)
        with gateway.hold("log"):
            asked = gateway.asked["log"]
            gateway.lines += 3
            inspector._read_cell()
            await eyes.until(lambda: gateway.asked["log"] > asked, "what was written since to be asked for")
            await eyes.press("e")
            await eyes.sees("line 0017 ERROR it broke")
        await eyes.until(lambda: not is_busy(inspector, "log"), "it to come")
        query = inspector._log_of
        assert query is not None
        followed = replace(query, after=LogPlace(at=1_000))
        # An answer that was on its way already.
        inspector.post_message(LogRead(followed, log_lines.page_of(gateway._written(), followed)))
        nothing_new = replace(query, after=LogPlace(at=1_003))
        inspector.post_message(LogRead(nothing_new, log_lines.page_of(gateway._written(), nothing_new)))
        await eyes.pilot.pause()
        await eyes.sees("line 0017 ERROR it broke")
        assert view.is_at_older_lines
        await eyes.press("G")
        await eyes.sees("line 1002")


@on_screen
async def test_a_search_that_failed_no_longer_says_that_it_looks() -> None:
    gateway = a_long_log()
    async with looking_at(an_app(gateway), (120, 36)) as eyes:
        view = await at_the_log(eyes)
        with gateway.hold("count_in_log"):
            gateway.problem = NotThere("The log is kept elsewhere by now")
            view.search("line 0007")
            await eyes.sees("The log is kept elsewhere by now")
            eyes.app.clear_notifications()
            await eyes.sees("line 0007  looking through the whole log")
            assert view.finding is not None
            await eyes.until(lambda: view.finding is not None and not view.finding.looking, "the failure")
            gateway.fail("count_in_log", NotThere("It can not be counted"))
        await eyes.sees("It can not be counted")
        eyes.app.clear_notifications()
        await eyes.sees("line 0007  not counted in the whole log")
        counted = gateway.asked["count_in_log"]
        gateway.problem = None
        await grow(eyes, gateway)
        assert gateway.asked["count_in_log"] == counted, "it is not tried again and again by itself"
        await eyes.press("n")
        await eyes.sees("line 0007  1 of 1 line in this log")
