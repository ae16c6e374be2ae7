"""The list that draws only what is seen."""

from __future__ import annotations

from tests.support.screen import looking_at, on_screen
from textual.app import App, ComposeResult

from backfill_tui.ui.glyphs import Look
from backfill_tui.ui.text import Part
from backfill_tui.ui.themes import DARK
from backfill_tui.ui.widgets.line_list import LineList

ROWS = 100_000


class Numbers(LineList):
    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows
        self.drawn: list[int] = []

    @property
    def row_count(self) -> int:
        return self.rows

    def draw_header(self, width: int) -> str:
        del width
        return "Number"

    def draw_row(self, row: int, width: int, look: Look) -> list[Part]:
        del width
        self.drawn.append(row)
        return [(f"row {row}", look.text)]


class Listing(App[None]):
    def __init__(self, rows: int = ROWS) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.numbers = Numbers(rows)
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.numbers

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        self.chosen.append(message.row)


@on_screen
async def test_of_a_hundred_thousand_rows_only_those_in_view_are_drawn() -> None:
    app = Listing()
    async with looking_at(app) as eyes:
        await eyes.sees("row 0", "row 22")
        assert set(app.numbers.drawn) <= set(range(24))
        await eyes.press("G")
        await eyes.sees("row 99999")
        assert len(set(app.numbers.drawn)) < 60


@on_screen
async def test_moving_the_cursor_draws_two_rows() -> None:
    app = Listing()
    async with looking_at(app) as eyes:
        await eyes.sees("row 22")
        app.numbers.drawn.clear()
        await eyes.press("j")
        await eyes.until(lambda: eyes.line_with("row 1").startswith("▌"))
        assert sorted(set(app.numbers.drawn)) == [0, 1]


@on_screen
async def test_arrows_letters_and_pages_move_the_cursor_and_the_ends_hold_it() -> None:
    app = Listing(50)
    async with looking_at(app) as eyes:
        await eyes.sees("row 0")
        app.numbers.focus()
        places = []
        for key in ("k", "down", "j", "up", "pagedown", "pageup", "pageup", "end", "down", "home"):
            await eyes.press(key)
            places.append(app.numbers.cursor)
        assert places == [0, 1, 2, 1, 23, 1, 0, 49, 49, 0]


@on_screen
async def test_a_click_moves_the_cursor_and_a_second_one_chooses() -> None:
    app = Listing(10)
    async with looking_at(app) as eyes:
        await eyes.sees("row 3")
        await eyes.pilot.click(Numbers, offset=(5, 4))
        assert app.numbers.cursor == 3
        assert not app.chosen
        await eyes.pilot.click(Numbers, offset=(5, 4))
        await eyes.until(lambda: app.chosen == [3])


@on_screen
async def test_a_list_that_became_shorter_keeps_its_cursor_within() -> None:
    app = Listing(10)
    async with looking_at(app) as eyes:
        await eyes.press("G")
        app.numbers.rows = 3
        app.numbers.reload()
        await eyes.no_longer_sees("row 5")
        assert app.numbers.cursor == 2
        app.numbers.rows = 0
        app.numbers.empty = ("Nothing here",)
        app.numbers.reload()
        await eyes.sees("Nothing here")


@on_screen
async def test_a_scrollbar_that_comes_back_stands_where_the_list_is_scrolled_to() -> None:
    app = Listing(40)
    async with looking_at(app, size=(60, 15)) as eyes:
        await eyes.sees("row 0")
        await eyes.press(*["down"] * 20)
        await eyes.until(lambda: app.numbers.vertical_scrollbar.position > 0)
        await eyes.pilot.resize_terminal(60, 50)
        await eyes.until(lambda: not app.numbers.show_vertical_scrollbar)
        await eyes.pilot.resize_terminal(60, 30)
        await eyes.until(lambda: app.numbers.show_vertical_scrollbar)
        assert app.numbers.vertical_scrollbar.position == app.numbers.scroll_y == 0
