"""The wheel in an environment of its own, with what it declares to need and nothing else: it works there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.packages import Wheel, clean_environment
from tests.support.program import Program, program_on

from backfill_tui import __version__

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.engine,
    pytest.mark.terminal,
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def programs(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_environment(tmp_path_factory.mktemp("clean") / "environment", wheel)


@pytest.fixture(scope="module")
def program(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    command = (str(programs / "backfill-tui"),)
    with program_on(tmp_path_factory.mktemp("installed"), "my_backfill_dag.py", command=command) as found:
        yield found


def test_nothing_of_the_checkout_or_of_its_tools_is_there(programs: Path, program: Program) -> None:
    tools = ("pytest", "mypy", "aiohttp", "textual_serve", "hatchling")
    look = (
        "import backfill_tui, importlib.util as util; print(backfill_tui.__file__);"
        f"print([name for name in {tools} if util.find_spec(name)])"
    )
    told = subprocess.run(
        [programs / "python", "-c", look],
        cwd=program.folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()
    assert told[0].startswith(str(programs.parent))
    assert told[1] == "[]"


def test_it_says_its_version_and_has_its_manual_page(programs: Path, program: Program) -> None:
    assert program.run("--version").out == f"backfill-tui {__version__}\n"
    page = programs.parent / "share" / "man" / "man1" / "backfill-tui.1"
    assert f"backfill-tui {__version__}" in page.read_text("utf-8")


def test_a_backfill_runs_to_its_end_on_the_airflow_of_its_own(program: Program) -> None:
    dates = ("--from", "2021-01-01", "--to", "2021-01-02")
    done = program.run("launch", "my_backfill_dag", *dates, "--yes", "--wait", seconds=300)
    assert done.code == 0, done
    assert set(program.tries("my_backfill_dag").values()) == {(1, "success")}


def test_the_screen_opens_with_its_styles(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("1 Dag", "my_backfill_dag", "None of its last 2 runs failed", seconds=120)
        terminal.press("enter")
        terminal.wait_for("Plan  my_backfill_dag", "Verdict", seconds=60)
        terminal.press("ctrl+q")
        assert terminal.wait_for_exit(60) == 0


def test_without_the_extra_the_browser_is_refused_with_the_command_that_brings_it(program: Program) -> None:
    done = program.run("serve")
    assert (done.code, done.out) == (2, "")
    assert "textual-serve, which is not installed: pip install textual-serve" in done.err
