"""The pictures of the README show the program as it is: drawn anew from it, the same stands on them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from scripts.screenshots import REPOSITORY, TARGET

pytestmark = [pytest.mark.engine, pytest.mark.timeout(560)]

_SAME_EACH_TIME = {"dags", "help", "plan"}
"""Of the others, which show what goes on, a log or dates told from today, the first line and the keys are."""

_TEXT = re.compile(r'<text [^>]*\by="([\d.]+)"[^>]*>([^<]*)</text>')
_TAKEN = re.compile(r"\d[\d,.:]*( ((s|ms|min|h|d|days?)\b|(runs|tasks)/(s|min|h)))?|[▁▂▃▄▅▆▇]+|█{2,}")
"""What another run takes: times, numbers and rows of bars."""
_MEASURED = re.compile(r"(no scheduler|scheduler|engine) .*|.*creating the runs.*")
"""How Airflow is just then, and an estimate."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    command = [sys.executable, "-m", "scripts.screenshots", str(folder)]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return folder


@pytest.mark.parametrize("name", sorted(path.stem for path in TARGET.glob("*.svg")))
def test_a_picture_shows_what_the_program_shows(drawn: Path, name: str) -> None:
    now, committed = (_lines((folder / f"{name}.svg").read_text("utf-8")) for folder in (drawn, TARGET))
    if name not in _SAME_EACH_TIME:
        now, committed = [now[0], now[-1]], [committed[0], committed[-1]]
    assert now == committed, "make screenshots"


def test_no_picture_is_left_over(drawn: Path) -> None:
    assert sorted(path.name for path in drawn.iterdir()) == sorted(path.name for path in TARGET.iterdir())


def _lines(svg: str) -> list[str]:
    """The lines of the screen on a picture, without what differs each time."""
    lines: dict[float, list[str]] = {}
    for y, text in _TEXT.findall(svg):
        lines.setdefault(float(y), []).append(unescape(text).replace("\xa0", " "))
    taken = (_TAKEN.sub(" N ", " ".join(lines[y])) for y in sorted(lines))
    shown = (re.sub(r"N( N)+", "N", " ".join(line.split())) for line in taken)
    return [line for line in (_MEASURED.sub("", line).strip() for line in shown) if line]
