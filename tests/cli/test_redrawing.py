"""What is drawn over and over, on a terminal that becomes narrower meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backfill_tui.headless.redrawing import fits_lines

_DRAWS = """
import sys, time
from pathlib import Path
from rich.console import Group
from rich.text import Text
from backfill_tui.headless.consoles import TerminalConsole
from backfill_tui.headless.redrawing import FittingLive

folder = Path(sys.argv[1])
for number in range(30):
    print(f"somebody else's line {number}", flush=True)
console = TerminalConsole(sys.stderr, ascii_signs=True)
live = FittingLive(
    console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False,
    get_renderable=lambda: Group(*(Text(f"drawn {at} ".ljust(console.width - at, "-")) for at in range(3))),
)
live.start(refresh=True)
drawn = 0
while not (folder / "over").exists():
    if (folder / f"draw-{drawn}").exists():
        live.refresh()
        (folder / f"drawn-{drawn}").touch()
        drawn += 1
    time.sleep(0.01)
live.stop()
print("the end", flush=True)
time.sleep(600)
"""


@dataclass
class Pane:
    """A window of tmux, which fits what it shows to its width."""

    socket: Path

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), "-f", "/dev/null", *words],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return done.stdout

    def text(self) -> str:
        """All that it has shown, without what it has broken into rows."""
        return self.tmux("capture-pane", "-p", "-J", "-S", "-")

    def wait_until(self, holds: Callable[[str], bool], what: str) -> str:
        deadline = time.monotonic() + 60
        while not holds(text := self.text()):
            assert time.monotonic() < deadline, f"{what} did not come:\n{text}"
            time.sleep(0.05)
        return text

    def resize(self, columns: int) -> None:
        """Another width; the program knows of it a moment after its rows have it."""
        self.tmux("resize-window", "-x", str(columns), "-y", "24")
        with Path(self.tmux("display", "-p", "#{pane_tty}").strip()).open("rb") as terminal:
            deadline = time.monotonic() + 60
            while os.get_terminal_size(terminal.fileno()).columns != columns:
                assert time.monotonic() < deadline, "the terminal has not become narrower"
                time.sleep(0.01)


@pytest.fixture
def pane(tmp_path: Path) -> Iterator[Pane]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    script, made = tmp_path / "draws.py", Pane(tmp_path / "socket")
    script.write_text(_DRAWS)
    words = ["env", "-u", "COLUMNS", "-u", "LINES", "-u", "STY", sys.executable, str(script), str(tmp_path)]
    made.tmux("new-session", "-d", "-x", "100", "-y", "24", *words)
    try:
        yield made
    finally:
        made.tmux("kill-server")


@pytest.mark.terminal
def test_a_terminal_that_becomes_narrower_keeps_no_broken_line_and_loses_none_of_others(
    pane: Pane, tmp_path: Path
) -> None:
    pane.wait_until(lambda text: "drawn 2" in text, "what is drawn")
    for number, columns in enumerate((80, 60, 41, 90, 50)):
        pane.resize(columns)
        (tmp_path / f"draw-{number}").touch()
        pane.wait_until(lambda _, at=number: (tmp_path / f"drawn-{at}").exists(), "it")  # type: ignore[misc]
        wanted = [f"drawn {at} ".ljust(columns - at, "-") for at in range(3)]
        pane.wait_until(
            lambda text, wanted=wanted: [line for line in text.split("\n") if "-" in line] == wanted,  # type: ignore[misc]
            f"nothing but its own lines at {columns} columns",
        )
    (tmp_path / "over").touch()
    text = pane.wait_until(lambda text: "the end" in text, "the end")
    others = [f"somebody else's line {number}" for number in range(30)]
    assert text.split() == " ".join([*others, "the end"]).split()


@pytest.mark.parametrize(
    ("environment", "fits"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, True),
        ({"TERM": "screen-256color", "TMUX": "/tmp/tmux-0/default,1,0", "XTERM_VERSION": "XTerm(390)"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"}, True),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "screen", "STY": "1.tty", "VTE_VERSION": "7600"}, False),
        ({"TERM": "xterm", "XTERM_VERSION": "XTerm(390)", "VTE_VERSION": "7600"}, False),
    ],
)
def test_only_terminals_that_are_known_to_fit_their_lines_are_counted_with(
    environment: dict[str, str], *, fits: bool
) -> None:
    assert fits_lines(environment) is fits
