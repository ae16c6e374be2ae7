"""Hints: told once to those who are new, kept in a file, and no trouble where there can be none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.screen import FIXED_TIME, Eyes, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import a_backfill_under_way

from backfill_tui.own_files import FirstTimes
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.commands import command_of
from backfill_tui.ui.hints import HINTS
from backfill_tui.ui.keymap import _NAMED


def an_app(is_first_time: Callable[[str], bool], *, read_only: bool = False) -> BackfillApp:
    gateway = ScriptedGateway(a_backfill_under_way(), read_only=read_only)
    return BackfillApp(
        connect=lambda: gateway, where="dags/", clock=lambda: FIXED_TIME, read_only=read_only,
        is_first_time=is_first_time,
    )  # fmt: skip


async def told_on_the_way(eyes: Eyes) -> list[str]:
    """Look at the list, a plan, a backfill and the list again; what was told."""
    told: list[str] = []

    def listen() -> None:
        told.extend(one.message for one in eyes.app._notifications if one.title == "New here?")
        eyes.app.clear_notifications()

    await eyes.sees("sales_daily", "Last runs")
    listen()
    await eyes.press("enter")
    await eyes.sees("Reprocess")
    listen()
    await eyes.press("escape")
    await eyes.sees("Last runs")
    await eyes.press("w")
    await eyes.sees("RUNNING")
    listen()
    await eyes.press("escape")
    await eyes.sees("Last runs")
    listen()
    return told


@on_screen
async def test_each_screen_tells_once_what_to_press(tmp_path: Path) -> None:
    kept = tmp_path / "state" / "hints"
    async with looking_at(an_app(FirstTimes(kept))) as eyes:
        told = await told_on_the_way(eyes)
    assert [words.split()[0] for words in told] == ["enter", "Type", "n"]
    assert "f5 launches what is listed" in told[1]
    assert "a marks all of them and r runs them again" in told[2]
    assert kept.read_text() == "dags\nplan\nwatch\n"
    async with looking_at(an_app(FirstTimes(kept))) as eyes:
        assert await told_on_the_way(eyes) == []


@on_screen
async def test_a_session_that_only_reads_is_told_nothing_that_it_can_not_do(tmp_path: Path) -> None:
    async with looking_at(an_app(FirstTimes(tmp_path / "hints"), read_only=True)) as eyes:
        told = await told_on_the_way(eyes)
    assert len(told) == len(HINTS)
    assert not [words for words in told if "launches" in words or "again" in words]


@on_screen
async def test_where_nothing_can_be_kept_nothing_is_told() -> None:
    async with looking_at(an_app(FirstTimes(Path("/dev/null/state/hints")))) as eyes:
        assert await told_on_the_way(eyes) == []


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "hints"
    kept.write_bytes(b"\xff\xfe")
    assert not FirstTimes(kept)("dags")
    assert kept.read_bytes() == b"\xff\xfe"


@pytest.mark.parametrize("place", HINTS)
def test_hints_name_commands_that_there_are(place: str) -> None:
    named = _NAMED.findall(HINTS[place].words + HINTS[place].reading)
    assert named
    for command_id in named:
        assert command_of(command_id).keys
