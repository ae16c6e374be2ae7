"""The terminal calls when the first run fails and when the backfill ends; each once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests.support.screen import an_app, looking_at, on_screen
from tests.support.terminal import Terminal
from tests.support.watch_screens import CountingGateway, a_backfill, watching

from backfill_tui.domain.ids import BackfillId
from backfill_tui.domain.notices import Told, news
from backfill_tui.domain.problems import AirflowFailed
from backfill_tui.domain.progress import standing
from backfill_tui.domain.watching import RunCounts
from backfill_tui.ui import notices
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.notices import sequence

ROOT = Path(__file__).parents[2]
FAILED = "Backfill 1 of sales_daily: a run has failed"
ENDED = "Backfill 1 of sales_daily has ended: "


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the terminal was given to notify of."""
    sentences: list[str] = []
    monkeypatch.setattr(notices, "ring", lambda _, sentence: sentences.append(sentence))
    return sentences


def looked_at(told: Told | None, counts: RunCounts) -> tuple[Told, tuple[str, ...]]:
    world = a_backfill()
    facts = world.facts(world.backfills[BackfillId(1)])
    return news(told, facts, counts, standing(facts, counts, world.now))


def test_what_stood_there_at_the_first_look_is_no_news() -> None:
    told, sentences = looked_at(None, RunCounts(failed=2, success=5))
    assert (told, sentences) == (Told(failure=True, end=True), ())


def test_the_first_failure_is_told_once_and_again_only_after_a_rerun() -> None:
    told, sentences = looked_at(Told(failure=False, end=False), RunCounts(failed=1, running=3))
    assert sentences == (FAILED,)
    told, sentences = looked_at(told, RunCounts(failed=2, running=2))
    assert sentences == ()
    told, sentences = looked_at(told, RunCounts(running=4))
    assert sentences == ()
    told, sentences = looked_at(told, RunCounts(failed=3, running=1))
    assert sentences == ("Backfill 1 of sales_daily: 3 runs have failed",)


def test_an_end_with_a_failure_is_one_sentence() -> None:
    told, sentences = looked_at(Told(failure=False, end=False), RunCounts(failed=1, success=3))
    assert told == Told(failure=True, end=True)
    assert sentences == (f"{ENDED}3 succeeded, 1 failed",)


def test_nothing_but_text_is_given_to_the_terminal() -> None:
    given = sequence("a\x1b]0;owned\x07b\x9c\nc" + "x" * 500, {"TERM": "xterm-256color"})
    assert given.startswith("\x1b]9;ab")
    body = given[len("\x1b]9;") :].rstrip("\x07")
    assert body.isprintable()
    assert len(body) == 200
    assert sequence("words", {"TERM": "linux"}) == sequence("words", {}) == "\x07"


@on_screen
async def test_the_screen_tells_the_first_failure_and_the_end(rung: list[str]) -> None:
    world = a_backfill()
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "0 %")
        assert rung == []
        world.advance(30)
        await eyes.until(lambda: rung, "the bell")
        assert rung == ["Backfill 1 of sales_daily: 2 runs have failed"]
        world.advance(600)
        await eyes.until(lambda: len(rung) > 1, "the second bell")
        assert rung[1:] == [f"{ENDED}17 succeeded, 2 failed, 1 skipped"]


@on_screen
async def test_nothing_is_told_again_after_the_stream_broke(rung: list[str]) -> None:
    world = a_backfill()
    gateway = CountingGateway(world)
    async with looking_at(an_app(gateway)) as eyes:
        await watching(eyes, "0 %")
        world.advance(30)
        await eyes.until(lambda: rung, "the bell")
        gateway.break_with = AirflowFailed("The database is locked")
        world.advance(1)
        await eyes.sees("The database is locked")
        gateway.break_with = None
        await eyes.press("ctrl+r")
        await eyes.no_longer_sees("The database is locked")
        world.advance(600)
        await eyes.until(lambda: len(rung) > 1, "the end")
        assert [sentence.startswith(ENDED) for sentence in rung] == [False, True]


@on_screen
async def test_who_opens_a_backfill_that_has_failed_and_ended_is_told_nothing(rung: list[str]) -> None:
    world = a_backfill()
    world.advance(900)
    async with looking_at(an_app(world)) as eyes:
        await watching(eyes, "19/19 runs")
        assert rung == []


@on_screen
async def test_the_setting_keeps_the_terminal_quiet(rung: list[str]) -> None:
    world = a_backfill()
    gateway = CountingGateway(world)
    app = BackfillApp(connect=lambda: gateway, where="dags/", may_notify=False)
    async with looking_at(app) as eyes:
        await watching(eyes, "0 %")
        world.advance(900)
        await eyes.sees("19/19 runs")
        assert rung == []


@on_screen
async def test_the_command_of_the_settings_gets_the_sentence_as_one_word(
    rung: list[str], tmp_path: Path
) -> None:
    heard = tmp_path / "heard"
    script = tmp_path / "hook"
    script.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {heard}\n', encoding="utf-8")
    script.chmod(0o755)
    world = a_backfill()
    gateway = CountingGateway(world)
    app = BackfillApp(
        connect=lambda: gateway, where="dags/", may_notify=False, notify_command=(str(script), "a b")
    )
    async with looking_at(app) as eyes:
        await watching(eyes, "0 %")
        world.advance(900)
        told = f"a b|{ENDED}17 succeeded, 2 failed, 1 skipped|"
        await eyes.until(lambda: text_of(heard) == told, "the command")
        assert rung == []


@pytest.mark.parametrize(
    ("words", "failed"), [(("no-such-command",), "started: No such file"), (("false",), "ended with 1")]
)
@on_screen
async def test_a_command_that_fails_is_told_of(words: tuple[str, ...], failed: str) -> None:
    world = a_backfill()
    gateway = CountingGateway(world)
    app = BackfillApp(connect=lambda: gateway, where="dags/", notify_command=words)
    async with looking_at(app, (120, 36)) as eyes:
        await watching(eyes, "0 %")
        world.advance(900)
        await eyes.sees(f"The command that is to notify you, {words[0]}", failed, "notify_command")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


PROGRAM = """
from tests.support.screen import an_app
from tests.support.watch_screens import a_backfill
from backfill_tui.ui.notices import Notices
world = a_backfill()
look = Notices.look
def look_once(self, app, progress):
    first = self._told is None
    look(self, app, progress)
    if first:
        world.advance(900)
Notices.look = look_once
an_app(world).run()
"""


def test_a_real_terminal_gets_the_bell_and_the_sentence() -> None:
    words = [sys.executable, "-c", PROGRAM]
    with Terminal(words, environment=os.environ, directory=ROOT) as terminal:
        terminal.wait_for("sales_daily")
        terminal.press("w")
        terminal.wait_for("19/19 runs")
        terminal.press("q")
        terminal.wait_for_exit()
        assert f"\x1b]9;{ENDED}17 succeeded, 2 failed, 1 skipped\x07\x07".encode() in terminal.raw()
