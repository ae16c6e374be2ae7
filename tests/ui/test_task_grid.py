"""The transposed grid: every line of it as plain text, with the cursor and the marks of its grid."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion
from tests.support.folds import COUNT, a_folding_update, indexes_of, some_rows
from tests.support.grids import TASKS, a_mixed_backfill, a_row, an_update
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.watch_screens import a_backfill, a_backfill_under_way, jump, watching
from tests.support.world import NOW
from tests.ui.test_watch_folds import a_grouped_backfill
from textual import events
from textual.app import ComposeResult

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.instants import SECOND, Instant
from backfill_tui.domain.looks import Looks
from backfill_tui.domain.states import RunState
from backfill_tui.domain.watching import GridUpdate
from backfill_tui.ui.themed import ThemedApp
from backfill_tui.ui.themes import LIGHT
from backfill_tui.ui.widgets.date_marks import DateMarks
from backfill_tui.ui.widgets.row_view import Only, Order
from backfill_tui.ui.widgets.run_grid import RunGrid
from backfill_tui.ui.widgets.task_grid import TaskGrid
from backfill_tui.ui.widgets.task_lines import HEAD


class TransposedApp(ThemedApp):
    """A transposed grid, and the grid that it follows, out of sight."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(looks=Looks(ascii_signs=ascii_only))
        self.store = GridStore()
        self.grid = RunGrid(self.store)
        self.tasks = TaskGrid(self.grid)

    def compose(self) -> ComposeResult:
        self.grid.display = False
        yield self.grid
        yield self.tasks

    def on_run_grid_cursor_moved(self) -> None:
        self.tasks.point()

    def on_run_grid_marks_changed(self) -> None:
        self.tasks.follow()

    def take(self, update: GridUpdate) -> None:
        self.grid.take(self.store.apply(update), update.read_at)
        self.tasks.follow()


@asynccontextmanager
async def transposed(
    update: GridUpdate, size: tuple[int, int] = (80, 24), *, ascii_only: bool = False
) -> AsyncGenerator[tuple[Eyes, TransposedApp], None]:
    app = TransposedApp(ascii_only=ascii_only)
    async with looking_at(app, size) as eyes:
        app.tasks.focus()
        app.take(update)
        await eyes.pilot.pause()
        yield eyes, app


def many(rows: int, tasks: int = 5) -> GridUpdate:
    names = [f"task_{number}" for number in range(1, tasks + 1)]
    return an_update([(a_row(number), "s" * tasks) for number in range(1, rows + 1)], names)


def cursor(app: TransposedApp) -> tuple[int, int]:
    return app.grid.cursor_row, app.grid.cursor_column


NARROW = """\
  2024-02-01  2024 Feb
  success     01  05   10
              ▾
  Run         ██–✗█✗⇄▶▶⊘◔◔
> extract     ■█ ███ ██···
  clean       ██ ██✗ ▶◇···
  load        ██ ✗█△ ↻····
  check       ██ △█△ ·····
  publish     ██ △–△ ·····"""

WIDE = """\
  2024-02-01  2024 Feb
  success     01 02 03 04 05 06 07 08 09 10 11 12
               ▾
  Run          █  █  –  ✗  █  ✗  ⇄  ▶  ▶  ⊘  ◔  ◔
> extract     [█] █     █  █  █     █  █  ·  ·  ·
  clean        █  █     █  █  ✗     ▶  ◇  ·  ·  ·
  load         █  █     ✗  █  △     ↻  ·  ·  ·  ·
  check        █  █     △  █  △     ·  ·  ·  ·  ·
  publish      █  █     △  –  △     ·  ·  ·  ·  ·"""


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (40, 12)])
@on_screen
async def test_tasks_are_rows_and_dates_are_columns_of_one_cell_or_three(size: tuple[int, int]) -> None:
    async with transposed(a_mixed_backfill(), size) as (eyes, _):
        assert eyes.text().rstrip() == NARROW
        await eyes.press("w")
        assert cut(eyes.text(), size[0]) == cut(WIDE, size[0])
        await eyes.press("w")
        assert eyes.text().rstrip() == NARROW


