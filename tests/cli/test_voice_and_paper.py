from __future__ import annotations

import io
import os
import pty
import re
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest
from tests.support.scripted import ScriptedGateway
from tests.support.world import World

from backfill_tui.domain.problems import Refused, Unreachable
from backfill_tui.domain.progress import BackfillStatus
from backfill_tui.domain.watching import RunCounts
from backfill_tui.headless.interrupts import deferred_interrupt, uninterrupted
from backfill_tui.headless.paper import Paper
from backfill_tui.headless.progress import Progress
from backfill_tui.headless.session import Session
from backfill_tui.headless.tables import Cell, Column, Table, plain_lines
from backfill_tui.headless.voice import PlainVoice, TerminalVoice

NASTY = "[/red]\x1b[31mred\x1b]0;title\x07"


@contextmanager
def terminal() -> Generator[tuple[TextIO, int], None, None]:
    """A stream on a terminal, and the descriptor of its other side."""
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as stream:
        yield stream, leader
    os.close(leader)


def test_plain_talk_repeats_nothing_and_does_not_flood() -> None:
    now = [0.0]
    out = io.StringIO()
    voice = PlainVoice(out, clock=lambda: now[0])
    for done in (0, 0, 1, 2, 3):
        voice.activity("Creating runs", done, 3)
    now[0] = 5.0
    voice.activity("Creating runs", 3, 3)
    voice.activity("Ready")
    assert out.getvalue().splitlines() == [
        "Creating runs (0 of 3)",
        "Creating runs (3 of 3)",
        "Ready",
    ]


def test_plain_talk_goes_on_with_a_long_activity_once_a_second() -> None:
    now = [0.0]
    out = io.StringIO()
    voice = PlainVoice(out, clock=lambda: now[0])
    for done in range(1, 41):
        now[0] += 0.1
        voice.activity("Creating runs", done, 1000)
    assert 4 <= len(out.getvalue().splitlines()) <= 5


def test_talk_and_data_are_harmless_on_a_terminal() -> None:
    with terminal() as (stream, leader):
        voice = TerminalVoice(stream, None)
        voice.activity(NASTY, 1, 2)
        voice.say(NASTY)
        voice.settle()
        Paper(stream, is_terminal=True).table(Table(columns=(Column(heading="Dag"),), rows=[(Cell(NASTY),)]))
        Paper(stream, is_terminal=True).line(NASTY)
        stream.flush()
        written = b""
        # A terminal hands over what is written in parts; this is the end of the last line.
        while not written.endswith(b"[/red]red\r\n"):
            written += os.read(leader, 100_000)
    drawn = written.decode()
    assert "[/red]red" in drawn
    assert "title" not in drawn
    assert "\x1b[31m" not in drawn


def read_until(leader: int, end: bytes) -> str:
    """What was written to a terminal, which hands it over in parts, as far as its end."""
    written = b""
    while not written.endswith(end):
        written += os.read(leader, 100_000)
    return written.decode()


def nasty_progress(status: BackfillStatus = BackfillStatus.RUNNING) -> Progress:
    return Progress(title=NASTY, status=status, said=NASTY, counts=RunCounts(success=1, running=1), why=NASTY)


def test_progress_on_a_terminal_is_harmless_and_leaves_one_line_below_what_was_said() -> None:
    with terminal() as (stream, leader):
        voice = TerminalVoice(stream, None)
        voice.progress(nasty_progress())
        voice.say(NASTY)
        voice.progress(nasty_progress(BackfillStatus.DONE))
        voice.settle()
        voice.say("the end")
        drawn = read_until(leader, b"the end\r\n")
    assert "[/red]red" in drawn
    assert "title" not in drawn
    assert "\x1b[31m" not in drawn
    assert "1/2 runs  in 0." in drawn
    assert "\x1b[?25" not in drawn, "the cursor was hidden"


def test_progress_is_drawn_in_ascii_where_that_is_wished_for_or_all_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for ascii_signs in (True, False):
        with terminal() as (stream, leader):
            voice = TerminalVoice(stream, None, ascii_signs=ascii_signs)
            voice.activity("Creating runs", 1, 2)
            voice.progress(nasty_progress())
            voice.settle()
            voice.say("the end")
            drawn = read_until(leader, b"the end\r\n")
        assert drawn.isascii() is ascii_signs


