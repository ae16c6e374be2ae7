"""One place says which version this is, and everything that tells it follows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, cast

from packaging.version import Version
from tests.support.packages import REPOSITORY, tracked

from backfill_tui import __version__
from backfill_tui.wire.frames import FrameReader
from backfill_tui.wire.messages import Hello

PLACE = "src/backfill_tui/__init__.py"


def test_the_version_is_written_in_one_place_and_what_is_generated_or_an_example_follows() -> None:
    text = (REPOSITORY / PLACE).read_text("utf-8")
    assert re.findall(r'__version__ = "(.*)"', text) == [__version__]
    assert str(Version(__version__)) == __version__
    other = re.compile(r'backfill[-_]tui(?: |": ")(\d+\.\d+\.\d+[^\s",]*)')
    said = {
        (name, version)
        for name in ("README.md", "CHANGELOG.md", *tracked("docs"), *tracked("man"))
        for version in other.findall((REPOSITORY / name).read_text("utf-8"))
    }
    assert said >= {("man/backfill-tui.1", __version__), ("docs/json.md", __version__)}
    assert {version for _, version in said} == {__version__}
    assert 'dynamic = ["version"]' in (REPOSITORY / "pyproject.toml").read_text("utf-8")


def test_the_changelog_begins_with_what_is_to_come_and_its_newest_release_is_no_newer_than_this() -> None:
    headings = re.findall(r"^## (.*)$", (REPOSITORY / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    released = [Version(re.sub(r"^\[?([^\]\s]+)\]?.*", r"\1", heading)) for heading in headings[1:]]
    assert released == sorted(released, reverse=True)
    assert all(version <= Version(__version__) for version in released)


def test_the_command_and_the_greeting_of_the_bridge_tell_it(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "backfill_tui", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout == f"backfill-tui {__version__}\n"
    # It greets before it imports Airflow.
    with subprocess.Popen(
        [sys.executable, "-m", "backfill_tui.bridge", "--mode", "attached"],
        env={"AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as bridge:
        frames = FrameReader(cast("BinaryIO", bridge.stdout))
        frames.skip_to_mark()
        hello = frames.read()
        bridge.kill()
    assert isinstance(hello, Hello)
    assert hello.program == __version__