def cut(text: str, width: int) -> list[str]:
    """The lines of a text as far as they have a whole date in so many cells."""
    lines = text.rstrip("\n █▁▂▃▄▅▆▇▔").splitlines()[:9]
    return [line[: 14 + (width - 14) // 3 * 3].rstrip() for line in lines]


@on_screen
async def test_plain_letters_stand_in_for_the_signs() -> None:
    async with transposed(a_mixed_backfill(), ascii_only=True) as (eyes, _):
        assert eyes.text().isascii()
        assert "  load        ## X#^ r...." in eyes.text()


@on_screen
async def test_another_theme_draws_everything_anew() -> None:
    async with transposed(a_mixed_backfill()) as (eyes, app):
        before = app.tasks.render_line(6)
        eyes.app.theme = LIGHT.name
        await eyes.pilot.pause()
        after = app.tasks.render_line(6)
        assert after.text == before.text
        assert [segment.style for segment in after] != [segment.style for segment in before]


@on_screen
async def test_names_from_outside_are_shown_literally_and_cut() -> None:
    tasks = ("[/red]", "a\x1b[31mb", "日本", "a_name_that_is_far_too_long_for_one_third_of_this")
    async with transposed(an_update([(a_row(1), "sssf")], tasks)) as (eyes, _):
        await eyes.sees("[/red]", "ab", "日本", "a_name_that_is_far_too_lo…  ✗")
        assert "\x1b" not in eyes.text()


@on_screen
async def test_a_date_that_is_not_read_yet_says_so_and_is_shown_when_it_is() -> None:
    async with transposed(an_update([(a_row(1), "sssss")], total_rows=3)) as (eyes, app):
        assert "Run         █……" in eyes.text()
        more = an_update([(a_row(2), "sssss"), (a_row(3), "sssss")], None, total_rows=3)
        app.take(more)
        await eyes.sees("Run         ███")


@on_screen
async def test_partition_keys_stand_over_their_columns() -> None:
    rows = [a_row(at, logical_date=None, partition_key=f"north-{at}[/]") for at in range(1, 30)]
    async with transposed(an_update([(row, "sssss") for row in rows])) as (eyes, _):
        await eyes.sees("  north-1[/]   north-1[/]  north-13[/] north-25[/]")


@on_screen
async def test_a_backfill_without_dates_and_a_dag_without_tasks_show_nothing_that_is_not_there() -> None:
    async with transposed(an_update([], TASKS)) as (eyes, app):
        assert not eyes.text().strip()
        app.take(an_update([(a_row(1), "")], ()))
        await eyes.sees("Run         █", "No task of this Dag is known")
        await eyes.press("down", "right", "pagedown", "ctrl+d", "end", "dollar_sign", "w")
        assert cursor(app) == (0, 0)


SIGNS = {
    "s": "█", "f": "✗", "u": "△", "r": "▶", "q": "◔", "t": "↻", "d": "◇", "k": "–", ".": "·", " ": " ",
}  # fmt: skip
"""The sign of a state by its letter, written out once more."""
LETTERS = st.text(st.sampled_from([*SIGNS]), min_size=4, max_size=4)
ROWS = st.integers(1, 120).flatmap(lambda dates: st.lists(LETTERS, min_size=dates, max_size=dates))
"""As often more dates than are seen at once as fewer, which lists alone are not."""
KEYS = st.lists(st.sampled_from(["left", "right", "up", "down", "home", "end", "pageup", "w"]), max_size=8)


def pictured(rows: list[str], task: int, cursor: tuple[int, int], *, wide: bool) -> str:
    """The whole line of a task, however long: drawn from the letters, knowing nothing of the widget."""
    drawn = []
    for at, letters in enumerate(rows):
        sign, pointed = SIGNS[letters[task]], (at, task) == cursor
        if wide:
            drawn.append(f"[{sign}]" if pointed else f" {sign} ")
        else:
            drawn.append("■" if pointed and sign == "█" else sign)
    return "".join(drawn)


# Shrinking draws a screen at each step, which takes minutes: what failed is printed as it is.
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    rows=ROWS,
    keys=KEYS,
    wide=st.booleans(),
    size=st.tuples(st.integers(50, 90), st.integers(8, 14)),
)
def test_every_line_is_what_the_letters_of_its_task_draw_cut_to_what_is_seen(
    rows: list[str], keys: list[str], wide: bool, size: tuple[int, int]
) -> None:
    @on_screen
    async def compare() -> None:
        update = an_update([(a_row(at), cells) for at, cells in enumerate(rows, start=1)], TASKS[:4])
        async with transposed(update, size) as (eyes, app):
            await eyes.press(*(["w"] if wide else []), "end", *keys)
            now_wide = (keys.count("w") + wide) % 2 == 1
            region, (left, top) = app.tasks.scrollable_content_region, app.tasks.scroll_offset
            room, cell = region.width - 14, 3 if now_wide else 1
            for y in range(HEAD, min(region.height, HEAD + 4 - top)):
                task = y - HEAD + top
                gutter = ">" if task == cursor(app)[1] else ""
                seen = pictured(rows, task, cursor(app), wide=now_wide)[left : left + room]
                line = f"{gutter:2}{TASKS[task]:12}{seen:{room}}"
                assert app.tasks.render_line(y).text[: region.width] == line
            date, task = cursor(app)
            assert left <= date * cell <= left + room - cell, "the cursor is seen"
            assert top <= task < top + region.height - HEAD

    compare()


# What changes.


@on_screen
async def test_only_the_lines_that_say_something_else_are_drawn_again() -> None:
    async with transposed(many(20)) as (eyes, app):
        drawn: list[int] = []
        render = app.tasks.render_line

        def noted(y: int) -> object:
            drawn.append(y)
            return render(y)

        app.tasks.render_line = noted  # type: ignore[method-assign,assignment]
        app.take(an_update([(a_row(5, RunState.FAILED), "sfsss")], None, total_rows=20))
        await eyes.until(lambda: drawn, "a line to be drawn")
        assert set(drawn) == {HEAD - 1, HEAD + 1}
        await eyes.sees("task_2      ████✗███")


@on_screen
async def test_a_change_out_of_sight_draws_nothing() -> None:
    async with transposed(many(300)) as (eyes, app):
        drawn: list[int] = []
        app.tasks.render_line = drawn.append  # type: ignore[method-assign,assignment]
        app.take(an_update([(a_row(290, RunState.FAILED), "sfuuu")], None, total_rows=300))
        await eyes.pilot.pause()
        assert drawn == []


@on_screen
async def test_the_dates_are_marked_again_only_where_others_are_read_or_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marked: list[int] = []
    lines = DateMarks.lines

    def noted(marks: DateMarks, left: int, room: int) -> tuple[str, str]:
        marked.append(left)
        return lines(marks, left, room)

    monkeypatch.setattr(DateMarks, "lines", noted)
    async with transposed(many(20)) as (eyes, app):
        before = len(marked)
        app.take(an_update([(a_row(5, RunState.FAILED), "sfsss")], None, total_rows=20))
        await eyes.sees("task_2      ████✗███")
        assert len(marked) == before, "no date is another one"
        app.take(an_update([(a_row(21), "sssss")], None, total_rows=21))
        await eyes.until(lambda: len(marked) > before, "a date more")
        before = len(marked)
        app.grid.show_only(Only.FAILED)
        app.tasks.follow()
        await eyes.until(lambda: len(marked) > before, "fewer dates")


@on_screen
async def test_tasks_that_come_with_another_version_of_the_dag_get_their_line() -> None:
    async with transposed(many(3)) as (eyes, app):
        app.take(an_update([(a_row(at), "ssssssf") for at in (1, 2, 3)], [*"abcdefg"]))
        await eyes.sees("  g           ✗✗✗")
        await eyes.press("dollar_sign")
        await eyes.sees("> g           ✗✗✗")


# Folded and unfolded tasks.


OPEN = """\
> regions              ■███·
  stock/count[]        █✗█▶·
  stock/check/compare  █△█··
  stock/check/report   █△█··
  publish              █△█··"""

FOLDED = """\
> regions     ■███·
  stock/      █✗█▶·
  publish     █△█··"""


UNFOLDED = """\
  regions              ████·
> stock/count[0]       ■███·
  stock/count[1]       ████
  stock/count[2]       █✗█▶
  stock/count[3]       ███▶"""


def tasks_of(eyes: Eyes) -> str:
    return "\n".join(eyes.text().splitlines()[HEAD:]).strip("\n")


@on_screen
async def test_what_is_folded_in_the_grid_is_one_line_and_what_is_unfolded_several() -> None:
    async with transposed(a_folding_update(some_rows())) as (eyes, app):
        assert tasks_of(eyes) == OPEN
        app.grid.action_fold_all()
        app.tasks.follow()
        await eyes.pilot.pause()
        assert tasks_of(eyes) == FOLDED
        app.grid.action_fold_all()
        app.grid.cursor_column = 1
        app.tasks.follow()
        assert app.tasks.indexes_in_view()[1] == (COUNT,)
        app.grid.take_indexes(indexes_of(some_rows()))
        app.tasks.follow()
        await eyes.sees("stock/count[11]")
        assert tasks_of(eyes).startswith(UNFOLDED)


@on_screen
async def test_keys_fold_and_unfold_while_it_is_turned_and_map_indexes_are_read() -> None:
    async with looking_at(an_app(a_grouped_backfill())) as eyes:
        screen = await watching(eyes, "stock/")
        await eyes.press("T", "down", "minus")
        await eyes.sees("> stock/")
        await eyes.press("plus", "plus")
        await eyes.sees("> stock/count[0]", "stock/count[4]")
        assert eyes.line_with("stock/count[4]").endswith(" ✗")
        await eyes.press("j", "j", "j", "j", "T")
        await eyes.sees("…count[]", "✗◂")
        assert screen.grid.columns.shown[screen.grid.cursor_column].map_index == 4


# The cursor.


@on_screen
async def test_the_cursor_moves_by_arrows_and_letters() -> None:
    async with transposed(many(30)) as (eyes, app):
        await eyes.press("right", "l", "down", "j", "left", "k")
        assert cursor(app) == (1, 1)
        await eyes.press("h", "h", "h", "up", "up", "up")
        assert cursor(app) == (0, 0), "the edges hold"


@on_screen
async def test_the_cursor_goes_by_pages_and_to_the_ends_and_is_always_seen() -> None:
    async with transposed(many(200, 40)) as (eyes, app):
        await eyes.press("pagedown")
        assert cursor(app) == (65, 0)
        await eyes.sees("2024-04-06")
        await eyes.press("ctrl+d")
        assert cursor(app) == (65, 19)
        await eyes.sees("> task_20")
        await eyes.press("end", "dollar_sign")
        assert cursor(app) == (199, 39)
        await eyes.sees("> task_40", "2024-08-18  2024")
        await eyes.press("pageup", "ctrl+u")
        assert cursor(app) == (134, 20)
        await eyes.press("home", "0")
        assert cursor(app) == (0, 0)
        await eyes.sees("> task_1 ", "2024-02-01  2024 Feb")


@pytest.mark.parametrize("wide", [False, True])
@on_screen
async def test_a_click_puts_the_cursor_there(wide: bool) -> None:
    async with transposed(a_mixed_backfill()) as (eyes, app):
        if wide:
            await eyes.press("w")
        await eyes.pilot.click(TaskGrid, offset=(14 + 3 * (3 if wide else 1), HEAD + 2))
        assert cursor(app) == (3, 2)
        await eyes.pilot.click(TaskGrid, offset=(14, HEAD - 1))
        assert cursor(app) == (0, 2), "a click on a run means its date"
        await eyes.pilot.click(TaskGrid, offset=(4, HEAD + 1))
        assert cursor(app) == (0, 1), "a click on a name means its task"
        await eyes.pilot.click(TaskGrid, offset=(79, HEAD + 15))
        assert cursor(app) == (0, 1), "there is nothing so far away"


@on_screen
async def test_the_wheel_goes_along_the_dates_and_down_the_tasks_where_not_all_are_seen() -> None:
    def turn(app: TransposedApp) -> None:
        for _ in range(3):
            app.screen._forward_event(
                events.MouseScrollDown(app.tasks, 10, 10, 0, 1, button=0, shift=False, meta=False, ctrl=False)
            )

    async with transposed(many(200)) as (eyes, app):
        turn(app)
        await eyes.until(lambda: app.tasks.scroll_offset == (12, 0), "the dates to scroll")
        assert cursor(app) == (0, 0)
    async with transposed(many(200, 60)) as (eyes, app):
        turn(app)
        await eyes.until(lambda: app.tasks.scroll_offset.y > 0, "the tasks to scroll")
        assert app.tasks.scroll_offset.x == 0


# Marks and what is shown.


@on_screen
async def test_marks_stand_over_their_dates_and_follow_shift_and_an_arrow() -> None:
    async with transposed(many(9)) as (eyes, app):
        await eyes.press("right", "shift+right", "L")
        assert app.grid.marks.rows == {1, 2, 3}
        assert eyes.text().splitlines()[2] == "               ●●●"
        await eyes.press("right", "H")
        assert app.grid.marks.rows == {1, 2, 3, 4}


@on_screen
async def test_it_shows_what_the_grid_is_narrowed_to() -> None:
    async with transposed(a_mixed_backfill()) as (eyes, app):
        app.grid.show_only(Only.FAILED)
        app.tasks.follow()
        await eyes.sees("2024-02-04  2024 Feb", "Run         ✗✗", "> extract     ■█", "load        ✗△")
        await eyes.press("end")
        assert cursor(app) == (5, 0)


@on_screen
async def test_it_has_the_order_of_the_grid() -> None:
    rows = [(a_row(at, started_at=Instant(NOW - at * SECOND)), "s" * at + "f" * (5 - at)) for at in (1, 2, 3)]
    async with transposed(an_update(rows)) as (eyes, app):
        assert "check       ✗✗✗" in eyes.text()
        assert "clean       ✗██" in eyes.text()
        app.grid.sort(Order.START)
        app.tasks.follow()
        await eyes.sees("clean       ██✗")
        await eyes.press("end")
        assert cursor(app) == (0, 0)


# On the watch screen.


@on_screen
async def test_a_key_turns_the_grid_and_turns_it_back_at_the_same_cell() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("n", "T")
        await eyes.sees("2024-02-06  2024 Feb", "Run         ██–██✗✗████▶▶▶▶◔◔◔◔◔", "> load ")
        assert screen.tasks.has_focus
        assert "w width" in eyes.text()
        await eyes.press("l", "j", "T")
        await eyes.sees("> 2024-02-07")
        assert screen.grid.has_focus
        assert screen.grid.cursor_column == 3
        assert "w width" not in eyes.text()


@on_screen
async def test_the_keys_of_the_grid_work_while_it_is_turned() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("T", "n")
        await eyes.sees("load  2024-02-06  ✗ failed")
        await eyes.press("space", "right_curly_bracket")
        await eyes.sees("1 date marked", "2024-02-12", "     ●     ▾")
        await jump(eyes, "2024-02-17")
        await eyes.press("enter")
        await eyes.sees("2024-02-17  2024 Feb")
        await eyes.press("f")
        await eyes.sees("only failed: 2 of 20", "Run         ✗✗")
        await eyes.press("escape", "escape")
        await eyes.no_longer_sees("only failed")
        await eyes.press("enter", "tab")
        assert screen.inspector.log_view.has_focus
        await eyes.press("escape")
        assert screen.tasks.has_focus


@on_screen
async def test_the_strip_is_zoomed_in_to_where_it_came_from() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("T", "z")
        await eyes.sees("2024 Feb ■█–██")
        await eyes.press("l", "enter")
        await eyes.sees("2024-02-02  2024 Feb")
        assert screen.tasks.has_focus
        await eyes.press("z", "T")
        await eyes.sees("> 2024-02-02")


@on_screen
async def test_it_changes_while_the_backfill_runs_and_says_when_no_date_is_shown() -> None:
    world = a_backfill(last="2024-02-05")
    world.advance(2)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "RUNNING")
        await eyes.press("T")
        await eyes.sees("Run         ▶▶–▶▶")
        await eyes.press("f")
        await eyes.sees("Run         ▶▶▶▶")
        world.advance_to_end()
        await eyes.sees("No date is running now", "DONE")
        await eyes.press("l", "end", "pagedown", "down", "escape")
        await eyes.sees("Run         ██–██")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_turned_grid_as_a_picture(size: tuple[int, int], picture: SnapshotAssertion) -> None:
    app = an_app(a_backfill_under_way())
    async with looking_at(app, size) as eyes:
        await watching(eyes)
        await eyes.press("T", "n", "space", *(["w"] if size[0] > 80 else []))
        log = ["sales.py"] if size[0] > 80 else []
        await eyes.sees("1 date marked", "failed  try 1 of 1", *log)
        assert await eyes.picture() == picture
