"""The scrollbar of the grids against Textual's own: the same to see and to touch, but drawn once."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip

from backfill_tui.ui.widgets.kept_lines import KeptLines
from backfill_tui.ui.widgets.quick_bar import QuickBar

LINES = 1_000


class Quick(KeptLines):
    """Many empty lines with the quick bar."""

    def render_line(self, _y: int) -> Strip:
        return Strip.blank(self.size.width, self.rich_style)


class Slow(ScrollView):
    """The same with Textual's own."""

    def render_line(self, _y: int) -> Strip:
        return Strip.blank(self.size.width, self.rich_style)


class Bars(App[None]):
    """Both beside one another."""

    CSS = "Screen { layout: horizontal; } Quick, Slow { width: 10; scrollbar-size-vertical: 1; }"

    def compose(self) -> ComposeResult:
        yield Quick()
        yield Slow()

    def on_mount(self) -> None:
        for one in self.views:
            one.virtual_size = Size(5, LINES)

    @property
    def views(self) -> tuple[ScrollView, ScrollView]:
        return self.query_one(Quick), self.query_one(Slow)

    def bars(self) -> tuple[ScrollBar, ScrollBar]:
        quick, slow = self.views
        return quick.vertical_scrollbar, slow.vertical_scrollbar


def drawn(bar: ScrollBar) -> list[list[tuple[str, object]]]:
    """The lines of a bar: text with style, and what a click there does."""
    lines = bar.render_lines(Region(0, 0, bar.size.width, bar.size.height))
    return [
        [(text, style and (style.color, style.bgcolor, style.reverse, style.meta)) for text, style, _ in line]
        for line in lines
    ]


@pytest.mark.parametrize("no_color", [False, True])
async def test_it_looks_like_textuals_own_wherever_it_stands(
    no_color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    app = Bars()
    async with app.run_test(size=(40, 23)) as pilot:
        await pilot.pause()
        quick, slow = app.bars()
        assert isinstance(quick, QuickBar)
        assert type(slow) is ScrollBar
        looks = set()
        for y in (0, 1, 7, 200, 333, 500, 976, LINES):
            for view in app.views:
                view.scroll_to(y=y, animate=False, immediate=True)
            await pilot.pause()
            assert drawn(quick) == drawn(slow)
            looks.add(str(drawn(quick)))
        assert len(looks) > 4, "it moved"
        for bar in (quick, slow):
            bar.mouse_over = True
        await pilot.pause()
        assert drawn(quick) == drawn(slow)
        assert str(drawn(quick)) not in looks, "it lights up under the mouse"


async def test_it_is_drawn_again_only_when_it_moves_or_has_another_size() -> None:
    app = Bars()
    async with app.run_test(size=(40, 23)) as pilot:
        await pilot.pause()
        quick, _ = app.bars()
        whole = Region(0, 0, 1, quick.size.height)
        first = quick.render_lines(whole)
        assert len(first) == 23
        app.views[0].refresh(Region(0, 3, 10, 1))
        await pilot.pause()
        again = quick.render_lines(whole)
        assert [id(line) for line in again] == [id(line) for line in first]
        assert quick.render_lines(Region(0, 5, 1, 2)) == first[5:7]
        app.views[0].scroll_to(y=500, animate=False, immediate=True)
        await pilot.pause()
        assert quick.render_lines(whole) != first
        await pilot.resize_terminal(40, 30)
        await pilot.pause()
        assert len(quick.render_lines(Region(0, 0, 1, quick.size.height))) == 30


async def test_it_scrolls_by_the_mouse() -> None:
    app = Bars()
    async with app.run_test(size=(40, 23)) as pilot:
        await pilot.pause()
        view = app.views[0]
        await pilot.click(offset=(app.bars()[0].region.x, 22))
        await pilot.pause()
        await pilot.wait_for_scheduled_animations()
        assert view.scroll_offset.y > 0, "a click below the thumb goes down a page"
        assert view.scroll_offset.y < LINES // 2
