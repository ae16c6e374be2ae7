"""A log in the user's pager: whole, harmless, private, and gone afterwards."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.screen import Eyes, an_app, looking_at, on_screen
from tests.support.terminal import Terminal
from tests.support.watch_screens import FAILED_RUN, watching
from tests.ui.test_log_pages import LongLog, a_long_log

from backfill_tui.domain.ids import DagId, RunId, TaskId
from backfill_tui.domain.problems import BadRequest, NotThere
from backfill_tui.domain.repairing import TaskInstanceKey
from backfill_tui.domain.tasks import LogQuery
from backfill_tui.ui.app import BackfillApp
from backfill_tui.ui.pager import pager_words, remove, write_log

ROOT = Path(__file__).parents[2]
QUERY = LogQuery(
    dag_id=DagId("sales_daily"),
    key=TaskInstanceKey(run_id=RunId(FAILED_RUN), task_id=TaskId("load")),
    try_number=1,
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pager that keeps what it was given, in the file that this is."""
    script = tmp_path / "pager"
    script.write_text('#!/bin/sh\ncp "$2" "$1"\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PAGER", f"'{script}' '{tmp_path / 'read'}'")
    return tmp_path / "read"


def read(path: Path) -> str:
    """What a file has, nothing if it is not there."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def left_in(place: Path) -> list[Path]:
    """What was not removed."""
    return list(place.iterdir())


def test_the_pager_is_that_of_the_user_in_the_words_of_a_shell() -> None:
    assert pager_words({"PAGER": "less -S '+/my error'"}) == ["less", "-S", "+/my error"]
    assert pager_words({})[0] in {"less", "more"}
    with pytest.raises(BadRequest, match="PAGER is no command"):
        pager_words({"PAGER": "less '"})


def test_a_long_log_is_written_whole_and_for_nobody_else(place: Path) -> None:
    gateway = a_long_log()
    written = write_log(gateway, QUERY)
    assert written.read_text(encoding="utf-8").splitlines() == [
        f"line {number:04}" for number in range(1_000)
    ]
    assert len(gateway.queries) == 10
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o700
    remove(written)
    assert list(place.iterdir()) == []


def test_what_would_move_the_terminal_is_taken_out() -> None:
    gateway = a_long_log()
    gateway.hostile = ("\x1b]0;owned\x07 clean \x9b31m",)
    written = write_log(gateway, QUERY)
    assert written.read_text(encoding="utf-8") == " clean \n"
    remove(written)


def test_a_log_that_can_not_be_read_leaves_no_file(place: Path) -> None:
    gateway = a_long_log()
    gateway.gone = True
    with pytest.raises(NotThere):
        write_log(gateway, QUERY)
    assert list(place.iterdir()) == []


class WithTerminal(BackfillApp):
    """Has a terminal that it can give away, as the headless one of tests has not."""

    given = 0

    @contextmanager
    def suspend(self) -> Generator[None, None, None]:
        self.given += 1
        yield


async def open_pager(eyes: Eyes) -> None:
    screen = await watching(eyes)
    await eyes.press("n")
    await eyes.sees("line 0999")
    await eyes.press("tab")
    await eyes.until(lambda: screen.inspector.log_view.has_focus, "the log to have the focus")
    await eyes.press("O")


def with_terminal(gateway: LongLog) -> WithTerminal:
    return WithTerminal(connect=lambda: gateway, where="dags/")


@on_screen
async def test_the_key_opens_the_whole_log_and_leaves_nothing_behind(pager: Path, place: Path) -> None:
    app = with_terminal(a_long_log())
    async with looking_at(app, (120, 36)) as eyes:
        await open_pager(eyes)
        await eyes.until(pager.exists, "the pager")
        await eyes.until(lambda: not left_in(place), "the file to be removed")
        assert app.given == 1
        await eyes.sees("line 0999")
    assert read(pager).startswith("line 0000\nline 0001\n")


@on_screen
async def test_a_pager_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("PAGER", "no-such-pager")
    async with looking_at(with_terminal(a_long_log()), (120, 36)) as eyes:
        await open_pager(eyes)
        await eyes.sees("The pager no-such-pager can")
    assert not left_in(place)


@on_screen
async def test_a_pager_that_is_no_command_is_told_of(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("PAGER", "less '")
    async with looking_at(with_terminal(a_long_log()), (120, 36)) as eyes:
        await open_pager(eyes)
        await eyes.sees("PAGER is no command")
    assert not left_in(place)


@on_screen
async def test_a_terminal_that_can_not_be_given_away_is_told_of(pager: Path) -> None:
    async with looking_at(an_app(a_long_log()), (120, 36)) as eyes:
        await open_pager(eyes)
        await eyes.sees("This terminal can not be given")
    assert not read(pager)


PROGRAM = """
from tests.support.screen import an_app
from tests.support.terminal import Terminal
from tests.ui.test_log_pages import a_long_log
an_app(a_long_log()).run()
"""


def test_a_real_terminal_is_given_to_the_pager_and_taken_back(tmp_path: Path, place: Path) -> None:
    script = tmp_path / "pager"
    script.write_text('#!/bin/sh\nhead -2 "$1"\necho the pager has it\nread answer\n', encoding="utf-8")
    script.chmod(0o755)
    environment = {**os.environ, "PAGER": str(script), "TMPDIR": str(place)}
    words = [sys.executable, "-c", PROGRAM]
    with Terminal(words, environment=environment, columns=120, lines=36, directory=ROOT) as terminal:
        terminal.wait_for("sales_daily")
        terminal.press("w")
        terminal.wait_for("RUNNING")
        terminal.press("n")
        terminal.wait_for("line 0999")
        terminal.press("tab")
        terminal.wait_for("O open")
        terminal.press("O")
        terminal.wait_for("line 0001", "the pager has it")
        terminal.press("enter")
        terminal.wait_for("RUNNING", "line 0999")
        assert not list(place.iterdir())
        terminal.press("q")
