"""The themes: a colour for every state in each, told from its ground, and what is left without colours."""

from __future__ import annotations

from itertools import combinations

import pytest
from rich.cells import cell_len
from rich.style import Style
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.world import World, a_dag
from textual.color import Color
from textual.theme import Theme

from backfill_tui.domain.looks import Looks, ThemeChoice
from backfill_tui.domain.outcomes import Verdict
from backfill_tui.domain.progress import BackfillStatus
from backfill_tui.domain.states import RunState, TaskState
from backfill_tui.ui.attributes import FILLED, LINED
from backfill_tui.ui.glyphs import (
    AHEAD_MARK,
    MISSING_MARK,
    RUN_MARKS,
    STATUS_MARKS,
    TASK_MARKS,
    VERDICT_MARKS,
    Mark,
)
from backfill_tui.ui.signs import plain_sign
from backfill_tui.ui.themes import ANSI, DARK, HIGH_CONTRAST, LIGHT, THEMES, state_colours, theme_of
from backfill_tui.ui.widgets.grid_signs import MARKED_MARK, ROW_MARKS

CHOICES = [choice for choice in ThemeChoice if choice is not ThemeChoice.AUTO]
COLOURED = (DARK, LIGHT, HIGH_CONTRAST)
GROUNDS = ("background", "surface", "panel", "field", "cursor-background", "cursor-background-blurred")
ONLY_SIGNS = {"state-none"}
"""Dots, whose words stand beside them in the colour of text."""
DECORATION = {"hairline", "cursor-background", "cursor-background-blurred", "field"}

# Which marks can stand beside one another in one place, where the eye tells them apart by their signs.
NEIGHBOURS: dict[str, list[Mark]] = {
    "the cells of the grid": [*TASK_MARKS.values()],
    "the cells of the strip of a backfill": [*ROW_MARKS.values(), MARKED_MARK],
    "the dates of the plan": [*RUN_MARKS.values(), MISSING_MARK, AHEAD_MARK],
    "the verdicts of the plan": [*VERDICT_MARKS.values()],
    "the backfills": [*STATUS_MARKS.values()],
}


