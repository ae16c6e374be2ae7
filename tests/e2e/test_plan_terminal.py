"""Planning by keys alone, in a real terminal on a real Airflow: ranges, holes, the strip, commands."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from tests.support.program import Program, program_on
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.airflow]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with program_on(tmp_path_factory.mktemp("plan_terminal"), "sales_daily.py") as found:
        done = found.run(
            "launch", "sales_daily", "--from", "2024-02-04", "--to", "2024-02-08", "--yes", "--wait"
        )
        assert done.code == 1, done
        yield found


def open_plan(terminal: Terminal) -> None:
    terminal.wait_for("1 Dag", "sales_daily", seconds=60)
    terminal.press("enter")
    terminal.wait_for("Plan  sales_daily", "Verdict")


def type_range(terminal: Terminal, expression: str) -> None:
    # The field that is entered is selected, so typing and deleting replace what stands in it.
    terminal.press(expression, "tab", "backspace")
    terminal.wait_for("From is the range")


def test_a_range_is_typed_as_one_says_it_and_a_span_of_the_strip_becomes_the_range(program: Program) -> None:
    with program.terminal() as terminal:
        open_plan(terminal)
        type_range(terminal, "2024-02")
        terminal.wait_for("Thu 2024-02-01 00:00 to Thu 2024-02-29 24:00  UTC", "29 dates", "– 5 skip")
        # To, max active, and to the right: Missing and Errored Runs.
        terminal.press("tab", "tab", "right")
        terminal.wait_for("↻ 2 reprocess", "2024 Feb ···██✗✗█···")
        terminal.press(*["tab"] * 6)
        terminal.wait_for("v span", "] next hole")
        terminal.press("]")
        # The reason is cut in its row and stands in full below the list.
        terminal.wait_for(
            "Tue 2024-02-06 00:00  failed, reprocess",
            "failed, 1 of 5 tasks succeeded: all 5 run again; it leaves backfill 1",
        )
        terminal.press("v", "right", "enter")
        terminal.wait_for("Tue 2024-02-06 00:00 to Wed 2024-02-07 24:00", "2 dates   ↻ 2 reprocess")
        terminal.press("ctrl+z")
        terminal.wait_for("29 dates", "From is the range")
        terminal.press("escape")
        terminal.wait_for("Last runs")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0


def test_holes_are_one_key_and_the_plan_is_copied_as_a_command_that_plans_the_same(program: Program) -> None:
    with program.terminal(columns=120, lines=36) as terminal:
        open_plan(terminal)
        type_range(terminal, "2024-02-03..2024-02-10")
        terminal.wait_for("8 dates")
        terminal.press("f4")
        # What is missing or failed in it: the 3rd, the 6th and 7th, the 9th and 10th.
        terminal.wait_for("+ 3 create", "↻ 2 reprocess", "only what runs")
        terminal.wait_for(
            "2024-02-03 00:00  + create",
            "2024-02-06 00:00  ↻ reprocess",
            "2024-02-07 00:00  ↻ reprocess",
            "2024-02-09 00:00  + create",
            "2024-02-10 00:00  + create",
        )
        terminal.press("f8")
        terminal.wait_for("airflow backfill create --dag-id sales_daily", "2 copy backfill-tui")
        terminal.press("2")
        terminal.wait_for("OSC 52")
        copied = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", terminal.raw())
        command = base64.b64decode(copied[-1]).decode()
        terminal.press("escape")
        terminal.press("f3")
        terminal.wait_for("2023-01-01 00:00", "↻ 2 reprocess", "– 3 skip")
        terminal.press("escape")
        terminal.wait_for("Last runs")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    words = command.split()
    launched = words[words.index("launch") + 1 :]
    plan = program.run("plan", *launched, "--json").json()
    assert plan["totals"]["create"] == 3
    assert plan["totals"]["reprocess"] == 2
    assert plan["commands"]["own"] == command
