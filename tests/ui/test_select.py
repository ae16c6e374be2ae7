"""All dates in a state are marked at once, and how many are marked is seen whatever happens to them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.grids import a_row, an_update
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.watch_screens import FAILED_RUN, a_backfill_under_way, watching

from backfill_tui.domain.grid import GridStore
from backfill_tui.domain.states import RunState
from backfill_tui.ui.screens.watch import WatchScreen
from backfill_tui.ui.widgets.grid_marks import Marks


def marked(screen: WatchScreen) -> list[int]:
    return sorted(row + 1 for row in screen.grid.marks.rows)


def foot(eyes: Eyes) -> str:
    return eyes.text().splitlines()[-1].strip()


async def choose(eyes: Eyes, state: str, key: str = "enter") -> None:
    """Open the question, go to a state and take it."""
    await eyes.press("asterisk")
    await eyes.sees("Mark the dates in a state")
    for _ in range(20):
        if state in eyes.line_with("  ▌ "):
            break
        await eyes.press("down")
    assert state in eyes.line_with("  ▌ ")
    await eyes.press(key)
    await eyes.no_longer_sees("Mark the dates in a state")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
@on_screen
async def test_the_states_with_their_dates_as_a_picture(
    size: tuple[int, int], picture: SnapshotAssertion
) -> None:
    app = an_app(a_backfill_under_way())
    async with looking_at(app, size) as eyes:
        await watching(eyes)
        await choose(eyes, "run   ▶ running")
        await eyes.press("asterisk", "down")
        await eyes.sees("● 4")
        assert await eyes.picture() == picture


@on_screen
async def test_all_dates_in_a_state_are_marked_alone_or_besides_the_others() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await choose(eyes, "run   ▶ running")
        assert marked(screen) == [12, 13, 14, 15]
        await choose(eyes, "run   ✗ failed", "a")
        assert marked(screen) == [6, 7, 12, 13, 14, 15]
        await choose(eyes, "task  △ upstream failed")
        assert marked(screen) == [6, 7]
        await eyes.press("asterisk", "escape")
        await eyes.no_longer_sees("Mark the dates in a state")
        assert marked(screen) == [6, 7]


@on_screen
async def test_where_some_dates_are_shown_alone_only_these_are_counted_and_marked() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        screen = await watching(eyes)
        await eyes.press("f")
        await eyes.sees("only failed")
        await eyes.press("asterisk")
        await eyes.sees("only of the 2 dates shown")
        assert "running" not in eyes.line_with("  ▌ ")
        await eyes.press("enter")
        await eyes.until(lambda: marked(screen) == [6, 7], "the marks")


@on_screen
async def test_how_many_are_marked_stands_at_the_foot_of_the_smallest_screen() -> None:
    async with looking_at(an_app(a_backfill_under_way())) as eyes:
        await watching(eyes)
        await eyes.press("space")
        await eyes.until(lambda: foot(eyes).startswith("● 1 date marked"), "one mark")
        await eyes.press("a")
        await eyes.until(lambda: foot(eyes).startswith("● 3 dates marked"), "three marks")
        assert foot(eyes).endswith("? help  q quit")
        await eyes.press("escape")
        await eyes.until(lambda: "marked" not in foot(eyes), "no mark")


@on_screen
async def test_marks_stay_while_the_runs_go_on_and_it_is_said_which_are_not_shown_any_more() -> None:
    world = a_backfill_under_way()
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes)
        await eyes.press("f", "f")
        await eyes.sees("only running: 4 of 20")
        await choose(eyes, "run   ▶ running")
        world.advance(3)
        await eyes.until(
            lambda: foot(eyes).startswith("● 4 dates marked, 2 not shown"), "two that have ended"
        )
        assert marked(screen) == [12, 13, 14, 15]
        await eyes.press("F", "F")
        await eyes.no_longer_sees("not shown")


@on_screen
async def test_a_date_whose_run_is_deleted_loses_its_mark() -> None:
    world = a_backfill_under_way()
    async with looking_at(an_app(world)) as eyes:
        screen = await watching(eyes)
        await choose(eyes, "run   ✗ failed")
        assert marked(screen) == [6, 7]
        with world.changed:
            del world.runs[next(key for key in world.runs if key[1] == FAILED_RUN)]
            world.changed.notify_all()
        await eyes.until(lambda: foot(eyes).startswith("● 1 date marked"), "one of them gone")
        assert marked(screen) == [7]


@on_screen
async def test_in_a_read_only_session_nothing_is_marked_by_state() -> None:
    async with looking_at(an_app(a_backfill_under_way(), read_only=True)) as eyes:
        screen = await watching(eyes)
        await eyes.press("asterisk")
        await eyes.pilot.pause()
        assert eyes.app.screen is screen


# The marks themselves.


def test_a_mark_goes_with_its_run_when_rows_come_and_go_before_it() -> None:
    rows = [a_row(number, RunState.SUCCESS) for number in (1, 2, 3, 4)]
    store = GridStore()
    store.apply(an_update([(row, "sssss") for row in rows]))
    marks = Marks(store)
    marks.add([1, 3])
    first = replace(rows[0], run_id=None)
    shifted = [first, *(replace(row, ordinal=row.ordinal + 1) for row in rows)]
    change = store.apply(an_update([(row, "sssss") for row in shifted], None))
    assert marks.follow(change.rows)
    assert marks.rows == {2, 4}
    back = [*rows, a_row(5, RunState.SUCCESS)]
    change = store.apply(an_update([(row, "sssss") for row in back], None))
    assert marks.follow(change.rows)
    assert marks.rows == {1, 3}


def test_what_changes_in_a_run_moves_no_mark() -> None:
    store = GridStore()
    store.apply(an_update([(a_row(number, RunState.RUNNING), "sr...") for number in (1, 2)]))
    marks = Marks(store)
    marks.add([0])
    change = store.apply(an_update([(a_row(number), "sssss") for number in (1, 2)], None))
    assert not marks.follow(change.rows)
    assert marks.rows == {0}
