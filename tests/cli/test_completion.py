from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine
from tests.support.terminal import Terminal
from tests.support.world import World, a_dag

from backfill_tui.composition import RealComposition
from backfill_tui.domain.ids import BackfillId, DagId
from backfill_tui.known_names import KnownNames, Names

HERE = Path(__file__)
KNOWN = Names(
    dags=("sales_daily", "sales_hourly", "two words", "a;b"), backfills=((12, "sales_daily"), (3, "other"))
)


def completed(run: CommandLine, *words: str) -> list[str]:
    """What the tab key gives for the last of the words, as bash is told it."""
    line = ["backfill-tui", *words]
    environment = {
        "_BACKFILL_TUI_COMPLETE": "bash_complete",
        "COMP_WORDS": "\n".join(line),
        "COMP_CWORD": str(len(line) - 1),
    }
    ended = run(environment=environment)
    assert ended.code == 0, ended.talk
    assert ended.talk == ""
    return [entry.partition(",")[2] for entry in ended.out.splitlines() if entry]


@pytest.fixture(autouse=True)
def known(run: CommandLine) -> None:
    run.composition.known_names = KNOWN


def test_commands_and_options_are_completed(run: CommandLine) -> None:
    assert completed(run, "la") == ["launch"]
    assert completed(run, "engine", "s") == ["status", "stop"]
    assert completed(run, "launch", "x", "--stop") == ["--stop-after-failures"]
    assert completed(run, "launch", "x", "--reprocess-behavior", "") == ["none", "failed", "completed"]


@pytest.mark.parametrize(
    "words",
    [
        ("plan",), ("launch",), ("rerun",), ("failures",), ("list",), ("list", "--dag"), ("journal", "--dag"),
        ("mark", "success"), ("undo", "--dag"), ("pause-dag",), ("unpause-dag",), ("watch",),
    ],
)  # fmt: skip
def test_dag_ids_are_those_that_were_seen_last(run: CommandLine, words: tuple[str, ...]) -> None:
    assert completed(run, *words, "sales_") == ["sales_daily", "sales_hourly"]
    assert run.composition.gateways == [], "a tab key has asked Airflow"


def test_a_name_that_a_shell_would_take_apart_is_left_out(run: CommandLine) -> None:
    assert completed(run, "plan", "") == ["sales_daily", "sales_hourly"]


def test_backfills_are_completed_by_their_numbers(run: CommandLine) -> None:
    assert completed(run, "pause", "") == ["12", "3"]
    assert completed(run, "watch", "1") == ["12"]
    assert completed(run, "rerun", "other", "--backfill", "3") == ["3"]


def test_profiles_components_and_verdicts_are_completed(run: CommandLine, tmp_path: Path) -> None:
    run.composition.config_path = tmp_path / "config.toml"
    run.composition.config_path.write_text("[profiles.prod]\nproduction = true\n[profiles.staging]\n")
    assert completed(run, "--profile", "") == ["prod", "staging"]
    assert completed(run, "engine", "logs", "s") == ["scheduler"]
    assert completed(run, "plan", "x", "--only", "create,n") == ["create,not_yet"]


def test_where_the_settings_are_wrong_the_tab_key_says_nothing(run: CommandLine, tmp_path: Path) -> None:
    run.composition.config_path = tmp_path / "config.toml"
    run.composition.config_path.write_text("read_onyl = true")
    assert completed(run, "--profile", "") == []


def test_a_shell_that_is_not_known_is_told_which_there_are(run: CommandLine) -> None:
    ended = run("completion", environment={"SHELL": "/bin/tcsh"})
    assert ended.code == 2
    assert "name one of bash, zsh, fish" in ended.talk
    assert run("completion", environment={"SHELL": "/usr/bin/fish"}).out.startswith("function")
    assert run("completion", "zsh").out.startswith("#compdef backfill-tui")


# The names that are kept


