"""The main job with keys only, in a real terminal, on the real engine."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

import pytest
from tests.support.program import Program, program_on
from tests.support.terminal import Terminal

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.terminal,
    pytest.mark.xdist_group("terminal"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("terminal")
    with program_on(folder, "my_backfill_dag.py", "sales_daily.py", "sales_legacy.py") as found:
        yield found


def open_plan(terminal: Terminal, dag_id: str, first: str, last: str) -> None:
    terminal.press("/")
    # While a field has the focus, the letters are its own, and help is on f1.
    terminal.wait_for("f1 help")
    terminal.press(dag_id)
    terminal.wait_for("1 of 3 shown", dag_id)
    terminal.press("enter")
    terminal.wait_until_gone("f1 help")
    terminal.press("enter")
    terminal.wait_for(f"Plan  {dag_id}", "From")
    # A field that is entered is selected, so typing replaces what stands in it.
    terminal.press(first, "tab", last)


def launch(terminal: Terminal) -> None:
    terminal.press("f5")
    terminal.wait_for("Launch a backfill of")
    terminal.press("enter")


def test_a_newcomer_goes_from_the_list_to_a_finished_backfill(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("Bringing up Airflow")
        terminal.wait_for("2 Dags", "1 file does not import", seconds=90)
        open_plan(terminal, "my_backfill_dag", "2021-01-01", "2021-01-04")
        terminal.wait_for("4 dates   + 4 create", "Mon 2021-01-04 00:00")
        plan = terminal.wait_until_gone("2021-01-05 00:00")
        assert plan.count("no run exists") == 4
        launch(terminal)
        terminal.wait_for("Watch  my_backfill_dag", "count", "report")
        done = terminal.wait_for("DONE: 4 succeeded", "4/4 runs", seconds=120)
        assert len(re.findall(r"2021-01-0[1-4] +█ +\[?█]? +█", done)) == 4
        terminal.press("escape")
        terminal.wait_for("Last runs")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    assert set(program.tries("my_backfill_dag").values()) == {(1, "success")}


def test_failed_dates_are_rerun_from_the_keyboard_and_nothing_else(program: Program) -> None:
    with program.terminal(columns=120, lines=36) as terminal:
        terminal.wait_for("2 Dags", seconds=60)
        open_plan(terminal, "sales_daily", "2024-02-05", "2024-02-08")
        terminal.wait_for("4 dates", "Thu 2024-02-08 00:00")
        launch(terminal)
        terminal.wait_for("DONE: 2 succeeded, 2 failed", seconds=120)
        program.mend()
        terminal.press("a")
        terminal.wait_for("2 dates marked")
        terminal.press("r")
        terminal.wait_for("failed tasks only", "8 task instances", "stay as they are", "2 succeeded")
        terminal.press("enter")
        terminal.wait_for("DONE: 4 succeeded", seconds=120)
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    tries = program.tries("sales_daily")
    again = {key for key, (number, _) in tries.items() if number == 2}
    assert {state for _, state in tries.values()} == {"success"}
    assert again == {(day, "clean") for day in ("2024-02-06", "2024-02-07")}


def test_a_backfill_outlives_the_screen_quit_or_killed(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("2 Dags", seconds=60)
        open_plan(terminal, "my_backfill_dag", "2021-02-01", "2021-03-31")
        terminal.wait_for("59 dates")
        launch(terminal)
        terminal.wait_for("Watch  my_backfill_dag", "/59 runs")
        terminal.press("q")
        terminal.wait_for("quit, engine goes on", "59 runs")
        terminal.press("enter")
        assert terminal.wait_for_exit() == 0
    assert program.run("engine", "status").code == 0

    with program.terminal() as terminal:
        terminal.wait_for("my_backfill_dag: backfill", "press w to watch it", seconds=60)
        terminal.press("w")
        terminal.wait_for("Watch  my_backfill_dag", "/59 runs")
        terminal.kill()

    with program.terminal() as terminal:
        terminal.wait_for("2 Dags", seconds=60)
        terminal.press("b")
        terminal.wait_for("2021-02-01", "2021-03-31")
        terminal.press("enter")
        terminal.wait_for("DONE: 59 succeeded", "59/59 runs", seconds=240)
        terminal.press("q")
        terminal.wait_for_exit()


def test_stopping_at_quit_leaves_no_process_and_the_next_start_goes_on(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("2 Dags", seconds=60)
        open_plan(terminal, "my_backfill_dag", "2021-05-01", "2021-05-31")
        terminal.wait_for("31 dates")
        launch(terminal)
        terminal.wait_for("Watch  my_backfill_dag", "/31 runs")
        terminal.press("q")
        terminal.wait_for("quit and stop it")
        terminal.press("s")
        assert terminal.wait_for_exit(60) == 0
    assert program.run("engine", "status").code == 3
    assert program.processes() == []

    with program.terminal() as terminal:
        terminal.wait_for("press w to watch it", seconds=60)
        terminal.press("w")
        terminal.wait_for("DONE: 31 succeeded", seconds=240)
        terminal.press("q")
        terminal.wait_for_exit()


def test_a_screen_that_is_ended_from_outside_leaves_the_terminal_as_it_was(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("2 Dags", seconds=60)
        terminal.process.terminate()
        assert terminal.wait_for_exit() == 128 + signal.SIGTERM
        raw = terminal.raw()
    # The alternate screen is left, the cursor is shown, the mouse is let go.
    assert raw.rfind(b"\x1b[?1049l") > raw.rfind(b"\x1b[?1049h")
    assert raw.rfind(b"\x1b[?25h") > raw.rfind(b"\x1b[?25l")
    assert raw.rfind(b"\x1b[?1003l") > raw.rfind(b"\x1b[?1003h")
