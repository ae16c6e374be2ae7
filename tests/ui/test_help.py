"""Help for where one is: every screen, every part that takes the focus, every dialog, with the signs."""

from __future__ import annotations

from functools import partial

import pytest
from tests.support.nodes import all_nodes, is_screen
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.watch_screens import a_backfill, watching
from tests.support.world import World, a_dag
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from backfill_tui.domain.states import TaskState
from backfill_tui.ui.commands import PLACES
from backfill_tui.ui.glyphs import STATUS_MARKS, TASK_MARKS
from backfill_tui.ui.screens.help import HelpDialog
from backfill_tui.ui.widgets.scrolled_text import ScrolledText


def leaves() -> list[type[Widget]]:
    """The classes that are mounted: nothing else is made of them."""
    nodes = all_nodes()
    return [
        node for node in nodes if not any(other is not node and issubclass(other, node) for other in nodes)
    ]


def ids(node: type[Widget]) -> str:
    return node.__name__


@pytest.mark.parametrize("screen", [node for node in leaves() if is_screen(node)], ids=ids)
def test_every_screen_and_dialog_has_a_place_and_says_what_it_is_for(screen: type[Widget]) -> None:
    assert getattr(screen, "PLACE", None) in PLACES
    assert screen.HELP
    assert not screen.HELP.endswith(" ")


@pytest.mark.parametrize(
    "node", [node for node in leaves() if node.can_focus and not is_screen(node)], ids=ids
)
def test_whatever_takes_the_focus_says_what_it_is_for(node: type[Widget]) -> None:
    if not issubclass(node, VerticalScroll):
        assert node.HELP


def is_at(text: ScrolledText, line: int) -> bool:
    return text.scroll_y == line


async def opened(eyes: Eyes) -> ScrolledText:
    await eyes.press("f1")
    await eyes.until(lambda: isinstance(eyes.app.screen, HelpDialog), "the help")
    return eyes.app.screen.query_one(ScrolledText)


async def helped(eyes: Eyes, key: str = "f1") -> str:
    """The whole help, as it is read by who scrolls."""
    await eyes.press(key)
    await eyes.until(lambda: isinstance(eyes.app.screen, HelpDialog), "the help")
    text = " ".join(str(eyes.app.screen.query_one(ScrolledText).query_one(Static).content).split())
    await eyes.press("escape")
    await eyes.until(lambda: not isinstance(eyes.app.screen, HelpDialog))
    return text


@on_screen
async def test_what_has_the_focus_comes_first_with_its_keys() -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        screen = await watching(eyes)
        text = await helped(eyes, "question_mark")
        places = [
            text.index(words)
            for words in ("Mark all failed", "Here, in the grid", "In the log", "Everywhere")
        ]
        assert places == sorted(places), "a grid is only moved in: what is done on the screen comes first"
        screen.inspector.log_view.focus()
        text = await helped(eyes)
        assert "The log of one try." in text
        assert text.index("Here, in the log") < text.index("Mark all failed") < text.index("In the grid")


@on_screen
async def test_the_signs_of_all_states_stand_in_it() -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes)
        text = await helped(eyes)
        for state in TaskState:
            sign = TASK_MARKS[state].sign.strip()
            assert not sign or f"{sign} {TASK_MARKS[state].word}" in text
        for mark in STATUS_MARKS.values():
            assert f"{mark.sign} {mark.word}" in text


@on_screen
async def test_a_field_and_a_dialog_have_help_of_their_own_and_help_has_none() -> None:
    async with looking_at(an_app(World([a_dag("sales")]))) as eyes:
        await eyes.sees("sales")
        await eyes.press("slash", "question_mark")
        await eyes.sees("/ ?")
        assert "Some letters of what you look for" in await helped(eyes)
        await eyes.press("escape", "u")
        await eyes.sees("Pause", "sales")
        text = await helped(eyes, "question_mark")
        assert "whatever leaves the question changes nothing" in text
        assert "Find a command" not in text
        await eyes.press("question_mark", "question_mark")
        await eyes.until(lambda: isinstance(eyes.app.screen, HelpDialog))
        assert sum(isinstance(screen, HelpDialog) for screen in eyes.app.screen_stack) == 1


@on_screen
async def test_a_long_text_is_gone_through_by_the_keys_of_a_list() -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes)
        text = await opened(eyes)
        assert text.max_scroll_y > 3 * text.size.height
        page = text.size.height - 1
        for key, line in (
            ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("pagedown", page), ("ctrl+f", 2 * page),
            ("space", 3 * page), ("ctrl+b", 2 * page), ("home", 0), ("end", text.max_scroll_y), ("g", 0),
            ("G", text.max_scroll_y), ("pageup", text.max_scroll_y - page),
        ):  # fmt: skip
            await eyes.press(key)
            await eyes.until(partial(is_at, text, line), f"{key} to go to line {line}")


@on_screen
async def test_a_slash_finds_commands_and_signs_by_words_key_or_id() -> None:
    async with looking_at(an_app(a_backfill())) as eyes:
        await watching(eyes)
        text = await opened(eyes)
        await eyes.press("G", "slash")
        await eyes.write("fold grp")
        await eyes.sees("+ =            Unfold the task group", "_              Fold all task groups")
        assert text.scroll_y == 0
        assert "Go to the next failed date" not in eyes.text()
        assert "Signs" not in eyes.text()
        await eyes.press("enter", "slash", *("backspace",) * 8)
        await eyes.write("ctrl+r")
        await eyes.sees("Read the dates again after the stream broke")
        await eyes.press(*("backspace",) * 6)
        # Its word at the foot of the screen, and its id.
        for typed in ("why", "watch.failures"):
            await eyes.write(typed)
            await eyes.sees("List what failed in groups")
            await eyes.press(*("backspace",) * len(typed))
        await eyes.write("upstream")
        await eyes.sees("Signs", "upstream failed")
        await eyes.write("[/x]")
        await eyes.sees("Nothing fits")
        await eyes.press("escape")
        await eyes.sees("Read the dates again after the stream broke", "Unpause the Dag")
        assert isinstance(eyes.app.screen, HelpDialog), "the first esc shows all of it again"
        await eyes.press("escape")
        await eyes.until(lambda: not isinstance(eyes.app.screen, HelpDialog))
