from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from scripts.man import PAGE, commands, page

from backfill_tui.cli import main
from backfill_tui.settings.registry import SETTINGS


def drawn(*, width: int = 80) -> str:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-ww", "-P-cbou", f"-rLL={width}n", str(PAGE)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_manual_page_is_that_of_the_program() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: make man"


def test_the_manual_page_has_every_command_with_every_option_and_every_setting() -> None:
    source = PAGE.read_text("utf-8").replace("\\-", "-")
    sections = re.split(r"^\.SS ", source, flags=re.MULTILINE)
    for name, command in commands():
        (section,) = [each for each in sections if each.startswith(f'"{name} ')]
        for option in options_of(command):
            assert re.search(rf"^\.B .*{option}\b", section, re.MULTILINE), f"{name} {option}"
    for option in options_of(main):
        assert option in sections[0]
    for setting in SETTINGS:
        assert f"\n.B {setting.key}\n" in source


def options_of(command: click.Command) -> list[str]:
    return [word for param in command.params if isinstance(param, click.Option) for word in param.opts]


def test_the_manual_page_is_set_without_a_warning_and_what_is_typed_can_be_copied() -> None:
    text = drawn(width=200)
    assert (
        "backfill-tui - plan, launch, watch and repair Apache Airflow 3 backfills from the terminal" in text
    )
    assert "backfill-tui rerun sales_daily --failed --max-attempts 3 --every 5m --yes" in text
    assert "130" in text
    assert "python -m backfill_tui.bridge" in text


def test_the_manual_page_has_no_line_of_text_that_is_taken_for_a_request() -> None:
    known = {"TH", "SH", "SS", "PP", "TP", "B", "BR", "nf", "fi", "RS", "RE"}
    requests = re.findall(r"^[.'](\S*)", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {word for word in requests if not word.startswith('\\"')} <= known


def test_mandoc_finds_nothing_wrong_with_the_manual_page() -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", str(PAGE)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    # The page is of a version, not of a day.
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


def test_the_wheel_carries_the_manual_page() -> None:
    root = Path(__file__).parents[2]
    assert '"man/backfill-tui.1" = "share/man/man1/backfill-tui.1"' in (root / "pyproject.toml").read_text(
        "utf-8"
    )
