"""The log: outside text, followed while it grows, and left alone when somebody reads in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.support.screen import Eyes, looking_at, on_screen
from textual.app import App, ComposeResult

from backfill_tui.domain.log_errors import last_exception
from backfill_tui.domain.tasks import TaskLog
from backfill_tui.ui.themes import DARK
from backfill_tui.ui.widgets.log_view import LogView


class LogApp(App[None]):
    """Nothing but a log."""

    def __init__(self) -> None:
        super().__init__()
        self.view = LogView()
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield self.view


@asynccontextmanager
async def a_log(*lines: str, truncated: bool = False) -> AsyncGenerator[tuple[Eyes, LogView], None]:
    app = LogApp()
    async with looking_at(app) as eyes:
        app.view.show(TaskLog(lines=lines, truncated=truncated))
        app.view.focus()
        await eyes.pilot.pause()
        yield eyes, app.view


def numbered(many: int) -> tuple[str, ...]:
    return tuple(f"line {number}" for number in range(many))


@on_screen
async def test_the_end_is_shown_and_followed() -> None:
    async with a_log(*numbered(100)) as (eyes, view):
        await eyes.sees("line 99")
        view.show(TaskLog(lines=numbered(150)))
        await eyes.sees("line 149")


@on_screen
async def test_whoever_scrolls_up_stays_there_until_they_ask_for_the_end() -> None:
    async with a_log(*numbered(100)) as (eyes, view):
        await eyes.sees("line 99")
        await eyes.press("g")
        await eyes.sees("line 0")
        view.show(TaskLog(lines=numbered(150)))
        await eyes.pilot.pause()
        assert "line 149" not in eyes.text()
        await eyes.press("G")
        await eyes.sees("line 149")
        view.show(TaskLog(lines=numbered(160)))
        await eyes.sees("line 159")


@on_screen
async def test_another_log_takes_the_place_of_the_first() -> None:
    async with a_log("first", "second") as (eyes, view):
        view.show(TaskLog(lines=("other", "lines", "altogether")))
        await eyes.sees("other", "altogether")
        assert "first" not in eyes.text()


@on_screen
async def test_a_log_whose_head_was_cut_says_so() -> None:
    async with a_log("the end of it", truncated=True) as (eyes, _):
        await eyes.sees("the lines before were left out", "the end of it")


@on_screen
async def test_an_empty_log_says_that_nothing_was_written() -> None:
    async with a_log() as (eyes, _):
        await eyes.sees("Nothing was written yet")


@on_screen
async def test_nothing_in_a_log_reaches_the_terminal_but_text() -> None:
    hostile = (
        "[/red][bold]",
        "\x1b[2J\x1b]0;owned\x07 clean \x9b31m",
        "tab\tstop",
        "日本\u202eabc",
        "a\r\nb",
    )
    async with a_log(*hostile) as (eyes, view):
        await eyes.sees("[/red][bold]", "clean", "tab stop", "日本")
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(view.text)


@on_screen
async def test_lines_of_errors_stand_out() -> None:
    async with a_log("all is well", "[12:00] ERROR - no", "KeyError: 'sku'") as (_, view):
        colours = [next(iter(view.render_line(y))).style for y in range(3)]
        assert colours[0] != colours[1] == colours[2]


def test_the_last_exception_of_a_log_is_its_point() -> None:
    lines = (
        "ValueError: first",
        "During handling of the above",
        "  my.package.LoadError: [/red] no file ",
        "bye",
    )
    assert last_exception(lines) == "my.package.LoadError: [/red] no file"
    assert last_exception(("all is well",)) == ""


@on_screen
async def test_the_end_stays_in_sight_when_the_room_or_the_log_shrinks() -> None:
    async with a_log(*numbered(100)) as (eyes, view):
        await eyes.sees("line 99")
        await eyes.pilot.resize_terminal(80, 12)
        await eyes.sees("line 99")
        view.say("Reading ...")
        await eyes.sees("Reading ...")
        view.show(TaskLog(lines=numbered(60)))
        await eyes.sees("line 59")
        view.show(TaskLog(lines=numbered(90)))
        await eyes.sees("line 89")


@on_screen
async def test_an_error_is_gone_to_before_the_scrollbar_is_there() -> None:
    async with a_log("nothing yet") as (eyes, view):
        await eyes.sees("nothing yet")
        assert not view.show_vertical_scrollbar
        view.show(TaskLog(lines=(*numbered(100), "ValueError: no", *numbered(100))))
        view.go_to_last_error()
        await eyes.sees("ValueError: no")
