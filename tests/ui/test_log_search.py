"""Finding one's way in a log: search, wrapped lines, the first error; keys only."""

from __future__ import annotations

from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.watch_screens import a_backfill, watching
from tests.ui.test_log_view import a_log, numbered

from backfill_tui.domain.log_search import Search
from backfill_tui.ui.widgets.log_layout import LogLayout
from backfill_tui.ui.widgets.log_view import LogView


def rows_of(layout: LogLayout) -> list[str]:
    parts = [layout.part_at(row) for row in range(layout.rows)]
    return [layout.lines[line][begin:end] for line, begin, end in parts]


def test_wrapped_lines_take_as_many_rows_as_they_need_and_lose_nothing() -> None:
    layout = LogLayout()
    layout.wrap(4)
    layout.replace(["", "abcd", "abcdefghi", "日本語x"])
    assert rows_of(layout) == ["", "abcd", "abcd", "efgh", "i", "日本", "語x"]
    assert [layout.row_of(line) for line in range(4)] == [0, 1, 2, 5]
    assert [layout.line_at(row) for row in range(7)] == [0, 1, 2, 2, 2, 3, 3]
    layout.wrap(0)
    assert rows_of(layout) == layout.lines
    layout.extend(["more"])
    assert layout.rows == 5


def test_a_search_takes_its_text_as_it_stands_and_capitals_only_when_it_has_one() -> None:
    assert Search("sku").spans("SKU sku") == [(0, 3), (4, 7)]
    assert Search("Sku").spans("SKU sku") == []
    assert Search("[a.b]").spans("[aXb] [a.b]") == [(6, 11)]
    assert Search("x").lines_of(["x", "", "yx"]) == [0, 2]


def reversed_texts(view: LogView) -> list[str]:
    """What stands out as the match one is at."""
    rows = range(view.scrollable_content_region.height)
    return [part.text for y in rows for part in view.render_line(y) if part.style and part.style.reverse]


@on_screen
async def test_the_search_goes_from_match_to_match_and_around_the_end() -> None:
    lines = list(numbered(200))
    lines[20], lines[150] = "the sku is missing", "SKU again"
    async with a_log(*lines) as (eyes, view):
        await eyes.sees("line 199")
        view.search("sku")
        await eyes.sees("the sku is missing")
        assert reversed_texts(view) == ["sku"]
        await eyes.press("n")
        await eyes.sees("SKU again")
        assert reversed_texts(view) == ["SKU"]
        await eyes.press("n")
        await eyes.sees("the sku is missing")
        await eyes.press("N")
        await eyes.sees("SKU again")
        await eyes.press("escape", "G")
        await eyes.sees("line 199")
        assert reversed_texts(view) == []


@on_screen
async def test_a_match_across_two_rows_of_a_wrapped_line_is_shown_in_both() -> None:
    async with a_log("x" * 75 + "needle" + "y" * 20) as (eyes, view):
        await eyes.press("w")
        view.search("needle")
        await eyes.until(lambda: reversed_texts(view), "a match")
        assert "".join(reversed_texts(view)) == "needle"
        assert len(reversed_texts(view)) == 2


@on_screen
async def test_wrapping_shows_the_whole_of_a_long_line_and_stays_where_one_was() -> None:
    long = "begin " + "." * 200 + " finis"
    async with a_log(*numbered(50), long, *numbered(50)) as (eyes, view):
        view.search("begin")
        await eyes.sees("begin")
        assert "finis" not in eyes.text()
        await eyes.press("w")
        await eyes.sees("begin", "finis")
        await eyes.press("w")
        await eyes.no_longer_sees("finis")
        await eyes.sees("begin")


@on_screen
async def test_e_goes_to_the_first_error_or_says_that_there_is_none() -> None:
    lines = list(numbered(300))
    lines[40], lines[200] = "[12:00] ERROR the first", "KeyError: 'sku'"
    async with a_log(*lines) as (eyes, _):
        await eyes.press("e")
        await eyes.sees("ERROR the first")
    async with a_log(*numbered(3)) as (eyes, _):
        await eyes.press("e")
        await eyes.sees("No error stands in this log")


async def at_the_log(eyes: Eyes) -> LogView:
    screen = await watching(eyes)
    await eyes.press("n")
    await eyes.sees("KeyError: 'sku'")
    await eyes.press("tab")
    log = screen.inspector.log_view
    await eyes.until(lambda: log.has_focus, "the log to have the focus")
    return log


@on_screen
async def test_a_search_is_typed_under_the_log_and_says_how_much_it_found() -> None:
    world = a_backfill()
    world.advance(30)
    async with looking_at(an_app(world), (120, 36)) as eyes:
        log = await at_the_log(eyes)
        await eyes.press("slash")
        await eyes.write("sku")
        await eyes.press("enter")
        await eyes.sees("/sku  1 of 1 line in this log")
        assert log.has_focus
        await eyes.press("slash")
        await eyes.write("nowhere")
        await eyes.press("enter")
        await eyes.sees("nowhere  not in this log")
        await eyes.press("escape")
        await eyes.no_longer_sees("nowhere")
        assert log.has_focus


@on_screen
async def test_escape_in_the_search_field_leaves_the_search_before_as_it_was() -> None:
    world = a_backfill()
    world.advance(30)
    async with looking_at(an_app(world), (120, 36)) as eyes:
        log = await at_the_log(eyes)
        await eyes.press("slash")
        await eyes.write("sku")
        await eyes.press("enter")
        await eyes.sees("/sku  1 of 1 line in this log")
        await eyes.press("slash")
        await eyes.write("other")
        await eyes.press("escape")
        await eyes.sees("/sku  1 of 1 line in this log")
        assert log.has_focus


@on_screen
async def test_the_keys_of_a_search_are_the_screens_while_nothing_is_searched_for() -> None:
    world = a_backfill()
    world.advance(30)
    async with looking_at(an_app(world), (120, 36)) as eyes:
        await at_the_log(eyes)
        await eyes.press("n")
        await eyes.sees("load  2024-02-07")


@on_screen
async def test_wrapped_rows_fit_beside_the_scrollbar_that_they_bring() -> None:
    long = "".join(f"{number:04}" for number in range(1_000))
    async with a_log(long) as (eyes, view):
        await eyes.press("w")
        await eyes.sees("0999")
        await eyes.press("g")
        await eyes.sees("0000")
        rows = range(view.scrollable_content_region.height)
        shown = "".join(view.render_line(y).text.rstrip() for y in rows)
        assert view.show_vertical_scrollbar
        assert len(shown) > 1_000
        assert long.startswith(shown)
