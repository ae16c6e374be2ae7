from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.screen import FIXED_TIME, Eyes, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag
from textual import events

from backfill_tui.domain.profiles import Colour, Profile
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.producing import asking_on

PROD = Profile(name="prod [/red]", colour=Colour.RED, production=True)


def an_app() -> BackfillApp:
    gateway = ScriptedGateway(World([a_dag("sales")]))
    return BackfillApp(connect=lambda: gateway, where="dags/", clock=lambda: FIXED_TIME, profile=PROD)


def asked(app: BackfillApp) -> asyncio.Future[bool]:
    """The question, asked in a thread as a change asks it."""
    question: Callable[[Profile, str], bool] = asking_on(app)
    return asyncio.get_running_loop().run_in_executor(None, question, PROD, "launch a backfill of sales")


async def typed(eyes: Eyes, text: str) -> None:
    await eyes.press(*text)


@on_screen
async def test_a_change_waits_until_the_name_of_the_profile_is_typed(picture: SnapshotAssertion) -> None:
    app = an_app()
    async with looking_at(app) as eyes:
        await eyes.sees("sales", "prod [/red]")
        answer = asked(app)
        await eyes.sees("Type prod [/red] to launch a backfill of sales")
        await typed(eyes, "prod")
        await eyes.press("enter")
        await eyes.sees("That is not the name of this profile")
        assert await eyes.picture() == picture
        await eyes.press("space", "left_square_bracket", "slash", "r", "e", "d", "right_square_bracket")
        await eyes.no_longer_sees("That is not the name")
        await eyes.press("enter")
        assert await answer
        await eyes.no_longer_sees("Type prod")


@on_screen
async def test_the_name_counts_also_where_enter_comes_in_the_same_burst() -> None:
    app = an_app()
    async with looking_at(app) as eyes:
        await eyes.sees("sales")
        answer = asked(app)
        await eyes.sees("Type prod")
        for letter in PROD.name:
            app.post_message(events.Key(letter, letter))
        app.post_message(events.Key("enter", None))
        assert await asyncio.wait_for(answer, 10)


@on_screen
async def test_escape_changes_nothing() -> None:
    app = an_app()
    async with looking_at(app) as eyes:
        await eyes.sees("sales")
        answer = asked(app)
        await eyes.sees("Type prod")
        await eyes.press("escape")
        assert not await answer


@on_screen
async def test_a_program_that_ends_agrees_to_nothing() -> None:
    app = an_app()
    async with looking_at(app) as eyes:
        await eyes.sees("sales")
        answer = asked(app)
        await eyes.sees("Type prod")
    assert not await asyncio.wait_for(answer, 10)


@pytest.mark.parametrize("width", [80, 160])
@on_screen
async def test_the_name_of_the_profile_stands_first_on_every_screen(width: int) -> None:
    async with looking_at(an_app(), size=(width, 24)) as eyes:
        await eyes.sees("sales", "every day")
        first = eyes.text().splitlines()[0]
        assert first.strip().startswith("prod [/red]")
        assert len(first.rstrip()) <= width