def luminance(colour: Color) -> float:
    """The relative luminance of WCAG 2."""
    parts = [part / 255 for part in colour.rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(luminance(Color.parse(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def colours_of(theme: Theme) -> dict[str, str]:
    return {**theme.to_color_system().generate(), **theme.variables}


def test_the_contrast_is_computed_as_the_web_does() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", COLOURED, ids=lambda theme: theme.name)
def test_every_colour_is_told_from_every_ground_it_can_stand_on(theme: Theme) -> None:
    colours = colours_of(theme)
    named = {*state_colours(dark=True, ansi=False)} - DECORATION
    texts = {"foreground", "accent", "warning", "error", "success", *named} - ONLY_SIGNS
    for ground in GROUNDS:
        for name in texts:
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        for name in ONLY_SIGNS:
            assert contrast(colours[name], colours[ground]) >= 3, (name, ground)


def test_high_contrast_is_higher_still() -> None:
    colours = colours_of(HIGH_CONTRAST)
    for name in {*state_colours(dark=True, ansi=False)} - DECORATION:
        assert contrast(colours[name], colours["background"]) >= 7, name
        assert contrast(colours[name], colours["cursor-background"]) >= 4.5, name


def test_every_theme_has_a_colour_for_every_state_and_verdict() -> None:
    marks = [mark for marks in NEIGHBOURS.values() for mark in marks]
    assert set(TASK_MARKS) == set(TaskState)
    assert set(RUN_MARKS) == set(RunState)
    assert set(VERDICT_MARKS) == set(Verdict)
    assert set(STATUS_MARKS) == set(BackfillStatus)
    for theme in THEMES:
        assert {*state_colours(dark=True, ansi=False)} <= set(theme.variables)
        colours = colours_of(theme)
        for name in {mark.variable for mark in marks} | set(FILLED) | set(LINED):
            Color.parse(colours[name])


@pytest.mark.parametrize("where", NEIGHBOURS)
def test_states_that_can_stand_beside_one_another_differ_by_sign_and_not_by_colour_alone(
    where: str,
) -> None:
    marks = list(dict.fromkeys(NEIGHBOURS[where]))
    for one, other in combinations(marks, 2):
        assert one.sign != other.sign, (one.word, other.word)
        assert plain_sign(one.sign) != plain_sign(other.sign), (one.word, other.word)
    for mark in marks:
        assert cell_len(mark.sign) == len(plain_sign(mark.sign)) == 1
        assert plain_sign(mark.sign).isascii()
        assert mark.word


def test_the_terminals_own_colours_leave_text_as_the_terminal_has_it() -> None:
    colours = colours_of(ANSI)
    assert all(colours[name] == "ansi_default" for name in ("foreground", "background", "muted"))
    assert all(Color.parse(colours[mark.variable]).ansi is not None for mark in TASK_MARKS.values())


def styles(eyes: Eyes) -> list[Style]:
    return [segment.style for strip in eyes.strips() for segment in strip if segment.style]


def styles_of(eyes: Eyes, words: str) -> list[Style]:
    """The styles of the first line that has those words."""
    line = next(strip for strip in eyes.strips() if words in strip.text)
    return [segment.style for segment in line if segment.style]


def cursor_styles(eyes: Eyes, words: str) -> list[Style]:
    (line,) = [strip for strip in eyes.strips() if words in strip.text and "▌" in strip.text]
    return [segment.style for segment in line if segment.style]


def a_world() -> World:
    world = World([a_dag("sales_daily"), a_dag("sales_hourly")])
    world.add_run("sales_daily", "2024-01-01", RunState.FAILED)
    return world


@on_screen
async def test_a_key_goes_through_the_themes_and_says_how_to_keep_one() -> None:
    app = an_app(a_world())
    async with looking_at(app, (120, 36)) as eyes:
        await eyes.sees("sales_daily")
        seen = []
        for choice in ("light", "high-contrast", "ansi", "dark"):
            await eyes.press("ctrl+t")
            await eyes.sees(f"Theme {choice}")
            assert app.theme == theme_of(ThemeChoice(choice)).name
            seen.append(frozenset(str(style.bgcolor) for style in styles(eyes)))
        assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("choice", CHOICES)
@on_screen
async def test_the_theme_that_was_chosen_is_there_from_the_first(choice: ThemeChoice) -> None:
    app = an_app(a_world(), looks=Looks(theme=choice))
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily")
        assert app.current_theme is app.get_theme(theme_of(choice).name)


@pytest.mark.parametrize("choice", CHOICES)
@on_screen
async def test_without_colours_none_is_left_and_the_cursor_is_reversed(choice: ThemeChoice) -> None:
    async with looking_at(an_app(a_world(), looks=Looks(theme=choice, in_colour=False))) as eyes:
        await eyes.sees("sales_daily", "tasks")
        reversed_lines = [
            strip.text for strip in eyes.strips() if any(part.style and part.style.reverse for part in strip)
        ]
        assert len(reversed_lines) == 1, "only the cursor is"
        assert not [style for style in styles(eyes) if style.color or style.bgcolor]
        assert all(style.reverse for style in cursor_styles(eyes, "sales_daily")[1:])
        await eyes.press("enter")
        await eyes.sees("From", "create")
        assert not [style for style in styles(eyes) if style.color or style.bgcolor]
        assert [style for style in styles(eyes) if style.underline], "the fields have a line to write on"
        await eyes.press("ctrl+p")
        await eyes.sees("A command, a Dag, a backfill or a date")
        assert not [style for style in styles(eyes) if style.color or style.bgcolor]


@on_screen
async def test_with_the_terminals_own_colours_there_are_no_others_and_the_cursor_is_reversed() -> None:
    async with looking_at(an_app(a_world(), looks=Looks(theme=ThemeChoice.ANSI))) as eyes:
        await eyes.sees("sales_daily", "tasks")
        assert all(style.reverse for style in cursor_styles(eyes, "sales_daily")[1:])
        assert not any(style.reverse for style in styles_of(eyes, "sales_hourly"))
        await eyes.press("enter")
        await eyes.sees("From", "create")
        for style in styles(eyes):
            for colour in (style.color, style.bgcolor):
                assert colour is None or colour.is_default or colour.is_system_defined


@pytest.mark.parametrize("theme", ["ansi-dark", "nord", "textual-light"])
@on_screen
async def test_every_screen_works_in_a_theme_that_knows_no_states(theme: str) -> None:
    app = an_app(a_world())
    async with looking_at(app) as eyes:
        await eyes.sees("sales_daily")
        app.theme = theme
        await eyes.press("enter")
        await eyes.sees("create")
