"""The plan as commands: three lines to be copied, each of which asks for exactly this plan."""

from __future__ import annotations

import base64
import shlex

import pytest
from syrupy.assertion import SnapshotAssertion
from tests.support.plan_screens import a_february, fill, planning
from tests.support.screen import FIXED_TIME, an_app, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.world import World, a_dag
from textual import events

from backfill_tui.domain.as_command import commands_for
from backfill_tui.domain.instants import zone_named
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.screens.copy_command import CopyCommandDialog


@on_screen
async def test_three_commands_are_shown_and_a_key_copies_one_whole(picture: SnapshotAssertion) -> None:
    app = an_app(a_february(timezone="America/New_York"))
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await fill(eyes, "2024-03-01", "2024-03-31")
        await eyes.sees("31 dates")
        await eyes.press("f8")
        await eyes.sees("airflow backfill create", "backfill-tui launch sales_daily", "$AIRFLOW_URL")
        assert await eyes.picture() == picture
        assert screen.plan is not None
        commands = commands_for(screen.plan.request, partitioned=False, zone=zone_named(screen.plan.timezone))
        for key, line in (("1", commands.airflow), ("2", commands.own), ("3", commands.rest)):
            await eyes.press(key)
            await eyes.until(lambda line=line: app.clipboard == line, f"{key} to be copied")  # type: ignore[misc]
            assert "OSC 52" in list(app._notifications)[-1].message
        await eyes.press("escape")
        await eyes.until(lambda: app.screen is screen)


@on_screen
async def test_the_copy_reaches_the_terminal_as_osc_52(monkeypatch: pytest.MonkeyPatch) -> None:
    app = an_app(a_february())
    async with looking_at(app) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f8")
        await eyes.until(lambda: isinstance(app.screen, CopyCommandDialog))
        assert app._driver is not None
        written: list[str] = []
        monkeypatch.setattr(app._driver, "write", written.append)
        await eyes.press("2")
        await eyes.until(lambda: any("\x1b]52;c;" in text for text in written))
        (sent,) = [text for text in written if "\x1b]52;c;" in text]
        decoded = base64.b64decode(sent.partition("]52;c;")[2].rstrip("\a")).decode()
        assert shlex.split(decoded)[:3] == ["backfill-tui", "launch", "sales_daily"]


@on_screen
async def test_our_own_command_has_the_words_that_reach_this_airflow_again() -> None:
    gateway = ScriptedGateway(a_february())
    app = BackfillApp(
        connect=lambda: gateway,
        where="dags/",
        clock=lambda: FIXED_TIME,
        program_words=("backfill-tui", "--dags-folder", "my dags"),
    )
    async with looking_at(app, (120, 36)) as eyes:
        await planning(eyes)
        await eyes.sees("122 create")
        await eyes.press("f8")
        await eyes.sees("backfill-tui --dags-folder 'my dags' launch sales_daily")


@on_screen
async def test_a_conf_of_a_megabyte_is_shown_in_part_and_copied_whole() -> None:
    app = an_app(a_february())
    async with looking_at(app) as eyes:
        screen = await planning(eyes)
        await eyes.sees("122 create")
        conf = '{"a": "' + "x" * 1_000_000 + '"}'
        screen.form.conf_field.focus()
        screen.form.conf_field.post_message(events.Paste(conf))
        await eyes.until(lambda: screen.plan is not None and screen.plan.request.conf == conf, "its plan")
        await eyes.press("f8")
        await eyes.until(lambda: isinstance(app.screen, CopyCommandDialog))
        await eyes.press("2")
        await eyes.until(lambda: conf in app.clipboard, "the copy")
        assert "1.0 MB" in list(app._notifications)[-1].message


@on_screen
async def test_an_id_that_no_command_can_hold_is_said() -> None:
    app = an_app(World([a_dag("sales\0daily")]))
    async with looking_at(app) as eyes:
        await eyes.sees("1 Dag")
        await eyes.press("enter")
        await eyes.until(lambda: getattr(app.screen, "plan", None) is not None, "the plan")
        await eyes.press("f8")
        await eyes.sees("No command can name the Dag", "launch it from the screen")
