from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.conftest import CommandLine

from backfill_tui import __version__
from backfill_tui.cli import main

ON_BACKFILLS = ["pause", "resume", "cancel", "reopen", "remove"]
COMMANDS = ["dags", "plan", "launch", "watch", "rerun", "mark", "list", "journal", *ON_BACKFILLS, "engine"]


def program(*words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The program as a process of its own, for what ends before a bridge is started."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "BACKFILL"))}
    environment = {**kept, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), **variables}
    return subprocess.run(
        [sys.executable, "-m", "backfill_tui", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_help_names_every_command_and_option() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    for word in [*COMMANDS, "--dags-folder", "--airflow-home", "--home", "--read-only", "--version"]:
        assert word in shown.stdout


@pytest.mark.parametrize("words", [["--help"], ["engine", "--help"]])
def test_no_command_is_cut_short_in_the_help(words: list[str]) -> None:
    shown = CliRunner().invoke(main, words, terminal_width=80)
    listed = shown.stdout.partition("Commands:\n")[2].splitlines()
    assert len(listed) > 2
    assert [line for line in listed if line.endswith("...") or len(line) > 80] == []


@pytest.mark.parametrize("command", ON_BACKFILLS)
def test_the_help_tells_a_backfill_from_a_dag(command: str) -> None:
    shown = CliRunner().invoke(main, [command, "--help"]).stdout
    assert "backfill" in shown.splitlines()[2]
    assert "BACKFILL_ID" in shown.splitlines()[0]


def test_the_version_is_data() -> None:
    shown = CliRunner().invoke(main, ["--version"])
    assert (shown.exit_code, shown.stdout) == (0, f"backfill-tui {__version__}\n")


def test_every_command_but_the_groups_has_json() -> None:
    plain = [[word] for word in COMMANDS if word != "engine"]
    for words in plain + [["engine", word] for word in ("status", "stop", "logs")]:
        assert "--json" in CliRunner().invoke(main, [*words, "--help"]).stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["lsit"], "lsit"),
        (["--dag-folder", "x", "dags"], "Did you mean"),
        (["engine", "restart"], "restart"),
        (["rerun"], "DAG_ID"),
        (["rerun", "sales_daily", "--backfill", "newest"], "newest"),
    ],
)
def test_a_slip_of_the_keyboard_is_one_line_and_exit_code_2(
    run: CommandLine, words: list[str], sentence: str
) -> None:
    ended = run(*words)
    assert ended.code == 2
    (line,) = ended.talk.splitlines()
    assert line.startswith("error: ")
    assert sentence in line


def test_a_group_without_a_command_shows_its_commands(run: CommandLine) -> None:
    ended = run("engine")
    assert (ended.code, ended.out) == (2, "")
    assert "Usage: backfill-tui engine" in ended.talk


def test_a_bug_is_loud_and_is_not_called_a_failed_backfill(run: CommandLine) -> None:
    def break_it(_: object) -> None:
        raise ZeroDivisionError("\x1b[31mno")

    run.composition.prepare = break_it
    ended = run("dags")
    assert ended.code == 3
    assert "break_it" in ended.talk
    assert "error: unexpected ZeroDivisionError: this is a bug of backfill-tui" in ended.talk
    assert "\x1b" not in ended.talk


def test_ctrl_c_while_airflow_comes_up_is_130(run: CommandLine) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    run.composition.prepare = interrupt
    ended = run("dags")
    assert ended.code == 130
    assert "interrupted" in ended.talk


@pytest.mark.parametrize(
    ("closed", "code", "out", "said"),
    [
        ("<&-", 0, True, True),
        ("2>&-", 0, True, False),
        (">&-", 3, False, True),
        ("<&- >&- 2>&-", 3, False, False),
    ],
)
def test_a_stream_that_is_closed_breaks_nothing(
    tmp_path: Path, closed: str, code: int, *, out: bool, said: bool
) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m backfill_tui config {closed}', sys.executable],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, cwd=tmp_path,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert ("dags_folder" in done.stdout) is out
    assert ("The settings file is" in done.stderr) is said
    assert ("The output can not be written: Bad file descriptor" in done.stderr) is (said and not out)


def test_the_screen_needs_a_terminal(tmp_path: Path) -> None:
    ended = program(folder=tmp_path)
    assert ended.returncode == 2
    assert "error: The screen needs a terminal: use a command here" in ended.stderr
    assert not (tmp_path / "state").exists()


def test_a_folder_that_does_not_exist_is_said_before_anything_is_made(tmp_path: Path) -> None:
    ended = program("--dags-folder", "nowhere", "dags", folder=tmp_path)
    assert ended.returncode == 2
    assert f"error: There is no Dags folder {tmp_path}/nowhere" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_settings_of_the_environment_count(tmp_path: Path) -> None:
    wrong = program("dags", folder=tmp_path, BACKFILL_TUI_READONLY="1")
    assert wrong.returncode == 2
    assert "did you mean BACKFILL_TUI_READ_ONLY?" in wrong.stderr
    (tmp_path / "settings.toml").write_text('dags_folder = "missing"\n')
    file = program("dags", folder=tmp_path, BACKFILL_TUI_CONFIG=str(tmp_path / "settings.toml"))
    assert f"There is no Dags folder {tmp_path}/missing" in file.stderr


def test_an_attached_airflow_has_no_engine_of_ours(tmp_path: Path) -> None:
    ended = program("engine", "status", folder=tmp_path, AIRFLOW_HOME=str(tmp_path / "af"))
    assert ended.returncode == 2
    assert f"attached to the Airflow of {tmp_path}/af" in ended.stderr


def test_a_home_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "file").touch()
    ended = program("--home", "file/home", "dags", folder=tmp_path)
    assert ended.returncode == 3
    assert f"error: The home {tmp_path}/file/home can not be written" in ended.stderr
