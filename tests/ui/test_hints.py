"""Hints: told once to those who are new, one at a time, kept in a file, and none where none can be kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from tests.support.screen import FIXED_TIME, Eyes, looking_at, on_screen
from tests.support.scripted import ScriptedGateway
from tests.support.watch_screens import a_backfill_under_way

from backfill_tui.own_files import FirstTimes
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.commands import command_of
from backfill_tui.ui.hints import HINTS
from backfill_tui.ui.own_keys import ids_named_in
from backfill_tui.ui.seen import seen_screen
from backfill_tui.ui.widgets.hint_line import HintLine

TICK = "backfill_tui.ui.widgets.hint_line._TICK_SECONDS"


def an_app(first_times: FirstTimes, *, read_only: bool = False) -> BackfillApp:
    gateway = ScriptedGateway(a_backfill_under_way(), read_only=read_only)
    return BackfillApp(
        connect=lambda: gateway, where="dags/", clock=lambda: FIXED_TIME, read_only=read_only,
        first_times=first_times,
    )  # fmt: skip


def hints_on(eyes: Eyes) -> list[HintLine]:
    """Those of the screen that is seen, and of the one under a dialog."""
    return [*seen_screen(eyes.app).query(HintLine)]


def words_of(line: HintLine) -> str:
    return str(line.content)


def is_kept(file: Path, place: str) -> bool:
    return place in file.read_text().splitlines()


async def told_on_the_way(eyes: Eyes) -> list[str]:
    """Look at the list, a plan, a backfill and the list again, quickly; what was told."""
    told: list[str] = []

    async def look() -> None:
        await eyes.pilot.pause()
        told.extend(map(words_of, hints_on(eyes)))

    await eyes.sees("sales_daily", "Last runs")
    await look()
    await eyes.press("enter")
    await eyes.sees("Reprocess")
    await look()
    await eyes.press("escape")
    await eyes.sees("Last runs")
    await eyes.press("w")
    await eyes.sees("RUNNING")
    await look()
    await eyes.press("escape")
    await eyes.sees("Last runs")
    return told


@on_screen
async def test_each_screen_tells_what_to_press_and_no_hint_follows_to_the_next(tmp_path: Path) -> None:
    async with looking_at(an_app(FirstTimes(tmp_path / "hints"))) as eyes:
        told = await told_on_the_way(eyes)
        assert len(hints_on(eyes)) == 1, "the list has its own again, and no other"
        assert words_of(hints_on(eyes)[0]) == told[0]
    assert [words.split()[2] for words in told] == ["enter", "Type", "n"]
    assert "f5 launches what is listed" in told[1]
    assert "a marks all of them and r runs them again" in told[2]


@on_screen
async def test_a_hint_covers_nothing_and_is_read_to_its_end(tmp_path: Path) -> None:
    for size in ((80, 24), (60, 20), (200, 50)):
        async with looking_at(an_app(FirstTimes(tmp_path / "hints")), size=size) as eyes:
            await eyes.sees("sales_daily", "Last runs", "New here?", "all keys")
            await eyes.press("enter")
            await eyes.sees("Reprocess", "New here?", "asks first")
            await eyes.press("f7")
            await eyes.sees("New here?", "The plan of", "esc close")


@on_screen
async def test_a_hint_waits_for_a_terminal_that_has_room_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TICK, 3600)
    kept = tmp_path / "hints"
    async with looking_at(an_app(FirstTimes(kept)), size=(60, 15)) as eyes:
        await eyes.sees("sales_daily", "Last runs")
        await eyes.until(lambda: hints_on(eyes))
        (line,) = hints_on(eyes)
        for _ in range(20):
            line._tick()
        await eyes.pilot.pause()
        assert "New here?" not in eyes.text()
        assert kept.read_text() == ""
        await eyes.pilot.resize_terminal(80, 24)
        for _ in range(4):
            line._tick()
        await eyes.sees("New here?", "all keys")
        assert is_kept(kept, "dags")


@on_screen
async def test_a_hint_that_could_not_be_read_is_told_again(tmp_path: Path) -> None:
    kept = tmp_path / "state" / "hints"
    async with looking_at(an_app(FirstTimes(kept))) as eyes:
        told = await told_on_the_way(eyes)
    assert kept.read_text() == ""
    async with looking_at(an_app(FirstTimes(kept))) as eyes:
        assert await told_on_the_way(eyes) == told


@on_screen
async def test_a_hint_that_was_read_goes_away_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TICK, 0.01)
    kept = tmp_path / "state" / "hints"
    async with looking_at(an_app(FirstTimes(kept))) as eyes:
        for key, words, place in (("", "Last runs", "dags"), ("enter", "Reprocess", "plan")):
            await eyes.press(*filter(None, [key]))
            await eyes.sees(words)
            await eyes.until(partial(is_kept, kept, place), "it to be kept")
            await eyes.until(lambda: not hints_on(eyes), "the hint to go")
    assert kept.read_text() == "dags\nplan\n"
    monkeypatch.setattr(TICK, 3600)
    async with looking_at(an_app(FirstTimes(kept))) as eyes:
        assert [words.split()[2] for words in await told_on_the_way(eyes)] == ["n"]


@on_screen
async def test_the_time_of_a_hint_stands_still_while_it_can_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TICK, 3600)
    kept = tmp_path / "hints"
    async with looking_at(an_app(FirstTimes(kept))) as eyes:
        await eyes.sees("Last runs", "New here?")
        (line,) = hints_on(eyes)
        await eyes.press("question_mark")
        await eyes.sees("Help: Dags")
        for _ in range(20):
            line._tick()
        await eyes.press("escape")
        await eyes.no_longer_sees("Help: Dags")
        eyes.app.notify("Something else happened")
        await eyes.sees("Something else happened")
        for _ in range(20):
            line._tick()
        assert hints_on(eyes) == [line]
        assert kept.read_text() == ""
        eyes.app.clear_notifications()
        await eyes.no_longer_sees("Something else happened")
        for _ in range(4):
            line._tick()
        assert kept.read_text() == "dags\n"


@on_screen
async def test_a_click_on_a_hint_takes_it_away_for_good(tmp_path: Path) -> None:
    kept = tmp_path / "hints"
    async with looking_at(an_app(FirstTimes(kept))) as eyes:
        await eyes.sees("Last runs", "New here?")
        await eyes.pilot.click(HintLine)
        await eyes.no_longer_sees("New here?")
    assert kept.read_text() == "dags\n"


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
    assert not FirstTimes(kept).is_new("dags")
    FirstTimes(kept).keep("dags")
    assert kept.read_bytes() == b"\xff\xfe"


@pytest.mark.parametrize("place", HINTS)
def test_hints_name_commands_that_there_are(place: str) -> None:
    named = ids_named_in(HINTS[place].words + HINTS[place].reading)
    assert named
    for command_id in named:
        assert command_of(command_id).keys
