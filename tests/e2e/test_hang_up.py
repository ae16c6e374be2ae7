"""A terminal that closes under the program, whether or not it says so: nothing of the session stays."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import psutil
import pytest
from tests.support.program import Program, program_on, wait_until
from tests.support.terminal import Terminal

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.terminal,
    pytest.mark.xdist_group("terminal"),
    pytest.mark.timeout(600),
]

_MOMENT = 0.2
"""Twenty of it are longer than the time after which a screen that lives asks its bridge again."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with program_on(tmp_path_factory.mktemp("hang_up"), "my_backfill_dag.py") as found:
        yield found


def session(terminal: Terminal) -> list[psutil.Process]:
    """The screen and its bridges; the engine is a session of its own."""
    screen = psutil.Process(terminal.process.pid)
    bridges = [one for one in screen.children(recursive=True) if "backfill_tui.bridge" in one.cmdline()]
    assert bridges
    return [screen, *bridges]


def running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("controlling", [True, False], ids=["told by SIGHUP", "told by nothing"])
def test_a_terminal_that_closes_ends_the_session_and_not_the_engine(
    program: Program, controlling: bool
) -> None:
    with program.terminal(controlling=controlling) as terminal:
        terminal.wait_for("1 Dag", seconds=120)
        wait_until(lambda: program.run("engine", "status").code == 0, "the engine ran")
        processes = session(terminal)
        terminal.hang_up()
        assert terminal.wait_for_exit(60) == 128 + signal.SIGHUP
        wait_until(lambda: not running(processes), "the bridge ended too")
    assert program.run("engine", "status").code == 0


@pytest.mark.parametrize("closes", [True, False], ids=["closes", "SIGTERM"])
def test_a_session_whose_terminal_takes_nothing_more_ends_all_the_same(
    program: Program, closes: bool
) -> None:
    with program.terminal(controlling=closes) as terminal:
        terminal.wait_for("1 Dag", seconds=120)
        processes = session(terminal)
        terminal.stall()
        standing_still(terminal)
        if closes:
            terminal.hang_up()
        else:
            terminal.process.terminate()
        code = 128 + (signal.SIGHUP if closes else signal.SIGTERM)
        assert terminal.wait_for_exit(60) == code
        wait_until(lambda: not running(processes), "the bridge ended too")


def standing_still(terminal: Terminal) -> None:
    """Have the whole screen drawn again and again until the program waits for the terminal."""
    screen = psutil.Process(terminal.process.pid)
    if not hasattr(screen, "io_counters"):
        pytest.skip("this system does not count what a process writes")

    def stands() -> bool:
        before = screen.io_counters().write_chars
        for _ in range(20):
            terminal.press("ctrl+t")
            time.sleep(_MOMENT)
        return screen.io_counters().write_chars == before

    wait_until(stands, "the program stood still", 120)