def test_what_was_listed_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    names = KnownNames(tmp_path / "names" / "one.json")
    assert names.read() == Names()
    world = World([a_dag("a"), a_dag("b")])
    names.saw_dags(world.dag_list(), are_all=True)
    names.saw_launch(DagId("a"), BackfillId(4))
    names.saw_launch(DagId("b"), BackfillId(9))
    assert names.read() == Names(dags=("a", "b"), backfills=((9, "b"), (4, "a")))
    names.saw_backfills(DagId("b"), ())
    assert names.read().backfills == ((4, "a"),)
    names.saw_backfills(None, ())
    assert names.read() == Names(dags=("a", "b"))
    names.saw_dags(World([a_dag("c")]).dag_list(), are_all=False)
    assert names.read().dags == ("a", "b", "c")
    names.saw_dags(World([a_dag("c")]).dag_list(), are_all=True)
    assert names.read().dags == ("c",)
    (file,) = (tmp_path / "names").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"dags": 3, "backfills": []}', b"\xff"])
def test_a_file_of_names_that_is_none_counts_as_no_names(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(content)
    assert KnownNames(file).read() == Names()


def test_names_that_can_not_be_kept_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "names").write_text("a file where the folder should be")
    names = KnownNames(tmp_path / "names" / "one.json")
    names.saw_launch(DagId("a"), BackfillId(4))
    assert names.read() == Names()


def test_each_airflow_has_names_of_its_own_and_looking_for_them_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    composition = RealComposition({"BACKFILL_TUI_CONFIG": ""}, tmp_path)
    assert composition.names({"dags_folder": "no-such-folder"}) == Names()
    assert list(tmp_path.iterdir()) == []


# In a real shell


def shell_environment(tmp_path: Path) -> Mapping[str, str]:
    """A user's, in which the program is found by its name."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "backfill-tui"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m backfill_tui "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8",
        "PS1": "$ ",
        "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }  # fmt: skip


@pytest.mark.terminal
def test_bash_completes_a_command_and_a_dag_id_at_the_tab_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = shell_environment(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    from backfill_tui.composition import names_of
    from backfill_tui.domain.environment import Mode
    from backfill_tui.settings import Place, Settings

    place = Place(mode=Mode.EMBEDDED, path=tmp_path / "dags")
    KnownNames(names_of(Settings(), place)).saw_dags(World([a_dag("sales_daily")]).dag_list(), are_all=True)
    with Terminal(
        ["bash", "--norc", "--noprofile", "-i"], environment=environment, directory=tmp_path
    ) as terminal:
        terminal.wait_for("$")
        terminal.press('eval "$(backfill-tui completion bash)" && echo "rea""dy"', "enter")
        terminal.wait_for("ready", seconds=60)
        terminal.press("backfill-tui unpa", "tab")
        terminal.wait_for("backfill-tui unpause-dag", seconds=60)
        terminal.press("sal", "tab")
        terminal.wait_for("backfill-tui unpause-dag sales_daily", seconds=60)


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("fish", ["-c", 'backfill-tui completion fish | source; complete -C "backfill-tui unpa"']),
        (
            "zsh",
            ["-f", "-c", 'compdef() { echo "$@"; }; eval "$(backfill-tui completion zsh)"'],
        ),
    ],
)
def test_the_other_shells_take_their_scripts(shell: str, words: list[str], tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [shell, *words],
        env=shell_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(("unpause-dag", "_backfill_tui_completion backfill-tui"))


def lines_of(page: str, beginning: str) -> list[str]:
    """The lines of the block of commands on a page of the docs that begins with such a line."""
    text = (HERE.parents[2] / "docs" / page).read_text("utf-8")
    blocks = [block.splitlines() for block in re.findall(r"(?:^    .+\n)+", text, re.MULTILINE)]
    (found,) = [block for block in blocks if block[0].strip().startswith(beginning)]
    return [line.strip() for line in found]


def test_the_lines_of_the_docs_install_the_completion_and_an_example_of_the_settings(tmp_path: Path) -> None:
    lines = [
        *lines_of("commands.md", "mkdir -p ~/.local/share/bash"),
        *lines_of("settings.md", "backfill-tui config"),
    ]
    assert len(lines) == 7
    script = "\n".join(["set -eu", *lines])
    done = subprocess.run(
        ["bash", "-c", script],
        env=shell_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    installed = tmp_path / ".local" / "share" / "bash-completion" / "completions" / "backfill-tui"
    assert "complete" in installed.read_text()
    assert "backfill-tui completion zsh" in (tmp_path / ".zshrc").read_text()
    assert (tmp_path / ".config" / "fish" / "completions" / "backfill-tui.fish").stat().st_size
    assert "# read_only = true" in (tmp_path / "config" / "backfill-tui" / "config.toml").read_text()