def test_what_is_cut_ends_with_a_plain_sign_where_only_ascii_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    cells = (Cell("sales_daily_of_all_shops"), Cell("Zürich"))
    table = Table(columns=(Column(heading="Dag"), Column(heading="City", least=6)), rows=[cells])
    for ascii_signs, sign in ((True, "~"), (False, "…")):
        with terminal() as (stream, leader):
            voice = TerminalVoice(stream, None, ascii_signs=ascii_signs)
            voice.progress(nasty_progress())
            voice.settle()
            voice.activity("Reading the ends of very many logs", 1, 2)
            voice.settle()
            Paper(stream, is_terminal=True, ascii_signs=ascii_signs).table(table)
            voice.say("the end")
            drawn = read_until(leader, b"the end\r\n")
        assert re.search(rf"sales_daily\w*{sign}", drawn)
        assert ({letter for letter in drawn if not letter.isascii()} == {"ü"}) is ascii_signs


def test_a_countdown_says_how_long_it_still_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    PlainVoice(out).countdown("2 runs failed, attempt 2 of 3 in", 299.6)
    assert out.getvalue() == "2 runs failed, attempt 2 of 3 in 5 min 0 s\n"
    monkeypatch.setenv("COLUMNS", "120")
    with terminal() as (stream, leader):
        voice = TerminalVoice(stream, None)
        voice.countdown("attempt 2 of 3 in", 3_700)
        written = b""
        while b"attempt 2 of 3 in 1:01:" not in written:
            written += os.read(leader, 100_000)
        voice.settle()


@pytest.mark.parametrize(
    ("typed", "agreed"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_only_a_clear_yes_is_one(typed: str, agreed: bool) -> None:
    out = io.StringIO()
    assert TerminalVoice(out, io.StringIO(typed)).ask("Create 3 runs?") is agreed
    assert out.getvalue().startswith("Create 3 runs? [y/N] ")


def test_nobody_is_asked_without_a_terminal_on_both_sides() -> None:
    assert TerminalVoice(io.StringIO(), None).ask("Create 3 runs?") is None
    assert PlainVoice(io.StringIO()).ask("Create 3 runs?") is None


def test_a_no_is_respected_and_is_a_refusal() -> None:
    voice = TerminalVoice(io.StringIO(), io.StringIO("n\n"))
    session = Session(
        gateway=ScriptedGateway(World()),
        engine=None,
        voice=voice,
        paper=Paper(io.StringIO(), is_terminal=False),
    )
    with pytest.raises(Refused, match="Nothing was done, as you wished"):
        session.confirm("Create 3 runs?", yes=False)


def test_a_plain_table_is_aligned_and_never_cut() -> None:
    columns = (Column(heading="#", number=True), Column(heading="Dag"), Column(heading="Why"))
    rows = [(Cell("1"), Cell("a" * 300), Cell("")), (Cell("10"), Cell("b"), Cell("two\nlines"))]
    assert list(plain_lines(Table(columns=columns, rows=rows))) == [
        f" #  Dag{' ' * 297}  Why",
        f" 1  {'a' * 300}",
        f"10  b{' ' * 299}  two lines",
    ]


def test_a_full_disk_is_said_and_a_reader_that_is_gone_is_not() -> None:
    with Path("/dev/full").open("w") as full:
        with pytest.raises(Unreachable, match="No space left"):
            Paper(full, is_terminal=False).line("data")
        # What is still in the buffer has to go somewhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, full.fileno())
        os.close(nowhere)
    read_end, write_end = os.pipe()
    os.close(read_end)
    with pytest.raises(BrokenPipeError), os.fdopen(write_end, "w") as pipe:
        Paper(pipe, is_terminal=False).line("data")


def test_the_first_interrupt_is_only_noted_and_the_second_one_is_real() -> None:
    with deferred_interrupt() as is_interrupted:
        assert not is_interrupted()
        signal.raise_signal(signal.SIGINT)
        assert is_interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_comes_after_what_must_not_be_interrupted() -> None:
    done = []

    def draw() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("drawn")

    with pytest.raises(KeyboardInterrupt):
        draw()
    assert done == ["drawn"]
    with deferred_interrupt() as is_interrupted:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
        assert is_interrupted()
