"""The program as it is started, in terminals that can show little: what it writes, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.support.program import Program, program_on
from tests.support.terminal import Terminal

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.terminal,
    pytest.mark.xdist_group("terminal"),
    pytest.mark.timeout(600),
]

_STYLES = re.compile(rb"\x1b\[([0-9;:]*)m")
_COLOURS = {*range(30, 50), *range(90, 108), 58, 59}
_TITLE = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("looks")
    with program_on(folder, "my_backfill_dag.py", "sales_legacy.py") as found:
        yield found


def styles_of(written: bytes) -> set[int]:
    """The codes of all the styles that were asked for."""
    return {int(code) for codes in _STYLES.findall(written) for code in re.split(rb"[;:]", codes) if code}


def look_around(terminal: Terminal) -> None:
    """The list, its help, a plan and its palette."""
    terminal.wait_for("1 Dag", "my_backfill_dag", "does not import", seconds=120)
    terminal.press("?")
    terminal.wait_for("Help: Dags", seconds=60)
    terminal.press("escape")
    terminal.wait_until_gone("Help: Dags", seconds=60)
    terminal.press("enter")
    terminal.wait_for("Reprocess", "Max active", "no run exists", seconds=60)
    terminal.press("ctrl+p")
    terminal.wait_for("A command, a Dag, a backfill or a date", seconds=60)
    terminal.press("escape")
    terminal.wait_until_gone("A command, a Dag, a backfill or a date", seconds=60)


def test_without_colours_no_byte_asks_for_one(program: Program) -> None:
    with program.terminal("--read-only", variables={"NO_COLOR": "1", "COLORTERM": "truecolor"}) as terminal:
        look_around(terminal)
        terminal.press("ctrl+q")
        assert terminal.wait_for_exit(60) == 0
        written = terminal.raw()
    assert "─".encode() in written
    assert 7 in styles_of(written), "the cursor is reversed"
    assert styles_of(written) & _COLOURS == set()


def test_with_colours_there_are_some(program: Program) -> None:
    with program.terminal("--read-only", variables={"COLORTERM": "truecolor"}) as terminal:
        look_around(terminal)
        assert styles_of(terminal.raw()) & _COLOURS


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_console_without_the_signs_gets_ascii_and_its_own_colours(program: Program, locale: str) -> None:
    with program.terminal("--read-only", term="linux", variables={"LC_ALL": locale}) as terminal:
        look_around(terminal)
        written = _TITLE.sub(b"", terminal.raw())
    assert written.isascii(), re.findall(rb".{0,40}[^\x00-\x7f]+.{0,20}", written)[:5]
    assert b"38" not in {codes.split(b";")[0] for codes in _STYLES.findall(written)}
    assert styles_of(written) & {*range(30, 38), *range(90, 98)}


@pytest.mark.parametrize(
    "words", [("dags",), ("plan", "my_backfill_dag", "--from", "2021-01-01", "--to", "2021-01-03")]
)
def test_the_commands_have_no_colour_either(program: Program, words: tuple[str, ...]) -> None:
    with program.terminal("--read-only", *words, variables={"NO_COLOR": "1"}) as terminal:
        assert terminal.wait_for_exit(120) == 0
        written = terminal.raw()
    assert b"my_backfill_dag" in written or b"2021-01-01" in written
    assert styles_of(written) & _COLOURS == set()
